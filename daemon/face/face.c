// The face's life, and its handlers for net.
#include "face/face.h"

#include <stdlib.h>

#include "base/check.h"
#include "face/face_parts.h"
#include "face/own.h"
#include "service/error.h"
#include "service/service.h"
#include "service/streams.h"

void face_reset_arena(struct arena *arena)
{
    if (arena->used_bytes > FACE_ARENA_KEEP_BYTES) {
        arena_fini(arena);
    } else {
        arena_reset(arena);
    }
}

// --- net's side ---

static bool on_request(void *context, struct http_exchange *exchange,
                       const struct http_request *request)
{
    return intake_request(context, exchange, request);
}

static void on_body(void *context, struct http_exchange *exchange, struct span bytes, bool last)
{
    (void)context;
    if (exchange->owner != NULL) {
        intake_body(exchange->owner, bytes, last);
    }
}

static void on_room(void *context, struct http_exchange *exchange)
{
    (void)context;
    if (exchange->owner != NULL) {
        intake_room(exchange->owner);
    }
}

static void leave_streams(struct face *face, struct call *call)
{
    if (call->previous_stream != NULL) {
        call->previous_stream->next_stream = call->next_stream;
    } else if (face->streams == call) {
        face->streams = call->next_stream;
    } else {
        return; // it never was one
    }
    if (call->next_stream != NULL) {
        call->next_stream->previous_stream = call->previous_stream;
    }
    face->quotas.streams--;
    call->quota->streams--;
    if (call->own == NULL) {
        ask_poke(call);
        return;
    }
    if (call->own->stream->on_gone != NULL) {
        call->own->stream->on_gone(call);
    }
}

static void on_gone(void *context, struct http_exchange *exchange)
{
    struct call *call = exchange->owner;
    if (call != NULL) {
        exchange->owner = NULL;
        leave_streams(context, call);
        call_close(call);
    }
}

// --- its life ---

enum status face_new(struct service *service, struct face **ret_face)
{
    struct face *face = calloc(1, sizeof(*face));
    if (face == NULL) {
        return STATUS_NO_MEMORY;
    }
    face->service = service;
    face->timers = service->options.timers;
    face->http = (struct server_http){
        .context = face,
        .on_request = on_request,
        .on_body = on_body,
        .on_room = on_room,
        .on_gone = on_gone,
    };
    arena_init(&face->incoming, FACE_ARENA_BYTES);
    arena_init(&face->outgoing, FACE_ARENA_BYTES);
    health_init(&face->health, face);
    *ret_face = face;
    return STATUS_OK;
}

const struct server_http *face_http(const struct face *face)
{
    return &face->http;
}

void face_set_server(struct face *face, struct server *server)
{
    face->server = server;
}

void face_refresh(struct face *face)
{
    health_refresh(&face->health);
}

void face_drain(struct face *face)
{
    if (face->draining) {
        return;
    }
    face->draining = true;
    health_refresh(&face->health);
    streams_drain(face->service);
    Loyalty__V1__Error error = error_make(LOYALTY__V1__CODE__CODE_UNAVAILABLE, "DRAINING", "",
                                          "The server is ending; connect again.");
    for (struct call *call = face->streams; call != NULL; call = call->next_stream) {
        call_fail(call, &error);
    }
}

void face_free(struct face *face)
{
    if (face == NULL) {
        return;
    }
    CHECK(face->calls == 0);
    health_fini(&face->health);
    quotas_fini(&face->quotas);
    while (face->spare != NULL) {
        struct call *call = face->spare;
        face->spare = call->next;
        call_free(call);
    }
    arena_fini(&face->incoming);
    arena_fini(&face->outgoing);
    free(face);
}
