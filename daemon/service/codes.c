// The bytes of codes.
#include "service/codes.h"

#include <assert.h>
#include <string.h>

#include "base/check.h"
#include "wire/base64.h"

enum {
    VERSION = 1,
    KEY_AT = 1,
    ISSUED_AT = KEY_AT + CODE_KEY_ID_BYTES,
    LIFETIME_AT = ISSUED_AT + 4,
    NONCE_AT = LIFETIME_AT + 2,
    SEALED_AT = NONCE_AT + PERK_CODE_BYTES,
    SIGNATURE_AT = SEALED_AT + CODE_SEALED_BYTES,
    CODE_BYTES = SIGNATURE_AT + CODE_SIGNATURE_BYTES,
    SECOND_MS = 1000,
};

static const char prefix[] = "LY1.";

enum { PREFIX_LEN = sizeof prefix - 1, TEXT_LEN = PREFIX_LEN + CODE_BYTES / 3 * 4 };

static_assert(CODE_BYTES % 3 == 0, "its text needs no padding");
static_assert(TEXT_LEN <= 256, "a code fits what the contract says");

static void put_number(uint8_t *at, uint32_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        at[i] = (uint8_t)(value >> 8 * (bytes - 1 - i));
    }
}

static uint32_t take_number(const uint8_t *at, size_t bytes)
{
    uint32_t value = 0;
    for (size_t i = 0; i < bytes; i++) {
        value = value << 8 | at[i];
    }
    return value;
}

static enum status fill(const struct code_port *port, struct span member_id, uint8_t *code)
{
    uint8_t member[CODE_MEMBER_BYTES] = {(uint8_t)member_id.len};
    memcpy(member + 1, member_id.data, member_id.len);
    TRY(port->random(port->context, code + NONCE_AT, PERK_CODE_BYTES));
    TRY(port->seal(port->context, code + NONCE_AT, span_of(code, NONCE_AT), member,
                   code + SEALED_AT));
    return port->sign(port->context, span_of(code, SIGNATURE_AT), code + SIGNATURE_AT);
}

enum status codes_issue(const struct code_port *port, struct span member_id, int64_t now_ms,
                        uint32_t lifetime_s, struct arena *arena, char **ret_text,
                        int64_t *ret_ends_ms)
{
    CHECK(port->key_count > 0 && member_id.len > 0 && member_id.len <= LIMIT_MEMBER_ID_BYTES);
    CHECK(now_ms >= 0 && now_ms / SECOND_MS <= UINT32_MAX && lifetime_s <= UINT16_MAX);
    uint8_t code[CODE_BYTES] = {VERSION};
    uint32_t issued_s = (uint32_t)(now_ms / SECOND_MS);
    memcpy(code + KEY_AT, port->keys[0].id, CODE_KEY_ID_BYTES);
    put_number(code + ISSUED_AT, issued_s, 4);
    put_number(code + LIFETIME_AT, lifetime_s, 2);
    TRY(fill(port, member_id, code));
    struct span text;
    TRY(base64_encode_url(span_of(code, sizeof code), arena, &text));
    *ret_text = arena_printf(arena, "%s%s", prefix, (const char *)text.data);
    *ret_ends_ms = ((int64_t)issued_s + lifetime_s) * SECOND_MS;
    return *ret_text == NULL ? STATUS_NO_MEMORY : STATUS_OK;
}

static size_t key_of(const struct code_port *port, const uint8_t *id)
{
    size_t i = 0;
    while (i < port->key_count && memcmp(port->keys[i].id, id, CODE_KEY_ID_BYTES) != 0) {
        i++;
    }
    return i;
}

// So long, and in the one alphabet: a code has one text.
static bool is_code_text(struct span text)
{
    if (text.len != TEXT_LEN || memcmp(text.data, prefix, PREFIX_LEN) != 0) {
        return false;
    }
    static const char others[] = "+/=";
    for (size_t i = 0; i < sizeof others - 1; i++) {
        if (memchr(text.data, others[i], text.len) != NULL) {
            return false;
        }
    }
    return true;
}

enum status codes_read(const struct code_port *port, const char *text, struct arena *arena,
                       struct code *ret_code)
{
    struct span given = span_of_text(text);
    struct span bytes;
    if (!is_code_text(given)) {
        return STATUS_INVALID;
    }
    TRY(base64_decode(span_from(given, PREFIX_LEN), arena, &bytes));
    const uint8_t *code = bytes.data;
    size_t key = key_of(port, code + KEY_AT);
    if (bytes.len != CODE_BYTES || code[0] != VERSION || key == port->key_count) {
        return STATUS_INVALID;
    }
    uint8_t member[CODE_MEMBER_BYTES];
    TRY(port->verify(port->context, key, span_of(code, SIGNATURE_AT), code + SIGNATURE_AT));
    TRY(port->open(port->context, key, code + NONCE_AT, span_of(code, NONCE_AT), code + SEALED_AT,
                   member));
    size_t len = member[0];
    if (len == 0 || len > LIMIT_MEMBER_ID_BYTES) {
        return STATUS_INVALID;
    }
    int64_t issued_s = take_number(code + ISSUED_AT, 4);
    *ret_code =
        (struct code){.member_id_len = len,
                      .ends_ms = (issued_s + take_number(code + LIFETIME_AT, 2)) * SECOND_MS};
    memcpy(ret_code->member_id, member + 1, len);
    memcpy(ret_code->nonce, code + NONCE_AT, PERK_CODE_BYTES);
    return STATUS_OK;
}

enum status codes_key_text(const struct code_key *key, struct arena *arena, char **ret_text)
{
    struct span text;
    TRY(base64_encode_url(span_of(key->id, sizeof key->id), arena, &text));
    CHECK(text.len == CODE_KEY_ID_CHARACTERS);
    *ret_text = (char *)text.data;
    return STATUS_OK;
}
