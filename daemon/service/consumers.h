// Consumers of events as they are stored: how far each has acknowledged, in blocks of partitions
// (proto/loyaltyd/consumer.proto). What is stored is read and written whole, block by block, under
// its revision; block 0 says that there is a consumer.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/span.h"
#include "base/status.h"
#include "store/store.h"

struct service;

enum {
    CONSUMER_NAME_BYTES = 48,
    CONSUMER_BLOCK = 1024, // partitions of one
    CONSUMER_BLOCKS = LIMIT_PARTITIONS / CONSUMER_BLOCK,
};

struct consumer_name {
    char text[CONSUMER_NAME_BYTES + 1];
};

// False when it is none: 1 to CONSUMER_NAME_BYTES of a-z 0-9 -.
bool consumer_name_set(struct consumer_name *name, const char *text);
// The consumer of a stored value's name, when that is a block 0.
bool consumer_name_of_value(struct span value, struct consumer_name *ret_name);

struct consumer_block {
    uint64_t epoch;
    uint64_t *numbers; // one a partition
    uint32_t count;
    uint64_t generation; // in block 0, as what follows
    uint32_t from_partition;
    uint32_t until_partition;
};

uint32_t consumer_blocks(uint32_t partitions);
// The partitions of a block.
uint32_t consumer_block_count(uint32_t partitions, uint32_t block);

// In the arena. STATUS_NO_MEMORY; decoding also STATUS_CORRUPT for what is none, or has another
// count.
MUST_CHECK enum status consumer_encode(const struct consumer_block *block, struct arena *arena,
                                       struct span *ret_bytes);
MUST_CHECK enum status consumer_decode(struct span bytes, uint32_t count, struct arena *arena,
                                       struct consumer_block *ret_block);

void consumer_get(struct service *service, const struct consumer_name *name, uint32_t block,
                  store_value_fn *done, void *context);
// Empty bytes delete it.
void consumer_put(struct service *service, const struct consumer_name *name, uint32_t block,
                  uint64_t expected_revision, struct span bytes, store_value_fn *done,
                  void *context);
