// What the parts of the sweeper share: the walk (sweep.c), an account at work (sweep_account.c),
// those left alone (sweep_skips.c). Nobody else includes this.
#pragma once

#include <stdbool.h>

#include "jobs/sweep.h"
#include "service/obligations.h"

// Accounts of which nothing could be made, each until an instant (monotonic). When there are too
// many, the oldest has its turn again.
struct sweep_skips {
    struct {
        uint64_t account; // hash of its id
        uint32_t partition;
        int64_t until_ms; // 0: free
    } items[SWEEP_SKIPS];
    uint32_t next;
};

void sweep_skips_add(struct sweep_skips *skips, uint32_t partition, struct span id,
                     int64_t until_ms);
bool sweep_skips_has(const struct sweep_skips *skips, uint32_t partition, struct span id,
                     int64_t now_ms);
// How many of a partition are left alone.
uint32_t sweep_skips_of(const struct sweep_skips *skips, uint32_t partition, int64_t now_ms);

// An account that was found due.
struct sweep_found {
    uint32_t partition;
    uint32_t id_len;
    char id[LIMIT_MEMBER_ID_BYTES];
};

enum sweep_end {
    SWEEP_NOTHING,   // there was nothing to do
    SWEEP_WRITTEN,   // something was made durable
    SWEEP_CORRECTED, // its due instant was set right
    SWEEP_SKIP,      // nothing can be made of it now
    SWEEP_FAILED,    // nothing can be made of any account now
};

// One account at work.
struct sweep_job {
    struct sweep *sweep;
    bool taken;
    struct sweep_found found;
    struct arena arena;
    struct account_task task;
    struct obligations_waiter waiter;
    enum sweep_end end; // as far as is known
    bool open;          // it has something to finish ...
    bool obliged;       // ... elsewhere
    bool left_open;     // which could not be finished now
    // the account as it was looked at, when nothing was written
    uint8_t tail[CHAIN_HASH_BYTES];
    uint64_t log_bytes;
    int64_t due_ms;
    int64_t now_ms;
};

void sweep_job_begin(struct sweep_job *job, const struct sweep_found *found);
// The job calls this when it is done; the job is free then.
void sweep_job_ended(struct sweep_job *job);

struct service *sweep_service(const struct sweep *sweep);
