// What a daemon counts, told to whoever asks. Each part counts in plain integers of its own and
// tells them through this port; who writes Prometheus's text or the answer to GetMetrics is behind
// it. One loop, one thread: nothing here locks.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct histogram;

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

// Names as prometheus.io asks: loyaltyd_ in front, base units, _total behind counters.
struct metric_family {
    const char *name;
    const char *help; // one sentence, no newline
    enum metric_kind kind;
};

// Never a member's or a terminal's id. Values are quoted by the writer.
struct metric_label {
    const char *name;
    const char *value;
};

struct metrics_out {
    // Begins a family; its samples follow, before the next family. Each family once.
    void (*family)(void *context, const struct metric_family *family);
    // A count, or a gauge of whole numbers.
    void (*whole)(void *context, const struct metric_label *labels, size_t count, int64_t value);
    // Seconds, given as microseconds.
    void (*micros)(void *context, const struct metric_label *labels, size_t count, int64_t micros);
    void (*histogram)(void *context, const struct metric_label *labels, size_t count,
                      const struct histogram *histogram);
    void *context;
};

// Of a family with one sample and no label.
void metrics_tell(const struct metrics_out *out, const struct metric_family *family, int64_t value);
