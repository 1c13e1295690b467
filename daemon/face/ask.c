// Messages that have come whole are handed on: to dispatch, or to a method of the face's own; and
// what dispatch answers finds its call again, if the client is still there.
#include "face/face_parts.h"
#include "face/own.h"
#include "net/http.h"
#include "service/dispatch.h"
#include "service/service.h"
#include "service/streams.h"
#include "service/timers.h"
#include "service/trouble.h"
#include "wire/message.h"

// The message in binary; false: the client was told what is wrong with it.
static bool read_message(struct call *call, struct span *ret_message)
{
    struct message_fault fault = {0};
    struct arena *arena = &call->face->incoming;
    face_reset_arena(arena);
    enum status status = codec_read(call->media->codec, buffer_span(&call->body.message),
                                    call->request, arena, ret_message, &fault);
    if (status == STATUS_NO_MEMORY && !arena->over_cap) {
        call_trouble(call, TROUBLE_NO_MEMORY);
        return false;
    }
    switch (status) {
    case STATUS_OK:
        return true;
    case STATUS_INVALID:
        call_refuse(call, LOYALTY__V1__CODE__CODE_INVALID_ARGUMENT, "MALFORMED", fault.path,
                    fault.reason);
        return false;
    default:
        call_refuse(call, LOYALTY__V1__CODE__CODE_RESOURCE_EXHAUSTED, "REQUEST_TOO_LARGE", "",
                    "The request takes more memory than one may; ask for less at once.");
        return false;
    }
}

// The same for a method of the face's own, decoded.
static bool read_own_message(struct call *call, ProtobufCMessage **ret_message)
{
    struct message_fault fault = {0};
    struct span bytes;
    if (!read_message(call, &bytes)) {
        return false;
    }
    switch (message_decode(call->request, bytes, &call->face->incoming, ret_message, &fault)) {
    case STATUS_OK:
        return true;
    case STATUS_NO_MEMORY:
        call_trouble(call, TROUBLE_NO_MEMORY);
        return false;
    default:
        call_refuse(call, LOYALTY__V1__CODE__CODE_INVALID_ARGUMENT, "MALFORMED", fault.path,
                    fault.reason);
        return false;
    }
}

// --- the service's methods ---

static struct dispatch_origin origin_of(const struct call *call)
{
    return (struct dispatch_origin){.connection = call->exchange->connection,
                                    .correlation = (uint64_t)call->exchange->stream};
}

// NULL: its client has gone.
static struct call *find_call(const struct face *face, const struct dispatch_origin *origin)
{
    if (face->server == NULL) {
        return NULL; // ending: its connections are gone
    }
    struct http_exchange *exchange =
        http_find(face->server, origin->connection, (int32_t)origin->correlation);
    struct call *call = exchange == NULL ? NULL : exchange->owner;
    bool asked = call != NULL && (call->state == CALL_ASKED || call->state == CALL_STREAMING);
    return asked && call->own == NULL ? call : NULL;
}

static void on_reply(void *context, const struct dispatch_origin *origin,
                     const struct dispatch_reply *reply)
{
    struct call *call = find_call(context, origin);
    if (call == NULL) {
        return;
    }
    if (reply->more) {
        call_send(call, reply->payload);
        return;
    }
    if (reply->error == NULL) {
        call_reply(call, reply->payload, reply->replayed);
        return;
    }
    call->replayed = reply->replayed;
    call_fail(call, reply->error);
}

// One message may wait beyond what net takes, and net no more than on_room speaks of.
static enum dispatch_room on_room(void *context, const struct dispatch_origin *origin)
{
    const struct call *call = find_call(context, origin);
    if (call == NULL) {
        return DISPATCH_GONE;
    }
    bool full = call_is_full(call) || http_unsent(call->exchange) > HTTP_ROOM_BYTES / 2;
    return full ? DISPATCH_FULL : DISPATCH_ROOM;
}

// 0: as long as may be.
static uint32_t timeout_ms(const struct call *call, int64_t left_ms)
{
    int64_t most_ms = call->streams ? UINT32_MAX : LIMIT_REQUEST_MS;
    return left_ms > most_ms || left_ms <= 0 ? 0 : (uint32_t)left_ms;
}

// The time left; a call without a timeout has as much as there is.
static int64_t left_of(const struct call *call)
{
    return call->expires_ms == INSTANT_NEVER ? INSTANT_NEVER
                                             : call->expires_ms - timers_now(call->face->timers);
}

static void ask_service(struct call *call, int64_t left_ms)
{
    struct span message;
    if (!read_message(call, &message)) {
        return;
    }
    struct face *face = call->face;
    struct dispatch_call asked = {
        .peer = call->exchange->peer,
        .method = span_of_text(call->path),
        .payload = message,
        .timeout_ms = timeout_ms(call, left_ms),
        .out_of_time = left_ms <= 0,
        .traceparent = span_of(call->traceparent, call->traceparent_bytes),
        .origin = origin_of(call),
        .on_reply = on_reply,
        .room = on_room,
        .context = face,
    };
    call->state = call->streams ? CALL_STREAMING : CALL_ASKED;
    dispatch_call(face->service, &asked);
}

void ask_poke(struct call *call)
{
    if (call->state == CALL_STREAMING && !call->face->draining) { // then all have ended
        struct dispatch_origin origin = origin_of(call);
        streams_poke(call->face->service, call->face, &origin);
    }
}

// --- the face's own methods ---

static void ask_own(struct call *call, int64_t left_ms)
{
    ProtobufCMessage *message = NULL;
    if (!read_own_message(call, &message)) {
        return;
    }
    call->state = CALL_ASKED;
    if (left_ms <= 0) {
        call_trouble(call, TROUBLE_EXPIRED);
        return;
    }
    call->own->answer(call, message);
}

void ask_whole(struct call *call)
{
    int64_t left_ms = left_of(call);
    if (call->own == NULL) {
        ask_service(call, left_ms);
    } else {
        ask_own(call, left_ms);
    }
    // The call may be over, but not gone: nothing calls back at once.
    call_release_body(call);
}

void ask_deliver(struct call *call)
{
    ProtobufCMessage *message = NULL;
    if (call->own == NULL) {
        ask_whole(call);
    } else if (read_own_message(call, &message)) {
        body_next(&call->body);
        call->own->stream->on_message(call, message);
    }
}
