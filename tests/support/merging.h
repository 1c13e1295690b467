// Merging members in the hands of a test: decided, written and folded as member_do does it.
#pragma once

#include "core/decide_membership.h"
#include "support/member.h"

// A moment of one club.
struct merging {
    const struct program_set *programs;
    int64_t now_ms;
};

typedef enum status merging_decide_fn(const struct decide *decide, const void *command,
                                      struct decision *ret_decision);

// Whatever breaks an invariant fails the test.
struct decision merging_act(const struct merging *at, struct member *member,
                            merging_decide_fn *decide, const void *command);
// `from` is given up for `into`; what it carries is in from's arena until its next command.
struct decision merging_give_up(const struct merging *at, struct member *from,
                                const struct member *into);
struct decision merging_take(const struct merging *at, struct member *into,
                             const struct member *from, const struct carried *carried);
// The end of the obligation that `from`'s last record made.
struct decision merging_done(const struct merging *at, struct member *from, bool failed,
                             const struct carried *carried);
