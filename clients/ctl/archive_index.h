// The index of an archive's segments: which prefix of which account stands where. It says nothing
// that the segments do not say and is made from them again when it is lost; but what it lists is on
// disk, so a segment that is shorter is damaged and not torn.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/status.h"
#include "ctl/segment.h"

enum { ARCHIVE_ERROR_BYTES = 512 };

struct archive_row {
    struct segment_entry entry; // its member id points into this row
    char member_id[LIMIT_MEMBER_ID_BYTES + 1];
    uint64_t segment;
    uint64_t offset;
    uint64_t bytes; // of the entry
};

struct archive_index;

// Of `path`; made when `write` and not there. NULL with a sentence.
struct archive_index *archive_index_open(const char *path, bool write,
                                         char ret_error[ARCHIVE_ERROR_BYTES]);
void archive_index_close(struct archive_index *index); // NULL is fine
// A sentence on the last STATUS_IO.
const char *archive_index_error(const struct archive_index *index);

// A transaction, durable when it has ended well. STATUS_IO.
MUST_CHECK enum status archive_index_begin(struct archive_index *index);
MUST_CHECK enum status archive_index_commit(struct archive_index *index);
void archive_index_rollback(struct archive_index *index);
MUST_CHECK enum status archive_index_add(struct archive_index *index,
                                         const struct segment_entry *entry, uint64_t segment,
                                         uint64_t offset, uint64_t bytes);

// What is looked for, into memory of the caller's: STATUS_NOT_FOUND, STATUS_IO.
MUST_CHECK enum status archive_index_find(struct archive_index *index, uint32_t partition,
                                          uint64_t epoch, uint64_t number,
                                          struct archive_row *ret_row);
// The prefix of an account that ends in this hash.
MUST_CHECK enum status archive_index_ending(struct archive_index *index, const char *member_id,
                                            const uint8_t *after, struct archive_row *ret_row);
// The account's prefix with the highest records.
MUST_CHECK enum status archive_index_newest(struct archive_index *index, const char *member_id,
                                            struct archive_row *ret_row);
// The first one at or behind a place.
MUST_CHECK enum status archive_index_at(struct archive_index *index, uint64_t segment,
                                        uint64_t offset, struct archive_row *ret_row);
// The last segment that has entries, and where they end; 0 when there is none.
MUST_CHECK enum status archive_index_end(struct archive_index *index, uint64_t *ret_segment,
                                         uint64_t *ret_end);
MUST_CHECK enum status archive_index_count(struct archive_index *index, const char *member_id,
                                           uint64_t *ret_count);
// The first account behind this id in the order of bytes; "" for the first of all.
MUST_CHECK enum status archive_index_next_member(struct archive_index *index, const char *after,
                                                 char ret_id[LIMIT_MEMBER_ID_BYTES + 1]);
