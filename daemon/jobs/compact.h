// Compaction: a member's or pool's log that has grown past a bound is replaced by its snapshot
// (core/snapshot.h), which keeps every answered request a retry may still ask for. Hooked to the
// service's commits, so a daemon compacts what it writes itself. A log whose snapshot already
// exceeds the bound is compacted again only when it has doubled since. What is cut off waits in the
// store until an archiver has it on disk (service/archive.c): without one nothing is lost, the
// store only gives up no memory.
//
// A few logs at a time and never before the requests at hand: each begins on a timer, and a commit
// that finds all places taken leaves its account to the next one. A failure does no harm (what was
// written stands) and is logged once until one succeeds.
#pragma once

#include <stdint.h>

#include "base/status.h"
#include "service/service.h"

enum {
    COMPACT_AT_ONCE = 4,
    COMPACT_PAUSE_MS = 5,       // what came before goes before
    COMPACT_BYTES = 256 * 1024, // unless another bound is asked for
};

struct compact;

struct compact_options {
    struct service *service; // outlives the compaction
    uint64_t bytes;          // logs longer than this, above 0
};

// Takes the service's hook on commits (service_on_commit).
MUST_CHECK enum status compact_new(const struct compact_options *options,
                                   struct compact **ret_compact);
// After service_stop and the store's end, before service_free.
void compact_free(struct compact *compact);
