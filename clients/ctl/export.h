// Every account's log, as the service stores it, brought here and folded: the chain is checked from
// the first byte to the last, so what is visited is what the service has. For role admin.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "core/account.h"
#include "ctl/session.h"
#include "loyalty/v1/admin.pb-c.h"

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

// A log being put together from pieces; its bytes are in memory of their own: free(). Zeroed: none.
struct export_log {
    uint8_t *bytes;
    size_t len;
    uint64_t told_bytes; // how long the last piece said that it is
};

enum export_joined {
    EXPORT_MORE,
    EXPORT_WHOLE,
    EXPORT_MOVED, // it was compacted meanwhile: to be read anew from its beginning
    EXPORT_NO_MEMORY,
};

// Takes the piece that follows what there is.
enum export_joined export_join(struct export_log *log, const Loyalty__V1__ReadLogResponse *piece);

// One account's log by its id (at most LIMIT_MEMBER_ID_BYTES), read again when it was compacted on
// the way; then it may still not fold, and is to be read again by the caller. CTL_OK, or an exit
// code with the reason told.
int export_read_log(struct session *session, const char *id, struct export_log *ret_log);
