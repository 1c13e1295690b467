// Requests whose answer is a stream of messages, as far as all of them have it in common. A method
// that streams joins, sends while there is room, and ends like any other request: it answers once
// (with an error; after the last message nothing is due) and calls request_end. While it is joined
// it is poked whenever something may have changed: there is room again, the client has gone, or the
// request was answered for it (out of time, the server is ending).
//
// Over a face that carries one answer only (request->room is NULL) it replies with its first
// message instead.
#pragma once

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/status.h"
#include "service/dispatch.h"
#include "service/method.h"

struct request;
struct service;

// `on_poke` comes from anywhere in a loop turn: it should look later, by a timer. False: the
// service is ending, the request was answered so; end it.
bool streams_join(struct request *request, method_fn *on_poke);
// Nothing when it has not joined. request_end does it.
void streams_leave(struct request *request);

// Whether the client takes another message now; a face without streams always does.
enum dispatch_room request_room(const struct request *request);
// One message of the stream, encoded in `arena`. Nothing when the request is answered.
// STATUS_NO_MEMORY.
MUST_CHECK enum status request_send(struct request *request, const ProtobufCMessage *message,
                                    struct arena *arena);

// --- for faces ---

// To the stream of this call: there may be room, or its client has gone.
void streams_poke(struct service *service, const void *context,
                  const struct dispatch_origin *origin);
// Ends all streams, and begins no more: clients are to subscribe again elsewhere. Once.
void streams_drain(struct service *service);
