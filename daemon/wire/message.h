// Protobuf messages in an arena. Decoding first looks the bytes over (message_scan.c) and only then
// hands them to protobuf-c, so that nothing it cannot be trusted with reaches it: nesting, unknown
// fields, text that is none. What is decoded lives as long as the arena and is never freed alone.
//
// Stricter than protobuf asks (none of this is ever written by a client that encodes once): refused
// are unknown fields, unknown enum numbers, a singular field given twice, a map's key given twice,
// two members of one oneof, and numbers that do not fit their type.
#pragma once

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/span.h"
#include "base/status.h"
#include "wire/bounds.h"
#include "wire/path.h"

enum { MESSAGE_REASON_BYTES = 160 };

// Why bytes were refused. Written only on STATUS_INVALID and STATUS_TOO_LARGE.
struct message_fault {
    char path[PATH_BYTES]; // proto names, "sale.lines[2].amount_minor"; "" for the whole
    char reason[MESSAGE_REASON_BYTES];
};

// STATUS_INVALID; STATUS_TOO_LARGE when it has more than WIRE_MESSAGE_VALUES values;
// STATUS_NO_MEMORY when the arena is full. No allocation outside the arena.
MUST_CHECK enum status message_decode(const ProtobufCMessageDescriptor *type, struct span bytes,
                                      struct arena *arena, ProtobufCMessage **ret_message,
                                      struct message_fault *ret_fault);
// The same, and says whether the bytes are canonical: those that message_encode makes of the
// message again. What is said to be so is; what is not may still be.
MUST_CHECK enum status message_decode_noting(const ProtobufCMessageDescriptor *type,
                                             struct span bytes, struct arena *arena,
                                             ProtobufCMessage **ret_message, bool *ret_canonical,
                                             struct message_fault *ret_fault);
// Only the look: the same answers but NO_MEMORY.
MUST_CHECK enum status message_scan(const ProtobufCMessageDescriptor *type, struct span bytes,
                                    bool *ret_canonical, struct message_fault *ret_fault);

// The bytes of a message, in the order of field numbers: equal messages give equal bytes.
// STATUS_NO_MEMORY is the only failure.
MUST_CHECK enum status message_encode(const ProtobufCMessage *message, struct arena *arena,
                                      struct span *ret_bytes);

// A message of this type with nothing set, in the arena; NULL when that is full.
ProtobufCMessage *message_new(const ProtobufCMessageDescriptor *type, struct arena *arena);
