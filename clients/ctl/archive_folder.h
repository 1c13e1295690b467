// An archive's folder: archive.json (who it is), segments NNNNNN.lya, index.sqlite. Segments are
// only appended to; what a crash left of an append is cut off when the folder is opened to write.
//
// The order that nothing is lost by: entries are written whole, fdatasync, then the index's
// transaction. Then, and not before, archive_folder_flush has ended well, and the store may drop
// them.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/status.h"
#include "base/vec.h"
#include "ctl/archive_index.h"
#include "ctl/segment.h"
#include "lib/loyalty.h"

enum { ARCHIVE_SEGMENT_BYTES = 256 << 20 }; // then another is begun

struct archive {
    char path[4096];
    uint8_t id[SEGMENT_ID_BYTES];
    char id_text[LOYALTY_UUID_BYTES];
    struct archive_index *index;
    int folder; // descriptors, -1: not open
    int lock;
    int file; // the segment that is written
    uint64_t segment;
    uint64_t end;         // of its entries
    uint64_t segment_max; // bytes
    struct buffer bytes;  // about to be written, and what they are
    VEC(struct archive_row) rows;
    char error[ARCHIVE_ERROR_BYTES];
};

enum archive_mode {
    ARCHIVE_READ,
    ARCHIVE_WRITE,   // makes what is missing; alone: STATUS_RANGE while another has it
    ARCHIVE_REBUILD, // the same, and makes the index anew
};

// On failure `error` says why: STATUS_IO, STATUS_CORRUPT, STATUS_NOT_FOUND for no archive,
// STATUS_RANGE. archive_folder_close is due in any case.
MUST_CHECK enum status archive_folder_open(struct archive *archive, const char *path,
                                           enum archive_mode mode);
void archive_folder_close(struct archive *archive);

// A prefix to be kept; nothing is written yet. Known already: it is left alone.
// STATUS_CORRUPT when another one is known by its number, or when it is no log.
MUST_CHECK enum status archive_folder_put(struct archive *archive, uint32_t partition,
                                          uint64_t epoch, uint64_t number, struct span member_id,
                                          struct span prefix, bool *ret_known);
// Makes what was put durable. After a failure nothing of it is there.
MUST_CHECK enum status archive_folder_flush(struct archive *archive);
// Forgets what was put.
void archive_folder_forget(struct archive *archive);

// The prefix of a row, checked.
MUST_CHECK enum status archive_folder_read(struct archive *archive, const struct archive_row *row,
                                           struct buffer *out);

// Reads all of it: every entry whole, and the index as the segments are. Each fault is told to
// `on_fault` with where. STATUS_IO.
struct archive_sums {
    uint64_t segments;
    uint64_t entries;
    uint64_t records;
    uint64_t log_bytes;
    uint64_t bytes;
    uint64_t faults;
};
MUST_CHECK enum status archive_folder_check(struct archive *archive, struct archive_sums *ret_sums,
                                            void (*on_fault)(const char *where, const char *what));
