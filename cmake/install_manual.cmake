# The manual pages but libloyalty's (install_library.cmake), and completion for bash. Both are made
# of what the programs say of themselves, so they are built after them.
find_program(SCDOC scdoc)
find_program(MANUAL_PYTHON python3 PATHS /usr/bin NO_DEFAULT_PATH)
if(SCDOC AND MANUAL_PYTHON AND TARGET loyaltyctl AND TARGET loyalty-till)
    file(GLOB manual_parts CONFIGURE_DEPENDS
        "${PROJECT_SOURCE_DIR}/doc/man/*" "${PROJECT_SOURCE_DIR}/doc/man/parts/*")
    list(FILTER manual_parts EXCLUDE REGEX "/parts$")
    set(manual_folder "${PROJECT_BINARY_DIR}/man")
    add_custom_command(
        OUTPUT "${manual_folder}/made"
        COMMAND "${CMAKE_COMMAND}" -E rm -rf "${manual_folder}"
        COMMAND "${MANUAL_PYTHON}" "${PROJECT_SOURCE_DIR}/doc/man/pages.py" "${manual_folder}"
            $<TARGET_FILE:loyaltyctl> $<TARGET_FILE:loyalty-till>
        COMMAND "${CMAKE_COMMAND}" -E touch "${manual_folder}/made"
        DEPENDS loyaltyctl loyalty-till ${manual_parts}
        VERBATIM)
    add_custom_target(loyalty_pages ALL DEPENDS "${manual_folder}/made")
    foreach(section 1 5 7 8)
        install(DIRECTORY "${manual_folder}/man${section}/" OPTIONAL
            DESTINATION "${CMAKE_INSTALL_MANDIR}/man${section}")
    endforeach()
endif()

if(TARGET loyaltyctl)
    set(completion "${PROJECT_BINARY_DIR}/completions/loyaltyctl")
    add_custom_command(
        OUTPUT "${completion}"
        COMMAND "${CMAKE_COMMAND}" -E make_directory "${PROJECT_BINARY_DIR}/completions"
        COMMAND loyaltyctl completion bash > "${completion}"
        DEPENDS loyaltyctl
        VERBATIM)
    add_custom_target(loyalty_completion ALL DEPENDS "${completion}")
    install(FILES "${completion}"
        DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions")
endif()
