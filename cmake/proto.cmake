# .proto files become C below <build>/proto: include "loyalty/v1/<name>.pb-c.h".
#     loyalty_proto      proto/loyalty/v1 (the public contract), proto/loyaltyd (what is stored),
#                        google.longrunning and the well-known types these use
#     loyalty_rpc_proto  what comes with gRPC: google.rpc's errors, health, reflection
find_program(PROTOC protoc REQUIRED)
find_program(PROTOC_GEN_C protoc-gen-c REQUIRED)
find_path(PROTOBUF_INCLUDE google/protobuf/timestamp.proto REQUIRED)
find_path(GRPC_PROTO_INCLUDE grpc/health/v1/health.proto PATHS /usr/share/grpc-proto REQUIRED)

set(LOYALTY_PROTO_DIR "${PROJECT_SOURCE_DIR}/proto" CACHE PATH "Root of the .proto files")
set(proto_roots "${LOYALTY_PROTO_DIR}" "${GRPC_PROTO_INCLUDE}" "${PROTOBUF_INCLUDE}")
list(TRANSFORM proto_roots PREPEND "-I" OUTPUT_VARIABLE proto_includes)
set(proto_out "${PROJECT_BINARY_DIR}/proto")
file(MAKE_DIRECTORY "${proto_out}")

# loyalty_proto_library(TARGET PROTO...): the static library TARGET of the messages in these files,
# each named from its root on.
function(loyalty_proto_library target)
    set(sources)
    foreach(proto IN LISTS ARGN)
        string(REGEX REPLACE "\\.proto$" ".pb-c" stem "${proto_out}/${proto}")
        find_file(input "${proto}" PATHS ${proto_roots} NO_DEFAULT_PATH NO_CACHE REQUIRED)
        add_custom_command(
            OUTPUT "${stem}.c" "${stem}.h"
            COMMAND "${PROTOC}" "--plugin=protoc-gen-c=${PROTOC_GEN_C}" "--c_out=${proto_out}"
                "--dependency_out=${stem}.d" ${proto_includes} "${proto}"
            DEPENDS "${input}"
            DEPFILE "${stem}.d"
            COMMENT "Generating ${proto}"
            VERBATIM)
        list(APPEND sources "${stem}.c")
        unset(input)
    endforeach()
    add_library(${target} STATIC ${sources})
    set_target_properties(${target} PROPERTIES C_CLANG_TIDY "")
    target_compile_options(${target} PRIVATE -w)
    target_include_directories(${target} SYSTEM PUBLIC "${proto_out}")
    target_link_libraries(${target} PUBLIC PkgConfig::PROTOBUF_C)
endfunction()

file(GLOB contract_protos RELATIVE "${LOYALTY_PROTO_DIR}" CONFIGURE_DEPENDS
    "${LOYALTY_PROTO_DIR}/loyalty/v1/*.proto")
file(GLOB stored_protos RELATIVE "${LOYALTY_PROTO_DIR}" CONFIGURE_DEPENDS
    "${LOYALTY_PROTO_DIR}/loyaltyd/*.proto")
set(rpc_protos google/rpc/error_details.proto grpc/health/v1/health.proto
    grpc/reflection/v1/reflection.proto grpc/reflection/v1alpha/reflection.proto)

loyalty_proto_library(loyalty_proto ${contract_protos} ${stored_protos}
    google/longrunning/operations.proto google/rpc/status.proto google/protobuf/any.proto
    google/protobuf/duration.proto google/protobuf/empty.proto google/protobuf/timestamp.proto)
loyalty_proto_library(loyalty_rpc_proto ${rpc_protos})
target_link_libraries(loyalty_rpc_proto PUBLIC loyalty_proto)
