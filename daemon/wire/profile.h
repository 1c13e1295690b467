// Profiles: what a request may say of a person, which of it a change is about, and the day that
// birthdays are found by. All of it is personal: no sentence here repeats what came.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "wire/commands.h"

enum profile_part {
    PROFILE_BIRTHDAY = 1 << 0,
    PROFILE_LANGUAGE = 1 << 1,
    PROFILE_CONSENTS = 1 << 2,
    PROFILE_DISPLAY_NAME = 1 << 3,
    PROFILE_EMAIL = 1 << 4,
    PROFILE_PARTS = 5,
    PROFILE_ALL = (1 << PROFILE_PARTS) - 1,
};

enum { PROFILE_CONSENTS_MAX = 32, PROFILE_LANGUAGE_BYTES = 35 };

// Of Enroll and UpdateProfile, whose field is "profile".
MUST_CHECK enum status commands_profile(struct commands *commands,
                                        const Loyalty__V1__Profile *profile);
// What UpdateProfile is to change, of enum profile_part.
MUST_CHECK enum status commands_profile_mask(struct commands *commands,
                                             const Loyalty__V1__UpdateProfileRequest *request,
                                             uint32_t *ret_parts);

// Puts the parts of `from` into `into`; borrows them.
void profile_take(Loyalty__V1__Profile *into, const Loyalty__V1__Profile *from, uint32_t parts);
// Of a birthday that was judged: "MM-DD", and its month; empty and 0 when it is not known.
struct span profile_birth_day(const Loyalty__V1__Profile *profile);
int32_t profile_birth_month(const Loyalty__V1__Profile *profile);
