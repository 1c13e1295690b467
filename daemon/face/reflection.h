// grpc.reflection, v1 and v1alpha: what services there are and the .proto files that declare them,
// for grpcurl, buf curl and their like. Files are handed out with all they import, as protoc
// described them when this was built. There are no extensions.
#pragma once

#include "face/own.h"

extern const struct stream_handler reflection_info;
