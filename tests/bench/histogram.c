// The first octave has all its steps, each one after it the upper half of them twice as wide.
#include "bench/histogram.h"

#include <string.h>

enum { HALF = HISTOGRAM_SUB_COUNT / 2 };

_Static_assert((int64_t)HISTOGRAM_SUB_COUNT << (HISTOGRAM_OCTAVES - 1) > HISTOGRAM_MAX_NS,
               "the last octave holds the longest");

static uint32_t octave_of(uint64_t value)
{
    uint32_t bits = 64 - (uint32_t)__builtin_clzll(value | (HISTOGRAM_SUB_COUNT - 1));
    return bits - HISTOGRAM_SUB_BITS;
}

static uint32_t bucket_of(uint64_t value)
{
    uint32_t octave = octave_of(value);
    return octave * HALF + (uint32_t)(value >> octave);
}

static int64_t upper_end_of(uint32_t bucket)
{
    if (bucket < HISTOGRAM_SUB_COUNT) {
        return bucket;
    }
    uint32_t octave = bucket / HALF - 1;
    return ((int64_t)(bucket - octave * HALF + 1) << octave) - 1;
}

void histogram_init(struct histogram *histogram)
{
    memset(histogram, 0, sizeof *histogram);
}

void histogram_add(struct histogram *histogram, int64_t value_ns)
{
    int64_t value = value_ns < 0 ? 0 : value_ns;
    histogram->count++;
    if (value > histogram->max_ns) {
        histogram->max_ns = value;
    }
    histogram
        ->buckets[bucket_of((uint64_t)(value < HISTOGRAM_MAX_NS ? value : HISTOGRAM_MAX_NS))]++;
}

int64_t histogram_percentile(const struct histogram *histogram, uint32_t per_100000)
{
    uint64_t wanted = (histogram->count * per_100000 + 99999) / 100000;
    uint64_t seen = 0;
    for (uint32_t bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) {
        seen += histogram->buckets[bucket];
        if (seen >= wanted && seen > 0) {
            int64_t end = upper_end_of(bucket);
            return end < histogram->max_ns ? end : histogram->max_ns;
        }
    }
    return histogram->max_ns;
}
