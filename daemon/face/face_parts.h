// What the parts of the face share: face.c (life), call.c (bytes), intake.c (requests), ask.c (whom
// they go to), own.c (its own methods).
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "face/call.h"
#include "face/face.h"
#include "face/health.h"
#include "face/quota.h"
#include "net/http.h"

struct timers;

struct face {
    struct service *service;
    struct timers *timers;
    struct server *server; // NULL: not yet
    struct server_http http;
    struct arena incoming; // of one request
    struct arena outgoing; // of one answer
    struct quotas quotas;
    struct call *spare; // calls
    size_t calls;       // open
    struct call *streams;
    struct health health;
    bool draining;
};

// Empties an arena of the face; gives back what an unusual message has grown.
void face_reset_arena(struct arena *arena);

// --- intake.c ---

// Judges a request's head; false when it is answered, or refused, already.
bool intake_request(struct face *face, struct http_exchange *exchange,
                    const struct http_request *request);
// More of a call's body.
void intake_body(struct call *call, struct span bytes, bool last);
// The answer can go on, so may the body.
void intake_room(struct call *call);

// --- ask.c ---

// A unary request is whole.
void ask_whole(struct call *call);
// One message of a stream is.
void ask_deliver(struct call *call);
// A stream of the service's may find room, or its client gone.
void ask_poke(struct call *call);
