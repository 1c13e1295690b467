// The face's own bounds, next to those of base/limits.h: what its calls keep at once.
#pragma once

#include <assert.h>

#include "base/limits.h"

enum {
    FACE_CALLS = 16384,              // at once, as many as the service takes; more are refused
    FACE_STREAMS = 4096,             // of them such as stay open
    FACE_STREAMS_A_CONNECTION = 16,  // and of one connection
    FACE_BODY_KEEP_BYTES = 4096,     // a finished call's buffer above this is given back
    FACE_CONNECTION_BYTES = 2 << 20, // of one connection's half-come requests
    FACE_BYTES = 64 << 20,           // of all half-come requests and waiting answers
    FACE_ARENA_BYTES = 8 << 20,      // one message in both its forms, JSON and binary
    FACE_ARENA_KEEP_BYTES = 256 * 1024,
    FACE_FIELDS = 8,      // of one head or its trailers
    FACE_HEALTH_MS = 250, // how often watched health is looked at
    FACE_RETRY_MS = 200,  // what a client that may try again is told to wait
};

static_assert((int)FACE_CONNECTION_BYTES >= 2 * (int)LIMIT_HTTP_MESSAGE_BYTES,
              "a connection may send two whole messages at once");
static_assert((int)FACE_CONNECTION_BYTES < (int)FACE_BYTES, "one connection is not all");
