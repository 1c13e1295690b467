// Timestamps and RFC 3339 (section 5.6), with the calendar of core doing the dates.
#include "wire/instant.h"

#include <assert.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/check.h"
#include "base/limits.h"
#include "core/calendar.h"

enum { NANOS_A_SECOND = 1000000000, NANOS_A_MS = 1000000, DAY_SECONDS = 86400 };

static_assert(LIMIT_INSTANT_MAX_MS < INSTANT_WRITTEN_END_MS, "what comes in can go out");

static bool timestamp_is_within(const Google__Protobuf__Timestamp *timestamp, int64_t end_ms)
{
    return timestamp->seconds >= LIMIT_INSTANT_MIN_MS / 1000 &&
           timestamp->seconds < end_ms / 1000 && timestamp->nanos >= 0 &&
           timestamp->nanos < NANOS_A_SECOND;
}

enum status instant_from_timestamp(const Google__Protobuf__Timestamp *timestamp, int64_t *ret_ms)
{
    if (!timestamp_is_within(timestamp, LIMIT_INSTANT_MAX_MS)) {
        return STATUS_INVALID;
    }
    *ret_ms = timestamp->seconds * 1000 + timestamp->nanos / NANOS_A_MS;
    return STATUS_OK;
}

enum status instant_to_timestamp(int64_t ms, struct arena *arena,
                                 Google__Protobuf__Timestamp **ret_timestamp)
{
    if (ms < LIMIT_INSTANT_MIN_MS || ms >= INSTANT_WRITTEN_END_MS) {
        return STATUS_RANGE;
    }
    Google__Protobuf__Timestamp *timestamp = arena_alloc_raw(arena, sizeof(*timestamp));
    if (timestamp == NULL) {
        return STATUS_NO_MEMORY;
    }
    google__protobuf__timestamp__init(timestamp);
    timestamp->seconds = ms / 1000;
    timestamp->nanos = (int32_t)(ms % 1000) * NANOS_A_MS;
    *ret_timestamp = timestamp;
    return STATUS_OK;
}

// Exactly `digits` digits at the front.
static bool take_number(struct span *rest, size_t digits, int32_t *ret_number)
{
    if (rest->len < digits) {
        return false;
    }
    int32_t number = 0;
    for (size_t i = 0; i < digits; i++) {
        if (rest->data[i] < '0' || rest->data[i] > '9') {
            return false;
        }
        number = number * 10 + (rest->data[i] - '0');
    }
    *rest = span_from(*rest, digits);
    *ret_number = number;
    return true;
}

static bool take(struct span *rest, char c)
{
    if (rest->len == 0 || rest->data[0] != (uint8_t)c) {
        return false;
    }
    *rest = span_from(*rest, 1);
    return true;
}

// ".5" and the like, or nothing.
static bool take_fraction(struct span *rest, int32_t *ret_nanos)
{
    *ret_nanos = 0;
    if (!take(rest, '.')) {
        return true;
    }
    int32_t unit = NANOS_A_SECOND;
    int32_t digit = 0;
    while (unit > 1 && take_number(rest, 1, &digit)) {
        unit /= 10;
        *ret_nanos += digit * unit;
    }
    return unit < NANOS_A_SECOND;
}

static bool take_offset(struct span *rest, int32_t *ret_seconds)
{
    *ret_seconds = 0;
    if (take(rest, 'Z')) {
        return true;
    }
    bool west = take(rest, '-');
    int32_t hours = 0;
    int32_t minutes = 0;
    if ((!west && !take(rest, '+')) || !take_number(rest, 2, &hours) || !take(rest, ':') ||
        !take_number(rest, 2, &minutes) || hours > 23 || minutes > 59) {
        return false;
    }
    *ret_seconds = (hours * 60 + minutes) * (west ? -60 : 60);
    return true;
}

static bool take_time(struct span *rest, int32_t *ret_second_of_day)
{
    int32_t hour = 0;
    int32_t minute = 0;
    int32_t second = 0;
    if (!take_number(rest, 2, &hour) || !take(rest, ':') || !take_number(rest, 2, &minute) ||
        !take(rest, ':') || !take_number(rest, 2, &second)) {
        return false;
    }
    *ret_second_of_day = (hour * 60 + minute) * 60 + second;
    return hour < 24 && minute < 60 && second < 60;
}

static bool take_date(struct span *rest, int32_t *ret_days)
{
    struct civil_date date = {0};
    if (!take_number(rest, 4, &date.year) || !take(rest, '-') ||
        !take_number(rest, 2, &date.month) || !take(rest, '-') ||
        !take_number(rest, 2, &date.day) || !civil_is_valid(date)) {
        return false;
    }
    *ret_days = civil_to_days(date);
    return true;
}

enum status instant_parse(struct span text, Google__Protobuf__Timestamp *ret_timestamp)
{
    Google__Protobuf__Timestamp timestamp = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    int32_t days = 0;
    int32_t second_of_day = 0;
    int32_t offset = 0;
    if (!take_date(&text, &days) || !take(&text, 'T') || !take_time(&text, &second_of_day) ||
        !take_fraction(&text, &timestamp.nanos) || !take_offset(&text, &offset) || text.len > 0) {
        return STATUS_INVALID;
    }
    timestamp.seconds = (int64_t)days * DAY_SECONDS + second_of_day - offset;
    if (!timestamp_is_within(&timestamp, INSTANT_WRITTEN_END_MS)) {
        return STATUS_INVALID;
    }
    *ret_timestamp = timestamp;
    return STATUS_OK;
}

static int write_fraction(int32_t nanos, char *out, size_t bytes)
{
    if (nanos == 0) {
        return snprintf(out, bytes, "Z");
    }
    if (nanos % NANOS_A_MS == 0) {
        return snprintf(out, bytes, ".%03" PRId32 "Z", nanos / NANOS_A_MS);
    }
    if (nanos % 1000 == 0) {
        return snprintf(out, bytes, ".%06" PRId32 "Z", nanos / 1000);
    }
    return snprintf(out, bytes, ".%09" PRId32 "Z", nanos);
}

enum status instant_format(const Google__Protobuf__Timestamp *timestamp,
                           char ret_text[INSTANT_TEXT_BYTES])
{
    if (!timestamp_is_within(timestamp, INSTANT_WRITTEN_END_MS)) {
        return STATUS_INVALID;
    }
    struct civil_date date = civil_from_days((int32_t)(timestamp->seconds / DAY_SECONDS));
    int32_t second = (int32_t)(timestamp->seconds % DAY_SECONDS);
    int len =
        snprintf(ret_text, INSTANT_TEXT_BYTES,
                 "%04" PRId32 "-%02" PRId32 "-%02" PRId32 "T%02" PRId32 ":%02" PRId32 ":%02" PRId32,
                 date.year, date.month, date.day, second / 3600, second / 60 % 60, second % 60);
    CHECK(len > 0 && len < INSTANT_TEXT_BYTES);
    size_t room = (size_t)(INSTANT_TEXT_BYTES - len);
    int more = write_fraction(timestamp->nanos, ret_text + len, room);
    CHECK(more > 0 && (size_t)more < room);
    return STATUS_OK;
}
