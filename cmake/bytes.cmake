# bytes_to_c(INPUT OUTPUT): the bytes of a file as those of a C initializer, for what the binary
# carries. Also a program of its own, run by a build: cmake -DINPUT= -DOUTPUT= -P bytes.cmake
function(bytes_to_c input output)
    file(READ "${input}" hex HEX)
    string(REPEAT "." 40 twenty_bytes)
    string(REGEX REPLACE "(${twenty_bytes})" "\\1\n" lines "${hex}")
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${lines}")
    file(CONFIGURE OUTPUT "${output}" CONTENT "${bytes}\n" @ONLY)
endfunction()

if(CMAKE_SCRIPT_MODE_FILE)
    bytes_to_c("${INPUT}" "${OUTPUT}")
endif()
