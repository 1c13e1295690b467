// gRPC and gRPC-Web. Both put a prefix before each message; a status ends the answer: in trailers,
// in the head when nothing came before it (Trailers-Only), or with gRPC-Web, whose clients cannot
// see trailers, as text in a last message of its own flag. `loyalty-replayed` goes with the status.
// Sources: gRPC over HTTP2; PROTOCOL-WEB.md.
#include <string.h>

#include "base/check.h"
#include "face/call.h"
#include "face/details.h"
#include "face/face_parts.h"
#include "face/percent.h"
#include "face/rpc_code.h"
#include "face/timeout.h"
#include "wire/base64.h"

enum { HTTP_OK = 200, FLAG_TRAILERS = 0x80 };

static void grpc_send(struct call *call, struct span message)
{
    static const struct fields none;
    if (!call->head_sent) {
        call_head(call, HTTP_OK, call->media->name, &none);
    }
    call_write_framed(call, 0, message);
}

static struct span without_padding(struct span base64)
{
    while (base64.len > 0 && base64.data[base64.len - 1] == '=') {
        base64.len--;
    }
    return base64;
}

// Without memory an error still has its code.
static struct fields status_fields(struct call *call, const Loyalty__V1__Error *error)
{
    struct arena *arena = &call->face->outgoing;
    struct fields fields = {0};
    struct span message;
    struct span status;
    struct span base64;
    const struct rpc_code *code = rpc_code_of(error == NULL ? 0 : (int)error->code);
    fields_add(&fields, "grpc-status", span_of_text(code->number));
    if (error != NULL &&
        percent_encode(span_of_text(error->message), arena, &message) == STATUS_OK &&
        details_status(error, arena, &status) == STATUS_OK &&
        base64_encode(status, arena, &base64) == STATUS_OK) {
        fields_add(&fields, "grpc-message", message);
        fields_add(&fields, "grpc-status-details-bin", without_padding(base64));
    }
    if (call->replayed) {
        fields_add(&fields, "loyalty-replayed", span_of_text("true"));
    }
    return fields;
}

// The status in the head, when that is the first and last of the answer.
static bool end_in_head(struct call *call, const struct fields *status)
{
    if (call->head_sent) {
        return false;
    }
    call_head(call, HTTP_OK, call->media->name, status);
    call_finish(call, NULL);
    return true;
}

static void grpc_end(struct call *call, const Loyalty__V1__Error *error)
{
    struct fields status = status_fields(call, error);
    if (!end_in_head(call, &status)) {
        call_finish(call, &status);
    }
}

// "name: value\r\n" a field.
static enum status write_trailers(const struct fields *fields, struct arena *arena,
                                  struct span *ret_text)
{
    size_t len = 0;
    for (size_t i = 0; i < fields->count; i++) {
        len += fields->items[i].name.len + fields->items[i].value.len + 4;
    }
    uint8_t *text = arena_alloc(arena, len);
    if (text == NULL) {
        return STATUS_NO_MEMORY;
    }
    uint8_t *at = text;
    for (size_t i = 0; i < fields->count; i++) {
        const struct span parts[] = {fields->items[i].name, span_of_text(": "),
                                     fields->items[i].value, span_of_text("\r\n")};
        for (size_t j = 0; j < sizeof(parts) / sizeof(parts[0]); j++) {
            memcpy(at, parts[j].data, parts[j].len);
            at += parts[j].len;
        }
    }
    CHECK(at == text + len);
    *ret_text = span_of(text, len);
    return STATUS_OK;
}

static void grpc_web_end(struct call *call, const Loyalty__V1__Error *error)
{
    struct fields status = status_fields(call, error);
    struct span text;
    if (end_in_head(call, &status)) {
        return;
    }
    if (write_trailers(&status, &call->face->outgoing, &text) != STATUS_OK) {
        call_reset(call, RESET_INTERNAL);
        return;
    }
    call_write_framed(call, FLAG_TRAILERS, text);
    call_finish(call, NULL);
}

#define GRPC_ROW                                                                                   \
    .single = true, .streams = true, .take = body_take_framed, .finish = body_finish_framed,       \
    .timeout_field = "grpc-timeout", .timeout_parse = timeout_parse_grpc,                          \
    .encoding_field = "grpc-encoding", .accept_encoding_field = "grpc-accept-encoding",            \
    .send = grpc_send

const struct rpc_protocol protocol_grpc = {GRPC_ROW, .end = grpc_end};
const struct rpc_protocol protocol_grpc_web = {GRPC_ROW, .end = grpc_web_end};
