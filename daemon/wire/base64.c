// Base64, three bytes to four characters. Bits that belong to no byte must be zero (RFC 4648,
// section 3.5), so that one value has one text but for alphabet and padding.
#include "wire/base64.h"

#include <stdint.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";

enum { PADDING = 64 };

enum status base64_encode(struct span bytes, struct arena *arena, struct span *ret_text)
{
    if (bytes.len > SIZE_MAX / 2) {
        return STATUS_NO_MEMORY;
    }
    size_t len = (bytes.len + 2) / 3 * 4;
    char *text = arena_alloc(arena, len + 1);
    if (text == NULL) {
        return STATUS_NO_MEMORY;
    }
    char *out = text;
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t left = bytes.len - i;
        uint32_t group = (uint32_t)bytes.data[i] << 16;
        group |= left > 1 ? (uint32_t)bytes.data[i + 1] << 8 : 0;
        group |= left > 2 ? (uint32_t)bytes.data[i + 2] : 0;
        *out++ = alphabet[group >> 18];
        *out++ = alphabet[group >> 12 & 63];
        *out++ = alphabet[left > 1 ? group >> 6 & 63 : PADDING];
        *out++ = alphabet[left > 2 ? group & 63 : PADDING];
    }
    *ret_text = span_of(text, len);
    return STATUS_OK;
}

enum status base64_encode_url(struct span bytes, struct arena *arena, struct span *ret_text)
{
    struct span text;
    TRY(base64_encode(bytes, arena, &text));
    char *characters = (char *)text.data;
    for (size_t i = 0; i < text.len; i++) {
        char c = characters[i];
        characters[i] = (char)(c == '+' ? '-' : c == '/' ? '_' : c);
    }
    while (text.len > 0 && text.data[text.len - 1] == '=') {
        text.len--;
    }
    characters[text.len] = '\0';
    *ret_text = text;
    return STATUS_OK;
}

static int character_value(uint8_t c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    if (c == '+' || c == '-') {
        return 62;
    }
    return c == '/' || c == '_' ? 63 : -1;
}

enum status base64_decode(struct span text, struct arena *arena, struct span *ret_bytes)
{
    if (text.len % 4 == 0) {
        for (int padding = 0; padding < 2 && text.len > 0; padding++) {
            text.len -= text.data[text.len - 1] == '=' ? 1 : 0;
        }
    }
    if (text.len % 4 == 1) {
        return STATUS_INVALID;
    }
    size_t len = text.len / 4 * 3 + (text.len % 4 == 0 ? 0 : text.len % 4 - 1);
    uint8_t *bytes = arena_alloc(arena, len);
    if (bytes == NULL) {
        return STATUS_NO_MEMORY;
    }
    uint32_t bits = 0;
    uint32_t bit_count = 0;
    size_t out = 0;
    for (size_t i = 0; i < text.len; i++) {
        int value = character_value(text.data[i]);
        if (value < 0) {
            return STATUS_INVALID;
        }
        bits = bits << 6 | (uint32_t)value;
        bit_count += 6;
        if (bit_count >= 8) {
            bit_count -= 8;
            bytes[out++] = (uint8_t)(bits >> bit_count);
            bits &= (1U << bit_count) - 1;
        }
    }
    if (bits != 0) {
        return STATUS_INVALID;
    }
    *ret_bytes = span_of(bytes, len);
    return STATUS_OK;
}
