// An account's history whole: the prefixes that an archive has of it, oldest first, then its log as
// it is stored now. Each part but the first begins with the snapshot that stands for what came
// before; the chain of hashes goes on from part to part.
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/vec.h"
#include "core/account.h"
#include "ctl/archive_folder.h"

struct archive_history {
    struct archive *archive;
    char member_id[LIMIT_MEMBER_ID_BYTES + 1];
    struct span live;                // borrowed
    VEC(struct archive_row) rows;    // newest first
    VEC(uint64_t) prints;            // of each record there ever was
    struct account whole;            // the fold of all
    struct arena arena;              // of one step
    struct buffer part;              // the prefix looked at
    char fault[ARCHIVE_ERROR_BYTES]; // what does not hold together, and where
};

// Finds the prefixes. STATUS_CORRUPT with `fault` when one is missing; STATUS_IO, with `error` of
// the archive. archive_history_fini is due in any case.
MUST_CHECK enum status archive_history_init(struct archive_history *history,
                                            struct archive *archive, const char *member_id,
                                            struct span live);
void archive_history_fini(struct archive_history *history);

// Part 0 is the oldest, part rows.count the live log. Valid until the next.
MUST_CHECK enum status archive_history_part(struct archive_history *history, uint32_t part,
                                            struct span *ret_log);

// Folds all of it from the first record on and checks: the chain, that each snapshot and the live
// log are the fold of all before, that what a snapshot retains was so, and that the archive has no
// other prefixes of this account. STATUS_CORRUPT with `fault`.
MUST_CHECK enum status archive_history_fold(struct archive_history *history, uint32_t partition);
// The partition that the first record, or the archive, names.
MUST_CHECK enum status archive_history_partition(struct archive_history *history,
                                                 uint32_t *ret_partition);
