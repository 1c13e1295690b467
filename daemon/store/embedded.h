// A private redis-server beside the daemon, for one machine: started in a directory of its own with
// the safe settings, listening on a unix socket only, restarted with back-off when it dies, ended
// with the daemon (PR_SET_PDEATHSIG, and SIGTERM on free so that it closes its files in order).
//
// The directory is locked by the daemon and, through the inherited descriptor, by the server too: a
// daemon that starts right after another was killed waits until that one's server has really gone.
#pragma once

#include "base/status.h"

struct event_base;
struct embedded_redis;

// Tells what happened, for the log: "started pid=..", "exited status=.., restarting in .. ms", or
// why embedded_redis_new failed. Must not free the object.
typedef void embedded_note_fn(void *context, const char *text);

// `directory` is created with mode 0700 if missing and must not be in use by another; waits up to
// 10 seconds for one that is just ending. Returns once the server process is started (not yet
// answering: the store's reconnecting does the waiting). STATUS_TOO_LARGE when the path is too long
// for a unix socket in it, STATUS_INVALID for a directory that others may write to, STATUS_IO when
// it is in use or the server cannot be run, STATUS_NO_MEMORY; the note says what. `base` outlives
// it.
MUST_CHECK enum status embedded_redis_new(struct event_base *base, const char *directory,
                                          embedded_note_fn *on_note, void *context,
                                          struct embedded_redis **ret_redis);
// Path of the unix socket, valid as long as the object.
const char *embedded_redis_socket(const struct embedded_redis *redis);
// Stops the server and waits for it, at most 10 seconds before it is killed.
void embedded_redis_free(struct embedded_redis *redis);
