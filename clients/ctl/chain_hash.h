// The hash of accounts' chains as the daemon computes it, for what reads logs here.
#pragma once

#include <stdint.h>

#include "base/span.h"

// A chain_hash_fn (core/chain.h).
void chain_hash_sha256(const uint8_t *previous, struct span record, uint8_t *ret_hash);
