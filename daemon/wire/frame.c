// Envelopes by the message layer.
#include "wire/frame.h"

#include <stdio.h>

#include "base/check.h"
#include "base/limits.h"
#include "loyalty/v1/frame.pb-c.h"
#include "wire/message.h"

static enum status decode(const ProtobufCMessageDescriptor *type, struct span envelope,
                          struct arena *arena, ProtobufCMessage **ret_message,
                          struct message_fault *ret_fault)
{
    if (envelope.len > LIMIT_FRAME_BYTES) {
        *ret_fault = (struct message_fault){0};
        snprintf(ret_fault->reason, sizeof(ret_fault->reason), "%zu bytes; at most %d",
                 envelope.len, LIMIT_FRAME_BYTES);
        return STATUS_TOO_LARGE;
    }
    return message_decode(type, envelope, arena, ret_message, ret_fault);
}

static enum status encode(const ProtobufCMessage *message, struct arena *arena,
                          struct span *ret_envelope)
{
    struct span envelope;
    TRY(message_encode(message, arena, &envelope));
    if (envelope.len > LIMIT_FRAME_BYTES) {
        return STATUS_TOO_LARGE;
    }
    *ret_envelope = envelope;
    return STATUS_OK;
}

static struct span span_of_bytes(ProtobufCBinaryData bytes)
{
    return span_of(bytes.data, bytes.len);
}

static ProtobufCBinaryData bytes_of_span(struct span span)
{
    return (ProtobufCBinaryData){.len = span.len, .data = (uint8_t *)span.data};
}

enum status frame_decode_request(struct span envelope, struct arena *arena,
                                 struct frame_request *ret_request, struct message_fault *ret_fault)
{
    ProtobufCMessage *message = NULL;
    TRY(decode(&loyalty__v1__request_envelope__descriptor, envelope, arena, &message, ret_fault));
    const Loyalty__V1__RequestEnvelope *request = (Loyalty__V1__RequestEnvelope *)message;
    *ret_request = (struct frame_request){
        .correlation_id = request->correlation_id,
        .method = span_of_text(request->method),
        .timeout_ms = request->timeout_ms,
        .payload = span_of_bytes(request->payload),
        .traceparent = span_of_text(request->traceparent),
    };
    return STATUS_OK;
}

enum status frame_decode_reply(struct span envelope, struct arena *arena,
                               struct frame_reply *ret_reply, struct message_fault *ret_fault)
{
    ProtobufCMessage *message = NULL;
    TRY(decode(&loyalty__v1__reply_envelope__descriptor, envelope, arena, &message, ret_fault));
    const Loyalty__V1__ReplyEnvelope *reply = (Loyalty__V1__ReplyEnvelope *)message;
    struct frame_reply decoded = {
        .correlation_id = reply->correlation_id,
        .replayed = reply->replayed != 0,
    };
    switch (reply->result_case) {
    case LOYALTY__V1__REPLY_ENVELOPE__RESULT_PAYLOAD:
        decoded.payload = span_of_bytes(reply->payload);
        break;
    case LOYALTY__V1__REPLY_ENVELOPE__RESULT_ERROR:
        decoded.error = reply->error;
        break;
    case LOYALTY__V1__REPLY_ENVELOPE__RESULT_GOAWAY:
        decoded.goaway = true;
        break;
    default:
        *ret_fault =
            (struct message_fault){.reason = "neither payload nor error nor goaway is given"};
        return STATUS_INVALID;
    }
    *ret_reply = decoded;
    return STATUS_OK;
}

enum status frame_encode_request(const struct frame_request *request, struct arena *arena,
                                 struct span *ret_envelope)
{
    struct span method;
    struct span traceparent;
    TRY(arena_copy(arena, request->method, &method));
    TRY(arena_copy(arena, request->traceparent, &traceparent));
    Loyalty__V1__RequestEnvelope envelope = LOYALTY__V1__REQUEST_ENVELOPE__INIT;
    envelope.correlation_id = request->correlation_id;
    envelope.method = (char *)method.data;
    envelope.timeout_ms = request->timeout_ms;
    envelope.payload = bytes_of_span(request->payload);
    envelope.traceparent = (char *)traceparent.data;
    return encode(&envelope.base, arena, ret_envelope);
}

enum status frame_encode_reply(const struct frame_reply *reply, struct arena *arena,
                               struct span *ret_envelope)
{
    Loyalty__V1__ReplyEnvelope envelope = LOYALTY__V1__REPLY_ENVELOPE__INIT;
    envelope.correlation_id = reply->correlation_id;
    envelope.replayed = reply->replayed;
    if (reply->error == NULL) {
        envelope.result_case = LOYALTY__V1__REPLY_ENVELOPE__RESULT_PAYLOAD;
        envelope.payload = bytes_of_span(reply->payload);
    } else {
        envelope.result_case = LOYALTY__V1__REPLY_ENVELOPE__RESULT_ERROR;
        envelope.error = (Loyalty__V1__Error *)reply->error;
    }
    return encode(&envelope.base, arena, ret_envelope);
}

enum status frame_encode_goaway(struct arena *arena, struct span *ret_envelope)
{
    Loyalty__V1__Goaway goaway = LOYALTY__V1__GOAWAY__INIT;
    Loyalty__V1__ReplyEnvelope envelope = LOYALTY__V1__REPLY_ENVELOPE__INIT;
    envelope.result_case = LOYALTY__V1__REPLY_ENVELOPE__RESULT_GOAWAY;
    envelope.goaway = &goaway;
    return encode(&envelope.base, arena, ret_envelope);
}

void frame_prefix(size_t envelope_bytes, uint8_t ret_prefix[FRAME_PREFIX_BYTES])
{
    CHECK(envelope_bytes <= LIMIT_FRAME_BYTES);
    for (int i = 0; i < FRAME_PREFIX_BYTES; i++) {
        ret_prefix[i] = (uint8_t)(envelope_bytes >> (8 * (FRAME_PREFIX_BYTES - 1 - i)));
    }
}

uint32_t frame_prefix_length(const uint8_t prefix[FRAME_PREFIX_BYTES])
{
    uint32_t length = 0;
    for (int i = 0; i < FRAME_PREFIX_BYTES; i++) {
        length = length << 8 | prefix[i];
    }
    return length;
}
