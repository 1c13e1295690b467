// Profiles in the store: what is known of a person, beside the ledger, sealed. A value is the
// message loyalty.v1.Profile without its revision, sealed for this member and this revision, so
// that neither another's nor an older one can be put in its place. Also the calendar of birthdays:
// sets of members by a keyed hash of "MM-DD", kept with the profiles in the same call.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/span.h"
#include "base/status.h"
#include "loyalty/v1/members.pb-c.h"
#include "store/store.h"

struct service;

enum { PROFILE_SEAL_BYTES = 33, PROFILE_SET_BYTES = 32 };

// The cryptography, injected. `about` is authenticated along with the text. A sealed text is
// PROFILE_SEAL_BYTES longer than the text.
struct profile_port {
    void *context;
    // STATUS_NO_MEMORY or STATUS_IO when it cannot be done now.
    enum status (*seal)(void *context, struct span about, struct span text, uint8_t *ret_sealed);
    // STATUS_INVALID: under none of the keys, or not about this.
    enum status (*open)(void *context, struct span about, struct span sealed, uint8_t *ret_text);
};

enum profile_end {
    PROFILE_DONE,
    PROFILE_CHANGED,     // put: another revision stands
    PROFILE_UNAVAILABLE, // nothing was done: the store, or no memory
    PROFILE_UNKNOWN,     // put: outcome open
    PROFILE_BROKEN,      // what is stored cannot be read under the keys there are
};

// One profile at work; its owner's, with its arena, until `done`. Needs a lease.
struct profile_work {
    struct service *service;
    struct arena *arena; // the profile read lives there
    struct span member_id;
    void *context;
    void (*done)(struct profile_work *work);
    // the result
    enum profile_end end;
    uint64_t revision;             // that stands; 0: there is none
    Loyalty__V1__Profile *profile; // of get: never NULL when DONE
};

// Whether there is a key to seal them with.
bool profiles_usable(const struct service *service);
void profiles_get(struct profile_work *work);
// Puts a profile as the revision after work->revision; `birth_day` is that of the profile it
// replaces (empty: none).
void profiles_put(struct profile_work *work, const Loyalty__V1__Profile *profile,
                  struct span birth_day);

// Deletes a member's profile, whatever it is, and takes the member out of the calendar; may be
// repeated. `done` is told whether there is none any more.
void profile_delete(struct service *service, struct span member_id,
                    void (*done)(void *context, bool deleted), void *context);

// The set of those whose birthday is "MM-DD". False: there is no key, hence no calendar.
bool profiles_birthday_set(const struct service *service, struct span day,
                           char ret_set[PROFILE_SET_BYTES + 1]);
