// Decisions about what a member is found by, once enrolled: one more, another in its place, one
// less. Knows identifiers by their keys alone; whether a value is fit was judged before
// (core/identify.h), who else has it was looked up.
#pragma once

#include <stdbool.h>

#include "base/status.h"
#include "core/decide.h"

struct identifiers_command {
    bool has_new;
    bool has_old; // with has_new it is replaced: who shows it is told so
    struct identifier added;
    struct identifier old;
    bool taken;         // the new one is another member's
    struct span reason; // at most LIMIT_TEXT_BYTES
};

// Adding one that the member has already claims it once more, which mends an index that lost it.
MUST_CHECK enum status decide_identifiers(const struct decide *decide,
                                          const struct identifiers_command *command,
                                          struct decision *ret_decision);
