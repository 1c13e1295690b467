// What the parts of a daemon's findings share. Nobody but app/findings*.c includes this.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "app/findings.h"

struct findings {
    const struct findings_about *about;
    monitor_finding_fn *each;
    void *to;
    bool full; // no more is wanted
    int64_t now_ms;
};

// `advice` empty: nothing is to be done.
void findings_say(struct findings *findings, enum finding_level level, const char *code,
                  const char *advice, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

void findings_tls(struct findings *findings);
void findings_store(struct findings *findings);
