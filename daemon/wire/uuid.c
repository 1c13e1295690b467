// UUID text: hyphens stand before the bytes 4, 6, 8 and 10.
#include "wire/uuid.h"

#include <stdbool.h>
#include <string.h>

static bool hyphen_before(size_t byte)
{
    return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

static int digit_value(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    uint8_t lower = c | 0x20;
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

enum status uuid_parse(struct span text, uint8_t ret_uuid[UUID_BYTES])
{
    if (text.len != UUID_TEXT_BYTES) {
        return STATUS_INVALID;
    }
    uint8_t uuid[UUID_BYTES];
    const uint8_t *at = text.data;
    for (size_t i = 0; i < UUID_BYTES; i++) {
        if (hyphen_before(i) && *at++ != '-') {
            return STATUS_INVALID;
        }
        int high = digit_value(*at++);
        int low = digit_value(*at++);
        if (high < 0 || low < 0) {
            return STATUS_INVALID;
        }
        uuid[i] = (uint8_t)(high * 16 + low);
    }
    memcpy(ret_uuid, uuid, UUID_BYTES);
    return STATUS_OK;
}

void uuid_format(const uint8_t uuid[UUID_BYTES], char ret_text[UUID_TEXT_BYTES + 1])
{
    static const char digits[] = "0123456789abcdef";
    char *at = ret_text;
    for (size_t i = 0; i < UUID_BYTES; i++) {
        if (hyphen_before(i)) {
            *at++ = '-';
        }
        *at++ = digits[uuid[i] >> 4];
        *at++ = digits[uuid[i] & 15];
    }
    *at = '\0';
}
