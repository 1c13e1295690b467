// The face of ALPN "loyalty/1": envelopes in, envelopes out. What cannot be an envelope closes the
// connection, for no answer could be matched to it.
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"

struct identity;
struct server;
struct service;

struct frames_face {
    struct service *service;
    struct server *server;
    struct arena incoming; // of one envelope
    struct arena outgoing;
};

// The server is set once it is made, for it is made with frames_face_on_frame as its handler.
void frames_face_init(struct frames_face *face, struct service *service);
void frames_face_set_server(struct frames_face *face, struct server *server);
void frames_face_fini(struct frames_face *face);

// A server_frame_fn; the context is the face.
void frames_face_on_frame(void *context, uint64_t connection, const struct identity *peer,
                          struct span frame);
