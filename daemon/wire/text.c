// UTF-8 by the table of RFC 3629, section 4; texts of ASCII are taken eight bytes at a time, since
// nearly every one of a request is that.
#include "wire/text.h"

#include <stdint.h>
#include <string.h>

#define EACH_BYTE UINT64_C(0x0101010101010101)
#define HIGH_BITS UINT64_C(0x8080808080808080)

// Whether eight bytes are all 0x01 to 0x7f.
static bool eight_are_plain(const uint8_t *data)
{
    uint64_t word = 0;
    memcpy(&word, data, sizeof(word));
    return ((word | (word - EACH_BYTE)) & HIGH_BITS) == 0;
}

static bool continues(const uint8_t *data, size_t count)
{
    for (size_t i = 1; i <= count; i++) {
        if ((data[i] & 0xc0) != 0x80) {
            return false;
        }
    }
    return true;
}

// Length of the character at `data`; 0 when it is none, or NUL.
static size_t character_bytes(const uint8_t *data, size_t len)
{
    uint8_t lead = data[0];
    if (lead < 0x80) {
        return lead == 0 ? 0 : 1;
    }
    if (lead < 0xc2 || lead > 0xf4) {
        return 0;
    }
    size_t bytes = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (bytes > len || !continues(data, bytes - 1)) {
        return 0;
    }
    bool bad = (lead == 0xe0 && data[1] < 0xa0) || (lead == 0xed && data[1] > 0x9f) ||
               (lead == 0xf0 && data[1] < 0x90) || (lead == 0xf4 && data[1] > 0x8f);
    return bad ? 0 : bytes;
}

// Whether there are only bytes 0x01 to 0x7f.
static bool is_plain(struct span text)
{
    if (text.len >= 8) {
        for (size_t at = 0; at < text.len - 8; at += 8) {
            if (!eight_are_plain(text.data + at)) {
                return false;
            }
        }
        return eight_are_plain(text.data + text.len - 8); // some of them once more
    }
    for (size_t at = 0; at < text.len; at++) {
        if (text.data[at] - 1U >= 0x7f) {
            return false;
        }
    }
    return true;
}

bool text_is_clean(struct span text)
{
    if (is_plain(text)) {
        return true;
    }
    size_t at = 0;
    while (at < text.len) {
        size_t bytes = character_bytes(text.data + at, text.len - at);
        if (bytes == 0) {
            return false;
        }
        at += bytes;
    }
    return true;
}

const char *text_show(struct span text, char out[TEXT_SHOWN_BYTES])
{
    static const char more[] = "...";
    size_t room = TEXT_SHOWN_BYTES - sizeof(more);
    size_t len = 0;
    size_t at = 0;
    while (at < text.len) {
        size_t bytes = character_bytes(text.data + at, text.len - at);
        size_t taken = bytes == 0 ? 1 : bytes;
        if (len + taken > room) {
            memcpy(out + len, more, sizeof(more));
            return out;
        }
        bool plain = bytes > 1 || (bytes == 1 && text.data[at] >= 0x20 && text.data[at] != 0x7f);
        if (plain) {
            memcpy(out + len, text.data + at, taken);
        } else {
            out[len] = '?';
        }
        len += taken;
        at += taken;
    }
    out[len] = '\0';
    return out;
}
