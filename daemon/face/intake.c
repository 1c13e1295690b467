// From an HTTP request to a call: what it asks for is judged by its head, so that what will not do
// is answered before its body has come; then the body, message by message; then it is handed on
// (ask.c). All protocols go this one way.
#include <inttypes.h>
#include <string.h>

#include "base/check.h"
#include "face/face_parts.h"
#include "face/own.h"
#include "face/trace.h"
#include "net/http.h"
#include "service/dispatch.h"
#include "service/error.h"
#include "service/method.h"
#include "service/service.h"
#include "service/timers.h"
#include "service/trouble.h"
#include "wire/message.h"

// --- the head ---

// What is no call of any protocol gets a bare HTTP answer.
static void turn_away(struct face *face, struct http_exchange *exchange, uint32_t status,
                      const char *name, const char *value)
{
    struct fields fields = {0};
    fields_add(&fields, name, span_of_text(value));
    http_head(face->server, exchange, status, fields.items, fields.count);
    http_end(face->server, exchange, NULL, 0);
}

static void turn_away_type(struct face *face, struct http_exchange *exchange)
{
    turn_away(face, exchange, 415, "accept-post", media_list);
}

static bool find_own(struct call *call, const struct own_method *own)
{
    call->own = own;
    call->path = own->path;
    call->request = own->request;
    call->response = own->response;
    call->streams = own->stream != NULL;
    if (role_of_name(call->exchange->peer->role) != ROLE_NONE) {
        return true;
    }
    call_refuse(call, LOYALTY__V1__CODE__CODE_PERMISSION_DENIED, "ROLE_NOT_ALLOWED", "",
                "This certificate has no role.");
    return false;
}

// What is asked and whether the peer may; false: it was told.
static bool find_method(struct call *call, struct span path)
{
    const struct own_method *own = own_find(path);
    if (own != NULL) {
        return find_own(call, own);
    }
    const struct method *method = NULL;
    Loyalty__V1__Error error;
    if (!dispatch_admits(call->exchange->peer, path, &method, &error)) {
        call_fail(call, &error);
        return false;
    }
    call->path = method->path;
    call->request = method->request;
    call->response = method->response;
    call->mutating = method->mutating;
    call->streams = method->streams;
    return true;
}

static bool judge_timeout(struct call *call, const struct http_request *request)
{
    const struct rpc_protocol *protocol = call_protocol(call);
    struct span text = fields_find(request, protocol->timeout_field);
    call->expires_ms = INSTANT_NEVER;
    if (text.data == NULL) {
        return true;
    }
    uint32_t timeout_ms = 0;
    if (protocol->timeout_parse(text, &timeout_ms) != STATUS_OK) {
        call_refuse(call, LOYALTY__V1__CODE__CODE_INVALID_ARGUMENT, "MALFORMED_TIMEOUT",
                    protocol->timeout_field,
                    "The timeout is not written as this protocol writes it.");
        return false;
    }
    call->expires_ms = timers_now(call->face->timers) + (int64_t)timeout_ms;
    return true;
}

static bool judge_encoding(struct call *call, const struct http_request *request)
{
    const char *field = call_protocol(call)->encoding_field;
    struct span encoding = fields_find(request, field);
    if (encoding.len == 0 || span_is_text(encoding, "identity")) {
        return true;
    }
    call->names_encodings = true;
    call_refuse(call, LOYALTY__V1__CODE__CODE_UNIMPLEMENTED, "UNSUPPORTED_ENCODING", field,
                "Only the identity encoding is taken: send it uncompressed.");
    return false;
}

static bool judge_version(struct call *call, const struct http_request *request)
{
    const char *field = call_protocol(call)->version_field;
    struct span version = field == NULL ? (struct span){0} : fields_find(request, field);
    if (version.data == NULL || span_is_text(version, "1")) {
        return true;
    }
    call_refuse(call, LOYALTY__V1__CODE__CODE_INVALID_ARGUMENT, "UNSUPPORTED_VERSION", field,
                "Only version 1 of the protocol is spoken.");
    return false;
}

static void keep_trace(struct call *call, const struct http_request *request)
{
    struct span trace = trace_parse(fields_find(request, "traceparent"));
    if (trace.len > 0) {
        memcpy(call->traceparent, trace.data, trace.len);
        call->traceparent_bytes = (uint8_t)trace.len;
    }
}

// A stream begins: it may take no more than its share.
static bool judge_stream(struct call *call)
{
    struct quotas *quotas = &call->face->quotas;
    if (call->face->draining) {
        call_refuse(call, LOYALTY__V1__CODE__CODE_UNAVAILABLE, "DRAINING", "",
                    "The server is ending; connect again.");
        return false;
    }
    if (quotas->streams >= FACE_STREAMS || call->quota->streams >= FACE_STREAMS_A_CONNECTION) {
        call_refuse(call, LOYALTY__V1__CODE__CODE_RESOURCE_EXHAUSTED, "TOO_MANY_STREAMS", "",
                    "Too many streams are open.");
        return false;
    }
    quotas->streams++;
    call->quota->streams++;
    call->state = CALL_STREAMING;
    call->next_stream = call->face->streams;
    if (call->next_stream != NULL) {
        call->next_stream->previous_stream = call;
    }
    call->face->streams = call;
    return true;
}

bool intake_request(struct face *face, struct http_exchange *exchange,
                    const struct http_request *request)
{
    const struct media *media = media_find(fields_find(request, "content-type"));
    if (!span_is_text(request->method, "POST")) {
        turn_away(face, exchange, 405, "allow", "POST");
        return true;
    }
    if (media == NULL) {
        turn_away_type(face, exchange);
        return true;
    }
    struct call *call = call_open(face, exchange);
    if (call == NULL) {
        http_reset(face->server, exchange, RESET_REFUSED);
        return true;
    }
    call->media = media;
    keep_trace(call, request);
    if (!find_method(call, request->path)) {
        return true;
    }
    bool streams = call->streams;
    if (streams ? !media->protocol->streams : !media->protocol->single) {
        call->state = CALL_OVER;
        turn_away_type(face, exchange);
        return true;
    }
    if (!judge_timeout(call, request) || !judge_encoding(call, request) ||
        !judge_version(call, request)) {
        return true;
    }
    return !streams || !judge_stream(call);
}

// --- the body ---

static void fail_body(struct call *call, enum body_step step)
{
    switch (step) {
    case BODY_TOO_LARGE:
        call_refuse(call, LOYALTY__V1__CODE__CODE_RESOURCE_EXHAUSTED, "MESSAGE_TOO_LARGE", "",
                    "A message may have 1 MiB.");
        return;
    case BODY_COMPRESSED:
        call->names_encodings = true;
        call_refuse(call, LOYALTY__V1__CODE__CODE_UNIMPLEMENTED, "UNSUPPORTED_ENCODING", "",
                    "Only the identity encoding is taken: send it uncompressed.");
        return;
    case BODY_BAD_FLAG:
        call_refuse(call, LOYALTY__V1__CODE__CODE_INTERNAL, "MALFORMED_FRAMING", "",
                    "A message's flag is neither 0 nor 1.");
        return;
    case BODY_CUT_SHORT:
        call_refuse(call, LOYALTY__V1__CODE__CODE_INTERNAL, "MALFORMED_FRAMING", "",
                    "The request ends inside a message.");
        return;
    case BODY_NO_MEMORY:
        call_trouble(call, TROUBLE_NO_MEMORY);
        return;
    case BODY_END:
        call_refuse(call, LOYALTY__V1__CODE__CODE_UNIMPLEMENTED, "ONE_MESSAGE", "",
                    "This method takes one message, none has come.");
        return;
    default:
        call_refuse(call, LOYALTY__V1__CODE__CODE_UNIMPLEMENTED, "ONE_MESSAGE", "",
                    "This method takes one message, more have come.");
        return;
    }
}

static bool takes_many(const struct call *call)
{
    return call->own != NULL && call->own->stream != NULL && call->own->stream->many;
}

// Keeps what came while the answer could not go on.
static void hold(struct call *call, struct span rest)
{
    if (rest.len > 0 && buffer_append(&call->held, rest) != STATUS_OK) {
        call_trouble(call, TROUBLE_NO_MEMORY);
    }
}

static bool within_quota(struct call *call)
{
    switch (call_charge(call)) {
    case CHARGE_GOOD:
        return true;
    case CHARGE_CONNECTION:
        call_refuse(call, LOYALTY__V1__CODE__CODE_RESOURCE_EXHAUSTED, "TOO_MUCH_AT_ONCE", "",
                    "This connection has too much under way; send less at once.");
        return false;
    case CHARGE_ALL:
        break;
    }
    call_reset(call, RESET_REFUSED);
    return false;
}

// Takes bytes as far as that goes.
static void take(struct call *call, struct span rest)
{
    enum body_step step = BODY_MORE;
    while (call->state != CALL_OVER) {
        if (call_is_full(call)) {
            hold(call, rest);
            step = BODY_MORE;
            break;
        }
        step = call_protocol(call)->take(&call->body, &rest);
        if (step != BODY_MESSAGE || !takes_many(call)) {
            break;
        }
        ask_deliver(call);
    }
    if (call->state == CALL_OVER || !within_quota(call)) {
        return;
    }
    if (step == BODY_MESSAGE && rest.len > 0) {
        fail_body(call, BODY_MORE);
    } else if (step != BODY_MORE && step != BODY_MESSAGE) {
        fail_body(call, step);
    }
}

// All has come and is taken.
static void finish(struct call *call)
{
    enum body_step end = call_protocol(call)->finish(&call->body);
    if (takes_many(call)) {
        if (end == BODY_END) {
            call->own->stream->on_half_closed(call);
        } else {
            fail_body(call, BODY_CUT_SHORT);
        }
        return;
    }
    struct span none = {0};
    if (end != BODY_MESSAGE && end != BODY_END) {
        end = call_protocol(call)->take(&call->body, &none); // whole, or not
        end = end == BODY_MORE ? BODY_CUT_SHORT : end;
    }
    if (end != BODY_MESSAGE) {
        fail_body(call, end);
    } else if (call->state == CALL_STREAMING) {
        ask_deliver(call);
    } else {
        ask_whole(call);
    }
}

static void go_on(struct call *call, struct span bytes)
{
    if (call->finished_body) {
        return; // a stream whose answer goes on
    }
    take(call, bytes);
    if (call->state != CALL_OVER && call->half_closed && call->held.len == 0) {
        call->finished_body = true;
        finish(call);
    }
}

// Half a window at a time, so that a request that fits one costs no grant; and only what is taken,
// so that no more is ever held than a window.
static void want_more(struct call *call)
{
    bool reads = call->state == CALL_READING || call->state == CALL_STREAMING;
    if (!reads || call->half_closed || call_is_full(call) ||
        call->unwanted < HTTP_WINDOW_BYTES / 2) {
        return;
    }
    http_want(call->face->server, call->exchange, call->unwanted);
    call->unwanted = 0;
}

void intake_body(struct call *call, struct span bytes, bool last)
{
    if (call->state == CALL_OVER || call->state == CALL_ASKED) {
        return;
    }
    call->half_closed = last;
    call->unwanted += bytes.len;
    go_on(call, bytes);
    want_more(call);
}

void intake_room(struct call *call)
{
    bool was_full = call_is_full(call);
    call_flush(call);
    if (call->own == NULL) {
        ask_poke(call);
        return;
    }
    if (!was_full || call_is_full(call) || call->state != CALL_STREAMING) {
        return;
    }
    if (call->own->stream->on_room != NULL) {
        call->own->stream->on_room(call);
    }
    struct buffer held = call->held;
    buffer_init(&call->held, 0);
    go_on(call, buffer_span(&held));
    buffer_fini(&held);
    want_more(call);
}
