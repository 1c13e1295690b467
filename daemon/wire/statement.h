// What reads answer: where a member stands, the account's records as a statement, why this tier.
// All is from an account advanced in memory to the reader's now and the versions of its program;
// nothing is written. Memory and statuses as in wire/replies.h.
//
// Sums: over all activities of a log `points` add up to balance + pending + held points; `score` is
// what a record gave (that score ends by itself is no record).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "core/account.h"
#include "core/program.h"
#include "core/record.h"
#include "loyalty/v1/common.pb-c.h"
#include "loyalty/v1/members.pb-c.h"
#include "wire/replies.h"

// `written_seq` is the account's number before it was advanced in memory. STATUS_NOT_FOUND when no
// version of the program is in force at the account's now.
MUST_CHECK enum status statement_member(struct arena *arena, const struct account *account,
                                        const struct program_set *programs, uint64_t written_seq,
                                        Loyalty__V1__MemberView view,
                                        Loyalty__V1__GetMemberResponse **ret_response);

// One record of the log; `unwritten` when time has made it in memory only.
MUST_CHECK enum status statement_activity(const struct replies *replies,
                                          const struct record *record, uint64_t seq, bool unwritten,
                                          Loyalty__V1__Activity **ret_activity);
// The lots a record lists, but for an award's own one.
const struct lot_move *statement_lots(const struct record *record, size_t *ret_count);
// A page of activities, newest first (borrowed); `more` when there are older ones than the last.
MUST_CHECK enum status statement_page(struct arena *arena, Loyalty__V1__Activity **activities,
                                      size_t count, bool more,
                                      Loyalty__V1__ListActivityResponse **ret_response);

// STATUS_NOT_FOUND as in statement_member.
MUST_CHECK enum status statement_tier(struct arena *arena, const struct account *account,
                                      const struct program_set *programs,
                                      Loyalty__V1__ExplainTierResponse **ret_response);

// Where the account stands now, by the version in force.
MUST_CHECK enum status statement_standing(struct arena *arena, const struct account *account,
                                          const struct program_set *programs,
                                          Loyalty__V1__Standing **ret_standing);
