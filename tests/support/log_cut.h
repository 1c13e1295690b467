// Where a log may be cut for a snapshot: behind a whole append. Between two records of one instant
// the account does not hold together (of two holds that lapse at once the second still stands).
#pragma once

#include "core/account.h"
#include "core/chain.h"

// The first end of a record at or behind `cut`, itself one, where the prefix holds together.
size_t log_cut(struct span log, size_t cut, struct span id, uint32_t partition,
               chain_hash_fn *hash);
