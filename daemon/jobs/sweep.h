// The sweeper: what time makes of an account (points end, holds lapse, cards end, notices) is seen
// by whoever reads it, but stands in no log and in no event before somebody writes to it. Each
// daemon walks all partitions round and round, asks for the accounts that are due, and has each
// advanced to now, or its open obligations finished. All daemons may do so at once: the logs are
// the same whoever writes them, and append_if lets one win.
//
// It goes behind the requests at hand: so many accounts a second, fewer while many requests wait,
// and its rounds grow longer while nothing is due. A store that fails makes it pause. An account of
// which nothing can be made (its log is broken, another daemon knows it better) is left alone for a
// while; one that the index has for due although nothing is to be written has its due instant set
// right.
//
//     round -> due(partition) -> queue -> account: open obligations -> finished
//                                             \-> advance: written, or nothing -> due set right
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/metrics.h"
#include "base/status.h"
#include "service/service.h"

enum {
    SWEEP_AT_ONCE = 8,            // accounts at work
    SWEEP_SCANS = 32,             // partitions being asked
    SWEEP_PAGE = 64,              // due accounts taken from a partition at a time
    SWEEP_QUEUE = 2048,           // found, and waiting for their turn
    SWEEP_SKIPS = 128,            // accounts left alone
    SWEEP_SKIP_MS = 30000,        // so long
    SWEEP_TURN_MS = 20,           // between turns while there is work
    SWEEP_ROUND_MS = 1000,        // once through all partitions ...
    SWEEP_ROUND_FULL_MS = 250,    // ... when there was more than a page in one of them ...
    SWEEP_ROUND_IDLE_MS = 4000,   // ... at the longest, when nothing is due
    SWEEP_BACKOFF_MS = 500,       // after a failure of the store, doubled up to ...
    SWEEP_BACKOFF_MAX_MS = 30000, // ... this
    SWEEP_BUSY_REQUESTS = 32,     // requests in hand from which on it slows down ...
    SWEEP_BUSY_SHARE = 8,         // ... to this part of its pace
    SWEEP_TURNS_MAX = 2,
    SWEEP_PACE_MAX = 100000,
};

struct sweep;

// What else is done for a partition once a round, after its accounts were asked for; never called
// while the service is stopping.
typedef void sweep_turn_fn(struct service *service, uint32_t partition);

struct sweep_options {
    struct service *service; // outlives the sweeper
    uint32_t pace;           // accounts a second, above 0
    uint64_t seed;           // of the partition it starts at
    sweep_turn_fn *turns[SWEEP_TURNS_MAX];
};

MUST_CHECK enum status sweep_new(const struct sweep_options *options, struct sweep **ret_sweep);
// After service_stop and the store's end, before service_free.
void sweep_free(struct sweep *sweep);

// What has been done so far.
struct sweep_counts {
    uint64_t rounds;
    uint64_t accounts;  // had a turn
    uint64_t written;   // something was made durable
    uint64_t corrected; // only the due instant was wrong
    uint64_t skipped;   // left alone for a while
    int64_t lag_ms;     // how late the most overdue account of the last round was
};

struct sweep_counts sweep_counts(const struct sweep *sweep);
void sweep_metrics(const struct sweep *sweep, const struct metrics_out *out);
