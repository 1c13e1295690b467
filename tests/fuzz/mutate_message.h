// Mutations of protobuf bytes that mostly stay protobuf: a field of the type is added, changed,
// doubled, moved or dropped, at any depth, and the lengths around it are written anew.
#pragma once

#include <protobuf-c/protobuf-c.h>

#include "fuzz/fuzz.h"

// Changes `data`, bytes of a message of `type`, in place; returns the new length, at most
// `len_max`. What a mutation would make too long stays as it was.
size_t mutate_message(const ProtobufCMessageDescriptor *type, uint8_t *data, size_t len,
                      size_t len_max, struct fuzz_random *random);
