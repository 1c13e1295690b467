// The methods the face answers by itself: health and reflection, open to every role there is. A
// method of the service has its row in service/method.h instead.
//
// A streaming method is a handler: what comes in is handed to it message by message, it answers
// with own_send as often as it likes and ends the call with call_fail or own_end. Back-pressure
// goes both ways: while own_send says false, nothing more is handed in, and on_room says when it
// goes on.
#pragma once

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

#include "base/span.h"

struct call;

// The message is valid during the call; answers with own_send and own_end, or call_fail.
typedef void own_message_fn(struct call *call, const ProtobufCMessage *message);
typedef void own_call_fn(struct call *call);

struct stream_handler {
    bool many; // the client may send more than one message; else exactly one, then its end
    own_message_fn *on_message;
    own_call_fn *on_half_closed; // `many`: the client sends no more
    own_call_fn *on_room;        // may be NULL
    own_call_fn *on_gone;        // the last one, however the call ended; may be NULL
};

struct own_method {
    const char *path;
    const ProtobufCMessageDescriptor *request;
    const ProtobufCMessageDescriptor *response;
    own_message_fn *answer;              // unary: must answer at once
    const struct stream_handler *stream; // or this
};

// NULL when it is none of these.
const struct own_method *own_find(struct span path);

// One message to the client, at once or when there is room. False: enough for now, wait for
// on_room.
bool own_send(struct call *call, const ProtobufCMessage *message);
// All is said.
void own_end(struct call *call);
