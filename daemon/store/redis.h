// The store in Redis: a few connections (unix socket or TCP) with everything pipelined on them, a
// partition's calls always on the same, hiredis only as codec. It connects, checks that this Redis
// is safe to trust (appendonly yes, appendfsync always, no-appendfsync-on-rewrite no,
// maxmemory-policy noeviction, role master, the functions of this version loaded), looks at
// settings and role again while it is connected, and reconnects with back-off; a call while not
// ready is UNAVAILABLE. A reply is matched to its request by order
// and, for functions, by a tag that is echoed. A command that has no answer by its deadline ends
// the connection, and with it all others in flight.
//
// The process must ignore SIGPIPE: writing to a connection that Redis has closed raises it.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "store/store.h"

struct event_base;
struct redis_facts;

struct redis_options {
    const char *unix_path; // either this
    const char *host;      // or a numeric address
    uint16_t port;
    const char *user;     // NULL: none (password alone uses AUTH password)
    const char *password; // NULL: none
    int64_t command_ms;   // absolute deadline of each command; 0: LIMIT_STORE_COMMAND_MS
    int64_t recheck_ms;   // between two looks at Redis's settings; 0: LIMIT_STORE_RECHECK_MS
    bool relaxed;         // durability = relaxed: accept a Redis without appendfsync always
};

// Called when readiness changes, with the reason when not ready ("maxmemory-policy is allkeys-lru,
// must be noeviction"). Called on a turn of the loop, never from inside another call; it must not
// free the store. The reason is empty when ready and valid during the call.
typedef void redis_state_fn(void *context, bool ready, const char *reason);

// `base` outlives the store; option strings are copied. Starts connecting at once. STATUS_INVALID
// when the options name no address or a host that is not numeric, or a user without password;
// STATUS_TOO_LARGE for a path too long for a unix socket; STATUS_NO_MEMORY.
MUST_CHECK enum status redis_new(struct event_base *base, const struct redis_options *options,
                                 redis_state_fn *on_state, void *context, struct store **ret_store);
// What Redis said of itself last (store/redis_facts.h); `store` is one of redis_new. Lives as long
// as the store.
const struct redis_facts *redis_facts(const struct store *store);
