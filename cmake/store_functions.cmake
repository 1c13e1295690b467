# daemon/store/functions.lua, the Redis Function library, becomes the bytes of a C initializer that
# the binary carries: <build>/generated/store/functions_lua.inc.
include(cmake/bytes.cmake)
set(functions_lua "${PROJECT_SOURCE_DIR}/daemon/store/functions.lua")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${functions_lua}")
bytes_to_c("${functions_lua}" "${PROJECT_BINARY_DIR}/generated/store/functions_lua.inc")
target_include_directories(loyalty_store PRIVATE "${PROJECT_BINARY_DIR}/generated")
