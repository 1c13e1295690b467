// AES-256-GCM (NIST SP 800-38D) by OpenSSL: text sealed under a key and a nonce that is never used
// with that key again, with a head that is not hidden but authenticated with it.
#pragma once

#include <stdint.h>

#include "app/digests.h"
#include "base/span.h"
#include "base/status.h"

enum { SEALING_NONCE_BYTES = 12, SEALING_TAG_BYTES = 16 };

struct sealing {
    const uint8_t *key;   // IDENTIFIER_SECRET_BYTES
    const uint8_t *nonce; // SEALING_NONCE_BYTES
    struct span head;
};

// `ret_sealed` has SEALING_TAG_BYTES more than the text. STATUS_NO_MEMORY.
MUST_CHECK enum status sealing_seal(const struct sealing *sealing, struct span text,
                                    uint8_t *ret_sealed);
// STATUS_INVALID: not sealed so. `ret_text` has SEALING_TAG_BYTES fewer than `sealed`.
MUST_CHECK enum status sealing_open(const struct sealing *sealing, struct span sealed,
                                    uint8_t *ret_text);
