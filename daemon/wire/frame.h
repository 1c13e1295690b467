// The envelopes of ALPN "loyalty/1" (proto/loyalty/v1/frame.proto) as plain data, so that who
// carries frames needs no protobuf. A frame is a big-endian u32 length and one envelope; net adds
// and takes off the length itself, clients have frame_prefix for it.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"
#include "base/status.h"

struct Loyalty__V1__Error;
struct message_fault;

enum { FRAME_PREFIX_BYTES = 4 };

struct frame_request {
    uint64_t correlation_id;
    struct span method;      // "/loyalty.v1.PointsService/Award"; UTF-8
    uint32_t timeout_ms;     // as sent: 0 means LIMIT_REQUEST_MS, more is for the receiver to judge
    struct span payload;     // the encoded request message
    struct span traceparent; // as sent: not judged; may be empty
};

struct frame_reply {
    bool goaway; // nothing else is set: the connection should get no new request
    uint64_t correlation_id;
    const struct Loyalty__V1__Error *error; // NULL: `payload` is the answer
    struct span payload;                    // the encoded response message; may be empty
    bool replayed;
};

// Envelopes without the length. Decoded parts live in the arena or borrow from the envelope.
// STATUS_INVALID with `ret_fault`
// filled (message.h), STATUS_TOO_LARGE for an envelope over LIMIT_FRAME_BYTES, STATUS_NO_MEMORY.
MUST_CHECK enum status frame_decode_request(struct span envelope, struct arena *arena,
                                            struct frame_request *ret_request,
                                            struct message_fault *ret_fault);
MUST_CHECK enum status frame_decode_reply(struct span envelope, struct arena *arena,
                                          struct frame_reply *ret_reply,
                                          struct message_fault *ret_fault);
MUST_CHECK enum status frame_encode_request(const struct frame_request *request,
                                            struct arena *arena, struct span *ret_envelope);
MUST_CHECK enum status frame_encode_reply(const struct frame_reply *reply, struct arena *arena,
                                          struct span *ret_envelope);
// The other thing a server says by itself, to no request.
MUST_CHECK enum status frame_encode_goaway(struct arena *arena, struct span *ret_envelope);

// The length in front of an envelope, and back; `envelope_bytes` is at most LIMIT_FRAME_BYTES.
void frame_prefix(size_t envelope_bytes, uint8_t ret_prefix[FRAME_PREFIX_BYTES]);
uint32_t frame_prefix_length(const uint8_t prefix[FRAME_PREFIX_BYTES]);
