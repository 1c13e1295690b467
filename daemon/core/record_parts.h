// What records are put together from; the whole is core/record.h.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/span.h"

enum { REQUEST_ID_BYTES = 16, REQUEST_DIGEST_BYTES = 8, IDENTIFIER_KEY_BYTES = 16 };

// Which request a record answers. Scope of an id is (account, origin, id): `system` marks ids that
// only the service itself derives, so a client cannot forge one.
struct mark {
    bool present;
    bool system;
    uint8_t id[REQUEST_ID_BYTES];
    uint8_t digest[REQUEST_DIGEST_BYTES]; // of method and payload without what a retry may change
};

enum card_cause { // numbers are those of loyalty.v1.CardCause
    CARD_ENROLLED = 1,
    CARD_IMMEDIATE = 2,
    CARD_RESCORE = 3,
    CARD_END = 4,
    CARD_LATE_SCORE = 5,
    CARD_OPENING = 6,
    CARD_MERGED = 7,
    CARD_GRANTED = 8, // complimentary
    CARD_REVOKED = 9,
    CARD_RESUMED = 10, // a card that a complimentary one had covered
};

#define CARD_CAUSE_LAST CARD_RESUMED

// A tier held for [from, until).
struct card {
    uint32_t tier; // reference
    int64_t from_ms;
    int64_t until_ms; // INSTANT_NEVER: the base tier
    enum card_cause cause;
};

// Where the account stood right after the record, for its reply.
struct figures {
    int64_t balance;
    int64_t pending;
    int64_t held;
    int64_t score;
    uint32_t tier;      // reference
    uint32_t next_tier; // reference; 0 at the top
    int64_t missing;
};

struct lot_move {
    int64_t ends_ms;
    int64_t points;
};

struct rule_points {
    uint32_t rule; // reference
    int64_t points;
    bool counted; // the rule has a day or month cap
};

struct line_share {
    int64_t amount_minor;
    int64_t points;
    int64_t score;
};

struct receipt_ref {
    uint64_t number; // 0: none
    int32_t business_day;
};

enum account_kind {
    ACCOUNT_MEMBER = 1,
    ACCOUNT_TERMINAL_DAY = 2,
    ACCOUNT_POOL = 3,
    ACCOUNT_SETTLEMENT = 4, // a partner's month: the uses of perks it is paid for
    ACCOUNT_AUDIT = 5,      // a month's acts by hand
};

enum act_reason { // numbers are those of loyalty.v1.ActReason
    ACT_GOODWILL = 1,
    ACT_CORRECTION = 2,
    ACT_COMPENSATION = 3,
    ACT_FRAUD = 4,
    ACT_RESCINDED = 5,
    ACT_OTHER = 6,
};

struct identifier {
    uint32_t kind;                     // loyalty.v1.IdentifierKind
    uint8_t key[IDENTIFIER_KEY_BYTES]; // HMAC of kind and value, cut; no value is ever stored
};

enum reverse_result { // numbers are those of loyalty.v1.ReverseResult
    REVERSE_REVERSED = 1,
    REVERSE_FURTHER_ACTIVITY = 2,
    REVERSE_PREVIOUSLY_REVERSED = 3,
    REVERSE_ORIGINAL_NOT_FOUND = 4, // a RECORD_TOMBSTONE
    REVERSE_NOTHING_TO_REVERSE = 5,
};
