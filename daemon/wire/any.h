// google.protobuf.Any: which message its bytes are. Known are those that our answers carry.
#pragma once

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/status.h"
#include "google/protobuf/any.pb-c.h"

// "type.googleapis.com/" and the message's full name, and its bytes. In the arena.
MUST_CHECK enum status any_pack(const ProtobufCMessage *message, struct arena *arena,
                                Google__Protobuf__Any **ret_any);
// The message. STATUS_NOT_FOUND for a type that is none of ours, STATUS_CORRUPT for other bytes.
MUST_CHECK enum status any_unpack(const Google__Protobuf__Any *any, struct arena *arena,
                                  ProtobufCMessage **ret_message);
