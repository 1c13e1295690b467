// What `loyaltyctl top` shows of one interval, computed from the answers at its two ends. Pure.
#pragma once

#include <stdint.h>

#include "ctl/top_figures.h"

enum { TOP_METHODS = 128, TOP_PARTITIONS = 32, TOP_NAME_BYTES = 64 };

// What a daemon has answered at one moment. NULL where it did not.
struct top_moment {
    int64_t at_us; // this machine's steady clock
    struct top_figures figures;
    Loyalty__V1__GetStatusResponse *status;
    Loyalty__V1__ListPartitionsResponse *partitions; // the first page
    Loyalty__V1__ListSlowRequestsResponse *slow;
};

struct top_method {
    char name[TOP_NAME_BYTES]; // "PointsService/Award"
    double rate;               // a second
    double error_rate;
    int64_t p50_us; // -1: none was answered
    int64_t p99_us;
};

struct top_partition {
    uint32_t number;
    double append_rate;
    double conflict_rate;
    uint64_t due_accounts;
    uint64_t due_lag_s;
};

// -1 where the daemon does not tell.
struct top_summary {
    double seconds;
    double rate;
    double error_rate;
    int64_t p50_us;
    int64_t p99_us;
    int64_t connections;
    int64_t in_hand;
    double redis_rate;
    int64_t redis_p50_us;
    int64_t redis_p99_us;
    int64_t redis_in_flight;
    double conflict_rate;
    double cache_hits; // of a hundred looks; -1: there was none
    int64_t loop_p99_us;
    int64_t due_lag_s;
    int64_t event_lag;                      // events
    double points_in;                       // a second
    double points_out;                      // a second
    struct top_method methods[TOP_METHODS]; // busiest first
    size_t method_count;
    struct top_partition partitions[TOP_PARTITIONS]; // busiest first
    size_t partition_count;
};

void top_summarize(const struct top_moment *before, const struct top_moment *now,
                   struct top_summary *ret_summary);
