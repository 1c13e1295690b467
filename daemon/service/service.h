// The service: everything behind the faces, put together over one store. One object a process; the
// simulator makes several.
//
// Ending: service_stop (every request ends at its next step), then the store is freed by its owner,
// then service_free.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "base/status.h"
#include "core/chain.h"
#include "service/accounts.h"
#include "service/lease.h"
#include "service/program_log.h"
#include "service/timers.h"
#include "store/store.h"
#include "wire/commands.h"

// HMAC-SHA-256 under the identifiers' key; 32 bytes.
typedef void identifier_hash_fn(void *context, struct span bytes, uint8_t *ret_hash);

struct profile_port;

struct service_options {
    struct store *store;   // outlives the service's use of it
    struct timers *timers; // outlives the service; made with SERVICE_TIMERS
    clock_fn *wall_ms;     // this machine's clock
    void *wall_context;
    clock_fn *precise_us; // monotonic, of figures; NULL: the timers'
    void *precise_context;
    chain_hash_fn *chain_hash;
    commands_hash_fn *digest_hash;
    identifier_hash_fn *identifier_hash; // NULL: no key, hence no identifiers
    void *identifier_context;
    const struct code_port *codes;       // NULL: no key, hence no codes
    const struct profile_port *profiles; // NULL: no key, hence no profiles
    struct zone_source zones;
    uint32_t partitions; // created when the store has none yet
    bool sandbox;
    size_t cache_accounts;    // 0: as many as fit cache_bytes
    size_t cache_bytes;       // 0: SERVICE_CACHE_BYTES
    uint64_t event_retention; // entries a partition's stream keeps; 0: SERVICE_EVENTS_RETENTION
    uint64_t seed;
    uint32_t slow_ms; // a request that took longer is logged; 0: none
};

struct code_port;
struct dispatch;
struct obligations;
struct request;
struct subscriptions;
struct birthdays;
struct meter;
struct slow;
struct monitor_port;

struct service {
    struct service_options options;
    struct lease *lease;
    struct accounts *accounts;
    struct obligations *obligations;
    struct dispatch *dispatch;
    struct subscriptions *subscriptions;
    struct birthdays *birthdays;
    struct meter *meter;
    struct slow *slow;
    const struct monitor_port *monitor; // the daemon around it, may be NULL
    struct request *streams;            // open ones
    struct arena scratch;               // of one step, never across one
    account_commit_fn *on_commit;       // the jobs', may be NULL
    void *commit_context;
    void (*on_job)(void *context); // the runner's, may be NULL
    void *job_context;
    size_t waiting; // requests in hand that only look at a job
    bool draining;  // no stream begins any more
    bool stopping;
};

MUST_CHECK enum status service_new(const struct service_options *options,
                                   struct service **ret_service);
// Begins to read the store's head; also tells that the store may have become ready.
void service_kick(struct service *service);
// Who else is told of every commit.
void service_on_commit(struct service *service, account_commit_fn *on_commit, void *context);
// Who is told that a job was made here, and need not wait until it finds it.
void service_on_job(struct service *service, void (*on_job)(void *context), void *context);
void service_tell_job(struct service *service);
// Who tells MonitorService of the daemon around the service; outlives it.
void service_set_monitor(struct service *service, const struct monitor_port *port);
// Monotonic, for how long something took.
int64_t service_precise_us(const struct service *service);
void service_stop(struct service *service);
void service_free(struct service *service);
// Requests that have not been answered.
size_t service_in_hand(const struct service *service);
