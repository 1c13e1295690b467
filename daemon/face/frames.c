// Between net's frames and dispatch's calls. An arena a direction, reset with each envelope: an
// answer may be given while its request's envelope is still being looked at.
#include "face/frames.h"

#include "base/limits.h"
#include "face/trace.h"
#include "net/server.h"
#include "service/dispatch.h"
#include "wire/frame.h"
#include "wire/message.h"

void frames_init(struct frames *face, struct service *service)
{
    *face = (struct frames){.service = service};
    arena_init(&face->incoming, LIMIT_ARENA_BYTES);
    arena_init(&face->outgoing, LIMIT_ARENA_BYTES);
}

void frames_set_server(struct frames *face, struct server *server)
{
    face->server = server;
}

void frames_fini(struct frames *face)
{
    arena_fini(&face->incoming);
    arena_fini(&face->outgoing);
    *face = (struct frames){0};
}

static void on_reply(void *context, const struct dispatch_origin *origin,
                     const struct dispatch_reply *reply)
{
    struct frames *face = context;
    if (face->server == NULL) {
        return; // ending: its connections are gone
    }
    struct frame_reply answer = {
        .correlation_id = origin->correlation,
        .error = reply->error,
        .payload = reply->payload,
        .replayed = reply->replayed,
    };
    struct span envelope;
    enum status status = frame_encode_reply(&answer, &face->outgoing, &envelope);
    if (status == STATUS_OK) {
        server_answer(face->server, origin->connection, envelope);
    } else {
        // Better no connection than one that waits for ever.
        server_close(face->server, origin->connection, "an answer could not be encoded");
    }
    arena_reset(&face->outgoing);
}

void frames_on_frame(void *context, uint64_t connection, const struct identity *peer,
                     struct span frame)
{
    struct frames *face = context;
    struct frame_request request;
    struct message_fault fault;
    arena_reset(&face->incoming);
    enum status status = frame_decode_request(frame, &face->incoming, &request, &fault);
    if (status != STATUS_OK) {
        server_close(face->server, connection, "not an envelope");
        return;
    }
    struct dispatch_call call = {
        .peer = peer,
        .method = request.method,
        .payload = request.payload,
        .timeout_ms = request.timeout_ms,
        .traceparent = trace_parse(request.traceparent),
        .origin = {.connection = connection, .correlation = request.correlation_id},
        .on_reply = on_reply,
        .context = face,
    };
    dispatch_call(face->service, &call);
}

enum status frames_goaway(struct frames *face, struct span *ret_frame)
{
    arena_reset(&face->outgoing);
    return frame_encode_goaway(&face->outgoing, ret_frame);
}
