// An answer over HTTP as a strict client of its protocol reads it: gRPC, gRPC-Web or Connect's
// unary form. Says what of it no such client could take. Sources: gRPC over HTTP2; PROTOCOL-WEB.md;
// the Connect protocol, "Unary-Response"; google/rpc/status.proto.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"
#include "face/protocol.h"

// What came; fields are "name: value" lines.
struct rpc_came {
    uint32_t status; // of HTTP
    const char *head;
    const char *trailers;
    struct span body;
};

struct rpc_answer {
    const char *problem; // NULL: it is an answer of the protocol, and whole
    int code;            // google.rpc.Code; 0: OK
    bool replayed;
    bool bare;           // an error that says its code and nothing else, as without memory
    const char *reason;  // of the error; "" when there is none
    size_t messages;     // before the end
    struct span message; // the first, as it was written
};

// Texts and spans of `ret_answer` live as long as the arena and what came. `media`: what was asked
// in, and has to be answered in.
void rpc_answer_read(const struct rpc_came *came, const struct media *media, struct arena *arena,
                     struct rpc_answer *ret_answer);

// The value of the only field of this name; data is NULL when there is none, or more.
struct span rpc_field(const char *lines, const char *name);
