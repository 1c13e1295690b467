// What a partner is paid for: the uses of perks it served, listed in an account of its own for each
// month (kind SETTLEMENT), by the civil day of the use. The record that used or reversed one
// obliges its member to have it listed there.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/span.h"
#include "base/status.h"
#include "core/names.h"
#include "core/record.h"

// "@2026-06/garden-hotel": no member's id has an @, and a terminal's day has eight digits there.
MUST_CHECK enum status settlement_account(struct span partner, int32_t year, int32_t month,
                                          char ret_id[LIMIT_MEMBER_ID_BYTES + 1]);

// The partner of an actor, "garden-hotel" of "partner/garden-hotel/desk"; empty: it is none's.
struct span settlement_partner(struct span actor);

// Borrows from the names and the record.
struct settlement {
    struct span partner;
    int32_t year;
    int32_t month;
    struct span perk;
    struct span unit;
    uint8_t request[REQUEST_ID_BYTES];
    int64_t used_at_ms;
    bool reversal;
};

// What a RECORD_PERK_USED or RECORD_PERK_REVERSED that is `settled` obliges to; `names` are its
// account's. STATUS_CORRUPT for any other record.
MUST_CHECK enum status settlement_of(const struct names *names, const struct record *record,
                                     struct settlement *ret_settlement);
