// The hash chain of a log: 16 bytes behind each record, SHA-256 over (previous hash, this record)
// cut to 16. The hash of the tail is the account's version. The function itself is injected, so
// that core links no cryptography.
#pragma once

#include <stdint.h>

#include "base/span.h"

enum { CHAIN_HASH_BYTES = 16 };

// Hashes `previous` (CHAIN_HASH_BYTES) and `record` (length, type and payload as stored).
typedef void chain_hash_fn(const uint8_t *previous, struct span record, uint8_t *ret_hash);
