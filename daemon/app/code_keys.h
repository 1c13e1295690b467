// The keys of perk codes, and the cryptography that service/codes.h has injected: Ed25519 for
// signatures (RFC 8032), AES-256-GCM for the member's reference, under a key derived from the
// signing key. A key is a file, PEM of PKCS #8 ("openssl genpkey -algorithm ed25519"). All daemons
// of a ledger have the same ones.
#pragma once

#include <openssl/evp.h>
#include <stddef.h>
#include <stdint.h>

#include "app/digests.h"
#include "base/status.h"
#include "service/codes.h"

struct code_keys {
    struct code_port port;
    struct code_key keys[CODE_KEYS_MAX];
    EVP_PKEY *signing[CODE_KEYS_MAX]; // owned
    uint8_t sealing[CODE_KEYS_MAX][IDENTIFIER_SECRET_BYTES];
};

void code_keys_init(struct code_keys *codes);
void code_keys_fini(struct code_keys *codes);
// Adds a key; the first one signs. STATUS_IO (errno kept), STATUS_INVALID for what is no such key,
// STATUS_TOO_LARGE past CODE_KEYS_MAX.
MUST_CHECK enum status code_keys_add(struct code_keys *codes, const char *path);
// The same, after making the file with a random key (mode 0600) when it is not there.
MUST_CHECK enum status code_keys_add_made(struct code_keys *codes, const char *path);
