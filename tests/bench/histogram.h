// Latencies in buckets as HdrHistogram has them: three significant digits at any size, from a
// nanosecond to 100 seconds, in fixed memory. Longer ones count as the longest; the maximum is kept
// exactly. Source: hdrhistogram.github.io.
#pragma once

#include <stdint.h>

enum {
    HISTOGRAM_SUB_BITS = 11, // 2048 steps an octave: an error of at most 1 in 1024
    HISTOGRAM_SUB_COUNT = 1 << HISTOGRAM_SUB_BITS,
    HISTOGRAM_OCTAVES = 27, // 2^37 ns are 137 s
    HISTOGRAM_BUCKETS = (HISTOGRAM_OCTAVES + 1) * (HISTOGRAM_SUB_COUNT / 2),
};

#define HISTOGRAM_MAX_NS INT64_C(100000000000)

struct histogram {
    uint64_t count;
    int64_t max_ns;
    uint64_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_init(struct histogram *histogram);
// Below 0 counts as 0.
void histogram_add(struct histogram *histogram, int64_t value_ns);
// The least value that so many of 100,000 samples do not exceed, as its bucket's upper end, but no
// more than the maximum; 0 of an empty histogram. 99900 is the 99.9th percentile.
int64_t histogram_percentile(const struct histogram *histogram, uint32_t per_100000);
