// Every account's log, as the service stores it, brought here and folded: the chain is checked from
// the first byte to the last, so what is visited is what the service has. For role admin.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "core/account.h"
#include "ctl/session.h"

struct export_visit {
    uint32_t partition;
    struct span log;         // as stored, whole
    struct account *account; // its fold; may be changed
};

// CTL_OK to go on; else the walk ends with it. What is visited is gone afterwards.
typedef int export_visit_fn(void *context, const struct export_visit *visit);

struct export_walk {
    struct session *session;
    bool all_kinds; // accounts other than members and pools too
    export_visit_fn *visit;
    // Before each partition's accounts, and at the end when done == total; NULL: not wanted.
    void (*on_partition)(void *context, uint32_t done, uint32_t total);
    void *context;
};

// Visits every account once: partition by partition, in each by the bytes of the id. What is
// written meanwhile may be seen or not. CTL_OK; else what went wrong is said on stderr: CTL_REFUSED
// also for a log whose chain is broken, CTL_RETRY_LATER when the service stayed away.
int export_run(const struct export_walk *walk);

// A log, in memory of its own: free().
struct export_log {
    uint8_t *bytes;
    size_t len;
};

// One account's log by its id (at most LIMIT_MEMBER_ID_BYTES), put together from pieces; a
// compaction between two of them makes it one that does not fold: read it again then. CTL_OK, or an
// exit code with the reason told.
int export_read_log(struct session *session, const char *id, struct export_log *ret_log);
