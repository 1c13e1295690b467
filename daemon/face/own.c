// The table of the face's own methods.
#include "face/own.h"

#include "face/call.h"
#include "face/face_parts.h"
#include "face/health.h"
#include "face/reflection.h"
#include "grpc/health/v1/health.pb-c.h"
#include "grpc/reflection/v1/reflection.pb-c.h"
#include "service/error.h"
#include "service/trouble.h"
#include "wire/message.h"

// v1alpha has the same messages under other names: one handler serves both.
static const struct own_method methods[] = {
    {
        .path = "/grpc.health.v1.Health/Check",
        .request = &grpc__health__v1__health_check_request__descriptor,
        .response = &grpc__health__v1__health_check_response__descriptor,
        .answer = health_check,
    },
    {
        .path = "/grpc.health.v1.Health/Watch",
        .request = &grpc__health__v1__health_check_request__descriptor,
        .response = &grpc__health__v1__health_check_response__descriptor,
        .stream = &health_watch,
    },
    {
        .path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        .request = &grpc__reflection__v1__server_reflection_request__descriptor,
        .response = &grpc__reflection__v1__server_reflection_response__descriptor,
        .stream = &reflection_info,
    },
    {
        .path = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
        .request = &grpc__reflection__v1__server_reflection_request__descriptor,
        .response = &grpc__reflection__v1__server_reflection_response__descriptor,
        .stream = &reflection_info,
    },
};

const struct own_method *own_find(struct span path)
{
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (span_is_text(path, methods[i].path)) {
            return &methods[i];
        }
    }
    return NULL;
}

bool own_send(struct call *call, const ProtobufCMessage *message)
{
    struct span bytes;
    if (message_encode(message, &call->face->incoming, &bytes) != STATUS_OK) {
        Loyalty__V1__Error error =
            error_make(LOYALTY__V1__CODE__CODE_UNAVAILABLE, trouble_name(TROUBLE_NO_MEMORY), "",
                       trouble_message(TROUBLE_NO_MEMORY));
        call_fail(call, &error);
        return false;
    }
    call_send(call, bytes);
    return call->state != CALL_OVER && !call_is_full(call);
}

void own_end(struct call *call)
{
    if (call->state != CALL_OVER) {
        face_reset_arena(&call->face->outgoing);
        call_protocol(call)->end(call, NULL);
    }
}
