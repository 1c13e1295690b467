// What every implementation of the port refuses before it looks at anything stored. Each function
// returns NULL when the arguments are within bounds, else why not: the text of a STORE_FAILED.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "store/store.h"

const char *store_account_problem(const struct store_account *account);
const char *store_append_problem(const struct store_append *append);
const char *store_compact_problem(const struct store_compact *compact);
const char *store_claim_problem(uint32_t partition, struct span key, struct span member_id);
const char *store_identifier_problem(uint32_t partition, struct span key);
const char *store_partition_problem(uint32_t partition);
const char *store_clock_problem(int64_t now_ms);
const char *store_partition_count_problem(uint32_t count);

// Whether the caller believes that the log does not exist yet.
bool store_append_creates(const struct store_append *append);
