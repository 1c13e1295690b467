// Who works on which partitions of a stored job. A claim is a few partitions in a row that are not
// done and nobody has, under an attempt's number of its own, until an instant of the store's clock;
// one that has lapsed is nobody's. All of it is changes of the message, which service/job_update.h
// puts.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "service/job_values.h"

enum {
    CLAIM_PARTITIONS = 16,
    CLAIM_SHARE = 8, // of what is left at most this part: others are to find some
    CLAIM_LAPSE_MS = 30000,
};

struct claimed {
    uint64_t attempt; // 0: none
    uint32_t from;
    uint32_t until;
};

void claims_drop_lapsed(Loyaltyd__Job *job, int64_t now_ms);
// NULL: the attempt has none, or lost it.
Loyaltyd__JobClaim *claims_find(const Loyaltyd__Job *job, uint64_t attempt);
void claims_remove(Loyaltyd__Job *job, uint64_t attempt);
// Claims what is free; attempt 0: nothing is.
MUST_CHECK enum status claims_take(Loyaltyd__Job *job, struct arena *arena, int64_t now_ms,
                                   struct claimed *ret_claimed);
bool claims_all_done(const Loyaltyd__Job *job);
