// Choosing connections, and making one readiness of theirs.
#include "store/redis_pool.h"

#include <event2/event.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "store/redis_check.h"

enum {
    FINI_ROUNDS_MAX = 64,   // calls made by answers while the pool is being ended
    TURN_BYTES = 16 * 1024, // what Redis reads of a connection in a turn, at least
};

// --- routes ---

// The first connection with less than a turn's worth in flight, else the one with the least; of
// those that are ready, if any is.
static uint32_t pool_choose(const struct redis_pool *pool)
{
    uint32_t best = 0;
    uint64_t best_bytes = UINT64_MAX;
    for (uint32_t i = 0; i < REDIS_CONNECTIONS; i++) {
        const char *reason = NULL;
        if (redis_link_state(pool->links[i], &reason) != REDIS_LINK_READY) {
            continue;
        }
        uint64_t bytes = redis_link_load(pool->links[i]).open_bytes;
        if (bytes < TURN_BYTES) {
            return i;
        }
        if (bytes < best_bytes) {
            best = i;
            best_bytes = bytes;
        }
    }
    return best;
}

struct redis_link *redis_pool_route(struct redis_pool *pool, bool meta, uint32_t partition,
                                    struct redis_call *call)
{
    CHECK(meta || partition < LIMIT_PARTITIONS);
    struct redis_route *route = &pool->routes[meta ? (uint32_t)LIMIT_PARTITIONS : partition];
    if (route->in_flight == 0) {
        route->link = pool_choose(pool);
    }
    call->in_flight = &route->in_flight;
    return pool->links[route->link];
}

// --- readiness ---

bool redis_pool_is_ready(const struct redis_pool *pool, const char **ret_reason)
{
    bool any_ready = false;
    *ret_reason = "";
    for (size_t i = 0; i < REDIS_CONNECTIONS; i++) {
        const char *reason = NULL;
        enum redis_link_state state = redis_link_state(pool->links[i], &reason);
        if (state == REDIS_LINK_STALE) {
            *ret_reason = reason; // found this moment, and not yet told as a verdict
            return false;
        }
        if (state == REDIS_LINK_READY && !pool->refused) {
            any_ready = true;
        } else if (i == 0) {
            *ret_reason = reason;
        }
    }
    if (any_ready) {
        *ret_reason = "";
    }
    return any_ready;
}

// What Redis has told one connection is true for all; the latest word counts.
static void on_verdict(void *context, bool fit, const char *reason)
{
    struct redis_pool *pool = context;
    pool->refused = !fit;
    for (size_t i = 0; i < REDIS_CONNECTIONS && !fit; i++) {
        const char *ignored = NULL;
        if (redis_link_state(pool->links[i], &ignored) == REDIS_LINK_READY) {
            redis_link_ask_anew(pool->links[i], reason);
        }
    }
}

// Of any connection's loop turn: tells what has changed for the whole.
static void on_link_turn(void *context)
{
    struct redis_pool *pool = context;
    const char *reason = NULL;
    bool ready = redis_pool_is_ready(pool, &reason);
    if (pool->on_state == NULL ||
        (ready == pool->told_ready && strcmp(reason, pool->told_reason) == 0)) {
        return;
    }
    pool->told_ready = ready;
    (void)snprintf(pool->told_reason, sizeof(pool->told_reason), "%s", reason);
    pool->on_state(pool->context, ready, pool->told_reason);
}

// --- looking again ---

static enum status pool_look_later(struct redis_pool *pool)
{
    struct timeval after = {.tv_sec = pool->recheck_ms / 1000,
                            .tv_usec = pool->recheck_ms % 1000 * 1000};
    return evtimer_add(pool->recheck_timer, &after) == 0 ? STATUS_OK : STATUS_NO_MEMORY;
}

static void on_recheck(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct redis_pool *pool = context;
    const char *reason = NULL;
    bool asked = false;
    for (size_t i = 0; i < REDIS_CONNECTIONS && !asked; i++) {
        asked = redis_link_state(pool->links[i], &reason) == REDIS_LINK_READY;
        if (asked) {
            redis_check_again(pool->links[i]);
        }
    }
    if (asked && pool->on_look != NULL) {
        pool->on_look(pool->look_context);
    }
    CHECK(pool_look_later(pool) == STATUS_OK);
}

static enum status pool_start_looking(struct redis_pool *pool, struct event_base *base,
                                      const struct redis_options *options)
{
    pool->recheck_ms =
        options->recheck_ms > 0 ? options->recheck_ms : (int64_t)LIMIT_STORE_RECHECK_MS;
    pool->recheck_timer = evtimer_new(base, on_recheck, pool);
    return pool->recheck_timer == NULL ? STATUS_NO_MEMORY : pool_look_later(pool);
}

// --- sending ---

// The bounds are the store's; a connection below its share of them need not ask the others.
static bool pool_has_room(const struct redis_pool *pool, const struct redis_link *link,
                          size_t bytes)
{
    struct redis_load load = redis_link_load(link);
    load.unsent_bytes += bytes;
    if (load.calls < LIMIT_STORE_IN_FLIGHT / REDIS_CONNECTIONS &&
        load.unsent_bytes <= LIMIT_STORE_OUTPUT_BYTES / REDIS_CONNECTIONS) {
        return true;
    }
    for (size_t i = 0; i < REDIS_CONNECTIONS; i++) {
        if (pool->links[i] != link) {
            struct redis_load other = redis_link_load(pool->links[i]);
            load.calls += other.calls;
            load.unsent_bytes += other.unsent_bytes;
        }
    }
    return load.calls < LIMIT_STORE_IN_FLIGHT && load.unsent_bytes <= LIMIT_STORE_OUTPUT_BYTES;
}

void redis_pool_send(const struct redis_pool *pool, struct redis_link *link,
                     const struct redis_call *call)
{
    const char *reason = NULL;
    if (redis_pool_is_ready(pool, &reason) &&
        pool_has_room(pool, link, redis_link_writer(link)->bytes.len)) {
        redis_link_send(link, call);
    } else {
        redis_link_answer_later(link, call, STORE_UNAVAILABLE, "");
    }
}

// Of meta's, which are few and whose order with all else is the clearer so, each goes alone.
void redis_pool_append(const struct redis_pool *pool, struct redis_link *link,
                       const struct store_append *append, const struct redis_call *call)
{
    const char *reason = NULL;
    if (append->account.meta) {
        redis_link_send_batch(link);
    }
    if (!redis_pool_is_ready(pool, &reason) ||
        !pool_has_room(pool, link, append->records.len + append->event.len) ||
        redis_batch_add(redis_link_batch(link), append, call) != STATUS_OK) {
        redis_link_answer_later(link, call, STORE_UNAVAILABLE, "");
        return;
    }
    redis_link_gathered(link);
    if (append->account.meta) {
        redis_link_send_batch(link);
    }
}

void redis_pool_refuse(const struct redis_pool *pool, const struct redis_call *call,
                       enum store_result result, const char *static_text)
{
    redis_link_answer_later(pool->links[0], call, result, static_text);
}

// --- lifetime ---

enum status redis_pool_init(struct redis_pool *pool, struct event_base *base,
                            const struct redis_options *options, redis_state_fn *on_state,
                            void *context)
{
    *pool = (struct redis_pool){.on_state = on_state, .context = context};
    struct redis_link_options link_options = {
        .redis = options,
        .on_open = redis_check_start,
        .on_turn = on_link_turn,
        .on_verdict = on_verdict,
        .context = pool,
        .facts = &pool->facts,
        .figures = &pool->figures,
    };
    enum status status = pool_start_looking(pool, base, options);
    for (size_t i = 0; i < REDIS_CONNECTIONS && status == STATUS_OK; i++) {
        status = redis_link_new(base, &link_options, &pool->links[i]);
    }
    if (status != STATUS_OK) {
        redis_pool_fini(pool);
    }
    return status;
}

// An answer may make a new call on any connection, so none is freed before all are silent.
void redis_pool_fini(struct redis_pool *pool)
{
    if (pool->recheck_timer != NULL) {
        event_free(pool->recheck_timer);
        pool->recheck_timer = NULL;
    }
    for (size_t i = 0; i < REDIS_CONNECTIONS; i++) {
        redis_link_shut(pool->links[i]);
    }
    bool told = true;
    for (int round = 0; told; round++) {
        CHECK(round < FINI_ROUNDS_MAX);
        told = false;
        for (size_t i = 0; i < REDIS_CONNECTIONS; i++) {
            told = redis_link_tell_late(pool->links[i]) || told;
        }
    }
    for (size_t i = 0; i < REDIS_CONNECTIONS; i++) {
        redis_link_free(pool->links[i]);
        pool->links[i] = NULL;
    }
}
