# The layers of daemon/, lowest first, each with all it may link. tests/tidy checks the includes
# against the same table.

file(CONFIGURE OUTPUT "${PROJECT_BINARY_DIR}/empty_main.c"
    CONTENT "int main(void)\n{\n    return 0;\n}\n")

# loyalty_layer(NAME LIBRARY...): the static library loyalty_NAME of daemon/NAME/*.c without main.c.
# With LOYALTY_LINK_CHECK all of it is also linked, alone, with only the libraries given: a call to
# anything else is an undefined symbol there, although the daemon as a whole would link.
function(loyalty_layer name)
    set(target "loyalty_${name}")
    file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/daemon/${name}/*.c")
    list(FILTER sources EXCLUDE REGEX "/main\\.c$")
    if(NOT sources)
        add_library(${target} INTERFACE)
        target_include_directories(${target} INTERFACE "${PROJECT_SOURCE_DIR}/daemon")
        target_link_libraries(${target} INTERFACE ${ARGN})
        return()
    endif()
    add_library(${target} STATIC ${sources})
    target_include_directories(${target} PUBLIC "${PROJECT_SOURCE_DIR}/daemon")
    target_link_libraries(${target} PUBLIC ${ARGN} PRIVATE loyalty_warnings)
    if(LOYALTY_LINK_CHECK)
        add_executable(link_${name} "${PROJECT_BINARY_DIR}/empty_main.c")
        set_target_properties(link_${name} PROPERTIES
            C_CLANG_TIDY "" RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/link")
        target_link_libraries(link_${name} PRIVATE "$<LINK_LIBRARY:WHOLE_ARCHIVE,${target}>")
    endif()
endfunction()

loyalty_layer(base)
loyalty_layer(core loyalty_base)
loyalty_layer(wire loyalty_base loyalty_core loyalty_proto
    PkgConfig::PROTOBUF_C PkgConfig::JANSSON PkgConfig::YAML)
loyalty_layer(store loyalty_base loyalty_core PkgConfig::HIREDIS PkgConfig::LIBEVENT)
loyalty_layer(net loyalty_base loyalty_wire
    PkgConfig::LIBEVENT PkgConfig::LIBEVENT_OPENSSL PkgConfig::OPENSSL PkgConfig::NGHTTP2)
loyalty_layer(service loyalty_base loyalty_core loyalty_wire loyalty_store loyalty_net)
loyalty_layer(jobs loyalty_base loyalty_core loyalty_wire loyalty_store loyalty_net loyalty_service)
loyalty_layer(face loyalty_base loyalty_core loyalty_wire loyalty_store loyalty_net loyalty_service
    loyalty_rpc_proto PkgConfig::JANSSON)
loyalty_layer(app loyalty_base loyalty_core loyalty_wire loyalty_store loyalty_net loyalty_service
    loyalty_jobs loyalty_face
    PkgConfig::LIBEVENT PkgConfig::LIBEVENT_OPENSSL PkgConfig::OPENSSL PkgConfig::SYSTEMD
    PkgConfig::YAML PkgConfig::INIH PkgConfig::MICROHTTPD)

if(EXISTS "${PROJECT_SOURCE_DIR}/daemon/app/main.c")
    add_executable(loyaltyd "${PROJECT_SOURCE_DIR}/daemon/app/main.c")
    target_link_libraries(loyaltyd PRIVATE loyalty_app loyalty_warnings)
    install(TARGETS loyaltyd RUNTIME DESTINATION "${CMAKE_INSTALL_SBINDIR}")
endif()
