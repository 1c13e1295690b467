// Lines for the operator: `key=value` pairs on stderr, one line an event. Only net, service, jobs
// and app log; base, core, wire and store never do. No personal datum, no member id in clear.
#pragma once

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

// Lines below `level` are dropped. Starts at LOG_INFO.
void log_set_level(enum log_level level);

// `event` is a short stable word ("connection-closed"); `format` gives the pairs, already in
// key=value form: log_event(LOG_INFO, "listening", "address=%s port=%d", host, port).
void log_event(enum log_level level, const char *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
