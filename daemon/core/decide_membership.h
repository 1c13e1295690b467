// Decisions about the life of a membership: its status, merging it into another, and the ends of
// what it is obliged to elsewhere. Source: members.proto; loyalty.v1.MemberStatus.
//
// What crosses two accounts is a record in the one that obliges, what follows from it in the other
// under an id derived from the first, and RECORD_DONE in the one again. The other account's log
// says yes or no for good: a merge that it cannot take is refused there, recorded, before it is
// given up here. So whoever looks, and however late, comes to the same end.
#pragma once

#include "base/status.h"
#include "core/decide.h"
#include "core/settlement.h"

// ERASED too. Ending is refused while points are held; what is left is forfeited. Each is to be
// listed in the month's audit.
struct status_command {
    enum member_status status;
    struct span reason;
};

// A merged membership is erased by the service only (`mark.system`): with the one it went into.
MUST_CHECK enum status decide_status(const struct decide *decide,
                                     const struct status_command *command,
                                     struct decision *ret_decision);

struct merge_command {
    struct span into;              // who that is by now, where it was merged
    enum refusal_reason into_says; // why it cannot take anybody; NONE: it can
    struct span reason;
};

MUST_CHECK enum status decide_merge(const struct decide *decide,
                                    const struct merge_command *command,
                                    struct decision *ret_decision);

// What another member's RECORD_MERGED carries, with the texts of its references.
struct absorb_command {
    struct span from; // member id
    const struct carried *carried;
    struct span tier;
    const struct span *perks; // of each use
};

// OUTCOME_REFUSED_RECORDED when it cannot be taken: the membership has ended, or is being merged
// itself, or the bounds would be left. OUTCOME_NOTHING: there is no such member.
MUST_CHECK enum status decide_absorb(const struct decide *decide,
                                     const struct absorb_command *command,
                                     struct decision *ret_decision);

// A use of a perk is listed in its partner's month, whose account this is; opened when new.
struct settle_command {
    struct span account_id;
    uint32_t partition;
    struct settlement settlement;
};

MUST_CHECK enum status decide_settled(const struct decide *decide,
                                      const struct settle_command *command,
                                      struct decision *ret_decision);

// Closes the obligation of the record of this number. `carried` is what a merge that failed had
// carried away. OUTCOME_NOTHING when it was closed already.
struct done_command {
    uint64_t seq;
    bool failed;
    const struct carried *carried;
};

MUST_CHECK enum status decide_done(const struct decide *decide, const struct done_command *command,
                                   struct decision *ret_decision);
