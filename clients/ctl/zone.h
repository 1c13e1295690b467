// Civil days in a named time zone, by this machine's tzdata.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// From here on local time is that of this zone ("America/New_York"). False for one that this
// machine does not know; glibc would take it for UTC without a word.
bool zone_use(const char *name);
// Whether this machine knows a time zone; of each, where it knows none at all.
bool zone_is_known(const char *name);
// The local day of an instant, since 1970-01-01.
int32_t zone_day_of_ms(int64_t instant_ms);
// The instant at which a day (since 1970-01-01) begins: 00:00 local, or the first instant after a
// gap that swallows it.
int64_t zone_day_start_ms(int32_t day);
