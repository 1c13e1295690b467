// Whether the event loop turns: it feeds the supervisor's watchdog from a timer of its own, so a
// loop that hangs, for whatever reason, is started again; and it measures how late such a timer is,
// which is how long a request waits before anybody looks at it.
#pragma once

#include <stdint.h>

#include "base/metrics.h"
#include "base/status.h"

struct event_base;
struct watch;

// Microseconds of the precise monotonic clock, the one that systemd compares with.
int64_t watch_now_us(void);

// Feeds at a third of WATCHDOG_USEC when WATCHDOG_PID is this process, else it measures only.
// STATUS_NO_MEMORY; STATUS_INVALID when the environment's words are no numbers. `base` outlives it.
MUST_CHECK enum status watch_new(struct event_base *base, struct watch **ret_watch);
void watch_free(struct watch *watch);

// loyaltyd_loop_delay_seconds. NULL tells nothing.
void watch_metrics(const struct watch *watch, const struct metrics_out *out);
