// Civil dates: days since 1970 and back, month arithmetic, periods, and the two written forms of
// the rules. Knows no zone (calendar_zone.c does). The conversion counts 400-year eras of 146,097
// days with years that begin in March, so that a leap day is the last of its year; it holds for
// every year an int32 of days can reach, though written dates are of 1900 to 2200 only.
#include "core/calendar.h"

enum {
    YEAR_MIN = 1900,
    YEAR_MAX = 2200,
    DAYS_AN_ERA = 146097,
    YEARS_AN_ERA = 400,
    DAYS_0000_03_01_TO_1970 = 719468,
};

static int64_t floor_div(int64_t a, int64_t b)
{
    int64_t quotient = a / b;
    return a % b != 0 && (a % b < 0) != (b < 0) ? quotient - 1 : quotient;
}

int32_t civil_to_days(struct civil_date date)
{
    int64_t year = (int64_t)date.year - (date.month <= 2 ? 1 : 0);
    int64_t era = floor_div(year, YEARS_AN_ERA);
    int64_t year_of_era = year - era * YEARS_AN_ERA;
    int64_t month_from_march = (date.month + 9) % 12;
    int64_t day_of_year = (153 * month_from_march + 2) / 5 + date.day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return (int32_t)(era * DAYS_AN_ERA + day_of_era - DAYS_0000_03_01_TO_1970);
}

struct civil_date civil_from_days(int32_t days)
{
    int64_t shifted = (int64_t)days + DAYS_0000_03_01_TO_1970;
    int64_t era = floor_div(shifted, DAYS_AN_ERA);
    int64_t day_of_era = shifted - era * DAYS_AN_ERA;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;
    int64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    return (struct civil_date){
        .year = (int32_t)(era * YEARS_AN_ERA + year_of_era + (month <= 2 ? 1 : 0)),
        .month = (int32_t)month,
        .day = (int32_t)(day_of_year - (153 * month_from_march + 2) / 5 + 1),
    };
}

static bool is_leap_year(int32_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int32_t civil_days_in_month(int32_t year, int32_t month)
{
    if (month == 2) {
        return is_leap_year(year) ? 29 : 28;
    }
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

bool civil_is_valid(struct civil_date date)
{
    return date.year >= YEAR_MIN && date.year <= YEAR_MAX && date.month >= 1 && date.month <= 12 &&
           date.day >= 1 && date.day <= civil_days_in_month(date.year, date.month);
}

int32_t civil_weekday_of(int32_t days)
{
    int64_t days_from_monday = (int64_t)days + 3; // 1970-01-01 was a Thursday
    return (int32_t)(days_from_monday - floor_div(days_from_monday, 7) * 7) + 1;
}

int32_t civil_weekday(struct civil_date date)
{
    return civil_weekday_of(civil_to_days(date));
}

// Months since January of year 0, and the month of such a count with a day.
static int64_t month_count_of(struct civil_date date)
{
    return (int64_t)date.year * 12 + date.month - 1;
}

static struct civil_date date_of_month(int64_t month_count, int32_t day)
{
    int64_t year = floor_div(month_count, 12);
    return (struct civil_date){
        .year = (int32_t)year,
        .month = (int32_t)(month_count - year * 12) + 1,
        .day = day,
    };
}

struct civil_date civil_add_months(struct civil_date date, int32_t months)
{
    struct civil_date moved = date_of_month(month_count_of(date) + months, date.day);
    int32_t last_day = civil_days_in_month(moved.year, moved.month);
    if (moved.day > last_day) {
        moved.day = last_day;
    }
    return moved;
}

// A year has whole periods, so one ends where the count of months is a multiple of its own.
struct civil_date civil_period_end_after(struct civil_date date, int32_t months, enum period period)
{
    int32_t period_months = period == PERIOD_YEAR ? 12 : period == PERIOD_HALF_YEAR ? 6 : 1;
    int64_t ends_before = floor_div(month_count_of(date) + months, period_months);
    return date_of_month((ends_before + 1) * period_months, 1);
}

struct civil_date civil_period_end(struct civil_date date, enum period period)
{
    return civil_period_end_after(date, 0, period);
}

// Exactly `count` decimal digits from `from` on.
static bool parse_digits(struct span text, size_t from, size_t count, int32_t *ret_value)
{
    int32_t value = 0;
    for (size_t i = from; i < from + count; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
        value = value * 10 + (text.data[i] - '0');
    }
    *ret_value = value;
    return true;
}

enum status civil_parse_date(struct span text, struct civil_date *ret_date)
{
    struct civil_date date = {0};
    if (text.len != 10 || text.data[4] != '-' || text.data[7] != '-' ||
        !parse_digits(text, 0, 4, &date.year) || !parse_digits(text, 5, 2, &date.month) ||
        !parse_digits(text, 8, 2, &date.day) || !civil_is_valid(date)) {
        return STATUS_INVALID;
    }
    *ret_date = date;
    return STATUS_OK;
}

enum status civil_parse_month_day(struct span text, int32_t *ret_month, int32_t *ret_day)
{
    enum { COMMON_YEAR = 2001 };
    struct civil_date date = {.year = COMMON_YEAR};
    if (text.len != 5 || text.data[2] != '-' || !parse_digits(text, 0, 2, &date.month) ||
        !parse_digits(text, 3, 2, &date.day) || !civil_is_valid(date)) {
        return STATUS_INVALID;
    }
    *ret_month = date.month;
    *ret_day = date.day;
    return STATUS_OK;
}

bool civil_is_month(int32_t year, int32_t month)
{
    return year >= 0 && year <= 9999 && month >= 1 && month <= 12;
}

// The decimal digits of a number that has no more of them.
static char *put_digits(char *at, int32_t number, int digits)
{
    for (int i = digits; i > 0; i--) {
        at[i - 1] = (char)('0' + number % 10);
        number /= 10;
    }
    return at + digits;
}

char *civil_write_month(int32_t year, int32_t month, char *ret_text)
{
    char *at = put_digits(ret_text, year, 4);
    *at++ = '-';
    return put_digits(at, month, 2);
}
