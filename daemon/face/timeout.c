// Digits and a unit, each in 64 bits: the longest that can be written is below 10^15 ms.
#include "face/timeout.h"

enum { GRPC_DIGITS = 8, CONNECT_DIGITS = 10 };

static enum status read_digits(struct span text, size_t digits_max, uint64_t *ret_number)
{
    if (text.len == 0 || text.len > digits_max) {
        return STATUS_INVALID;
    }
    uint64_t number = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return STATUS_INVALID;
        }
        number = number * 10 + (uint64_t)(text.data[i] - '0');
    }
    *ret_number = number;
    return STATUS_OK;
}

static uint32_t at_most(uint64_t ms)
{
    return ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
}

enum status timeout_parse_grpc(struct span text, uint32_t *ret_ms)
{
    static const struct {
        uint8_t letter;
        uint64_t units; // of these are
        uint64_t ms;    // so many ms
    } units[] = {
        {'H', 1, 3600000}, {'M', 1, 60000}, {'S', 1, 1000},
        {'m', 1, 1},       {'u', 1000, 1},  {'n', 1000000, 1},
    };
    if (text.len == 0) {
        return STATUS_INVALID;
    }
    uint64_t number = 0;
    TRY(read_digits(span_of(text.data, text.len - 1), GRPC_DIGITS, &number));
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (text.data[text.len - 1] == units[i].letter) {
            *ret_ms = at_most((number * units[i].ms + units[i].units - 1) / units[i].units);
            return STATUS_OK;
        }
    }
    return STATUS_INVALID;
}

enum status timeout_parse_connect(struct span text, uint32_t *ret_ms)
{
    uint64_t number = 0;
    TRY(read_digits(text, CONNECT_DIGITS, &number));
    *ret_ms = at_most(number);
    return STATUS_OK;
}
