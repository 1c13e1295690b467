// What the Redis store counts. Round trips are sampled: of each connection one command at a time is
// timed, so the clock is read twice a round trip, however many commands are in flight.
#pragma once

#include <stdint.h>

#include "base/histogram.h"
#include "base/metrics.h"

struct store;

struct redis_figures {
    uint64_t calls; // sent
    uint64_t lost;  // whose connection ended before their answer
    uint64_t connects;
    struct histogram round_trip;
};

// Monotonic.
int64_t redis_figures_now_us(void);
// Of a store of redis_new.
void redis_metrics(const struct store *store, const struct metrics_out *out);
