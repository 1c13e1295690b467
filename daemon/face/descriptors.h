// The files of a FileDescriptorSet, looked through without decoding it: its bytes are walked by
// field number. Source: google/protobuf/descriptor.proto.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

enum { DESCRIPTORS_FILES = 64 };

struct descriptors_file {
    struct span bytes; // the FileDescriptorProto
    struct span name;  // "loyalty/v1/points.proto"
    struct span package;
};

// Of trusted bytes: what the binary carries, at most DESCRIPTORS_FILES.
struct descriptors {
    struct descriptors_file files[DESCRIPTORS_FILES];
    size_t count;
};

// The set the binary carries.
const struct descriptors *descriptors_built_in(void);

// The index of a file; SIZE_MAX when there is none.
size_t descriptors_find_file(const struct descriptors *set, struct span name);
// The file that declares a message, field, oneof, enum, enum value, service or method of this full
// name ("loyalty.v1.PointsService.Award").
size_t descriptors_find_symbol(const struct descriptors *set, struct span symbol);

typedef void descriptors_fn(void *context, struct span text);
// The names of the files it imports; the full names of its services.
void descriptors_each_import(const struct descriptors_file *file, descriptors_fn *each,
                             void *context);
void descriptors_each_service(const struct descriptors_file *file, descriptors_fn *each,
                              void *context);
