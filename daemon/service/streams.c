// The list of open streams. They are few, so who has one looks it up by walking them.
#include "service/streams.h"

#include "base/check.h"
#include "service/request.h"
#include "service/service.h"
#include "wire/message.h"

static void fail_draining(struct request *request)
{
    request_fail(request, LOYALTY__V1__CODE__CODE_UNAVAILABLE, "DRAINING", "",
                 "The server is ending; connect again.");
}

bool streams_join(struct request *request, method_fn *on_poke)
{
    struct service *service = request->service;
    CHECK(request->on_poke == NULL && on_poke != NULL);
    if (service->draining || service->stopping) {
        fail_draining(request);
        return false;
    }
    request->on_poke = on_poke;
    request->previous_stream = NULL;
    request->next_stream = service->streams;
    if (service->streams != NULL) {
        service->streams->previous_stream = request;
    }
    service->streams = request;
    return true;
}

void streams_leave(struct request *request)
{
    if (request->on_poke == NULL) {
        return;
    }
    request->on_poke = NULL;
    if (request->previous_stream != NULL) {
        request->previous_stream->next_stream = request->next_stream;
    } else {
        request->service->streams = request->next_stream;
    }
    if (request->next_stream != NULL) {
        request->next_stream->previous_stream = request->previous_stream;
    }
}

enum dispatch_room request_room(const struct request *request)
{
    return request->room == NULL ? DISPATCH_ROOM
                                 : request->room(request->reply_context, &request->origin);
}

enum status request_send(struct request *request, const ProtobufCMessage *message,
                         struct arena *arena)
{
    CHECK(request->room != NULL && message->descriptor == request->method->response);
    struct dispatch_reply reply = {.more = true};
    TRY(message_encode(message, arena, &reply.payload));
    if (!request->answered) {
        request->on_reply(request->reply_context, &request->origin, &reply);
    }
    return STATUS_OK;
}

void streams_poke(struct service *service, const void *context,
                  const struct dispatch_origin *origin)
{
    for (struct request *request = service->streams; request != NULL;
         request = request->next_stream) {
        if (request->reply_context == context && request->origin.connection == origin->connection &&
            request->origin.correlation == origin->correlation) {
            request->on_poke(request);
            return;
        }
    }
}

void streams_drain(struct service *service)
{
    service->draining = true;
    for (struct request *request = service->streams; request != NULL;
         request = request->next_stream) {
        fail_draining(request);
        request->on_poke(request);
    }
}
