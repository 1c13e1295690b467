// What an admin does by hand, as records. Each obliges its account to have the act listed in the
// month's audit.
#pragma once

#include "core/record_parts.h"

enum { ADJUSTED_SCORES_MAX = 2048 };

// A part of adjusted score, from the record's instant on.
struct adjusted_score {
    uint64_t seq; // of score taken: of the record that gave it; else 0
    int64_t until_ms;
    int64_t score; // below 0: taken of what ends then
};

// Either points or score.
struct record_adjusted {
    int64_t points;        // given, or below 0 taken
    int64_t lot_ends_ms;   // of points given
    struct lot_move *lots; // of points taken: from which, in this order ...
    size_t lot_count;
    int64_t deficit; // ... and what is owed now, because there were no more
    int64_t score;   // given, or below 0 taken; the sum of its parts
    struct adjusted_score *scores;
    size_t score_count;
    enum act_reason reason_code;
    struct span reason;
};

// Of a card given, or taken away; the new one is the record's card.
struct record_by_hand {
    enum act_reason reason_code;
    struct span reason;
};

enum audit_act { // numbers are those of loyalty.v1.AuditAct
    AUDIT_POINTS_ADJUSTED = 1,
    AUDIT_SCORE_ADJUSTED = 2,
    AUDIT_TIER_GRANTED = 3,
    AUDIT_TIER_REVOKED = 4,
    AUDIT_STATUS_CHANGED = 5,
    AUDIT_MERGED = 6,
    AUDIT_PROGRAM_PUBLISHED = 7, // these two stand in the program's log
    AUDIT_PROGRAM_WITHDRAWN = 8,
    AUDIT_RESCORING_PLANNED = 9,
    AUDIT_RESCORING_RUN = 10,
};

struct record_audited {
    enum audit_act act;
    int64_t acted_ms;
    struct span subject; // a member's id, or an operation's name
    struct span actor;   // role and unit
    uint8_t request[REQUEST_ID_BYTES];
    uint64_t seq;                // of the subject's record; 0: none
    enum act_reason reason_code; // 0: none was asked for
    struct span reason;
};
