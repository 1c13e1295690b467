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
const char *store_value_problem(const struct store_value *value);
const char *store_put_problem(const struct store_put *put);
const char *store_set_problem(uint32_t partition, struct span set);
const char *store_places_problem(const struct store_event_place *places, size_t count);
const char *store_survey_problem(uint32_t from, uint32_t count);
const char *store_due_problem(const struct store_due *due);
const char *store_through_problem(uint32_t partition, uint64_t through);

// Whether nothing is appended and only the due instant moves.
bool store_append_moves_due_only(const struct store_append *append);
// Whether the caller believes that the log does not exist yet.
bool store_append_creates(const struct store_append *append);

enum {
    STORE_PAGE_MAX = 1024,            // ids of one reply of scan or due
    STORE_SET_MEMBERS_MAX = 65536,    // a larger set is not listed
    STORE_EVENTS_MAX = 4096,          // of one reply
    STORE_EVENTS_BYTES_MAX = 1 << 20, // of all partitions' shares
    STORE_ARCHIVE_PIECES_MAX = 256,   // of one reply
    STORE_ARCHIVE_BYTES_MAX = 1 << 20,
};

// How many ids are given of `count` asked for.
uint32_t store_page(uint32_t count);
// What one of `count` partitions may give of so many events in all: some, unless none are wanted,
// and bytes after which there are no more.
uint32_t store_events_share(size_t count, uint32_t events_max);
uint32_t store_events_room(size_t count);
// How many bytes of the archive are given of so many asked for.
uint32_t store_archive_room(uint32_t bytes_max);
