// Accounts that the ledger has already, as its logs say: for a load that goes on where others have
// ended.
#pragma once

#include <event2/event.h>
#include <stdint.h>

#include "base/span.h"
#include "core/account.h"
#include "store/store.h"

// The partition of an account with that id.
uint32_t bench_partition(struct span id);

// Reads and folds `count` accounts, members `first` and on; exits with a message when one is not
// there or its log does not hold together. `accounts` are the caller's, initialised and empty. Runs
// the loop until all are there.
void bench_existing_read(struct event_base *base, struct store *store, uint32_t first,
                         struct account *accounts, uint32_t count);
