// The keys of profiles, and the cryptography that service/profiles.h has injected: AES-256-GCM.
// A sealed profile is: byte version, 4 bytes id of the key, 12 bytes nonce (random), the text's
// cipher, 16 bytes tag; version and key id are authenticated too. A key is a file of 64 hex digits;
// all daemons of a ledger have the same ones.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "app/digests.h"
#include "base/status.h"
#include "service/profiles.h"

enum { PROFILE_KEYS_MAX = 8, PROFILE_KEY_ID_BYTES = 4 };

struct profile_keys {
    struct profile_port port;
    uint8_t keys[PROFILE_KEYS_MAX][IDENTIFIER_SECRET_BYTES]; // the first one seals, all open
    uint8_t ids[PROFILE_KEYS_MAX][PROFILE_KEY_ID_BYTES];
    size_t count;
};

void profile_keys_init(struct profile_keys *profiles);
void profile_keys_fini(struct profile_keys *profiles);
// As secrets_key; STATUS_TOO_LARGE past PROFILE_KEYS_MAX.
MUST_CHECK enum status profile_keys_add(struct profile_keys *profiles, const char *path);
// The same, after making the file with a random key (mode 0600) when it is not there.
MUST_CHECK enum status profile_keys_add_made(struct profile_keys *profiles, const char *path);
