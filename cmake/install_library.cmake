# What `cmake --install` gives of libloyalty: the shared library, a static one that stands alone,
# headers, pkg-config, the CMake package Loyalty and the manual page.
#     include <loyalty/loyalty.h>, <loyalty/till.h>
#     pkg-config loyalty;   find_package(Loyalty) -> Loyalty::loyalty, Loyalty::loyalty_static

# The static library is one object with what it needs of ours inside, its names hidden as in the
# shared one.
set(archive_object "${PROJECT_BINARY_DIR}/archive/loyalty.o")
file(MAKE_DIRECTORY "${PROJECT_BINARY_DIR}/archive")
add_custom_command(
    OUTPUT "${archive_object}"
    COMMAND "${CMAKE_LINKER}" -r -o "${archive_object}" $<TARGET_OBJECTS:loyalty_static>
        $<TARGET_OBJECTS:loyalty_base> $<TARGET_OBJECTS:loyalty_proto>
    COMMAND "${CMAKE_OBJCOPY}" -w "--keep-global-symbol=loyalty_[a-z]*" "${archive_object}"
    DEPENDS loyalty_static loyalty_base loyalty_proto
    COMMAND_EXPAND_LISTS
    VERBATIM)
add_library(loyalty_archive STATIC "${archive_object}")
set_target_properties(loyalty_archive PROPERTIES OUTPUT_NAME loyalty LINKER_LANGUAGE C
    ARCHIVE_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/archive" C_CLANG_TIDY "")

set_target_properties(loyalty_shared PROPERTIES EXPORT_NAME loyalty)
target_include_directories(loyalty_shared INTERFACE "$<INSTALL_INTERFACE:include>")
set(package_folder "${CMAKE_INSTALL_LIBDIR}/cmake/Loyalty")
install(TARGETS loyalty_shared EXPORT LoyaltyTargets COMPONENT libloyalty)
install(TARGETS loyalty_archive COMPONENT libloyalty)
install(EXPORT LoyaltyTargets NAMESPACE Loyalty:: DESTINATION "${package_folder}"
    COMPONENT libloyalty)
install(FILES clients/lib/loyalty.h clients/lib/till.h
    DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/loyalty" COMPONENT libloyalty)

include(CMakePackageConfigHelpers)
configure_package_config_file(cmake/LoyaltyConfig.cmake.in
    "${PROJECT_BINARY_DIR}/LoyaltyConfig.cmake" INSTALL_DESTINATION "${package_folder}"
    PATH_VARS CMAKE_INSTALL_LIBDIR CMAKE_INSTALL_INCLUDEDIR)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/LoyaltyConfigVersion.cmake"
    COMPATIBILITY SameMinorVersion)
configure_file(cmake/loyalty.pc.in "${PROJECT_BINARY_DIR}/loyalty.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/LoyaltyConfig.cmake"
    "${PROJECT_BINARY_DIR}/LoyaltyConfigVersion.cmake" DESTINATION "${package_folder}"
    COMPONENT libloyalty)
install(FILES "${PROJECT_BINARY_DIR}/loyalty.pc"
    DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig" COMPONENT libloyalty)

find_program(SCDOC scdoc)
if(SCDOC)
    set(manual "${PROJECT_BINARY_DIR}/libloyalty.3")
    add_custom_command(
        OUTPUT "${manual}"
        COMMAND sh -c "exec \"$1\" <\"$2\" >\"$3\"" sh "${SCDOC}"
            "${PROJECT_SOURCE_DIR}/doc/man/libloyalty.3.scd" "${manual}"
        DEPENDS doc/man/libloyalty.3.scd
        VERBATIM)
    add_custom_target(loyalty_manual ALL DEPENDS "${manual}")
    install(FILES "${manual}" DESTINATION "${CMAKE_INSTALL_MANDIR}/man3" COMPONENT libloyalty)
endif()
