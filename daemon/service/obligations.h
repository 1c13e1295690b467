// What a record obliges its account to elsewhere (design.md, decision 3): a card or phone to be
// claimed or let go in the store, a merged member's points to be taken by another, a partner's
// month to list a use, a referrer to get a bonus, what names a person to be deleted. Jobs do it,
// one a member at a time, each obligation after the other:
//
//     look -> (nothing open) -> settled
//       \-> do it: in another account under an id derived from this one's record, so that it is
//           done there once, or in the store, where it may be done again -> write its end -> look
//
// Whoever comes may run one: the request that obliged, whoever next writes to the member, the
// sweeper. A step that fails leaves its obligation open for the next who comes.
#pragma once

#include <stdbool.h>

#include "base/span.h"
#include "base/status.h"
#include "core/account.h"

struct obligations;
struct service;

MUST_CHECK enum status obligations_new(struct service *service,
                                       struct obligations **ret_obligations);
void obligations_free(struct obligations *obligations);

// `waiter`, if not NULL, is told when none is open, or when one cannot be ended now.
struct obligations_waiter {
    struct obligations_waiter *next;
    void (*on_settled)(struct obligations_waiter *waiter, bool settled);
};

void obligations_settle(struct service *service, struct span member_id,
                        struct obligations_waiter *waiter);
