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

// A refusal that is remembered, of a command that would have made a record of type `method`.
MUST_CHECK enum status decide_refuse_recorded(const struct decide *decide, enum record_type method,
                                              const struct refusal *refusal,
                                              struct decision *ret_decision);

// What the status of a membership lets be done (loyalty.v1.MemberStatus).
enum decide_act {
    DECIDE_ACTIVE, // what a suspended member may not: earn, spend, use
    DECIDE_LIVING, // what only an ended one may not
    DECIDE_ADVICE, // reversals: always
};

// REFUSAL_NONE, or NOT_ACTIVE, CLOSED or MERGED.
enum refusal_reason decide_may(const struct account *account, enum decide_act act);

// Moves the account on to the command's now and gives the version then in force. NULL when the
// decision is a refusal already: no such member, no version, or `act` is not to be, which leaves no
// trace. A refusal that is to be recorded is asked for afterwards (decide_may).
MUST_CHECK enum status decide_open_for(const struct decide *decide, enum decide_act act,
                                       const struct program_version **ret_version,
                                       struct decision *ret_decision);
// The same where a pool may stand in a member's place.
MUST_CHECK enum status decide_open_any(const struct decide *decide, enum decide_act act,
                                       const struct program_version **ret_version,
                                       struct decision *ret_decision);
// Whether it is a member's or a pool: what has points.
bool decide_is_meant(const struct account *account);
// As decide_open_for with DECIDE_LIVING.
MUST_CHECK enum status decide_open(const struct decide *decide,
                                   const struct program_version **ret_version,
                                   struct decision *ret_decision);

// The account's now for this command: time never runs back.
int64_t decide_now(const struct decide *decide);

// Starts the command's record: type, instant, mark, actor and figures.
MUST_CHECK enum status decide_begin(const struct decide *decide, enum record_type type,
                                    struct record *ret_record);

// The same without figures: of what has no standing.
MUST_CHECK enum status decide_begin_plain(const struct decide *decide, enum record_type type,
                                          struct record *ret_record);

// Opens the account of a list that is no member's: a partner's month, a month's audit.
MUST_CHECK enum status decide_open_list(const struct decide *decide, enum account_kind kind,
                                        struct span id, uint32_t partition);

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

// Spending, at once or held: judges the points by the version in force and finds what they are
// taken from. `record` is begun; its type says what is asked for. Not taken: the refusal is
// recorded.
MUST_CHECK enum status decide_spend(const struct decide *decide,
                                    const struct program_version *version,
                                    const struct redeem_command *command, struct record *record,
                                    struct record_redeemed *taken, bool *ret_taken,
                                    struct decision *ret_decision);

// The first points of the lots, as moves.
MUST_CHECK enum status decide_take_lots(const struct decide *decide, const struct lot *lots,
                                        size_t count, int64_t points,
                                        struct record_redeemed *taken);

// A receipt as records keep it.
struct receipt_ref decide_receipt(const struct receipt_key *receipt);
