// What the decisions share; private to core/decide*.c.
#pragma once

#include "base/status.h"
#include "core/advance.h"
#include "core/decide.h"
#include "core/earn.h"
#include "core/program.h"
#include "core/record.h"

// A refusal that leaves no trace.
enum status decide_refuse(struct decision *ret_decision, enum refusal_reason reason,
                          const char *field, int64_t asked, int64_t limit);

// The account's now for this command: time never runs back.
int64_t decide_now(const struct decide *decide);

// Starts the command's record: type, instant, mark, actor and figures.
MUST_CHECK enum status decide_begin(const struct decide *decide, enum record_type type,
                                    struct record *ret_record);

// The reference of the unit that sold, or 0 when the actor says it already ("pos/" and that unit).
MUST_CHECK enum status decide_unit(const struct decide *decide, struct record *record,
                                   struct span unit, uint32_t *ret_ref);

// Emits the command's record and makes it the decision.
MUST_CHECK enum status decide_emit(const struct decide *decide, struct record *record,
                                   enum outcome outcome, struct decision *ret_decision);

// Whether the account's bounds hold after so many more points and score.
bool decide_in_bounds(const struct account *account, int64_t points, int64_t score);

// Adds to the record the cards that newly known score brings: late score is replayed, then
// IMMEDIATE tiers are tested at now. `card` is the one held otherwise (an opening card, or NULL for
// the account's). Call before the record is emitted; the score is not in the account yet.
MUST_CHECK enum status decide_cards(const struct decide *decide, const struct opening_score *scores,
                                    size_t score_count, const struct held_card *card,
                                    struct record *record);

// Adds a card to the record.
MUST_CHECK enum status decide_give(const struct decide *decide, struct record *record,
                                   const struct held_card *card, enum card_cause cause);
