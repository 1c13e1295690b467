// Reading and writing logs: fold, verify, find, and the one way records come into being (emit).
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/span.h"
#include "base/status.h"
#include "core/account.h"
#include "core/chain.h"
#include "core/program.h"
#include "core/record.h"
#include "core/told.h"

// Where a log stopped to hold together.
struct ledger_fault {
    uint64_t record; // counted from 1 within these bytes
    uint64_t offset;
    const char *what;
};

// Folds stored bytes that follow the account's present tail: checks every hash, decodes, applies.
// For an empty account the first record must name `id` and `partition`. On failure the account is
// part-folded and must be dropped. STATUS_CORRUPT, STATUS_UNKNOWN_TYPE, STATUS_NO_MEMORY; the
// fault, if wanted, says where. The arena is reset between records.
MUST_CHECK enum status ledger_fold(struct account *account, struct span bytes, struct span id,
                                   uint32_t partition, chain_hash_fn *hash, struct arena *arena,
                                   struct ledger_fault *ret_fault);

// Looks for the record that answers `mark` (same origin and id), snapshots' retained ones included;
// or else for a tombstone of that request (record_buries): then it is refused REVERSED_BEFORE.
// STATUS_NOT_FOUND when there is none. `ret_seq` is its sequence number. The arena must be one kept
// for this: it is reset between records, and what is found lives in it.
MUST_CHECK enum status ledger_find(struct span log, const struct mark *mark, struct arena *arena,
                                   struct record *ret_record, uint64_t *ret_seq);

// The record of this number, if the log still has it; else STATUS_NOT_FOUND. The same arena.
MUST_CHECK enum status ledger_at(struct span log, uint64_t seq, struct arena *arena,
                                 struct record *ret_record);

// Calls `visit` for each record of a log in order (retained ones of a snapshot first, with their
// own numbers). A `visit` that returns other than STATUS_OK ends the walk with it. The arena is
// reset between records, so a visit keeps nothing of a record.
typedef enum status ledger_visit_fn(void *context, uint64_t seq, const struct record *record);
MUST_CHECK enum status ledger_walk(struct span log, struct arena *arena, ledger_visit_fn *visit,
                                   void *context);

// What a command writes with. `out` collects stored records, hashes included.
struct ledger_writer {
    struct buffer *out;
    chain_hash_fn *hash;
    const struct program_set *programs; // for the figures of replies
    struct told_marks *told;            // notes what the records refer to; NULL: not wanted
};

// Applies the record to the account, fills its figures when `has_figures` is set, appends it to
// `out` and moves the account's version. On failure the account must be restored.
MUST_CHECK enum status ledger_emit(struct ledger_writer *writer, struct account *account,
                                   struct arena *arena, struct record *record);

// A reference for a text while building a record: known, or added by this record. 0 for no text.
MUST_CHECK enum status ledger_intern(const struct account *account, struct arena *arena,
                                     struct record *record, struct span text, uint32_t *ret_ref);

// Tier and next tier by the version in force at the account's now, for reading it; a pool has none.
struct ledger_standing {
    struct span tier;
    struct span next_tier; // empty at the top
    int64_t missing;       // to the next tier's threshold, never below 0
};

// STATUS_NOT_FOUND when no version is in force, or the account is neither a member's nor a pool.
MUST_CHECK enum status ledger_standing(const struct account *account,
                                       const struct program_set *programs,
                                       struct ledger_standing *ret_standing);
