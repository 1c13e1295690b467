// Draining the store into an archive's folder, partition by partition: an answer's prefixes are put
// into the folder, made durable, and only then dropped from the store.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "ctl/archive_folder.h"
#include "ctl/session.h"

struct archive_drain {
    struct session *session;
    struct archive *archive;
    volatile const bool *stop; // set: ends between two steps
    uint32_t partitions;
    uint64_t epoch;
    // what was done
    uint64_t entries; // kept now
    uint64_t known;   // kept before, dropped now
    uint64_t dropped;
    uint64_t log_bytes;
    // the entry that is being put together
    struct buffer whole;
    uint64_t number;
};

// Asks for the archive to be the one that is open. CTL_OK, or an exit code with the reason told.
int archive_drain_open(struct archive_drain *drain, bool take_over);
// All that waits now, once. CTL_OK, also when `stop` ended it; CTL_REFUSED where something does not
// fit, whose partition is left alone; CTL_RETRY_LATER also when the disk is full.
int archive_drain_all(struct archive_drain *drain);
void archive_drain_end(struct archive_drain *drain);
