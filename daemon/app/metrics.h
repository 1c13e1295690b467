// All that a daemon counts, as Prometheus reads it (text format 0.0.4) and as GetMetrics tells it.
#pragma once

#include "base/buffer.h"
#include "base/metrics.h"
#include "base/status.h"

struct monitor_around;
struct reload;
struct runner;
struct server;
struct service;
struct store;
struct sweep;
struct watch;

// Who counts; NULL: there is none (yet).
struct metrics_sources {
    const struct service *service;
    const struct store *store;
    const struct server *server;
    const struct sweep *sweep;
    const struct runner *runner;
    const struct watch *watch;
    const struct reload *reload;
    const struct monitor_around *around;
};

void metrics_collect(const struct metrics_sources *sources, const struct metrics_out *out);
// STATUS_NO_MEMORY, STATUS_TOO_LARGE.
MUST_CHECK enum status metrics_text(const struct metrics_sources *sources, struct buffer *out);
// Who stands behind the port while a text is written; for tests.
struct metrics_writer {
    struct buffer *text;
    const struct metric_family *family;
    bool announced; // its HELP and TYPE stand
    enum status status;
};
struct metrics_out metrics_writer_port(struct metrics_writer *writer);
