// Decisions about what an admin does by hand to a member, active or suspended, and about the
// month's list of it. Source: domain.md, "Operations"; admin.proto. Each act obliges its member to
// be listed (core/audit.h); a refusal leaves no trace.
#pragma once

#include "base/status.h"
#include "core/decide.h"

enum act_end { ACT_END_AS_EARNED, ACT_END_ON, ACT_END_NEVER };

// Points given are spendable at once and pay a deficit first; they end as asked, or as those of a
// sale of now. Points taken are spendable ones, earliest end first: INSUFFICIENT_POINTS, unless
// what is missing may be owed.
// Score given counts from now on to a date, or to its window's end, and IMMEDIATE tiers are tested;
// score taken is of what counts now, what ends first first: REDUCED_TOO_FAR, and no card changes.
struct adjust_command {
    int64_t points; // just one of the two is 0
    int64_t score;
    enum act_end end; // of what is given; score has no NEVER
    struct civil_date ends_on;
    bool may_owe;
    enum act_reason reason_code;
    struct span reason; // at most LIMIT_TEXT_BYTES
};

MUST_CHECK enum status decide_adjust(const struct decide *decide,
                                     const struct adjust_command *command,
                                     struct decision *ret_decision);

// A complimentary card to a date at most GRANT_MONTHS_MAX months ahead, of a tier above the one
// held. What becomes of it: core/advance.h.
enum { GRANT_MONTHS_MAX = 60 };

struct grant_command {
    struct span tier;
    struct civil_date until;
    enum act_reason reason_code;
    struct span reason;
};

MUST_CHECK enum status decide_grant(const struct decide *decide,
                                    const struct grant_command *command,
                                    struct decision *ret_decision);

// The card ends now, and what it covers with it; one of a tier below begins. The score stays.
struct revoke_command {
    struct span tier; // empty: the base tier
    enum act_reason reason_code;
    struct span reason;
};

MUST_CHECK enum status decide_revoke(const struct decide *decide,
                                     const struct revoke_command *command,
                                     struct decision *ret_decision);

// Lists an act in its month, whose account this is; opened when new.
struct audited_command {
    struct span account_id;
    uint32_t partition;
    struct record_audited audited;
};

MUST_CHECK enum status decide_audited(const struct decide *decide,
                                      const struct audited_command *command,
                                      struct decision *ret_decision);
