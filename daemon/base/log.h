// Lines for the operator: `key=value` pairs, one line an event, on stderr or wherever app has them
// sent (the journal). Only net, service, jobs and app log; base, core, wire and store never do. No
// personal datum, no member id in clear (service/log_member.h).
//
// Of one kind of event only so many lines a second are written (log_set_rate); how many were left
// out is said in the next one, or by log_tick.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/metrics.h"
#include "base/span.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

enum { LOG_LEVELS = LOG_ERROR + 1, LOG_TEXT_BYTES = 256 };

// Lines below `level` are dropped. Starts at LOG_INFO.
void log_set_level(enum log_level level);
// Lines a second of one event, with a burst of twice as many; 0, as it starts: no bound.
void log_set_rate(uint32_t rate);
// Where lines go; NULL, as it starts: stderr. `text` is the event and its pairs without control
// characters, `pairs` points behind the event's word.
typedef void log_sink_fn(enum log_level level, const char *event, const char *text, size_t len,
                         const char *pairs);
void log_set_sink(log_sink_fn *sink);
// The line to stderr, whatever the sink: what a sink does that cannot.
void log_to_stderr(enum log_level level, const char *text, size_t len);

// `event` is a short stable word ("connection-closed", all of them in doc/logs.md) and static;
// `format` gives the pairs, already in key=value form, texts in double quotes:
// log_event(LOG_INFO, "listening", "address=%s port=%d", host, port).
void log_event(enum log_level level, const char *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// A text that came from outside, fit to stand between double quotes: it cannot end them.
struct log_text {
    char text[LOG_TEXT_BYTES];
};
struct log_text log_text_of(struct span text);

// About once a second: says what was left out of events that have come no more.
void log_tick(void);
void log_metrics(const struct metrics_out *out);
