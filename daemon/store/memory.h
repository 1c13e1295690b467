// The store in memory, for simulation and for tests of what stands on the port. Its clock and its
// faults are the test's: nothing happens by itself, answers wait until memory_run is called.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "store/store.h"

// What happens to the next call that is executed.
enum memory_fault {
    MEMORY_FAULT_NONE,
    MEMORY_FAULT_BEFORE,     // not executed, answered UNAVAILABLE
    MEMORY_FAULT_LOST_ASK,   // not executed, answered UNKNOWN (a read: UNAVAILABLE)
    MEMORY_FAULT_LOST_REPLY, // executed, answered UNKNOWN (a read: UNAVAILABLE)
};

MUST_CHECK enum status memory_new(struct store **ret_store);
// A second store over the same data, as another daemon's connection to the same Redis has it.
MUST_CHECK enum status memory_share(struct store *store, struct store **ret_store);

// The store's own clock (Redis TIME), one for all stores that share data. Starts at 0; any value
// may be set.
void memory_set_now(struct store *store, int64_t now_ms);
// The fault of the next call not yet executed on this store; applies once.
void memory_fail_next(struct store *store, enum memory_fault fault);

// Executes and answers the oldest waiting call of this store; false when none waits. Execution is
// at this moment, so callers choose the order between stores that share data.
bool memory_step(struct store *store);
// Steps until nothing waits.
void memory_run(struct store *store);

// Reads behind the port's back, for checks: the log of an account as it is now (borrowed), the
// number of events a partition ever had (LIMIT_PARTITIONS: meta's) and the n-th of them, not
// trimmed yet, an account's due instant (0: absent).
struct span memory_log(const struct store *store, const struct store_account *account);
uint64_t memory_event_count(const struct store *store, uint32_t partition);
struct span memory_event(const struct store *store, uint32_t partition, uint64_t index);
int64_t memory_due(const struct store *store, const struct store_account *account);
// Of calls of rewrite that were executed.
uint64_t memory_rewrites(const struct store *store);
// Of what waits in the archive.
uint64_t memory_archived_bytes(const struct store *store, uint32_t partition);
// Overwrites a log's bytes, to plant corruption.
void memory_plant(struct store *store, const struct store_account *account, struct span bytes);

// --- what changes, for an observer ---

// Told of each change of the world right after it was made, whoever made it; of those that the
// journal below has, once each.
struct memory_observer {
    void *context;
    void (*on_append)(void *context, const struct store_append *append);
    void (*on_compact)(void *context, const struct store_compact *compact);
    void (*on_claim)(void *context, struct span key, struct span member_id);
    // May be NULL; the last is of values, sets, and due instants that moved alone.
    void (*on_unclaim)(void *context, struct span key, struct span member_id);
    void (*on_other)(void *context);
};

// Of the world, that is of all stores that share it. `observer` outlives it.
void memory_observe(struct store *store, const struct memory_observer *observer);

// --- losing changes, as a store does that crashes before its fsync, or fails over ---

// From now on the world remembers how to take back its changes (appends, compactions, what becomes
// of identifiers, values and sets; not that events were trimmed or the archive drained).
void memory_journal(struct store *store);
// The number of changes made since, less those taken back. One put may be several, to be kept or
// lost together: a count to go back to is one that was read between calls.
uint64_t memory_journal_count(const struct store *store);
// Changes up to `count` can no longer be lost: what taking them back needs is freed.
void memory_journal_keep(struct store *store, uint64_t count);
// Takes back all changes after the first `count`, the latest first. None of them may be kept.
void memory_journal_lose(struct store *store, uint64_t count);

// --- calls in flight, for a simulation that is the network between daemons and their store ---

struct memory_call;
typedef void memory_route_fn(void *context, struct memory_call *call);

// From now on each call is handed over as it is made, from inside the port's function, and is then
// the router's: he decides when the world executes it and when its caller is answered, in either
// order, and frees it after both are settled. A store that is freed gives up its open calls by
// itself; the world must outlive them.
void memory_route(struct store *store, memory_route_fn *route, void *context);
// The world executes it, now; at most once.
void memory_call_execute(struct memory_call *call);
// Tells the caller the reply of the execution, or that none will come: `sent` is whether it may be
// executed all the same. One of the two, unless memory_call_told says that it was given up.
void memory_call_answer(struct memory_call *call);
void memory_call_give_up(struct memory_call *call, bool sent);
bool memory_call_told(const struct memory_call *call);
void memory_call_free(struct memory_call *call);

bool memory_call_mutates(const struct memory_call *call);
bool memory_call_reads_head(const struct memory_call *call);
// NULL if it is something else.
const struct store_append *memory_call_append(const struct memory_call *call);
// Of one that was executed.
enum store_result memory_call_result(const struct memory_call *call);
// Whose order with others it must keep; LIMIT_PARTITIONS: meta's.
uint32_t memory_call_partition(const struct memory_call *call);
