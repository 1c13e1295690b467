// Codes of perks: a text through service/codes, behind a port that takes every signature and has
// nothing sealed, so that what stands behind the signature is reached too. What is read must spell
// the text again, to its last character.
#include <string.h>

#include "base/check.h"
#include "fuzz/fuzz.h"
#include "service/codes.h"
#include "wire/base64.h"

enum { TEXT_BYTES_MAX = 512, ARENA_BYTES = 4096, PREFIX_LEN = 4, NONCE_AT = 13 };

static enum status take_any(void *context, size_t key, struct span text, const uint8_t *signature)
{
    (void)context;
    (void)text;
    (void)signature;
    CHECK(key == 0);
    return STATUS_OK;
}

static enum status take_member(void *context, size_t key, const uint8_t *nonce, struct span head,
                               const uint8_t *sealed, uint8_t *ret_member)
{
    (void)context;
    CHECK(key == 0 && nonce == head.data + head.len);
    memcpy(ret_member, sealed, CODE_MEMBER_BYTES);
    return STATUS_OK;
}

static void check_spelling(const char *text, struct arena *arena, const struct code *code)
{
    struct span bytes;
    struct span spelt;
    CHECK(base64_decode(span_of_text(text + PREFIX_LEN), arena, &bytes) == STATUS_OK);
    CHECK(base64_encode_url(bytes, arena, &spelt) == STATUS_OK);
    CHECK(strcmp((const char *)spelt.data, text + PREFIX_LEN) == 0);
    CHECK(memcmp(code->nonce, bytes.data + NONCE_AT, sizeof code->nonce) == 0);
    CHECK(code->member_id_len >= 1 && code->member_id_len <= LIMIT_MEMBER_ID_BYTES);
    CHECK(code->ends_ms >= 0 && code->ends_ms <= ((int64_t)UINT32_MAX + UINT16_MAX) * 1000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const struct code_key key = {.id = {0x56, 0x47, 0x5a, 0xa7, 0x54, 0x63}};
    const struct code_port port = {
        .keys = &key, .key_count = 1, .verify = take_any, .open = take_member};
    char text[TEXT_BYTES_MAX];
    struct arena arena;
    struct code code;
    memset(&code, 0xff, sizeof code);
    struct code untouched = code;
    len = len < sizeof text ? len : sizeof text - 1;
    memcpy(text, data, len);
    text[len] = '\0';
    arena_init(&arena, ARENA_BYTES);
    enum status status = codes_read(&port, text, &arena, &code);
    CHECK(status == STATUS_OK || status == STATUS_INVALID);
    if (status == STATUS_OK) {
        check_spelling(text, &arena, &code);
    } else {
        CHECK(memcmp(&code, &untouched, sizeof code) == 0);
    }
    arena_fini(&arena);
    return 0;
}
