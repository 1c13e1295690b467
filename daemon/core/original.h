// The original of a reversal, a capture or a release: its record and what has become of it since,
// read from the log alone, so that an account keeps nothing for it. A reservation that was captured
// leads to its capture. Compaction keeps an original and all that was made of it alike.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"
#include "base/status.h"
#include "core/record.h"

struct original {
    enum record_type type; // RECORD_NONE: not known
    uint64_t seq;
    union {
        struct record_awarded awarded; // only what a reversal needs: no unit, no receipt
        struct record_redeemed spent;  // of REDEEMED and CAPTURED
    };
    bool by_reservation; // of CAPTURED: asked for by the reservation's id
    bool released;       // of HELD: by a Release
    // reversed so far
    uint64_t reversals;
    int64_t amount_minor;
    int64_t points;
    int64_t score;
    bool *lines_returned; // one a recorded line
};

// Looks for the request in the log. STATUS_NO_MEMORY, what ledger_walk gives, or STATUS_CORRUPT
// when more was taken back of it than there was.
MUST_CHECK enum status original_find(struct span log, const uint8_t *request, struct arena *arena,
                                     struct original *ret_original);
