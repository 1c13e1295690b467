# proto/loyalty/v1 (the public contract), proto/loyaltyd (what is stored) and the well-known
# Timestamp become C below <build>/proto: include "loyalty/v1/<name>.pb-c.h".
find_program(PROTOC protoc REQUIRED)
find_program(PROTOC_GEN_C protoc-gen-c REQUIRED)
find_path(PROTOBUF_INCLUDE google/protobuf/timestamp.proto REQUIRED)

set(LOYALTY_PROTO_DIR "${PROJECT_SOURCE_DIR}/proto" CACHE PATH "Root of the .proto files")
set(proto_out "${PROJECT_BINARY_DIR}/proto")
file(MAKE_DIRECTORY "${proto_out}")
file(GLOB proto_files RELATIVE "${LOYALTY_PROTO_DIR}" CONFIGURE_DEPENDS
    "${LOYALTY_PROTO_DIR}/loyalty/v1/*.proto" "${LOYALTY_PROTO_DIR}/loyaltyd/*.proto")

set(proto_sources)
foreach(proto IN LISTS proto_files ITEMS google/protobuf/timestamp.proto)
    string(REGEX REPLACE "\\.proto$" ".pb-c" stem "${proto_out}/${proto}")
    set(input "${LOYALTY_PROTO_DIR}/${proto}")
    if(proto MATCHES "^google/")
        set(input "${PROTOBUF_INCLUDE}/${proto}")
    endif()
    add_custom_command(
        OUTPUT "${stem}.c" "${stem}.h"
        COMMAND "${PROTOC}" "--plugin=protoc-gen-c=${PROTOC_GEN_C}" "--c_out=${proto_out}"
            "--dependency_out=${stem}.d" "-I${LOYALTY_PROTO_DIR}" "-I${PROTOBUF_INCLUDE}" "${proto}"
        DEPENDS "${input}"
        DEPFILE "${stem}.d"
        COMMENT "Generating ${proto}"
        VERBATIM)
    list(APPEND proto_sources "${stem}.c")
endforeach()

add_library(loyalty_proto STATIC ${proto_sources})
set_target_properties(loyalty_proto PROPERTIES C_CLANG_TIDY "")
target_compile_options(loyalty_proto PRIVATE -w)
target_include_directories(loyalty_proto SYSTEM PUBLIC "${proto_out}")
target_link_libraries(loyalty_proto PUBLIC PkgConfig::PROTOBUF_C)
