// Compaction: a snapshot is the fold of a cut prefix, with every answered request inside the
// horizon kept whole, so that retries get their first reply, byte for byte, for ever as long as
// they may come. It carries the cut's last hash as its own, so the chain goes on over what follows.
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/span.h"
#include "base/status.h"
#include "core/account.h"
#include "core/chain.h"
#include "core/record.h"

// Builds the stored snapshot record (hash included) of `prefix`, a whole log or one cut between two
// appends: STATUS_CORRUPT if the account does not hold together there. Answered requests that were,
// or may have been, asked at or after `keep_from_ms` are retained: of those posted at their own
// time all behind the last record that is surely older.
MUST_CHECK enum status snapshot_build(struct span prefix, struct span id, uint32_t partition,
                                      int64_t keep_from_ms, chain_hash_fn *hash,
                                      struct arena *arena, struct buffer *out);

// Takes a snapshot's payload into an empty account. `tail` is the hash behind the record.
MUST_CHECK enum status snapshot_apply(struct account *account, struct span payload,
                                      const uint8_t *tail, struct arena *arena);

// Whether an account just read from a snapshot holds together: STATUS_CORRUPT when it does not,
// STATUS_NO_MEMORY. Used by snapshot_build and snapshot_apply.
MUST_CHECK enum status snapshot_check(const struct account *account);

// Appends the account's state alone, as a snapshot has it: the same bytes for the same state.
MUST_CHECK enum status snapshot_put_state(struct account *account, struct buffer *out);

// Its own checksum, which the chain cannot give: CHAIN_HASH_BYTES at the payload's start.
MUST_CHECK enum status snapshot_verify(struct span payload, const uint8_t *tail,
                                       chain_hash_fn *hash);

// Walks the retained records.
struct snapshot_cursor {
    struct span rest;
    uint64_t left;
};

// `ret_seq` is the number of the last record the snapshot stands for.
MUST_CHECK enum status snapshot_begin(struct span payload, struct snapshot_cursor *ret_cursor,
                                      uint64_t *ret_seq);
// STATUS_NOT_FOUND at the end. `ret_body` is type and payload as record_decode takes them.
MUST_CHECK enum status snapshot_next(struct snapshot_cursor *cursor, uint64_t *ret_seq,
                                     struct span *ret_body);
