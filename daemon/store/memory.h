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
// number of events of a partition (LIMIT_PARTITIONS: meta's) and the n-th of them, an account's due
// instant (0: absent).
struct span memory_log(const struct store *store, const struct store_account *account);
uint64_t memory_event_count(const struct store *store, uint32_t partition);
struct span memory_event(const struct store *store, uint32_t partition, uint64_t index);
int64_t memory_due(const struct store *store, const struct store_account *account);
uint64_t memory_archived_bytes(const struct store *store, uint32_t partition);
// Overwrites a log's bytes, to plant corruption.
void memory_plant(struct store *store, const struct store_account *account, struct span bytes);
