// The one entry of all faces. A call is judged (method, role, shape, age), handed to its method,
// and answered exactly once: with the method's answer, or when its time runs out first, with
// EXPIRED (nothing was written) or OUTCOME_UNKNOWN (something may have been). What goes on after
// that is finished quietly.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "base/status.h"
#include "loyalty/v1/common.pb-c.h"

struct dispatch;
struct identity;
struct method;
struct service;

// What a face needs to find its way back; only carried.
struct dispatch_origin {
    uint64_t connection;
    uint64_t correlation;
};

struct dispatch_reply {
    const Loyalty__V1__Error *error; // NULL: `payload` is the answer
    struct span payload;             // the encoded response
    bool replayed;                   // had been decided before
    bool more;                       // one message of a stream: others follow, or its end
};

// Whether a stream's client can be told more at present.
enum dispatch_room { DISPATCH_ROOM, DISPATCH_FULL, DISPATCH_GONE };
typedef enum dispatch_room dispatch_room_fn(void *context, const struct dispatch_origin *origin);

// Called once a call (of a stream once more for each message), perhaps before dispatch_call
// returns; what it is given is valid during it.
typedef void dispatch_reply_fn(void *context, const struct dispatch_origin *origin,
                               const struct dispatch_reply *reply);

struct dispatch_call {
    const struct identity *peer;
    struct span method;
    struct span payload;
    uint32_t timeout_ms;     // 0: LIMIT_REQUEST_MS; of a stream: none
    bool out_of_time;        // what the client granted has passed already: EXPIRED, if nothing else
    struct span traceparent; // well-formed, at most LIMIT_TRACEPARENT_BYTES; empty: none
    struct dispatch_origin origin;
    dispatch_reply_fn *on_reply;
    dispatch_room_fn *room; // NULL: this face carries one answer; a stream's first message is it
    void *context;
};

// What dispatch_call judges first: whether there is this method and the peer's role may call it.
// False with the error it will answer; the method is given whenever there is one.
bool dispatch_admits(const struct identity *peer, struct span path,
                     const struct method **ret_method, Loyalty__V1__Error *ret_error);

MUST_CHECK enum status dispatch_new(struct service *service, struct dispatch **ret_dispatch);
// No call may be in hand.
void dispatch_free(struct dispatch *dispatch);

// Everything in the call is copied as far as it is needed later.
void dispatch_call(struct service *service, const struct dispatch_call *call);
// Calls not answered, and calls not finished.
size_t dispatch_unanswered(const struct dispatch *dispatch);
size_t dispatch_in_hand(const struct dispatch *dispatch);
