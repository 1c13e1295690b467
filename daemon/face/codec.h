// The two forms a message has on the wire: protobuf's binary one and canonical proto3 JSON. The
// service knows the binary one only, so that a request is the same in whatever form it came.
#pragma once

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/span.h"
#include "base/status.h"

struct message_fault;

enum codec { CODEC_PROTO, CODEC_JSON };

// What came to the binary form: itself, or in the arena. STATUS_INVALID with `ret_fault`,
// STATUS_TOO_LARGE for JSON over WIRE_DOCUMENT_BYTES, STATUS_NO_MEMORY.
MUST_CHECK enum status codec_read(enum codec codec, struct span bytes,
                                  const ProtobufCMessageDescriptor *type, struct arena *arena,
                                  struct span *ret_binary, struct message_fault *ret_fault);
// The binary form, which must be of this type, to the one asked for. STATUS_NO_MEMORY;
// STATUS_INVALID when it is no such message or JSON cannot hold it.
MUST_CHECK enum status codec_write(enum codec codec, struct span binary,
                                   const ProtobufCMessageDescriptor *type, struct arena *arena,
                                   struct span *ret_bytes);
