// Codes that a member's app shows, as a QR code, to use a perk without giving a card: signed, so
// that whoever has the public key can check one offline; short-lived; used once, for the member's
// account remembers its nonce. Which member it is only the service can read.
//
//     "LY1." + base64url( version 1, key id 6, issued at 4, lifetime 2, nonce 16,
//                         member reference 81, Ed25519 signature 64 )
//
// Numbers are big-endian seconds. The reference is the member's id, its length before it and zeros
// behind, sealed under a key derived from the signing key; so each has the same length, and no two
// of one member are alike. Worked example: proto/PROTOCOL.md.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/span.h"
#include "base/status.h"
#include "core/record.h"

enum {
    CODE_KEY_ID_BYTES = 6,
    CODE_PUBLIC_KEY_BYTES = 32,
    CODE_SIGNATURE_BYTES = 64,
    CODE_MEMBER_BYTES = 1 + LIMIT_MEMBER_ID_BYTES,
    CODE_TAG_BYTES = 16,
    CODE_SEALED_BYTES = CODE_MEMBER_BYTES + CODE_TAG_BYTES,
    CODE_KEYS_MAX = 4,
    CODE_KEY_ID_CHARACTERS = 8,
};

struct code_key {
    uint8_t id[CODE_KEY_ID_BYTES];
    uint8_t public_key[CODE_PUBLIC_KEY_BYTES];
};

// The cryptography, injected. STATUS_NO_MEMORY or STATUS_IO when it cannot be done now.
struct code_port {
    void *context;
    const struct code_key *keys; // the first one signs, all of them are honoured
    size_t key_count;            // 0: there are no codes
    enum status (*random)(void *context, uint8_t *ret_bytes, size_t count);
    enum status (*sign)(void *context, struct span text, uint8_t *ret_signature);
    // STATUS_INVALID: it is not of this key.
    enum status (*verify)(void *context, size_t key, struct span text, const uint8_t *signature);
    // By the first key; `nonce` has PERK_CODE_BYTES, `head` is authenticated with it.
    enum status (*seal)(void *context, const uint8_t *nonce, struct span head,
                        const uint8_t *member, uint8_t *ret_sealed);
    // STATUS_INVALID: it was not sealed by this key, or with another nonce or head.
    enum status (*open)(void *context, size_t key, const uint8_t *nonce, struct span head,
                        const uint8_t *sealed, uint8_t *ret_member);
};

struct code {
    char member_id[LIMIT_MEMBER_ID_BYTES];
    size_t member_id_len;
    uint8_t nonce[PERK_CODE_BYTES];
    int64_t ends_ms; // from then on it has expired
};

// A code from `now_ms` on, cut to a second, as text in the arena.
MUST_CHECK enum status codes_issue(const struct code_port *port, struct span member_id,
                                   int64_t now_ms, uint32_t lifetime_s, struct arena *arena,
                                   char **ret_text, int64_t *ret_ends_ms);
// STATUS_INVALID for what is no code of one of the keys. Whether it has expired or was used is not
// judged here.
MUST_CHECK enum status codes_read(const struct code_port *port, const char *text,
                                  struct arena *arena, struct code *ret_code);
// How codes name a key.
MUST_CHECK enum status codes_key_text(const struct code_key *key, struct arena *arena,
                                      char **ret_text);
