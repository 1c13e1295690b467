// Works on stored jobs (service/job_values.h): plans of a re-scoring, re-scorings, due instants made
// right after the rules have changed, plans forgotten. Every daemon has a runner; they share a job
// by claims on its partitions that lapse, so one that dies is followed by the others. What a
// partition brought is counted together with the bit that says it is done, under compare-and-set: so
// once, however often it was begun.
//
//     list -> job: claim partitions -> lanes at work -> results merged, more claimed -> ... -> ended
//
// It goes behind the requests at hand: many accounts at a time while there are none, few while
// there are.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "service/service.h"

enum {
    RUNNER_LANES = 4,         // partitions at work
    RUNNER_CLAIM = 32,        // partitions claimed at a time
    RUNNER_IDLE_MS = 2000,    // between looks at the list
    RUNNER_TICK_MS = 20,      // between turns of work
    RUNNER_WAIT_MS = 500,     // before a job is looked at again of which nothing was to be had
    RUNNER_MERGE_MS = 1000,   // between updates of a job's progress
    RUNNER_CLAIM_MS = 30000,  // after which a claim lapses
    RUNNER_WIDTH = 192,       // accounts at a time while nobody asks for anything ...
    RUNNER_WIDTH_BUSY = 8,    // ... and while somebody does ...
    RUNNER_BUSY_MS = 100,     // ... or did, so long ago
    RUNNER_BACKOFF_MS = 1000, // after a failure of the store
    RUNNER_PACE_MAX = 1000000,
    // A daemon that has not read new rules yet may write by the old ones so long: due instants are
    // made right behind that.
    RUNNER_REINDEX_AFTER_MS = LIMIT_LEASE_MS + 10000,
};

struct runner;

struct runner_options {
    struct service *service; // outlives the runner
    uint32_t pace;           // accounts a second at most; 0: as fast as it goes
};

MUST_CHECK enum status runner_new(const struct runner_options *options, struct runner **ret_runner);
// After service_stop and the store's end, before service_free.
void runner_free(struct runner *runner);
