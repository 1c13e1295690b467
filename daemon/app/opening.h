// The door stays closed for a moment after the start: the socket listens, but nobody is taken from
// its queue before the ledger was found and may be written. So a client that comes while a daemon
// is restarted or upgraded is served, and not told that the store is unavailable. It opens anyway
// after OPENING_WAIT_MS, for a client that waits in vain is no better off than one that is told.
//
//     closed --serves, or 2 s--> open
#pragma once

#include <stdint.h>

#include "base/status.h"

struct event;
struct event_base;
struct face;
struct server;

enum { OPENING_WAIT_MS = 2000, OPENING_LOOK_MS = 5 };

struct opening {
    struct event *look;
    int64_t until_ms;
    const struct face *face;
    struct server *server;
    void (*on_open)(void *context);
    void *context;
};

// Holds the server's door; on_open, set before, is called once, when it was opened, unless
// opening_fini comes before. STATUS_NO_MEMORY. All outlive it.
MUST_CHECK enum status opening_start(struct opening *opening, struct event_base *base,
                                     const struct face *face, struct server *server);
// Also right when zeroed. The door stays as it is.
void opening_fini(struct opening *opening);
