// Parser and calendar of the POSIX rule of a zone. The grammar, each part a function:
//
//     rule   = name offset [ name [ offset ] "," change "," change ]
//     name   = three letters or more, or "<" letters, digits, + and - ">"
//     offset = [ + | - ] hours [ ":" minutes [ ":" seconds ] ]    west is positive here
//     change = ( "J" day | day | "M" month "." week "." weekday ) [ "/" offset ]
//
// Summer time without its changes is refused: what it would mean is left to each system by POSIX.
#include "app/zone_posix.h"

#include "core/calendar.h"

enum {
    MINUTE_S = 60,
    HOUR_S = 3600,
    DAY_S = 86400,
    OFFSET_HOURS_MAX = 24,
    CHANGE_HOURS_MAX = 167,
    CHANGE_DEFAULT_S = 2 * HOUR_S,
    NAME_LETTERS_MIN = 3,
};

static bool next_is(const struct span *rest, char c)
{
    return rest->len > 0 && rest->data[0] == (uint8_t)c;
}

static bool skip(struct span *rest, char c)
{
    bool is = next_is(rest, c);
    if (is) {
        *rest = span_from(*rest, 1);
    }
    return is;
}

static bool next_is_digit(const struct span *rest)
{
    return rest->len > 0 && rest->data[0] >= '0' && rest->data[0] <= '9';
}

static bool next_is_letter(const struct span *rest)
{
    if (rest->len == 0) {
        return false;
    }
    uint8_t c = rest->data[0];
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

// A decimal number of at most three digits, minimum to maximum.
static enum status parse_number(struct span *rest, int32_t minimum, int32_t maximum,
                                int32_t *ret_number)
{
    enum { DIGITS_MAX = 3 };
    int32_t number = 0;
    int digits = 0;
    while (next_is_digit(rest) && digits < DIGITS_MAX) {
        number = number * 10 + (rest->data[0] - '0');
        *rest = span_from(*rest, 1);
        digits++;
    }
    if (digits == 0 || next_is_digit(rest) || number < minimum || number > maximum) {
        return STATUS_CORRUPT;
    }
    *ret_number = number;
    return STATUS_OK;
}

// ":mm" or ":ss"; 0 when there is none.
static enum status parse_sixtieths(struct span *rest, int32_t *ret_number)
{
    *ret_number = 0;
    return skip(rest, ':') ? parse_number(rest, 0, 59, ret_number) : STATUS_OK;
}

// [+-]hh[:mm[:ss]] as signed seconds.
static enum status parse_offset(struct span *rest, int32_t hours_max, int32_t *ret_seconds)
{
    int32_t sign = skip(rest, '-') ? -1 : 1;
    if (sign > 0) {
        skip(rest, '+');
    }
    int32_t hours = 0;
    int32_t minutes = 0;
    int32_t seconds = 0;
    TRY(parse_number(rest, 0, hours_max, &hours));
    TRY(parse_sixtieths(rest, &minutes));
    TRY(parse_sixtieths(rest, &seconds));
    *ret_seconds = sign * (hours * HOUR_S + minutes * MINUTE_S + seconds);
    return STATUS_OK;
}

static enum status parse_name(struct span *rest)
{
    int letters = 0;
    if (skip(rest, '<')) {
        while (next_is_letter(rest) || next_is_digit(rest) || next_is(rest, '+') ||
               next_is(rest, '-')) {
            *rest = span_from(*rest, 1);
            letters++;
        }
        return letters > 0 && skip(rest, '>') ? STATUS_OK : STATUS_CORRUPT;
    }
    for (; next_is_letter(rest); letters++) {
        *rest = span_from(*rest, 1);
    }
    return letters >= NAME_LETTERS_MIN ? STATUS_OK : STATUS_CORRUPT;
}

static enum status parse_change(struct span *rest, struct zone_posix_change *ret_change)
{
    struct zone_posix_change change = {.second_s = CHANGE_DEFAULT_S};
    if (!skip(rest, ',')) {
        return STATUS_CORRUPT;
    }
    if (skip(rest, 'M')) {
        change.kind = ZONE_POSIX_MONTH_DAY;
        TRY(parse_number(rest, 1, 12, &change.month));
        if (!skip(rest, '.')) {
            return STATUS_CORRUPT;
        }
        TRY(parse_number(rest, 1, 5, &change.week));
        if (!skip(rest, '.')) {
            return STATUS_CORRUPT;
        }
        TRY(parse_number(rest, 0, 6, &change.day));
    } else if (skip(rest, 'J')) {
        change.kind = ZONE_POSIX_JULIAN;
        TRY(parse_number(rest, 1, 365, &change.day));
    } else {
        change.kind = ZONE_POSIX_ZERO;
        TRY(parse_number(rest, 0, 365, &change.day));
    }
    if (skip(rest, '/')) {
        TRY(parse_offset(rest, CHANGE_HOURS_MAX, &change.second_s));
    }
    *ret_change = change;
    return STATUS_OK;
}

// The second name and what follows it.
static enum status parse_summer(struct span *rest, struct zone_posix *rule)
{
    int32_t west_s = -(rule->standard_offset_s + HOUR_S);
    TRY(parse_name(rest));
    if (!next_is(rest, ',')) {
        TRY(parse_offset(rest, OFFSET_HOURS_MAX, &west_s));
    }
    rule->summer_offset_s = -west_s;
    rule->has_summer = true;
    TRY(parse_change(rest, &rule->summer_start));
    return parse_change(rest, &rule->summer_end);
}

enum status zone_posix_parse(struct span text, struct zone_posix *ret_rule)
{
    struct span rest = text;
    struct zone_posix rule = {0};
    int32_t west_s = 0;
    TRY(parse_name(&rest));
    TRY(parse_offset(&rest, OFFSET_HOURS_MAX, &west_s));
    rule.standard_offset_s = -west_s;
    if (rest.len > 0) {
        TRY(parse_summer(&rest, &rule));
    }
    if (rest.len > 0) {
        return STATUS_CORRUPT;
    }
    *ret_rule = rule;
    return STATUS_OK;
}

// Days since 1970 of the w-th weekday of a month.
static int32_t month_day(const struct zone_posix_change *change, int32_t year)
{
    struct civil_date first = {.year = year, .month = change->month, .day = 1};
    int32_t first_weekday = civil_weekday(first) % 7; // 0 = Sunday
    int32_t day = (change->day - first_weekday + 7) % 7 + (change->week - 1) * 7;
    if (day >= civil_days_in_month(year, change->month)) {
        day -= 7;
    }
    return civil_to_days(first) + day;
}

// Local seconds since 1970 of a change.
static int64_t change_local(const struct zone_posix_change *change, int32_t year)
{
    enum { JULIAN_FIRST_OF_MARCH = 60 };
    int32_t new_year = civil_to_days((struct civil_date){.year = year, .month = 1, .day = 1});
    int32_t day = 0;
    switch (change->kind) {
    case ZONE_POSIX_JULIAN:
        day = new_year + change->day - 1;
        if (civil_days_in_month(year, 2) == 29 && change->day >= JULIAN_FIRST_OF_MARCH) {
            day++;
        }
        break;
    case ZONE_POSIX_ZERO:
        day = new_year + change->day;
        break;
    case ZONE_POSIX_MONTH_DAY:
        day = month_day(change, year);
        break;
    }
    return (int64_t)day * DAY_S + change->second_s;
}

int64_t zone_posix_start(const struct zone_posix *rule, int32_t year)
{
    return change_local(&rule->summer_start, year) - rule->standard_offset_s;
}

int64_t zone_posix_end(const struct zone_posix *rule, int32_t year)
{
    return change_local(&rule->summer_end, year) - rule->summer_offset_s;
}
