// What a member shows (a card, a phone): kept only as a keyed hash, in a partition of its own, and
// bound to a member by an obligation in the member's log (design.md, decision 3):
//
//     enrolled (CLAIMING) -> the key claimed in the store -> BOUND; lost to another member -> LOST
//
// A key is claimed only after the member's log lists it. So a key whose owner's log does not list
// it is nobody's, and may be taken over. What a crash leaves open is finished by the retry of the
// enrolment, or by whoever next writes to that member.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "base/status.h"
#include "core/account.h"
#include "core/record.h"
#include "service/accounts.h"
#include "wire/commands.h"

struct service;

enum { IDENTIFIER_KEY_TEXT_BYTES = 2 * IDENTIFIER_KEY_BYTES };

// Whether there is a key to hash them with.
bool identifiers_usable(const struct service *service);
// The keyed hash of kind and value.
void identifiers_key(const struct service *service, const struct identifier_value *value,
                     struct identifier *ret_identifier);

// The digest of a request that names an identifier, or brings a profile, stands in logs, and would
// let whoever reads them try values until one fits: it is hashed under the identifiers' key too.
void identifiers_hide(const struct service *service, const ProtobufCMessage *message,
                      uint8_t digest[REQUEST_DIGEST_BYTES]);

// Where the store keeps an identifier. Needs a lease.
struct identifier_place {
    uint32_t partition;
    char key[IDENTIFIER_KEY_TEXT_BYTES + 1];
};

struct identifier_place identifiers_place(const struct service *service,
                                          const struct identifier *identifier);

static inline struct span identifier_place_key(const struct identifier_place *place)
{
    return span_of(place->key, IDENTIFIER_KEY_TEXT_BYTES);
}

// Whether its key is the account's or is about to be: bound, claiming, or replaced.
bool identifiers_listed(const struct account *account, const struct identifier *identifier);
// The same, and nobody else may have it: who has left for good lets go of what others want.
bool identifiers_held(const struct account *account, const struct identifier *identifier);
// The first one whose obligation is open; NULL when there is none.
const struct identifier *identifiers_open(const struct account *account);
