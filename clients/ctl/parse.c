// Parsing by hand and by length; dates, instants and UUIDs by the daemon's own rules.
#include "ctl/parse.h"

#include <string.h>

#include "base/limits.h"
#include "base/span.h"
#include "core/calendar.h"
#include "wire/instant.h"
#include "wire/uuid.h"

enum { MINOR_DIGITS = 2, MINOR_A_MAJOR = 100 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

// Digits from `*at` on, up to `max`; false when there is none or the bound is passed.
static bool take_digits(const char **at, const char *end, int64_t max, int64_t *ret_number)
{
    int64_t number = 0;
    const char *from = *at;
    while (*at < end && is_digit(**at)) {
        number = number * 10 + (**at - '0');
        if (number > max) {
            return false;
        }
        (*at)++;
    }
    *ret_number = number;
    return *at > from;
}

bool parse_amount_span(const char *text, size_t len, int64_t *ret_minor)
{
    const char *at = text;
    const char *end = text + len;
    int64_t minor = 0;
    if (!take_digits(&at, end, LIMIT_AMOUNT_MINOR_MAX / MINOR_A_MAJOR, &minor)) {
        return false;
    }
    minor *= MINOR_A_MAJOR;
    if (at < end && *at == '.') {
        at++;
        int64_t weight = MINOR_A_MAJOR / 10;
        int digits = 0;
        for (; at < end && is_digit(*at) && digits < MINOR_DIGITS; digits++, at++) {
            minor += (*at - '0') * weight;
            weight /= 10;
        }
        if (digits == 0) {
            return false;
        }
    }
    if (at != end || minor > LIMIT_AMOUNT_MINOR_MAX) {
        return false;
    }
    *ret_minor = minor;
    return true;
}

bool parse_amount(const char *text, int64_t *ret_minor)
{
    return parse_amount_span(text, strlen(text), ret_minor);
}

bool parse_number(const char *text, int64_t min, int64_t max, int64_t *ret_number)
{
    const char *end = text + strlen(text);
    bool negative = *text == '-' && min < 0;
    const char *at = negative ? text + 1 : text;
    int64_t number = 0;
    int64_t bound = LIMIT_POINTS_A_BALANCE;
    if (!take_digits(&at, end, bound, &number) || at != end) {
        return false;
    }
    number = negative ? -number : number;
    if (number < min || number > max) {
        return false;
    }
    *ret_number = number;
    return true;
}

static int64_t unit_ms(char unit)
{
    switch (unit) {
    case 's':
        return 1000;
    case 'm':
        return INT64_C(60) * 1000;
    case 'h':
        return INT64_C(3600) * 1000;
    case 'd':
        return DAY_MS;
    default:
        return 0;
    }
}

static bool parse_from_now(const char *text, int64_t now_ms, int64_t *ret_ms)
{
    const char *at = text + strlen("now");
    if (*at == '\0') {
        *ret_ms = now_ms;
        return true;
    }
    if (*at != '+' && *at != '-') {
        return false;
    }
    bool back = *at == '-';
    at++;
    int64_t count = 0;
    int64_t count_max = INT64_C(1000000000);
    if (!take_digits(&at, at + strlen(at), count_max, &count) || unit_ms(*at) == 0 ||
        at[1] != '\0') {
        return false;
    }
    int64_t instant_ms = now_ms + (back ? -count : count) * unit_ms(*at);
    if (instant_ms < LIMIT_INSTANT_MIN_MS || instant_ms >= LIMIT_INSTANT_MAX_MS) {
        return false;
    }
    *ret_ms = instant_ms;
    return true;
}

bool parse_instant(const char *text, int64_t now_ms, int64_t *ret_ms)
{
    if (strncmp(text, "now", strlen("now")) == 0) {
        return parse_from_now(text, now_ms, ret_ms);
    }
    Google__Protobuf__Timestamp instant = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    return instant_parse(span_of_text(text), &instant) == STATUS_OK &&
           instant_from_timestamp(&instant, ret_ms) == STATUS_OK;
}

bool parse_date(const char *text)
{
    struct civil_date date;
    return civil_parse_date(span_of_text(text), &date) == STATUS_OK;
}

bool parse_uuid(const char *text)
{
    static const uint8_t nil[UUID_BYTES];
    uint8_t uuid[UUID_BYTES];
    return uuid_parse(span_of_text(text), uuid) == STATUS_OK && memcmp(uuid, nil, sizeof(nil)) != 0;
}

bool parse_member(const char *text, struct loyalty_member *ret_member)
{
    static const struct {
        const char *prefix;
        enum loyalty_member_by by;
    } kinds[] = {
        {"card:", LOYALTY_BY_CARD_NUMBER},
        {"barcode:", LOYALTY_BY_BARCODE},
        {"phone:", LOYALTY_BY_PHONE},
        {"app:", LOYALTY_BY_APP_ID},
    };
    struct loyalty_member member = {.by = LOYALTY_BY_MEMBER_ID, .value = text};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        size_t len = strlen(kinds[i].prefix);
        if (strncmp(text, kinds[i].prefix, len) == 0) {
            member = (struct loyalty_member){.by = kinds[i].by, .value = text + len};
        }
    }
    bool unknown_kind = member.by == LOYALTY_BY_MEMBER_ID && strchr(text, ':') != NULL;
    if (*member.value == '\0' || unknown_kind) {
        return false;
    }
    *ret_member = member;
    return true;
}
