// What the files of an archive's folder share: its segments as files, looked through.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "ctl/archive_folder.h"

// Says why in `error` and gives the status back; `errno` goes behind the text where it is IO.
enum status archive_fail(struct archive *archive, enum status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// The highest segment there is; 0 when there is none.
MUST_CHECK enum status archive_last_segment(struct archive *archive, uint64_t *ret_segment);
// A segment's descriptor, or -1 with `errno`.
int archive_open_segment(const struct archive *archive, uint64_t segment, int flags);

typedef enum status archive_scan_fn(void *context, const struct segment_entry *entry,
                                    struct span frame, const struct archive_row *place);

struct archive_scanned {
    uint64_t end;   // of the whole entries; 0: not even the header is whole
    uint64_t bytes; // of the file
    bool damaged;   // a whole entry stands behind what is not whole
};

// Calls `visit` for each whole entry of a segment from an offset on; 0: from the header on. Ends
// with what `visit` returns if that is not STATUS_OK.
MUST_CHECK enum status archive_scan(struct archive *archive, uint64_t segment, uint64_t from,
                                    archive_scan_fn *visit, void *context,
                                    struct archive_scanned *ret_scanned);

// Brings index and segments together after whatever came before, and makes ready to write.
// With `cut`, what is torn goes.
MUST_CHECK enum status archive_recover(struct archive *archive, bool cut);
