// UUID text: hyphens stand before the bytes 4, 6, 8 and 10. Every request has one: read by tables.
#include "wire/uuid.h"

#include <stdbool.h>
#include <string.h>

// 16 and the digit's value; 0 of what is no digit.
static const uint8_t digits[256] = {
    ['0'] = 16, ['1'] = 17, ['2'] = 18, ['3'] = 19, ['4'] = 20, ['5'] = 21, ['6'] = 22, ['7'] = 23,
    ['8'] = 24, ['9'] = 25, ['a'] = 26, ['b'] = 27, ['c'] = 28, ['d'] = 29, ['e'] = 30, ['f'] = 31,
    ['A'] = 26, ['B'] = 27, ['C'] = 28, ['D'] = 29, ['E'] = 30, ['F'] = 31,
};

// Where the digits of each byte are.
static const uint8_t places[UUID_BYTES] = {0,  2,  4,  6,  9,  11, 14, 16,
                                           19, 21, 24, 26, 28, 30, 32, 34};

enum status uuid_parse(struct span text, uint8_t ret_uuid[UUID_BYTES])
{
    if (text.len != UUID_TEXT_BYTES) {
        return STATUS_INVALID;
    }
    uint8_t uuid[UUID_BYTES];
    const uint8_t *at = text.data;
    bool good = at[8] == '-' && at[13] == '-' && at[18] == '-' && at[23] == '-';
    unsigned all = 16; // of what was read: whether each was a digit
    for (size_t i = 0; i < UUID_BYTES; i++) {
        unsigned high = digits[at[places[i]]];
        unsigned low = digits[at[places[i] + 1]];
        all &= high & low;
        uuid[i] = (uint8_t)(high << 4 | (low & 15));
    }
    if (!good || all == 0) {
        return STATUS_INVALID;
    }
    memcpy(ret_uuid, uuid, UUID_BYTES);
    return STATUS_OK;
}

void uuid_format(const uint8_t uuid[UUID_BYTES], char ret_text[UUID_TEXT_BYTES + 1])
{
    static const char characters[] = "0123456789abcdef";
    memset(ret_text, '-', UUID_TEXT_BYTES);
    ret_text[UUID_TEXT_BYTES] = '\0';
    for (size_t i = 0; i < UUID_BYTES; i++) {
        ret_text[places[i]] = characters[uuid[i] >> 4];
        ret_text[places[i] + 1] = characters[uuid[i] & 15];
    }
}
