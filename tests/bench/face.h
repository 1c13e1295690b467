// A face of the server as a load sees it: connections that take requests and say what became of
// them. One thread, no blocking after `open`; what breaks a connection ends the process with a
// message, for a load with an answer missing has no figures. It knows nothing of loyalty.
#pragma once

#include <stdbool.h>

#include "base/span.h"

struct bench_options;

// What a request came to. `error` is NULL when it was answered well, else a reason
// ("INSUFFICIENT_POINTS") or whatever the face has; `reply` is the packed message (frames, grpc) or
// JSON text (http). Valid during the call only.
struct bench_reply {
    struct span bytes;
    const char *error;
};

// May submit to the link again: what it submits goes out before the turn ends.
typedef void bench_done_fn(void *slot, const struct bench_reply *reply);

struct bench_link; // a connection of a face

struct bench_face {
    const char *name;
    bool json; // requests and replies are JSON
    // Connected, handshake done; exits with a message when it cannot.
    struct bench_link *(*open)(const struct bench_options *options, bench_done_fn *done);
    // The request is copied, `path` is not. Sent before the turn ends that called `done`, else at
    // the next one.
    void (*submit)(struct bench_link *link, const char *path, struct span request, void *slot);
    // Descriptor and poll events wanted now.
    int (*interest)(struct bench_link *link, short *ret_events);
    // Reads all it can and calls `done` for each answer; then writes all it can. `revents` is 0
    // when only what was submitted is to go out.
    void (*turn)(struct bench_link *link, short revents);
    void (*close)(struct bench_link *link);
};

extern const struct bench_face bench_face_frames;
extern const struct bench_face bench_face_grpc;
extern const struct bench_face bench_face_http;
