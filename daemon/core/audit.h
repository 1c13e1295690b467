// The audit of acts by hand: each civil month in the program's zone has an account of its own (kind
// AUDIT), whose chained log lists them. The record of an act obliges its member to have it listed
// there, under an id derived from the member's.
#pragma once

#include <stdint.h>

#include "base/limits.h"
#include "base/status.h"
#include "core/account.h"
#include "core/record.h"

// "@audit-2026-11": no member's id has an @. STATUS_RANGE for what is no month.
MUST_CHECK enum status audit_account(int32_t year, int32_t month,
                                     char ret_id[LIMIT_MEMBER_ID_BYTES + 1]);

// What the record of this number in a member's log lists; borrows from both. STATUS_CORRUPT for one
// that lists nothing.
MUST_CHECK enum status audit_of(const struct account *account, const struct record *record,
                                uint64_t seq, struct record_audited *ret_audited);
