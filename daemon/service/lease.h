// The right to act: no daemon may write under stale rules or a false time (design.md, decision 2).
// The lease reads the store's head (its time, the program log, the sandbox clock, the partitions)
// every LIMIT_LEASE_READ_MS; what it allows ends LIMIT_LEASE_MS after the store's own time of that
// reading. It is also where `now` comes from: this machine's clock, or in a sandbox the test clock.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "core/program.h"
#include "service/program_log.h"
#include "service/timers.h"
#include "service/trouble.h"
#include "store/store.h"

struct lease;

struct lease_options {
    struct store *store;   // outlives the lease
    struct timers *timers; // outlives the lease
    clock_fn *wall_ms;     // this machine's clock, UTC
    void *wall_context;
    chain_hash_fn *hash;
    struct zone_source zones;
    uint32_t partitions; // created when the store has none yet
    bool sandbox;
};

MUST_CHECK enum status lease_new(const struct lease_options *options, struct lease **ret_lease);
// Only after the store is freed, or nothing of it is waiting.
void lease_free(struct lease *lease);
// Reads no more: waiters are told that there is no fresh head.
void lease_stop(struct lease *lease);
// Begins reading; also tells that the store may have become ready.
void lease_kick(struct lease *lease);

// TROUBLE_NONE; STORE_UNAVAILABLE or NO_LEASE when no head is young enough, or it tells other
// partitions than before; CLOCK_SKEW (mutations
// only) when this machine's clock is off; UNKNOWN_FORMAT when the program's log is of no use.
enum trouble lease_check(const struct lease *lease, bool mutation);

// What follows means something only while lease_check finds no trouble for reads.
const struct program_log *lease_programs(const struct lease *lease);
const struct program_set *lease_set(const struct lease *lease);
uint32_t lease_partitions(const struct lease *lease);
// Of the event streams, as last read: another one means that the store was set up anew.
uint64_t lease_epoch(const struct lease *lease);
int64_t lease_now_ms(const struct lease *lease);
bool lease_is_sandbox(const struct lease *lease);
// The time all daemons share, whatever their own clocks say: the store's, or the test clock's. For
// what is answered or dropped for good by age.
int64_t lease_shared_now_ms(const struct lease *lease);
// A lower bound of the store's clock now, and the store's instant past which nothing may land.
int64_t lease_store_now_ms(const struct lease *lease);
int64_t lease_not_after_ms(const struct lease *lease);

// For who looks after the daemon; nothing is decided by it. All zero before the first head.
struct lease_look {
    bool read;              // a head was
    int64_t age_ms;         // of the last one
    int64_t clock_ahead_ms; // this machine's clock against the store's; negative: behind
    enum status programs;   // whether the program's log is of use
};

struct lease_look lease_look(const struct lease *lease);

// Waits for a head that is read after this call; those who wait in one turn share it. `on_head` is
// called once, later; `fresh` is false when it could not be read.
struct lease_waiter {
    struct lease_waiter *next;
    void (*on_head)(struct lease_waiter *waiter, bool fresh);
};

void lease_await(struct lease *lease, struct lease_waiter *waiter);
