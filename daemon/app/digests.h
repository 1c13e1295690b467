// The hashes that are injected into core, wire and service, which link no cryptography: SHA-256 for
// the chain and for request digests, HMAC-SHA-256 for identifiers. None takes memory or fails.
#pragma once

#include <stdint.h>

#include "base/span.h"

enum { IDENTIFIER_SECRET_BYTES = 32 };

// A chain_hash_fn (core/chain.h).
void digests_chain(const uint8_t *previous, struct span record, uint8_t *ret_hash);
// A commands_hash_fn (wire/commands.h).
void digests_request(struct span method, struct span payload, uint8_t *ret_digest);
// An identifier_hash_fn (service/service.h); the context is IDENTIFIER_SECRET_BYTES of key.
void digests_identifier(void *secret, struct span bytes, uint8_t *ret_hash);
