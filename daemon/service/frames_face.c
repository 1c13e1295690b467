// Between net's frames and dispatch's calls. An arena a direction, reset with each envelope: an
// answer may be given while its request's envelope is still being looked at.
#include "service/frames_face.h"

#include "base/limits.h"
#include "net/server.h"
#include "service/dispatch.h"
#include "wire/frame.h"
#include "wire/message.h"

void frames_face_init(struct frames_face *face, struct service *service)
{
    *face = (struct frames_face){.service = service};
    arena_init(&face->incoming, LIMIT_ARENA_BYTES);
    arena_init(&face->outgoing, LIMIT_ARENA_BYTES);
}

void frames_face_set_server(struct frames_face *face, struct server *server)
{
    face->server = server;
}

void frames_face_fini(struct frames_face *face)
{
    arena_fini(&face->incoming);
    arena_fini(&face->outgoing);
    *face = (struct frames_face){0};
}

static void on_reply(void *context, const struct dispatch_origin *origin,
                     const struct dispatch_reply *reply)
{
    struct frames_face *face = context;
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

void frames_face_on_frame(void *context, uint64_t connection, const struct identity *peer,
                          struct span frame)
{
    struct frames_face *face = context;
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
        .origin = {.connection = connection, .correlation = request.correlation_id},
        .on_reply = on_reply,
        .context = face,
    };
    dispatch_call(face->service, &call);
}
