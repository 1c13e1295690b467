// The request of every method of the contract, by name. A test of the table is in dispatch_fuzz.c,
// which sees the service's own.
#pragma once

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

struct request_type {
    const char *path; // "/loyalty.v1.PointsService/Award"
    const ProtobufCMessageDescriptor *type;
};

size_t request_type_count(void);
// Any index: it is taken modulo the count.
const struct request_type *request_type_at(size_t index);
