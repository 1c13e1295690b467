# What reflection hands out: the contract, the rpc protos and all they import as one
# FileDescriptorSet whose bytes the binary carries, <build>/generated/face/descriptors.inc.
set(descriptors_set "${PROJECT_BINARY_DIR}/generated/face/descriptors.pb")
set(descriptors_inc "${PROJECT_BINARY_DIR}/generated/face/descriptors.inc")
set(bytes_script "${PROJECT_SOURCE_DIR}/cmake/bytes.cmake")
file(MAKE_DIRECTORY "${PROJECT_BINARY_DIR}/generated/face")
file(GLOB descriptors_inputs CONFIGURE_DEPENDS "${LOYALTY_PROTO_DIR}/loyalty/v1/*.proto"
    "${LOYALTY_PROTO_DIR}/google/*/*.proto")
add_custom_command(
    OUTPUT "${descriptors_inc}"
    COMMAND "${PROTOC}" --include_imports "--descriptor_set_out=${descriptors_set}"
        ${proto_includes} ${contract_protos} ${rpc_protos}
    COMMAND "${CMAKE_COMMAND}" "-DINPUT=${descriptors_set}" "-DOUTPUT=${descriptors_inc}"
        -P "${bytes_script}"
    DEPENDS ${descriptors_inputs} "${bytes_script}"
    BYPRODUCTS "${descriptors_set}"
    COMMENT "Generating the descriptors of reflection"
    VERBATIM)
target_sources(loyalty_face PRIVATE "${descriptors_inc}")
target_include_directories(loyalty_face PRIVATE "${PROJECT_BINARY_DIR}/generated")
