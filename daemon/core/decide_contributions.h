// Decisions about partners' contributions: score that a partner reports, reduces and ends (a policy
// sold, cut, surrendered, matured). Source: domain.md, "Operations", fine print 2, 3, 5, 6 and 14.
// Dates are civil and mean 00:00 local; ends are exclusive.
#pragma once

#include "base/status.h"
#include "core/decide.h"

// Late score is replayed, then IMMEDIATE tiers are tested at now; what is to begin later begins at
// a boundary. It ends at the earlier of `until` and the window of the version in force now.
struct contribution_command {
    uint8_t key[IDENTIFIER_KEY_BYTES]; // of partner and id
    int64_t score;                     // 1 to LIMIT_POINTS_A_RECORD
    bool has_from;                     // else from now on
    struct civil_date from;
    bool has_until;
    struct civil_date until;
};

MUST_CHECK enum status decide_contribution(const struct decide *decide,
                                           const struct contribution_command *command,
                                           struct decision *ret_decision);

// From now on, or from its beginning if that is to come.
struct reduction_command {
    uint8_t key[IDENTIFIER_KEY_BYTES];
    int64_t score; // at least 1
};

MUST_CHECK enum status decide_reduction(const struct decide *decide,
                                        const struct reduction_command *command,
                                        struct decision *ret_decision);

// An end in the past is now; one before the beginning takes all of it away; one at or after its end
// is recorded and changes nothing.
struct contribution_end_command {
    uint8_t key[IDENTIFIER_KEY_BYTES];
    bool has_on; // else now
    struct civil_date on;
    enum contribution_change change; // SURRENDERED or MATURED
};

MUST_CHECK enum status decide_contribution_end(const struct decide *decide,
                                               const struct contribution_end_command *command,
                                               struct decision *ret_decision);
