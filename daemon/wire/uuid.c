// UUID text: hyphens stand before the bytes 4, 6, 8 and 10.
#include "wire/uuid.h"

#include <stdbool.h>
#include <string.h>

static bool hyphen_before(size_t byte)
{
    return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

// 16 and the digit's value; 0 of what is no digit.
static const uint8_t digits[256] = {
    ['0'] = 16, ['1'] = 17, ['2'] = 18, ['3'] = 19, ['4'] = 20, ['5'] = 21, ['6'] = 22, ['7'] = 23,
    ['8'] = 24, ['9'] = 25, ['a'] = 26, ['b'] = 27, ['c'] = 28, ['d'] = 29, ['e'] = 30, ['f'] = 31,
    ['A'] = 26, ['B'] = 27, ['C'] = 28, ['D'] = 29, ['E'] = 30, ['F'] = 31,
};

enum status uuid_parse(struct span text, uint8_t ret_uuid[UUID_BYTES])
{
    if (text.len != UUID_TEXT_BYTES) {
        return STATUS_INVALID;
    }
    uint8_t uuid[UUID_BYTES];
    const uint8_t *at = text.data;
    unsigned all = 16; // of what was read: whether each was a digit
    for (size_t i = 0; i < UUID_BYTES; i++) {
        if (hyphen_before(i) && *at++ != '-') {
            return STATUS_INVALID;
        }
        unsigned high = digits[*at++];
        unsigned low = digits[*at++];
        all &= high & low;
        uuid[i] = (uint8_t)(high << 4 | (low & 15));
    }
    if (all == 0) {
        return STATUS_INVALID;
    }
    memcpy(ret_uuid, uuid, UUID_BYTES);
    return STATUS_OK;
}

void uuid_format(const uint8_t uuid[UUID_BYTES], char ret_text[UUID_TEXT_BYTES + 1])
{
    static const char characters[] = "0123456789abcdef";
    char *at = ret_text;
    for (size_t i = 0; i < UUID_BYTES; i++) {
        if (hyphen_before(i)) {
            *at++ = '-';
        }
        *at++ = characters[uuid[i] >> 4];
        *at++ = characters[uuid[i] & 15];
    }
    *at = '\0';
}
