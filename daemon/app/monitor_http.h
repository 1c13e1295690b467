// What watches a daemon asks over plain HTTP, on this machine alone (--monitor-listen):
//
//     /metrics    Prometheus's text
//     /livez      200 when the loop answers
//     /readyz     200, or 503 with a line for each reason why nothing can be awarded now
//
// GET and HEAD only; a few connections, small requests, short silences: a client of this machine
// cannot use up the daemon's descriptors, only the places of other watchers.
#pragma once

#include <stdint.h>

#include "app/metrics.h"
#include "app/options.h"
#include "base/status.h"
#include "service/monitor.h"

struct event_base;
struct monitor_http;

enum { MONITOR_HTTP_VISITS = 16 }; // connections at a time; who comes then waits

struct monitor_http_options {
    struct event_base *base;
    const struct option_address *address;
    const struct metrics_sources *sources; // outlive it
    const struct monitor_port *port;       // likewise: why the daemon is not ready
};

// STATUS_IO when it cannot listen there (errno kept), STATUS_NO_MEMORY. The port that it got.
MUST_CHECK enum status monitor_http_new(const struct monitor_http_options *options,
                                        uint16_t *ret_port, struct monitor_http **ret_http);
// NULL is allowed.
void monitor_http_free(struct monitor_http *http);
