// From a request's body to its messages, whatever DATA frames it comes in. gRPC and gRPC-Web put
// five bytes before each message, a flag and a big-endian length; Connect's unary body is the
// message. Pure: bytes in, messages out.
#pragma once

#include <stdint.h>

#include "base/buffer.h"
#include "base/span.h"

enum { BODY_PREFIX_BYTES = 5 };

enum body_step {
    BODY_MORE,       // all bytes are taken, the message is not whole
    BODY_MESSAGE,    // `message` is whole; what is left belongs to the next one
    BODY_END,        // finished at the border of a message, with none begun
    BODY_TOO_LARGE,  // over LIMIT_HTTP_MESSAGE_BYTES
    BODY_COMPRESSED, // flagged so
    BODY_BAD_FLAG,
    BODY_CUT_SHORT, // finished inside a message
    BODY_NO_MEMORY,
};

struct body {
    uint8_t prefix[BODY_PREFIX_BYTES];
    uint8_t prefix_bytes; // that have come
    struct buffer message;
};

void body_init(struct body *body);
void body_fini(struct body *body);
// Forgets the message, for the next one.
void body_next(struct body *body);

// Takes from `rest` what belongs to the message at hand. After BODY_MESSAGE comes body_next.
typedef enum body_step body_take_fn(struct body *body, struct span *rest);
body_take_fn body_take_framed;
body_take_fn body_take_bare;

// What the end of the request means: END, CUT_SHORT, or a bare body's MESSAGE.
typedef enum body_step body_finish_fn(const struct body *body);
body_finish_fn body_finish_framed;
body_finish_fn body_finish_bare;

// The prefix of a message of so many bytes, for answers.
void body_prefix(uint8_t flag, size_t message_bytes, uint8_t ret_prefix[BODY_PREFIX_BYTES]);
