// What a member may be found by: the program's word on kinds and values of identifiers, and numbers
// that could be a payment card's, which are nobody's business here. Judges a value as it came,
// before anything is hashed, looked up or said of it; keeps none. Source: program.proto,
// IdentifierRule.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "core/program.h"
#include "core/refusal.h"

enum identifier_kind { // numbers are those of loyalty.v1.IdentifierKind
    IDENTIFIER_CARD_NUMBER = 1,
    IDENTIFIER_BARCODE = 2,
    IDENTIFIER_PHONE = 3,
    IDENTIFIER_APP_ID = 4,
};

enum { IDENTIFIER_KINDS = 4 };

// Whether the last digit is the check digit of ISO/IEC 7812; false for what is no number.
bool identify_luhn(struct span number);
// 13 to 19 digits as of a payment network's card (ISO/IEC 7812: those begin with 2 to 6).
bool identify_is_payment_card(struct span value);

// Whether a member may be given it: REFUSAL_NONE, PAYMENT_CARD_NUMBER, IDENTIFIER_KIND,
// IDENTIFIER_RANGE or CHECK_DIGIT.
enum refusal_reason identify_judge_new(const struct program *program, uint32_t kind,
                                       struct span value);
// Whether it could be a payment card's number and is in no range of any version: nobody is given
// it, nobody is looked for by it, and nothing is kept of it.
bool identify_is_foreign_card(const struct program_set *programs, struct span value);
// Whether members are found by this kind: else it is kept, but nobody's alone.
bool identify_is_matched(const struct program *program, uint32_t kind);
// The first required kind that is missing; 0: none. `kinds` has bit 1 << kind of each that is
// there.
uint32_t identify_missing(const struct program *program, uint32_t kinds);
