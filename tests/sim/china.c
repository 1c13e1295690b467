// Civil dates at a fixed offset, by the arithmetic of days since the era's first March (so that the
// leap day is a year's last). Not the daemon's calendar, on purpose.
#include "base/check.h"
#include "sim/rules.h"

#define MS_A_DAY INT64_C(86400000)
#define AHEAD_MS (INT64_C(8) * 3600 * 1000)

enum { DAYS_TO_1970 = 719468, DAYS_AN_ERA = 146097, YEARS_AN_ERA = 400 };

struct date {
    int64_t year;
    int32_t month; // 1 to 12
    int32_t day;
};

static int64_t days_of(struct date date)
{
    int64_t year = date.month <= 2 ? date.year - 1 : date.year;
    int64_t era = year / YEARS_AN_ERA;
    int64_t year_of_era = year - era * YEARS_AN_ERA;
    int64_t day_of_year = (153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5 + date.day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_AN_ERA + day_of_era - DAYS_TO_1970;
}

static struct date date_of(int64_t days)
{
    int64_t shifted = days + DAYS_TO_1970;
    int64_t era = shifted / DAYS_AN_ERA;
    int64_t day_of_era = shifted - era * DAYS_AN_ERA;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153;
    struct date date = {.year = year_of_era + era * YEARS_AN_ERA};
    date.day = (int32_t)(day_of_year - (153 * month + 2) / 5 + 1);
    date.month = (int32_t)(month < 10 ? month + 3 : month - 9);
    date.year += date.month <= 2 ? 1 : 0;
    return date;
}

static struct date month_of(int64_t day, int32_t months_later)
{
    struct date date = date_of(day);
    int64_t months = date.year * 12 + date.month - 1 + months_later;
    return (struct date){.year = months / 12, .month = (int32_t)(months % 12) + 1, .day = 1};
}

int64_t china_day(int64_t at_ms)
{
    return (at_ms + AHEAD_MS) / MS_A_DAY;
}

int64_t china_midnight(int64_t day)
{
    return day * MS_A_DAY - AHEAD_MS;
}

int64_t china_add_months(int64_t at_ms, int32_t months)
{
    int64_t day = china_day(at_ms);
    int64_t first = days_of(month_of(day, months));
    int64_t after = days_of(month_of(day, months + 1));
    int64_t wanted = first + date_of(day).day - 1;
    int64_t clamped = wanted < after ? wanted : after - 1;
    return at_ms + (clamped - day) * MS_A_DAY;
}

int64_t china_month_end_after(int64_t at_ms, int32_t months)
{
    return china_midnight(days_of(month_of(china_day(at_ms), months + 1)));
}

static int64_t find_rescore(int64_t after_ms)
{
    struct date date = date_of(china_day(after_ms));
    for (int64_t half = 0;; half++) {
        struct date at = {.year = date.year + half / 2, .month = half % 2 == 0 ? 6 : 12, .day = 1};
        int64_t at_ms = china_midnight(days_of(at));
        if (at_ms > after_ms) {
            return at_ms;
        }
    }
}

int64_t china_next_rescore(int64_t after_ms)
{
    // Asked at every step: the last two instants are kept.
    static int64_t before_ms = 0;
    static int64_t next_ms = 0;
    if (after_ms < before_ms || after_ms >= next_ms) {
        before_ms = after_ms;
        next_ms = find_rescore(after_ms);
    }
    return next_ms;
}

char *china_date(struct arena *arena, int64_t day)
{
    struct date date = date_of(day);
    char *text =
        arena_printf(arena, "%04d-%02d-%02d", (int)date.year, (int)date.month, (int)date.day);
    CHECK(text != NULL);
    return text;
}
