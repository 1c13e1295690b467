// What a census sees of a member: the card held, and what the club owes.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "core/account.h"

struct holder {
    char tier[LIMIT_NAME_BYTES + 1];
    int64_t points; // spendable and held, less a deficit
    int64_t pending;
};

// False: it is no member, or its membership has ended.
bool holder_find(const struct account *account, struct holder *ret_holder);
