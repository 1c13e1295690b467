// How often something took how long: counts in fixed classes, about three to a decade. To note a
// value costs a few instructions and no memory.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { HISTOGRAM_BOUNDS = 19 };

struct histogram {
    uint64_t counts[HISTOGRAM_BOUNDS + 1]; // the last: above all bounds
    uint64_t sum_us;
    uint64_t count;
};

// Ascending, in microseconds: 10 us to 10 s in steps of 1, 2, 5.
extern const uint32_t histogram_bounds_us[HISTOGRAM_BOUNDS];

void histogram_note(struct histogram *histogram, int64_t micros);
