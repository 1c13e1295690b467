// The bytes of an archive's segment files: a header, then entries, each whole or not there. An
// entry is a prefix that compaction cut off an account's log, compressed; its checksum is over all
// of it, so a flipped byte and a torn end are both found. Little-endian throughout:
//
//     header  8 "lyarch\0\1"  16 archive id  8 segment  32 SHA-256 of these
//     entry   4 magic  4 partition  8 epoch  8 number  8 first record  8 records
//             4 log bytes  4 frame bytes  4 id bytes  4 zero
//             16 hash before the first record  16 last hash
//             member id  zstd frame  32 SHA-256 of all of these
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "base/span.h"
#include "base/status.h"
#include "core/chain.h"

enum {
    SEGMENT_ID_BYTES = 16,
    SEGMENT_HEADER_BYTES = 64,
    SEGMENT_ENTRY_HEAD_BYTES = 88,
    SEGMENT_CHECKSUM_BYTES = 32,
    SEGMENT_LEVEL = 3, // of compression
    // What no log compresses to less well.
    SEGMENT_FRAME_BYTES_MAX = LIMIT_LOG_BYTES + LIMIT_LOG_BYTES / 128 + 1024,
    SEGMENT_ENTRY_BYTES_MAX = SEGMENT_ENTRY_HEAD_BYTES + LIMIT_MEMBER_ID_BYTES +
                              SEGMENT_FRAME_BYTES_MAX + SEGMENT_CHECKSUM_BYTES,
};

// What an entry is, but for its contents.
struct segment_entry {
    uint32_t partition;
    uint64_t epoch; // of the store, in which numbers count
    uint64_t number;
    uint64_t first_record; // of the account, counted from 1; the first behind the snapshot
    uint64_t records;      // without the snapshot
    uint32_t log_bytes;
    uint8_t before[CHAIN_HASH_BYTES]; // zero: it begins with the account
    uint8_t after[CHAIN_HASH_BYTES];
    struct span member_id;
};

// Looks through a prefix and fills in what it says of itself: records and hashes. STATUS_CORRUPT
// when it is no log.
MUST_CHECK enum status segment_describe(struct span prefix, struct segment_entry *entry);

MUST_CHECK enum status segment_put_header(struct buffer *out, const uint8_t *archive_id,
                                          uint64_t segment);
// STATUS_CORRUPT also for a header of another archive or number.
MUST_CHECK enum status segment_check_header(struct span bytes, const uint8_t *archive_id,
                                            uint64_t segment);

// Appends a whole entry. STATUS_NO_MEMORY, STATUS_TOO_LARGE.
MUST_CHECK enum status segment_put_entry(struct buffer *out, const struct segment_entry *entry,
                                         struct span prefix);
// The entry at the beginning of `bytes`, of `ret_bytes`; its id and frame are borrowed.
// STATUS_NOT_FOUND when there are no bytes; STATUS_CORRUPT when it is not whole.
MUST_CHECK enum status segment_read_entry(struct span bytes, struct segment_entry *ret_entry,
                                          struct span *ret_frame, size_t *ret_bytes);
// The prefix of an entry that was read. STATUS_CORRUPT when it is not what the entry says.
MUST_CHECK enum status segment_unpack(const struct segment_entry *entry, struct span frame,
                                      struct buffer *out);

// Whether a whole entry stands anywhere in these bytes: then what is before it is damage and no
// torn end.
bool segment_has_entry(struct span bytes);
