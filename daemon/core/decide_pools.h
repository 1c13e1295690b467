// What group members and referrals bring to the decisions: who of a pool acts and what he may, and
// the points that a new member brings him and whoever brought him. Source: pools.proto,
// program.proto (Referral).
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "base/status.h"
#include "core/decide.h"

enum pool_right { POOL_AWARD, POOL_REDEEM };

// Whether the command may be done: a pool needs a person of it with that right, a member none.
// REFUSAL_NONE, and of a pool the id under which it knows the person; else why not, with the field.
// `points` are to be spent in civil day `day` (0: none); past the month's limit `ret_left` is what
// is left of it.
struct pool_question {
    enum pool_right right;
    int64_t points;
    int32_t day;
};

enum refusal_reason decide_pool_may(const struct account *account, const struct pool_person *person,
                                    const struct pool_question *question, struct span *ret_member,
                                    int64_t *ret_left, const char **ret_field);

// Says by whom of the pool the next record is; nothing where the account is a member's.
MUST_CHECK enum status decide_pool_spent(const struct decide *decide, struct span member_id,
                                         int64_t points, int32_t day);

struct pool_member_command {
    struct span named;     // the id asked for ...
    struct span member_id; // ... and who that is by now, where it was merged; empty: nobody
    bool lives;
    bool may_award;
    bool may_redeem;
    int64_t redeem_a_month;
};

// Takes a member into the pool, changes what it may, or, with neither right, lets it go.
MUST_CHECK enum status decide_pool_member(const struct decide *decide,
                                          const struct pool_member_command *command,
                                          struct decision *ret_decision);

// --- referral ---

// A sale that is about to be awarded, judged by `version`; of its points `kept` will be in the
// account. If it is the first that qualifies, the new member's bonus is emitted, which obliges to
// the referrer's.
struct referred_sale {
    const struct program_version *version;
    int64_t occurred_ms;
    int64_t total_minor;
    int64_t kept;
};

MUST_CHECK enum status decide_referred(const struct decide *decide,
                                       const struct referred_sale *sale);

// What a member gets for one whom it brought: `points` (other_points of the other's record), judged
// by the version of that number. OUTCOME_NOTHING where nothing can be given: the membership has
// ended, or a bound would be left.
struct bonus_command {
    struct span referred; // member id
    int64_t points;
    uint32_t version;
};

MUST_CHECK enum status decide_bonus(const struct decide *decide,
                                    const struct bonus_command *command,
                                    struct decision *ret_decision);
