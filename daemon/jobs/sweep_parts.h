// What the parts of the sweeper share: the walk (sweep.c) and those
// left alone (sweep_skips.c). Nobody else includes this.
#pragma once

#include <stdbool.h>

#include "jobs/sweep.h"
#include "jobs/visit.h"

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

// One account at work.
struct sweep_job {
    struct sweep *sweep;
    bool taken;
    struct visit visit;
};
