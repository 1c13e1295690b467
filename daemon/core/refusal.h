// What the rules say no to. A refusal is a definite result, not a failure. Numbers are stored in
// records and never change; names go out to clients and never change either.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

enum refusal_reason {
    REFUSAL_NONE = 0,
    REFUSAL_NO_PROGRAM = 1,
    REFUSAL_ALREADY_ENROLLED = 2,
    REFUSAL_UNKNOWN_MEMBER = 3,
    REFUSAL_SALE_FROM_FUTURE = 4,
    REFUSAL_SALE_TOO_OLD = 5,
    REFUSAL_SALE_BEFORE_ENROLMENT = 6,
    REFUSAL_OUT_OF_ORDER = 7,
    REFUSAL_WRONG_CURRENCY = 8,
    REFUSAL_FIGURE_OUT_OF_BOUNDS = 9,
    REFUSAL_GUARD_SALE = 10,
    REFUSAL_GUARD_MEMBER_DAY = 11,
    REFUSAL_INSUFFICIENT_POINTS = 12,
    REFUSAL_BELOW_MINIMUM = 13,
    REFUSAL_NOT_A_STEP = 14,
    REFUSAL_DAY_LIMIT = 15,
    REFUSAL_UNKNOWN_TIER = 16,
    REFUSAL_BAD_INTERVAL = 17,
    REFUSAL_ACCOUNT_FULL = 18,
    REFUSAL_NOT_ACTIVE = 19,
    REFUSAL_IDENTIFIER_TAKEN = 20,
    REFUSAL_HOLD_NOT_FOUND = 21,
    REFUSAL_HOLD_LAPSED = 22,
    REFUSAL_HOLD_CAPTURED = 23,
    REFUSAL_HOLD_RELEASED = 24,
    REFUSAL_HOLD_TOO_SMALL = 25,
    REFUSAL_LINE_NOT_FOUND = 26,
    REFUSAL_PART_DOES_NOT_FIT = 27,
    REFUSAL_ORIGINAL_ARCHIVED = 28,
    REFUSAL_REVERSED_BEFORE = 29,
    REFUSAL_RECEIPT_COUNTED = 30,
    REFUSAL_GUARD_TERMINAL_DAY = 31,
    REFUSAL_CLOSED = 32,
    REFUSAL_IDENTIFIER_REPLACED = 33,
    REFUSAL_IDENTIFIER_REQUIRED = 34,
    REFUSAL_IDENTIFIER_KIND = 35,
    REFUSAL_IDENTIFIER_RANGE = 36,
    REFUSAL_CHECK_DIGIT = 37,
    REFUSAL_PAYMENT_CARD_NUMBER = 38,
    REFUSAL_UNKNOWN_IDENTIFIER = 39,
    REFUSAL_TOO_MANY_IDENTIFIERS = 40,
    REFUSAL_UNKNOWN_PERK = 41,
    REFUSAL_PERK_NOT_IN_TIER = 42,
    REFUSAL_PERK_NOT_HERE = 43,
    REFUSAL_PERK_USED_UP = 44,
    REFUSAL_PERK_NOT_GRANTED = 45,
    REFUSAL_CODE_USED = 46,
    REFUSAL_CODE_EXPIRED = 47,
    REFUSAL_BAD_CODE = 48,
    REFUSAL_CONTRIBUTION_EXISTS = 49,
    REFUSAL_UNKNOWN_CONTRIBUTION = 50,
    REFUSAL_REDUCED_TOO_FAR = 51,
    REFUSAL_HOLDS_OPEN = 52,
    REFUSAL_SAME_MEMBER = 53,
    REFUSAL_STATUS_UNCHANGED = 54,
    REFUSAL_UNFINISHED = 55,
    REFUSAL_NOT_A_POOL = 56,
    REFUSAL_NOT_IN_POOL = 57,
    REFUSAL_POOL_MAY_NOT = 58,
    REFUSAL_POOL_MONTH_LIMIT = 59,
    REFUSAL_SELF_REFERRAL = 60,
    REFUSAL_UNKNOWN_REFERRER = 61,
    REFUSAL_REVISION_CHANGED = 62,
    REFUSAL_MERGED = 63,
    REFUSAL_POOL_MEMBER_MISSING = 64,
    REFUSAL_TIER_NOT_HIGHER = 65,
    REFUSAL_TIER_NOT_LOWER = 66,
    REFUSAL_COUNT,
};

struct refusal {
    enum refusal_reason reason;
    const char *field; // static path of the field at fault, or ""
    int64_t asked;     // figures that belong to the reason; 0 when it has none
    int64_t limit;
};

struct refusal_text {
    const char *name;    // INSUFFICIENT_POINTS
    int code;            // loyalty.v1.Code
    const char *message; // one sentence for a cashier
    const char *asked;   // name of the figure `asked`, or NULL
    const char *limit;   // name of the figure `limit`, or NULL
};

// Never NULL; unknown numbers (of a newer daemon) give a general text.
const struct refusal_text *refusal_describe(uint32_t reason);
