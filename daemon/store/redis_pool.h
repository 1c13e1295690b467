// The connections of one store. Calls of a partition that are in flight at the same time go over
// one connection, so calls on one account keep their order. The store is ready when any connection
// is, unless Redis has refused one (store/redis_check.h): then all ask anew. One that is ready
// looks at Redis's settings again from time to time, for all.
//
// Why several: of each connection Redis reads 16 to 32 KiB in one turn of its loop, and with
// appendfsync always it fsyncs once a turn, so what waits on one connection is committed some 50 to
// 90 commands at a time, however many there are. Why not all the time: few commands spread over
// many connections arrive one after the other and cost an fsync each. So connections are filled in
// order: the next one takes part only when those before it have a turn's worth in flight. Internal
// to the Redis store.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/status.h"
#include "store/redis.h"
#include "store/redis_facts.h"
#include "store/redis_figures.h"
#include "store/redis_link.h"

enum { REDIS_CONNECTIONS = 8 };

// Where a partition's calls go, for as long as some are in flight.
struct redis_route {
    uint32_t in_flight;
    uint32_t link;
};

struct redis_pool {
    struct redis_link *links[REDIS_CONNECTIONS];
    struct event *recheck_timer;
    int64_t recheck_ms;
    struct redis_route routes[LIMIT_PARTITIONS + 1]; // the last is meta's
    bool refused;             // the last word of Redis on itself was that it is unfit
    redis_state_fn *on_state; // may be NULL
    void *context;
    void (*on_look)(void *look_context); // may be NULL; each time that Redis is looked at again
    void *look_context;
    bool told_ready;
    char told_reason[REDIS_REASON_BYTES];
    struct redis_facts facts; // what Redis said of itself last
    struct redis_figures figures;
};

// The statuses of redis_new. `pool` stays where it is until redis_pool_fini.
MUST_CHECK enum status redis_pool_init(struct redis_pool *pool, struct event_base *base,
                                       const struct redis_options *options,
                                       redis_state_fn *on_state, void *context);
// Answers all calls, those that answers make included.
void redis_pool_fini(struct redis_pool *pool);

// The connection for a call on a partition below LIMIT_PARTITIONS or on meta; the call is counted
// as its partition's while it is in flight.
struct redis_link *redis_pool_route(struct redis_pool *pool, bool meta, uint32_t partition,
                                    struct redis_call *call);
bool redis_pool_is_ready(const struct redis_pool *pool, const char **ret_reason);

// Sends the command that the link's writer holds, unless it is one too many
// (LIMIT_STORE_IN_FLIGHT, LIMIT_STORE_OUTPUT_BYTES, over all connections): then it is UNAVAILABLE.
void redis_pool_send(const struct redis_pool *pool, struct redis_link *link,
                     const struct redis_call *call);
// As redis_pool_send, for an append within bounds: it is sent with others of this turn of the loop.
void redis_pool_append(const struct redis_pool *pool, struct redis_link *link,
                       const struct store_append *append, const struct redis_call *call);
// The answer to a call that need not be sent at all.
void redis_pool_refuse(const struct redis_pool *pool, const struct redis_call *call,
                       enum store_result result, const char *static_text);
