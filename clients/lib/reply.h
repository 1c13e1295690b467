// Answers: from an envelope's bytes to a reply that owns its memory.
#pragma once

#include <protobuf-c/protobuf-c.h>

#include "base/span.h"
#include "lib/loyalty.h"

enum ly_frame {
    LY_FRAME_BAD,    // no reply envelope, or memory is short
    LY_FRAME_REPLY,  // to a request: the outputs are written
    LY_FRAME_GOAWAY, // the connection should get no new request
};

enum ly_frame ly_reply_parse(struct span frame, uint64_t *ret_correlation_id,
                             struct loyalty_reply *ret_reply);
// An answer of the library's own.
void ly_reply_set(struct loyalty_reply *reply, enum loyalty_outcome outcome, const char *reason,
                  const char *message);
// A copy with memory of its own. On a lack of memory it is what can be said without the answer:
// RETRY_LATER if that is what it was, else OUTCOME_UNKNOWN, for asking again gives it again.
void ly_reply_copy(const struct loyalty_reply *reply, struct loyalty_reply *ret_copy);
// Memory of the reply's, zeroed; NULL when short. Makes the reply own it.
void *ly_reply_alloc(struct loyalty_reply *reply, size_t bytes);
// The payload as a message of this type, in the reply's memory; NULL when it is none.
ProtobufCMessage *ly_reply_unpack(struct loyalty_reply *reply,
                                  const ProtobufCMessageDescriptor *type);
// What an error of this canonical code means for the request.
enum loyalty_outcome ly_outcome_of_code(int code);
