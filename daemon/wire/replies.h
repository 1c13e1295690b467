// Records and accounts become answers. What answers a mutation is rendered from its record alone
// (and the dictionary its references point into), so the answer to a retry is the first one's, byte
// for byte, for ever. What answers a read is rendered from an account advanced to the reader's now
// (wire/statement.h).
//
// Everything is built in the context's arena with protobuf-c types: valid until the arena is reset,
// ready for message_encode, never freed. STATUS_NO_MEMORY is the only failure where nothing else is
// said. No personal datum comes in here.
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"
#include "base/status.h"
#include "core/account.h"
#include "core/names.h"
#include "core/record.h"
#include "core/refusal.h"
#include "loyalty/v1/admin.pb-c.h"
#include "loyalty/v1/common.pb-c.h"
#include "loyalty/v1/members.pb-c.h"
#include "loyalty/v1/points.pb-c.h"
#include "wire/commands.h"

// What a record does not say itself.
struct replies {
    struct arena *arena;
    const struct names *names; // its account's dictionary
    struct span member_id;
    struct span currency;
};

// The context of an account's records. Borrows from the account: a record that was decided but not
// applied (a quote, training) is rendered before the account is restored.
struct replies replies_of_account(const struct account *account, struct arena *arena);

// --- answers to mutations ---

// `seq` is the record's own number; 0 in a quote and for training.
MUST_CHECK enum status replies_award(const struct replies *replies, const struct record *record,
                                     uint64_t seq, Loyalty__V1__AwardResponse **ret_response);
MUST_CHECK enum status replies_quote(const struct replies *replies, const struct record *record,
                                     Loyalty__V1__QuoteResponse **ret_response);
MUST_CHECK enum status replies_backfill(const struct replies *replies, const struct record *record,
                                        uint64_t seq, Loyalty__V1__BackfillResponse **ret_response);
MUST_CHECK enum status replies_redeem(const struct replies *replies, const struct record *record,
                                      uint64_t seq, Loyalty__V1__RedeemResponse **ret_response);
MUST_CHECK enum status replies_reserve(const struct replies *replies, const struct record *record,
                                       uint64_t seq, Loyalty__V1__ReserveResponse **ret_response);
MUST_CHECK enum status replies_capture(const struct replies *replies, const struct record *record,
                                       uint64_t seq, Loyalty__V1__CaptureResponse **ret_response);
MUST_CHECK enum status replies_release(const struct replies *replies, const struct record *record,
                                       uint64_t seq, Loyalty__V1__ReleaseResponse **ret_response);
// Of a RECORD_REVERSED or a RECORD_TOMBSTONE.
MUST_CHECK enum status replies_reverse(const struct replies *replies, const struct record *record,
                                       uint64_t seq, Loyalty__V1__ReverseResponse **ret_response);
// `account` says which identifiers were lost meanwhile: `unbound` is final once none of the
// record's is IDENTIFIER_CLAIMING any more.
MUST_CHECK enum status replies_enroll(const struct replies *replies, const struct account *account,
                                      const struct record *record, uint64_t seq,
                                      Loyalty__V1__EnrollResponse **ret_response);
// The kinds of an enrolment's identifiers that were lost.
MUST_CHECK enum status replies_unbound(struct arena *arena, const struct account *account,
                                       const struct record_opened *opened, size_t *ret_count,
                                       Loyalty__V1__IdentifierKind **ret_unbound);
MUST_CHECK enum status replies_opening(const struct replies *replies, const struct record *record,
                                       uint64_t seq,
                                       Loyalty__V1__OpeningBalanceResponse **ret_response);

// The answer to whatever request the record answers, for a retry and for the first time alike:
// exactly one of the two is set, `ret_error` for a RECORD_REFUSED. STATUS_CORRUPT for a record that
// answers no request.
MUST_CHECK enum status replies_record(const struct replies *replies, const struct account *account,
                                      const struct record *record, uint64_t seq,
                                      ProtobufCMessage **ret_response,
                                      Loyalty__V1__Error **ret_error);

// GetOutcome: `record` is NULL when it was not found.
MUST_CHECK enum status replies_outcome(const struct replies *replies, const struct account *account,
                                       const struct record *record, uint64_t seq,
                                       Loyalty__V1__GetOutcomeResponse **ret_response);
// The same where it is known without a record of its own that the request is refused for ever.
MUST_CHECK enum status replies_outcome_refused(struct arena *arena, const struct refusal *refusal,
                                               Loyalty__V1__GetOutcomeResponse **ret_response);

// --- answers that say no ---

// A refusal that leaves no trace. One that was recorded is rendered from its record
// (replies_record), so that a retry is answered the same.
MUST_CHECK enum status replies_refusal(struct arena *arena, const struct refusal *refusal,
                                       Loyalty__V1__Error **ret_error);
// A malformed request.
MUST_CHECK enum status replies_fault(struct arena *arena, const struct command_fault *fault,
                                     Loyalty__V1__Error **ret_error);
// Anything else; the texts are borrowed.
MUST_CHECK enum status replies_error(struct arena *arena, Loyalty__V1__Code code,
                                     const char *reason, const char *message,
                                     Loyalty__V1__Error **ret_error);

// --- parts ---

// What every answer to a mutation begins and ends with. Standing and lines are absent where the
// record has no figures, the lines also where there is nothing to print.
struct reply_head {
    char *member_id;
    Google__Protobuf__Timestamp *recorded_at;
    Loyalty__V1__Standing *standing;
    char **receipt_lines;
    size_t receipt_line_count;
};

MUST_CHECK enum status replies_head(const struct replies *replies, const struct record *record,
                                    struct reply_head *ret_head);
// In the account's currency.
MUST_CHECK enum status replies_money(const struct replies *replies, int64_t minor,
                                     Loyalty__V1__Money **ret_money);
// INSTANT_NEVER gives NULL.
MUST_CHECK enum status replies_instant(struct arena *arena, int64_t instant_ms,
                                       Google__Protobuf__Timestamp **ret_instant);
MUST_CHECK enum status replies_text(struct arena *arena, struct span text, char **ret_text);
// The text of a reference in `record`, which may be to a name that the record itself adds.
struct span replies_name(const struct replies *replies, const struct record *record, uint32_t ref);
MUST_CHECK enum status replies_card(const struct replies *replies, const struct record *record,
                                    const struct card *card, Loyalty__V1__Card **ret_card);
MUST_CHECK enum status replies_lot(struct arena *arena, int64_t points, int64_t ends_ms,
                                   Loyalty__V1__Lot **ret_lot);
// At most LIMIT_LOTS_SHOWN of them.
MUST_CHECK enum status replies_lots(struct arena *arena, const struct lot_move *moves, size_t count,
                                    size_t *ret_count, Loyalty__V1__Lot ***ret_lots);
// Of a RECORD_AWARDED.
MUST_CHECK enum status replies_by_rule(const struct replies *replies, const struct record *record,
                                       size_t *ret_count, Loyalty__V1__RulePoints ***ret_rules);
