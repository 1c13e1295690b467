// Civil dates and the program's zone. All date arithmetic of the rules is here: month arithmetic
// clamps (31 Jan + 1 month = 28/29 Feb), a local time in a spring gap is the first instant after
// it, in an autumn overlap the earlier. Source: domain.md, "Figures", Calendar. A zone is data: the
// app reads tzdata and hands over a table of offsets; nothing here knows where it came from.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "base/status.h"

#define DAY_MS INT64_C(86400000)

// From `from_ms` on (UTC), local time is UTC + `offset_ms`.
struct zone_step {
    int64_t from_ms;
    int32_t offset_ms;
};

// Steps in rising order; the first one holds for all earlier instants too. At least one, and every
// offset is within 26 hours.
struct zone {
    const struct zone_step *steps; // borrowed
    size_t count;
};

struct civil_date {
    int32_t year;  // 1900 to 2200
    int32_t month; // 1 to 12
    int32_t day;   // 1 to 31
};

// A local date and time of day.
struct civil_time {
    struct civil_date date;
    int64_t ms_of_day;
};

// The same, the date as days since 1970.
struct day_time {
    int32_t day;
    int64_t ms_of_day;
};

enum period { PERIOD_MONTH, PERIOD_HALF_YEAR, PERIOD_YEAR };

// A civil month, of a year with four digits; and written as "YYYY-MM", without a NUL: its end.
bool civil_is_month(int32_t year, int32_t month);
char *civil_write_month(int32_t year, int32_t month, char *ret_text);
// Days since 1970-01-01 and back (proleptic Gregorian).
int32_t civil_to_days(struct civil_date date);
struct civil_date civil_from_days(int32_t days);
bool civil_is_valid(struct civil_date date);
int32_t civil_days_in_month(int32_t year, int32_t month);
// 1 = Monday .. 7 = Sunday.
int32_t civil_weekday(struct civil_date date);
int32_t civil_weekday_of(int32_t days);
// Month arithmetic that clamps to the month's last day. `months` may be negative.
struct civil_date civil_add_months(struct civil_date date, int32_t months);
// The first day after the period that `date` is in.
struct civil_date civil_period_end(struct civil_date date, enum period period);
// The same of the period that `date` + `months` is in.
struct civil_date civil_period_end_after(struct civil_date date, int32_t months,
                                         enum period period);

// Exactly "YYYY-MM-DD", 1900-01-01 to 2200-12-31, else STATUS_INVALID.
MUST_CHECK enum status civil_parse_date(struct span text, struct civil_date *ret_date);
// Exactly "MM-DD"; 02-29 is STATUS_INVALID (it does not come every year).
MUST_CHECK enum status civil_parse_month_day(struct span text, int32_t *ret_month,
                                             int32_t *ret_day);

// The local date and time of an instant, and the instant of a local date and time. Instants beyond
// the year 9999, as INSTANT_NEVER is, count as the end of that year.
struct civil_time zone_local(const struct zone *zone, int64_t instant_ms);
struct civil_date zone_date(const struct zone *zone, int64_t instant_ms);
// As days: what rules count by, and cheaper than a date.
struct day_time zone_day_time(const struct zone *zone, int64_t instant_ms);
int32_t zone_day(const struct zone *zone, int64_t instant_ms);
// Whether no civil day starts in (from, until]. May say false where one would have to search.
bool zone_is_one_day(const struct zone *zone, int64_t from_ms, int64_t until_ms);
int64_t zone_instant(const struct zone *zone, struct civil_time local);
// 00:00 local of a day (or the first instant after a gap that swallows it).
int64_t zone_day_start(const struct zone *zone, struct civil_date date);
// The same local time of day `months` later; clamps as civil_add_months.
int64_t zone_add_months(const struct zone *zone, int64_t instant_ms, int32_t months);
// The end of the period that `date` + `months` is in, as an instant.
int64_t zone_period_end_after(const struct zone *zone, struct civil_date date, int32_t months,
                              enum period period);
