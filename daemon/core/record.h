// Records: what an account's log is made of. A record states outcomes (points moved by lot, ends,
// cards, what the reply said), never causes, so no later rule can alter the past, and a reply can
// be rendered from it alone.
//
// Stored form: varint length of (type, payload); type, one byte; payload; 16 bytes of chain hash.
// A payload is a fixed sequence of varints and bytes for its type, with a leading set of flags for
// what is optional; a type's layout never changes, formats grow by new types, and a daemon that
// meets one it does not know answers RETRY_LATER for that account. Ends that fall on a quarter of
// an hour, as civil midnights do, take four bytes (codec_instant).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/limits.h"
#include "base/span.h"
#include "base/status.h"
#include "core/chain.h"
#include "core/names.h"
#include "core/record_admin.h"
#include "core/record_member.h"
#include "core/record_parts.h"

enum record_type {
    RECORD_NONE = 0,
    RECORD_OPENED = 1,   // the first record: names member and partition; enrolment
    RECORD_AWARDED = 2,  // a sale
    RECORD_REDEEMED = 3, // points spent at once
    RECORD_REFUSED = 4,  // a refusal that is remembered
    RECORD_BOUNDARY = 5, // what time made at one instant: lots ended, cards
    RECORD_OPENING = 6,  // balance brought over
    RECORD_BOUND = 7,    // an identifier's obligation is done
    RECORD_SNAPSHOT = 8, // the fold of a cut prefix (core/snapshot.h)
    RECORD_HELD = 16,    // points set aside
    RECORD_CAPTURED = 17,
    RECORD_RELEASED = 18,
    RECORD_REVERSED = 19,
    RECORD_TOMBSTONE = 20, // a reversal of an id that was not seen: it may not come any more
    RECORD_LAPSED = 21,    // what time made of a hold
    RECORD_RECEIPT = 48,   // of a terminal's day (core/receipts.h)
    RECORD_PERK_USED = 24,
    RECORD_PERK_REVERSED = 25,
    RECORD_CONTRIBUTED = 28,          // score that a partner reported
    RECORD_CONTRIBUTION_REDUCED = 29, // and took away again, at once or from a day on
    RECORD_NOTICED = 30,              // time: points will expire soon, the card will end
    RECORD_ADJUSTED = 32,             // points or score, by hand
    RECORD_CARD_GRANTED = 33,         // a complimentary card
    RECORD_CARD_REVOKED = 36,
    RECORD_STATUS_CHANGED = 34, // suspended, reinstated, closed, erased
    RECORD_IDENTIFIERS_CHANGED = 35,
    RECORD_DONE = 37,        // the end of an obligation
    RECORD_MERGED = 38,      // given up for another member
    RECORD_ABSORBED = 40,    // what a merged member brought
    RECORD_BONUS = 41,       // points without a sale
    RECORD_REFERRED = 42,    // who brought this member
    RECORD_POOL_MEMBER = 43, // of a pool: who may do what
    RECORD_POOL_SPENT = 44,  // of a pool: by whom the next record is
    RECORD_SETTLED = 49,     // of a partner's month: a use of a perk
    RECORD_BIRTHDAYS = 50,   // of a partition's calendar: a day's birthdays were told
    RECORD_AUDITED = 51,     // of a month's audit: an act by hand
    RECORD_PUBLISHED = 64,   // the program's own log: a version ...
    RECORD_WITHDRAWN = 65,   // ... and that it will not come into force
};

// The end of an identifier's obligation: claimed for this member, or lost to another.
struct record_bound {
    struct identifier identifier;
    bool lost;
};

struct record_opened {
    enum account_kind kind;
    uint32_t partition;
    struct span id;
    uint32_t program;               // reference
    uint32_t currency;              // reference
    struct identifier *identifiers; // obligations: claimed elsewhere, then RECORD_BOUND
    size_t identifier_count;
    uint32_t unit; // of a terminal's day: reference of the terminal ...
    int32_t day;   // ... and its business day
};

struct record_awarded {
    bool backfill;
    uint32_t version;
    int64_t occurred_ms;
    int64_t amount_minor;
    int64_t paid_with_points_minor;
    int64_t points;
    int64_t score;
    int64_t lot_ends_ms;  // at or before the record's instant: earned and expired at once
    int64_t spendable_ms; // at or before the record's instant: at once
    int64_t score_until_ms;
    int32_t day;      // civil day of the sale; only when `counted`
    bool counted;     // a rule or the member's day is counted
    bool day_counted; // the member's points a day are guarded
    struct rule_points *rules;
    size_t rule_count;
    struct line_share *lines; // only of sales with more than one line
    size_t line_count;
    uint32_t unit; // reference: where it was sold, when not the actor
    struct receipt_ref receipt;
    bool exchanged; // `exchange_of` is the request id of the Reverse of the old goods
    uint8_t exchange_of[REQUEST_ID_BYTES];
    bool attached; // claimed afterwards, with its receipt
};

struct record_redeemed {
    uint32_t version;
    int64_t points;
    int64_t value_minor;
    int32_t day;  // civil day; only when `counted`
    bool counted; // the program limits redemptions a day
    struct lot_move *lots;
    size_t lot_count;
    uint32_t unit;
    struct receipt_ref receipt;
};

// A reservation: what a redemption of the same points would have taken, and how long it is held.
struct record_held {
    struct record_redeemed taken;
    int64_t lapses_ms;
};

// Held points that are the member's again, in the order of the hold's lots; what was in a lot that
// has ended by now expired at once.
struct points_freed {
    struct lot_move *lots;
    size_t lot_count;
};

struct record_captured {
    uint8_t reservation[REQUEST_ID_BYTES]; // the request id of the Reserve
    struct record_redeemed taken;          // `version` and `day` are the reservation's
    struct points_freed freed;             // the rest of the hold
};

struct record_released {
    uint8_t reservation[REQUEST_ID_BYTES];
    struct points_freed freed;
    uint32_t unit;
};

struct record_lapsed {
    uint8_t reservation[REQUEST_ID_BYTES];
    struct points_freed freed;
};

// What every reversal says of itself.
struct advice {
    uint8_t
        original[REQUEST_ID_BYTES]; // as asked: of a captured hold the Reserve's or the Capture's
    struct span reason;
    uint32_t unit; // reference, as in awarded
    struct receipt_ref receipt;
};

// The part of a reversal that only awards have.
struct reversed_sale {
    int64_t amount_minor;        // so much of the sale was returned by this
    int64_t refund_points_minor; // of it, what was paid with points; the rest is money
    int64_t score;               // counts no more ...
    int64_t score_until_ms;      // ... up to here, where it would have ended
    int64_t lot_ends_ms;         // of the award's own lot
    int64_t pending;             // points taken from what was pending of it
    int64_t deficit;             // points the member owes now
    uint32_t *lines;             // numbers of the lines it was of, from 1; each not returned before
    size_t line_count;
    int32_t day;              // civil day of the sale; only with uses
    struct rule_points *uses; // what counted rules have given less; rule 0: the member's day
    size_t use_count;
};

// What a reversal did. With any other result than REVERSED and FURTHER_ACTIVITY it did nothing, and
// only `advice`, `result` and, if the original is known, `method` and `original_seq` are set.
struct record_reversed {
    struct advice advice;
    enum reverse_result result;
    uint32_t method;       // the original's record type: AWARDED, REDEEMED, CAPTURED, HELD, others
    uint64_t original_seq; // of a captured hold the capture's
    int64_t points;        // of an award: taken from the member; else: given back
    // Of an award: taken from, its own lot first. Else: given back to, in this order; the first
    // `forgiven` points of it paid that.
    struct lot_move *lots;
    size_t lot_count;
    int64_t expired;     // of an award: set against what had expired of its lot; else: ended again
    int64_t forgiven;    // of an award: could not be taken; else: what had been is paid
    int64_t value_minor; // of a redemption or capture
    int64_t uncounted;   // points that leave the civil day's count
    struct reversed_sale sale; // of an award
};

struct record_tombstone {
    struct advice advice;
};

struct record_refused {
    uint32_t method; // the record type it would have made
    uint32_t reason; // enum refusal_reason; numbers never change
    int64_t asked;
    int64_t limit;
};

struct record_boundary {
    struct lot_move *expired; // spendable and pending points together
    size_t expired_count;
};

struct opening_score {
    int64_t from_ms;
    int64_t until_ms;
    int64_t score;
};

struct record_opening {
    struct lot_move *lots;
    size_t lot_count;
    struct opening_score *scores;
    size_t score_count;
};

struct record_published {
    uint32_t number;
    int64_t effective_from_ms;
    struct span document; // loyalty.v1.Program
    struct span by;       // role and unit
    struct span reason;
};

struct record_withdrawn {
    uint32_t number;
    struct span by; // role and unit
    struct span reason;
};

// --- a terminal's business day (core/receipts.h) ---

enum receipt_operation { // numbers are those of loyalty.v1.Operation
    RECEIPT_AWARD = 1,
    RECEIPT_REDEEM = 2, // a redemption, or a capture
    RECEIPT_REVERSE_AWARD = 3,
    RECEIPT_REVERSE_REDEEM = 4,
};

enum { RECEIPT_OPERATIONS = 4 };

enum receipt_stage {
    RECEIPT_CLAIMED = 1,    // by a request that is to be decided on its member; or once more by it
    RECEIPT_TAKEN_OVER = 2, // from a request that never came to its member
    RECEIPT_CHANGED = 3,    // settled: these are the figures of the request's record
    RECEIPT_VOIDED = 4,     // its request was not applied
    RECEIPT_DAY_CLOSED = 5, // the till's book says the same
};

struct receipt_total {
    uint64_t count;
    int64_t points;
    int64_t amount_minor;
};

struct record_receipt {
    enum receipt_stage stage;
    enum receipt_operation operation;
    uint64_t number;
    uint8_t original[REQUEST_ID_BYTES]; // of reversals: what is reversed
    uint8_t request[REQUEST_ID_BYTES];
    struct span member_id; // CLAIMED and TAKEN_OVER, as is not_after
    int64_t points;        // not of VOIDED
    int64_t amount_minor;
    int64_t not_after_ms; // by the store's clock: past it the request lands no more
    struct receipt_total totals[RECEIPT_OPERATIONS]; // DAY_CLOSED, by operation
};

enum { RECORD_CARDS_MAX = 2, RECORD_NAMES_MAX = 128 };

// One record, decoded. Lists are in the arena it was decoded with, spans in the log's bytes.
struct record {
    enum record_type type;
    uint32_t actor; // reference: unit of the certificate that asked; 0: time or the service
    int64_t at_ms;  // time never runs back in an account
    struct mark mark;
    bool has_figures;
    struct span *names; // added to the dictionary by this record, in order
    size_t name_count;
    struct card cards[RECORD_CARDS_MAX]; // given by this record, in order
    size_t card_count;
    struct figures figures;
    union {
        struct record_opened opened;
        struct record_awarded awarded;
        struct record_redeemed redeemed;
        struct record_held held;
        struct record_captured captured;
        struct record_released released;
        struct record_lapsed lapsed;
        struct record_reversed reversed;
        struct record_tombstone tombstone;
        struct record_refused refused;
        struct record_boundary boundary;
        struct record_opening opening;
        struct record_bound bound;
        struct record_receipt receipt;
        struct record_perk_used perk_used;
        struct record_perk_reversed perk_reversed;
        struct record_contributed contributed;
        struct record_contribution_reduced contribution_reduced;
        struct record_noticed noticed;
        struct record_status_changed status_changed;
        struct record_identifiers_changed identifiers_changed;
        struct record_done done;
        struct record_merged merged;
        struct record_absorbed absorbed;
        struct record_bonus bonus;
        struct record_referred referred;
        struct record_pool_member pool_member;
        struct record_pool_spent pool_spent;
        struct record_settled settled;
        struct record_birthdays birthdays;
        struct span snapshot; // opaque here
        struct record_published published;
        struct record_withdrawn withdrawn;
        struct record_adjusted adjusted;
        struct record_by_hand granted;
        struct record_by_hand revoked;
        struct record_audited audited;
    };
};

// What a reversal in the log of a merged member takes from the other, or gives him. Borrows from
// the record but for what is in the arena.
MUST_CHECK enum status record_passed_on(const struct record *record, struct arena *arena,
                                        struct carried *ret_carried);

// Sums of moves; `ended` of those whose lot has ended at an instant.
int64_t lot_moves_points(const struct lot_move *moves, size_t count);
int64_t lot_moves_ended(const struct lot_move *moves, size_t count, int64_t at_ms);

// Whether the record answers the request of this mark (same origin and id).
bool record_answers(const struct record *record, const struct mark *mark);
// The request id that a tombstone stands for; NULL: the record is none.
const uint8_t *record_buried(const struct record *record);
// Whether the record is a tombstone of that request: it came after its reversal and is refused
// REVERSED_BEFORE. ledger_find gives such records too.
bool record_buries(const struct record *record, const struct mark *mark);

// Appends the stored form without its hash. STATUS_TOO_LARGE past LIMIT_RECORD_BYTES (snapshots:
// LIMIT_LOG_BYTES).
MUST_CHECK enum status record_encode(const struct record *record, struct buffer *out);
// Decodes type and payload (what the length counts). STATUS_UNKNOWN_TYPE for a type of a newer
// format, STATUS_CORRUPT for a payload that does not parse to its last byte.
MUST_CHECK enum status record_decode(struct span body, struct arena *arena,
                                     struct record *ret_record);

// Walks a log. `next` gives STATUS_NOT_FOUND at the end, STATUS_CORRUPT where it does not parse.
struct record_cursor {
    struct span rest;
};

struct record_place {
    struct span stored; // length, type, payload: what the hash covers
    struct span body;   // type, payload
    const uint8_t *hash;
};

MUST_CHECK enum status record_next(struct record_cursor *cursor, struct record_place *ret_place);
