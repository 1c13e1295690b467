// The listening socket: accepts while there is room, rests when told to or when the process runs
// out of descriptors.
#pragma once

#include <stdbool.h>

#include <event2/event.h>

#include "base/status.h"

enum { ACCEPTOR_ADDRESS_BYTES = 56 }; // "[v6 address]:port"

// A client: `fd` is the callee's now; non-blocking, close-on-exec, no Nagle, with keepalive.
// `address` is text for the log. Returns whether there is room for another.
typedef bool acceptor_client_fn(void *context, int fd, const char *address);

struct acceptor {
    int fd; // owned; -1 when stopped
    acceptor_client_fn *on_client;
    void *context;
    struct event *readable; // owned
    struct event *rested;   // owned: the end of a rest for want of descriptors
    bool paused;            // no room, or held
    bool held;
    bool starved; // a rest, logged once until an accept succeeds
};

// Calls listen(2); takes `fd` on success. STATUS_IO with errno kept, STATUS_NO_MEMORY.
MUST_CHECK enum status acceptor_init(struct acceptor *acceptor, struct event_base *base, int fd,
                                     acceptor_client_fn *on_client, void *context);
// Closes the socket. Also right when stopped or zeroed.
void acceptor_fini(struct acceptor *acceptor);

// There is room again after on_client has returned false. Nothing when it did not rest for that.
void acceptor_resume(struct acceptor *acceptor);
// Accepts nobody until released; nothing when it was stopped.
void acceptor_hold(struct acceptor *acceptor);
void acceptor_release(struct acceptor *acceptor);
