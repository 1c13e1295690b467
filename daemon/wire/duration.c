// A length of time as text, both ways, exactly.
#include "wire/duration.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/limits.h"

#define DURATION_SECONDS_MAX INT64_C(315576000000) // ten thousand years, as the contract has it

enum { NANOS = 1000000000, NANO_DIGITS = 9 };

enum status duration_format(const Google__Protobuf__Duration *duration,
                            char ret_text[DURATION_TEXT_BYTES])
{
    int32_t nanos = duration->nanos;
    if (duration->seconds < 0 || duration->seconds > DURATION_SECONDS_MAX || nanos < 0 ||
        nanos >= NANOS) {
        return STATUS_INVALID;
    }
    int digits = nanos == 0 ? 0 : nanos % 1000000 == 0 ? 3 : nanos % 1000 == 0 ? 6 : NANO_DIGITS;
    for (int i = digits; i < NANO_DIGITS; i++) {
        nanos /= 10;
    }
    if (digits == 0) {
        snprintf(ret_text, DURATION_TEXT_BYTES, "%" PRId64 "s", duration->seconds);
    } else {
        snprintf(ret_text, DURATION_TEXT_BYTES, "%" PRId64 ".%0*" PRId32 "s", duration->seconds,
                 digits, nanos);
    }
    return STATUS_OK;
}

// Takes digits off the text.
static int read_digits(struct span *text, int most, int64_t *number)
{
    int count = 0;
    while (text->len > 0 && text->data[0] >= '0' && text->data[0] <= '9' && count < most) {
        *number = *number * 10 + (text->data[0] - '0');
        *text = span_from(*text, 1);
        count++;
    }
    return count;
}

enum status duration_parse(struct span text, Google__Protobuf__Duration *ret_duration)
{
    enum { SECOND_DIGITS = 12 };
    int64_t seconds = 0;
    int64_t nanos = 0;
    int fraction = 0;
    if (read_digits(&text, SECOND_DIGITS, &seconds) == 0 || seconds > DURATION_SECONDS_MAX) {
        return STATUS_INVALID;
    }
    if (text.len > 0 && text.data[0] == '.') {
        text = span_from(text, 1);
        fraction = read_digits(&text, NANO_DIGITS, &nanos);
        if (fraction == 0) {
            return STATUS_INVALID;
        }
    }
    if (text.len != 1 || text.data[0] != 's') {
        return STATUS_INVALID;
    }
    for (int i = fraction; i < NANO_DIGITS; i++) {
        nanos *= 10;
    }
    ret_duration->seconds = seconds;
    ret_duration->nanos = (int32_t)nanos;
    return STATUS_OK;
}
