// Envelopes by the message layer; but a request whose fields come once and in their order, as who
// encodes once writes them, and the reply that carries a payload, pass here byte by byte: each
// frame has one of either. What is not the usual is left to the message layer, so that it is judged
// in one place; a test holds both side by side.
#include "wire/frame.h"

#include <stdio.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/varint.h"
#include "loyalty/v1/frame.pb-c.h"
#include "wire/message.h"
#include "wire/text.h"

// Field number and wire type, frame.proto.
enum {
    TAG_CORRELATION = 1 << 3 | PROTOBUF_C_WIRE_TYPE_VARINT,
    TAG_METHOD = 2 << 3 | PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED,
    TAG_TIMEOUT = 3 << 3 | PROTOBUF_C_WIRE_TYPE_VARINT,
    TAG_PAYLOAD = 4 << 3 | PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED,
    TAG_TRACEPARENT = 5 << 3 | PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED,
    TAG_ANSWER = 2 << 3 | PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED,
    TAG_REPLAYED = 4 << 3 | PROTOBUF_C_WIRE_TYPE_VARINT,
    // What a reply has around its payload: two numbers with their tags, a tag, a true.
    REPLY_AROUND_BYTES = 2 * (1 + VARINT_BYTES_MAX) + 2,
};

static enum status judge_length(struct span envelope, struct message_fault *ret_fault)
{
    if (envelope.len > LIMIT_FRAME_BYTES) {
        *ret_fault = (struct message_fault){0};
        snprintf(ret_fault->reason, sizeof(ret_fault->reason), "%zu bytes; at most %d",
                 envelope.len, LIMIT_FRAME_BYTES);
        return STATUS_TOO_LARGE;
    }
    return STATUS_OK;
}

static enum status hand_over(struct span envelope, struct span *ret_envelope)
{
    if (envelope.len > LIMIT_FRAME_BYTES) {
        return STATUS_TOO_LARGE;
    }
    *ret_envelope = envelope;
    return STATUS_OK;
}

static enum status encode(const ProtobufCMessage *message, struct arena *arena,
                          struct span *ret_envelope)
{
    struct span envelope;
    TRY(message_encode(message, arena, &envelope));
    return hand_over(envelope, ret_envelope);
}

static struct span span_of_bytes(ProtobufCBinaryData bytes)
{
    return span_of(bytes.data, bytes.len);
}

static ProtobufCBinaryData bytes_of_span(struct span span)
{
    return (ProtobufCBinaryData){.len = span.len, .data = (uint8_t *)span.data};
}

// Whether a field of this tag comes next; steps over the tag.
static bool take_tag(struct reader *reader, uint8_t tag)
{
    if (reader->rest.len == 0 || reader->rest.data[0] != tag) {
        return false;
    }
    reader->rest = span_from(reader->rest, 1);
    return true;
}

static bool take_bytes(struct reader *reader, uint8_t tag, struct span *ret_bytes)
{
    return !take_tag(reader, tag) ||
           reader_sized(reader, LIMIT_FRAME_BYTES, ret_bytes) == STATUS_OK;
}

// False when it is not the usual, whatever it is.
static bool read_usual(struct span envelope, struct frame_request *ret_request)
{
    struct reader reader = {.rest = envelope};
    struct frame_request request = {0};
    bool usual = (!take_tag(&reader, TAG_CORRELATION) ||
                  reader_u64(&reader, &request.correlation_id) == STATUS_OK) &&
                 take_bytes(&reader, TAG_METHOD, &request.method) &&
                 (!take_tag(&reader, TAG_TIMEOUT) ||
                  reader_u32(&reader, &request.timeout_ms) == STATUS_OK) &&
                 take_bytes(&reader, TAG_PAYLOAD, &request.payload) &&
                 take_bytes(&reader, TAG_TRACEPARENT, &request.traceparent) &&
                 reader.rest.len == 0 && text_is_clean(request.method) &&
                 text_is_clean(request.traceparent);
    if (usual) {
        *ret_request = request;
    }
    return usual;
}

enum status frame_decode_request(struct span envelope, struct arena *arena,
                                 struct frame_request *ret_request, struct message_fault *ret_fault)
{
    TRY(judge_length(envelope, ret_fault));
    if (read_usual(envelope, ret_request)) {
        return STATUS_OK;
    }
    ProtobufCMessage *message = NULL;
    TRY(message_decode(&loyalty__v1__request_envelope__descriptor, envelope, arena, &message,
                       ret_fault));
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
    TRY(judge_length(envelope, ret_fault));
    ProtobufCMessage *message = NULL;
    TRY(message_decode(&loyalty__v1__reply_envelope__descriptor, envelope, arena, &message,
                       ret_fault));
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

// The payload is copied once, to its place.
static enum status encode_answer(const struct frame_reply *reply, struct arena *arena,
                                 struct span *ret_envelope)
{
    if (reply->payload.len > LIMIT_FRAME_BYTES) {
        return STATUS_TOO_LARGE;
    }
    uint8_t *bytes = arena_alloc_raw(arena, REPLY_AROUND_BYTES + reply->payload.len);
    if (bytes == NULL) {
        return STATUS_NO_MEMORY;
    }
    uint8_t *at = bytes;
    if (reply->correlation_id != 0) {
        *at++ = TAG_CORRELATION;
        at += varint_write(at, reply->correlation_id);
    }
    *at++ = TAG_ANSWER;
    at += varint_write(at, reply->payload.len);
    if (reply->payload.len > 0) {
        memcpy(at, reply->payload.data, reply->payload.len);
        at += reply->payload.len;
    }
    if (reply->replayed) {
        *at++ = TAG_REPLAYED;
        *at++ = 1;
    }
    return hand_over(span_of(bytes, (size_t)(at - bytes)), ret_envelope);
}

enum status frame_encode_reply(const struct frame_reply *reply, struct arena *arena,
                               struct span *ret_envelope)
{
    if (reply->error == NULL) {
        return encode_answer(reply, arena, ret_envelope);
    }
    Loyalty__V1__ReplyEnvelope envelope = LOYALTY__V1__REPLY_ENVELOPE__INIT;
    envelope.correlation_id = reply->correlation_id;
    envelope.replayed = reply->replayed;
    envelope.result_case = LOYALTY__V1__REPLY_ENVELOPE__RESULT_ERROR;
    envelope.error = (Loyalty__V1__Error *)reply->error;
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
