# clients/lib is libloyalty, static and shared; clients/ctl and clients/till are programs over it.
file(GLOB client_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/clients/lib/*.c")

# What the library sees: its own headers, the daemon's base, the generated proto. And its programs:
# the daemon's wire too.
add_library(loyalty_library_needs INTERFACE)
target_include_directories(loyalty_library_needs INTERFACE
    "${PROJECT_SOURCE_DIR}/clients" "${PROJECT_SOURCE_DIR}/clients/lib")
target_link_libraries(loyalty_library_needs INTERFACE loyalty_base loyalty_proto
    PkgConfig::OPENSSL PkgConfig::SQLITE)
add_library(loyalty_client_needs INTERFACE)
target_link_libraries(loyalty_client_needs INTERFACE loyalty_library_needs loyalty_wire)

if(client_sources)
    add_library(loyalty_static STATIC ${client_sources})
    target_link_libraries(loyalty_static PUBLIC loyalty_library_needs PRIVATE loyalty_warnings)

    # Exports loyalty_<name> and nothing else: not the generated loyalty__v1__..., not the daemon's.
    file(CONFIGURE OUTPUT "${PROJECT_BINARY_DIR}/libloyalty.map"
        CONTENT "{ global: loyalty_[a-z]*; local: *; };\n")
    add_library(loyalty_shared SHARED ${client_sources})
    target_link_libraries(loyalty_shared PRIVATE loyalty_library_needs loyalty_warnings)
    target_link_options(loyalty_shared PRIVATE
        "-Wl,--version-script=${PROJECT_BINARY_DIR}/libloyalty.map")
    set_target_properties(loyalty_static loyalty_shared PROPERTIES OUTPUT_NAME loyalty)
    set_target_properties(loyalty_shared PROPERTIES
        VERSION ${PROJECT_VERSION} SOVERSION 0 C_CLANG_TIDY "")
    include(cmake/install_library.cmake)
else()
    add_library(loyalty_static INTERFACE)
    target_link_libraries(loyalty_static INTERFACE loyalty_library_needs)
endif()

# loyalty_program(TARGET FOLDER): the executable TARGET of clients/FOLDER/*.c, once it has a source.
# All but main.c is the library TARGET_parts, which tests link too.
function(loyalty_program target folder)
    file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/clients/${folder}/*.c")
    if(NOT sources)
        add_library(${target}_parts INTERFACE)
        return()
    endif()
    list(FILTER sources EXCLUDE REGEX "/main\\.c$")
    add_library(${target}_parts STATIC ${sources})
    target_link_libraries(${target}_parts PUBLIC loyalty_static loyalty_client_needs
        PkgConfig::JANSSON PkgConfig::YAML PRIVATE loyalty_warnings)
    add_executable(${target} "${PROJECT_SOURCE_DIR}/clients/${folder}/main.c")
    target_link_libraries(${target} PRIVATE ${target}_parts loyalty_warnings)
    install(TARGETS ${target})
endfunction()

loyalty_program(loyaltyctl ctl)
if(TARGET loyaltyctl)
    # Frames of the archive (clients/ctl/segment.c); contexts; backups are read from a Redis.
    target_link_libraries(loyaltyctl_parts PUBLIC PkgConfig::HIREDIS PkgConfig::ZSTD
        PkgConfig::INIH)
endif()
loyalty_program(loyalty-till till)
if(TARGET loyalty-till)
    # Certificates, files of past sales and what is typed, as loyaltyctl has them.
    target_link_libraries(loyalty-till_parts PUBLIC loyaltyctl_parts)
    add_dependencies(loyalty-till loyaltyctl loyaltyd)
endif()
