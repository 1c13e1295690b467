// One call over HTTP/2: what came of its request, how far its answer is. Pooled, and named by its
// exchange: whoever answers later finds it there, or finds it gone.
//
//     READING --request whole--> ASKED --answer--> OVER
//        \--a method that streams--> STREAMING --> OVER        any of them --on_gone--> back in
//                                                              the pool
// A stream of the service's is STREAMING from its head to its end, too.
//
// Invariants: nothing is sent once it is OVER; `charged_bytes` is what its quota knows of its
// buffers.
#pragma once

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "base/span.h"
#include "face/body.h"
#include "face/fields.h"
#include "face/protocol.h"
#include "service/trouble.h"

struct face;
struct http_exchange;
struct own_method;
struct quota;

enum call_state { CALL_READING, CALL_ASKED, CALL_STREAMING, CALL_OVER };

struct call {
    struct face *face;
    struct http_exchange *exchange;
    struct quota *quota;
    enum call_state state;
    // what is asked
    const struct media *media;
    const char *path;
    const ProtobufCMessageDescriptor *request;
    const ProtobufCMessageDescriptor *response;
    const struct own_method *own; // NULL: dispatch's
    bool mutating;
    bool streams;       // may be answered by several messages
    int64_t expires_ms; // monotonic
    char traceparent[LIMIT_TRACEPARENT_BYTES];
    uint8_t traceparent_bytes;
    // its body
    struct body body;
    struct buffer held; // came while the answer could not go on
    size_t unwanted;    // bytes of it for which the client was not granted others yet
    bool half_closed;   // all has come
    bool finished_body; // and is taken
    size_t charged_bytes;
    // its answer
    bool replayed;
    bool names_encodings; // the client is told which we take
    bool head_sent;
    bool finished;        // all is written; `output` and the trailers wait for room
    struct buffer output; // not taken by net yet
    struct buffer trailer_text;
    struct http_field trailers[FACE_FIELDS]; // into `trailer_text`, by offsets until they leave
    size_t trailer_count;
    // of its own method, when that streams
    void *stream_state;
    struct call *previous_stream;
    struct call *next_stream;
    struct call *next; // in the pool
};

// A call for this exchange, which then owns it; NULL when there are too many, or no memory.
struct call *call_open(struct face *face, struct http_exchange *exchange);
// Its exchange is gone.
void call_close(struct call *call);
// Frees what the pool keeps.
void call_free(struct call *call);

static inline const struct rpc_protocol *call_protocol(const struct call *call)
{
    return call->media->protocol;
}

// --- the answer's bytes ---

// The head, once: content type, traceparent and encodings are added to the fields given.
void call_head(struct call *call, uint32_t status, const char *content_type,
               const struct fields *fields);
// Keeps what net does not take now.
void call_write(struct call *call, struct span bytes);
// The same behind the prefix of a framed body.
void call_write_framed(struct call *call, uint8_t flag, struct span bytes);
// Ends the answer; `trailers` NULL: without.
void call_finish(struct call *call, const struct fields *trailers);
// Ends the exchange without (the rest of) an answer. `code`: RFC 9113, 7.
enum { RESET_INTERNAL = 2, RESET_REFUSED = 7 };
void call_reset(struct call *call, uint32_t code);
// Whether bytes wait for room.
static inline bool call_is_full(const struct call *call)
{
    return call->output.len > 0;
}
// There is room again: sends what waits.
void call_flush(struct call *call);

// Tells the quota what the buffers take. False when that is more than the connection may (BODY
// bytes) or than all may.
enum call_charge { CHARGE_GOOD, CHARGE_CONNECTION, CHARGE_ALL };
enum call_charge call_charge(struct call *call);
// The request is whole and handed on: its buffers count no more.
void call_release_body(struct call *call);

// --- answers, in the call's protocol ---

// One message of the answer, in binary.
void call_send(struct call *call, struct span message);
// The whole answer: one message, or an error. The call is OVER.
void call_reply(struct call *call, struct span message, bool replayed);
void call_fail(struct call *call, const Loyalty__V1__Error *error);
void call_refuse(struct call *call, Loyalty__V1__Code code, const char *reason, const char *field,
                 const char *message);
void call_trouble(struct call *call, enum trouble trouble);
