// The POSIX rule of a zone, as text. What is accepted has offsets and changes within their bounds,
// and its changes are where a second, slow reading of the calendar puts them.
#include <string.h>

#include "app/zone_posix.h"
#include "base/check.h"
#include "core/calendar.h"
#include "fuzz/fuzz.h"
#include "fuzz/mutate_text.h"

enum { HOUR_S = 3600, DAY_S = 86400, OFFSET_MAX_S = 25 * HOUR_S, CHANGE_MAX_S = 168 * HOUR_S };

static const char *const words[] = {
    "CET",       "CEST", "<+03>",  "<-0330>", "-1",  "+8",     "M3.5.0",
    "M10.5.0/3", "J60",  "J365",   "0",       "365", ",",      "/-167",
    "/167",      ":30",  ":59:59", "24",      "25",  "M2.1.6", "EST5EDT",
};

static void check_change(const struct zone_posix_change *change)
{
    CHECK(change->second_s >= -CHANGE_MAX_S && change->second_s <= CHANGE_MAX_S);
    switch (change->kind) {
    case ZONE_POSIX_JULIAN:
        CHECK(change->day >= 1 && change->day <= 365);
        break;
    case ZONE_POSIX_ZERO:
        CHECK(change->day >= 0 && change->day <= 365);
        break;
    case ZONE_POSIX_MONTH_DAY:
        CHECK(change->month >= 1 && change->month <= 12 && change->week >= 1 && change->week <= 5);
        CHECK(change->day >= 0 && change->day <= 6);
        break;
    }
}

// Day by day through the year.
static int32_t day_of_change(const struct zone_posix_change *change, int32_t year)
{
    struct civil_date date = {.year = year, .month = 1, .day = 1};
    int32_t first = civil_to_days(date);
    int32_t found = first;
    int32_t weeks = 0;
    int32_t julian = 0;
    for (int32_t day = first; day < first + 366; day++) {
        date = civil_from_days(day);
        bool leap_day = date.month == 2 && date.day == 29;
        julian += date.year == year && !leap_day ? 1 : 0;
        if (change->kind == ZONE_POSIX_ZERO && day == first + change->day) {
            return day;
        }
        if (change->kind == ZONE_POSIX_JULIAN && !leap_day && julian == change->day) {
            return day;
        }
        if (change->kind == ZONE_POSIX_MONTH_DAY && date.year == year &&
            date.month == change->month && civil_weekday(date) % 7 == change->day &&
            weeks < change->week) {
            weeks++;
            found = day; // the fifth is the last there is
        }
    }
    return found;
}

static void check_year(const struct zone_posix *rule, int32_t year)
{
    int64_t start_s = (int64_t)day_of_change(&rule->summer_start, year) * DAY_S +
                      rule->summer_start.second_s - rule->standard_offset_s;
    int64_t end_s = (int64_t)day_of_change(&rule->summer_end, year) * DAY_S +
                    rule->summer_end.second_s - rule->summer_offset_s;
    CHECK(zone_posix_start(rule, year) == start_s);
    CHECK(zone_posix_end(rule, year) == end_s);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t len_max, unsigned seed)
{
    struct fuzz_random random = fuzz_random_of(seed);
    return mutate_text(words, sizeof(words) / sizeof(words[0]), data, len, len_max, &random);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct zone_posix rule;
    fuzz_memory_begin(0);
    enum status status = zone_posix_parse(span_of(data, len), &rule);
    CHECK(status == STATUS_OK || status == STATUS_CORRUPT);
    if (status == STATUS_OK) {
        CHECK(rule.standard_offset_s >= -OFFSET_MAX_S && rule.standard_offset_s <= OFFSET_MAX_S);
        CHECK(len >= 4 && memchr(data, '\0', len) == NULL);
    }
    if (status == STATUS_OK && rule.has_summer) {
        CHECK(rule.summer_offset_s >= -OFFSET_MAX_S - HOUR_S);
        CHECK(rule.summer_offset_s <= OFFSET_MAX_S + HOUR_S);
        check_change(&rule.summer_start);
        check_change(&rule.summer_end);
        check_year(&rule, 2024 + (int32_t)(len % 4));
    }
    fuzz_memory_end();
    return 0;
}
