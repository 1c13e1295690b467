// Whether a file of members may be brought over: every row, before anything is written.
#pragma once

#include <stdint.h>

#include "ctl/members_file.h"
#include "loyalty/v1/programs.pb-c.h"

// Judges shapes as the service does, identifiers, tiers and dates by the program in force and
// today's local date (days since 1970-01-01), enrolments by the first version where that is known,
// and what must not be there twice. Each mistake stands on stderr as "FILE:LINE: COLUMN: REASON",
// without what the row says of the person. Gives their number.
uint64_t members_check(const struct members_file *file, const char *path,
                       const Loyalty__V1__GetProgramResponse *current, int32_t today);
