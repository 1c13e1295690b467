// Perks: what a card gives besides points, counted by periods. Source: domain.md, "Figures" (Perk
// periods), fine print 10, 12 and 17.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "base/status.h"
#include "core/account.h"
#include "core/decide.h"
#include "core/program.h"

// What is left of a perk in the period that covers an instant, under one tier.
struct perk_left {
    bool limited;     // else it may be used as often as wished
    int64_t count;    // uses the period has
    int64_t used;     // of them; under an earlier tier maybe more than `count`
    int64_t left;     // never below 0
    int64_t from_ms;  // INT64_MIN: ever
    int64_t until_ms; // INSTANT_NEVER: no end
};

// The perk of an id, or NULL.
const struct perk *perk_find(const struct program *program, struct span id);
// Whether it is used by this partner; by a shop, when `partner` is empty.
bool perk_is_served_by(const struct perk *perk, struct span partner);
// False when the tier of the account's card does not have it. The account stands at its now, of
// which `version` is in force.
bool perk_left(const struct account *account, const struct program_version *version,
               const struct perk *perk, struct perk_left *ret_left);

struct use_perk_command {
    struct span perk_id;
    struct span partner; // who asks, by the certificate; empty: a shop
    struct span unit;    // where it is used
    bool coded;
    uint8_t code[PERK_CODE_BYTES]; // its nonce
    int64_t code_ends_ms;
};

// Why it could not be used there whoever the member is: UNKNOWN_PERK, PERK_NOT_HERE, or NONE.
enum refusal_reason perk_place_refusal(const struct program *program,
                                       const struct use_perk_command *command);

// Every refusal but UNKNOWN_MEMBER is recorded. What a partner uses obliges the member to have it
// settled.
MUST_CHECK enum status decide_use_perk(const struct decide *decide,
                                       const struct use_perk_command *command,
                                       struct decision *ret_decision);

struct reverse_perk_command {
    uint8_t original[REQUEST_ID_BYTES];
    int64_t original_created_ms;
    struct span partner; // as above: sees the uses of its own alone
    struct span reason;  // at most LIMIT_TEXT_BYTES
};

// An advice: what it found is a result. Needs the whole log.
MUST_CHECK enum status decide_reverse_perk(const struct decide *decide,
                                           const struct reverse_perk_command *command,
                                           struct decision *ret_decision);
