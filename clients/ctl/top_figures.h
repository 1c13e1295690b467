// Figures of GetMetrics, as numbers: sums over samples, what has come since the answer before, and
// quantiles of that. A daemon that was started anew counts from zero, so then all is new. Pure.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loyalty/v1/monitor.pb-c.h"

enum { TOP_PAGES = 16, TOP_BUCKETS = 32 };

// One moment: all pages of an answer. NULL pages are none.
struct top_figures {
    Loyalty__V1__GetMetricsResponse *pages[TOP_PAGES];
    size_t count;
};

// Which samples: those with this label; NULL: all.
struct top_label {
    const char *name;
    const char *value;
};

// Of gauges and counters: the sum. False: there is no such family.
bool top_sum(const struct top_figures *figures, const char *family, const struct top_label *label,
             int64_t *ret_sum);
// Of gauges of seconds: the largest, in microseconds.
bool top_largest(const struct top_figures *figures, const char *family, int64_t *ret_micros);
// What a counter has gone up by.
int64_t top_gain(const struct top_figures *before, const struct top_figures *now,
                 const char *family, const struct top_label *label);

// Observations of a histogram since the answer before.
struct top_spread {
    uint64_t counts[TOP_BUCKETS];
    uint64_t bounds_us[TOP_BUCKETS];
    size_t buckets;
    uint64_t count;
};

void top_spread(const struct top_figures *before, const struct top_figures *now, const char *family,
                const struct top_label *label, struct top_spread *ret_spread);
// The bound that so many of a thousand observations are at or below, in microseconds; -1: there was
// none. What is above all bounds is told as the last bound.
int64_t top_quantile(const struct top_spread *spread, uint32_t per_mille);
