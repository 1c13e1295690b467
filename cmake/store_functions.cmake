# daemon/store/functions.lua, the Redis Function library, becomes the bytes of a C initializer that
# the binary carries: <build>/generated/store/functions_lua.inc.
set(functions_lua "${PROJECT_SOURCE_DIR}/daemon/store/functions.lua")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${functions_lua}")
file(READ "${functions_lua}" functions_hex HEX)
string(REPEAT "." 40 twenty_bytes)
string(REGEX REPLACE "(${twenty_bytes})" "\\1\n" functions_lines "${functions_hex}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," functions_bytes "${functions_lines}")
file(CONFIGURE OUTPUT "${PROJECT_BINARY_DIR}/generated/store/functions_lua.inc"
    CONTENT "${functions_bytes}\n" @ONLY)
target_include_directories(loyalty_store PRIVATE "${PROJECT_BINARY_DIR}/generated")
