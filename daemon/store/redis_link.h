// One connection to Redis and everything in flight on it: connecting again and again with back-off,
// writing commands, matching replies to calls, absolute deadlines. It knows no loyalty and no
// command; what is asked when a connection opens is redis_check.c's, the rest redis.c's.
//
//     WAITING ──timer──► CONNECTING ──connected──► CHECKING ──redis_link_ready──► READY
//        ▲                    │                        │                            │
//        └────────────────────┴──────── give up ───────┴────────────────────────────┘
//
// Calls are sent while READY. A connection is given up at once when it is broken, its oldest call
// is over its deadline or the handshake finds this Redis unfit; when it is stale (redis_pipeline.h)
// it sends no more and is given up when all sent calls are answered. What is then open ends as
// redis_pipeline_close says.
//
// What is sent in a turn of the loop leaves in one write at its end, appends gathered into one
// command before that (store/redis_batch.h).
//
// `on_answer` is never called from inside redis_link_send or redis_link_answer_later. Writing to a
// closed connection raises SIGPIPE: the process ignores it (app).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "store/redis.h"
#include "store/redis_batch.h"
#include "store/redis_pipeline.h"

struct event_base;
struct redis_facts;
struct redis_figures;
struct redis_link;

// Called when a connection stands: sends the first handshake commands.
typedef void redis_open_fn(struct redis_link *link);

// Called on a turn of the loop in which the state or its reason may have changed.
typedef void redis_turn_fn(void *context);
// Called when this connection has learned from Redis that it is fit, or for what reason not (any
// more); also from inside redis_link_ready and redis_link_refuse.
typedef void redis_verdict_fn(void *context, bool fit, const char *reason);

struct redis_link_options {
    const struct redis_options *redis; // copied as far as needed
    redis_open_fn *on_open;
    redis_turn_fn *on_turn;
    redis_verdict_fn *on_verdict;
    void *context;                 // of on_turn and on_verdict
    struct redis_facts *facts;     // where what Redis says of itself is put; NULL: nowhere
    struct redis_figures *figures; // what is counted; NULL: nothing
};

// STATUS_INVALID for an address that is none, STATUS_TOO_LARGE for a path too long for a unix
// socket, STATUS_NO_MEMORY. Connecting starts with the loop.
MUST_CHECK enum status redis_link_new(struct event_base *base,
                                      const struct redis_link_options *options,
                                      struct redis_link **ret_link);
// Closes the connection, which ends the open calls, see above. Not from inside an answer. New calls
// still come to redis_link_tell_late.
void redis_link_shut(struct redis_link *link);
// Answers the calls that wait to be told; false when there were none.
bool redis_link_tell_late(struct redis_link *link);
// After redis_link_shut, when no call waits any more.
void redis_link_free(struct redis_link *link);

enum redis_link_state {
    REDIS_LINK_COMING, // connecting, or about to
    REDIS_LINK_READY,  // calls are sent
    REDIS_LINK_STALE,  // it was ready, but Redis has since said otherwise
};

// `ret_reason` says why it is not ready.
enum redis_link_state redis_link_state(const struct redis_link *link, const char **ret_reason);
// Sends no more and asks anew when what is in flight is answered: Redis has refused another
// connection. For one that is ready; no verdict comes of it.
void redis_link_ask_anew(struct redis_link *link, const char *reason);
const struct redis_options *redis_link_options(const struct redis_link *link);

struct redis_load {
    uint32_t calls;      // in flight
    uint64_t open_bytes; // of their commands
    size_t unsent_bytes; // of these not yet taken by the socket
};

struct redis_load redis_link_load(const struct redis_link *link);

// --- for calls ---

uint64_t redis_link_next_tag(struct redis_link *link);
// The writer of one command, which redis_link_send sends.
struct resp_writer *redis_link_writer(struct redis_link *link);
// Sends the finished command for `call`, which is copied. A call that cannot be sent now is
// answered UNAVAILABLE in a later turn of the loop.
void redis_link_send(struct redis_link *link, const struct redis_call *call);
// Where appends are gathered; not full. After an add, redis_link_gathered.
struct redis_batch *redis_link_batch(struct redis_link *link);
// Sends the batch before anything else that is sent, at the turn's end or at once when it is full.
// Appends that cannot be sent then are answered UNAVAILABLE in a later turn.
void redis_link_gathered(struct redis_link *link);
// Sends the batch now, if there is one.
void redis_link_send_batch(struct redis_link *link);
// The answer to a call that need not be sent at all.
void redis_link_answer_later(struct redis_link *link, const struct redis_call *call,
                             enum store_result result, const char *static_text);

// --- for the handshake ---

// As redis_link_send, and also while CHECKING.
void redis_link_send_check(struct redis_link *link, const struct redis_call *call);
// What Redis says of itself, as INFO tells it.
void redis_link_learn(struct redis_link *link, struct span info);
// The handshake is done: calls are sent from now on.
void redis_link_ready(struct redis_link *link);
// This Redis is not to be trusted, for a reason the operator reads: the connection is closed soon,
// and opened anew after a while.
void redis_link_refuse(struct redis_link *link, const char *reason);
