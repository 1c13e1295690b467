// The face of ALPN "loyalty/1": envelopes in, envelopes out. What cannot be an envelope closes the
// connection, for no answer could be matched to it.
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"
#include "base/status.h"

struct identity;
struct server;
struct service;

struct frames {
    struct service *service;
    struct server *server;
    struct arena incoming; // of one envelope
    struct arena outgoing;
};

// The server is set once it is made, for it is made with frames_on_frame as its handler.
void frames_init(struct frames *face, struct service *service);
void frames_set_server(struct frames *face, struct server *server);
void frames_fini(struct frames *face);

// A server_frame_fn; the context is the face.
void frames_on_frame(void *context, uint64_t connection, const struct identity *peer,
                     struct span frame);

// The frame that asks clients to send no new request on this connection (Goaway), for server_drain;
// valid until the face's next answer. STATUS_NO_MEMORY.
MUST_CHECK enum status frames_goaway(struct frames *face, struct span *ret_frame);
