// What the listener counts of its connections. Refusals and breaks are counted by their reasons,
// which are texts of ours; past a bound under "other".
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/histogram.h"
#include "base/metrics.h"

enum { SERVER_REASONS = 40, SERVER_REASON_BYTES = 64 };

struct server_reason {
    char text[SERVER_REASON_BYTES];
    bool refused; // at the handshake; else broken later
    uint64_t count;
};

struct server_figures {
    uint64_t accepted;
    uint64_t admitted; // handshakes that ended well
    struct histogram handshake;
    struct server_reason reasons[SERVER_REASONS];
    uint32_t reason_count;
};

// After so many milliseconds.
void server_figures_admitted(struct server_figures *figures, int64_t took_ms);
void server_figures_end(struct server_figures *figures, bool refused, const char *reason);
