// The rule at the end of a TZif file: how a zone's offset goes on after the last change that is
// listed. A POSIX TZ string with the extensions of RFC 9636, section 3.3.1: quoted names, and hours
// of change from -167 to 167.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "base/status.h"

enum zone_posix_day {
    ZONE_POSIX_JULIAN,    // Jn: 1 to 365, 29 February never counts
    ZONE_POSIX_ZERO,      // n: 0 to 365, 29 February counts
    ZONE_POSIX_MONTH_DAY, // Mm.w.d: the w-th weekday d of month m, w = 5 the last
};

struct zone_posix_change {
    enum zone_posix_day kind;
    int32_t month;
    int32_t week;
    int32_t day;      // of the year, or 0 = Sunday .. 6
    int32_t second_s; // local, of that day; may lie before or after it
};

struct zone_posix {
    int32_t standard_offset_s; // east of Greenwich, unlike in the text
    int32_t summer_offset_s;
    bool has_summer;
    struct zone_posix_change summer_start; // in standard time
    struct zone_posix_change summer_end;   // in summer time
};

// STATUS_CORRUPT for anything but one whole rule.
MUST_CHECK enum status zone_posix_parse(struct span text, struct zone_posix *ret_rule);
// The instants, in seconds, at which a year's summer time starts and ends. Only with has_summer.
int64_t zone_posix_start(const struct zone_posix *rule, int32_t year);
int64_t zone_posix_end(const struct zone_posix *rule, int32_t year);
