// A call's life in the pool and the bytes of its answer. Net takes bytes while little waits on the
// connection; what it does not take waits here, in order, and the end waits behind it.
#include "face/call.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "face/face_parts.h"
#include "service/error.h"
#include "service/trouble.h"

// --- the pool ---

static struct call *make(void)
{
    struct call *call = calloc(1, sizeof(*call));
    if (call != NULL) {
        body_init(&call->body);
        buffer_init(&call->held, 0);
        buffer_init(&call->output, 0);
        buffer_init(&call->trailer_text, 0);
    }
    return call;
}

void call_free(struct call *call)
{
    if (call == NULL) {
        return;
    }
    body_fini(&call->body);
    buffer_fini(&call->held);
    buffer_fini(&call->output);
    buffer_fini(&call->trailer_text);
    free(call);
}

struct call *call_open(struct face *face, struct http_exchange *exchange)
{
    if (face->calls == FACE_CALLS) {
        return NULL;
    }
    struct quota *quota = quotas_enter(&face->quotas, exchange->connection);
    struct call *call = face->spare;
    if (call == NULL) {
        call = make();
    } else {
        face->spare = call->next;
    }
    if (quota == NULL || call == NULL) {
        if (quota != NULL) {
            quotas_leave(&face->quotas, quota);
        }
        call_free(call);
        return NULL;
    }
    face->calls++;
    call->face = face;
    call->exchange = exchange;
    call->quota = quota;
    call->next = NULL;
    exchange->owner = call;
    return call;
}

static void empty(struct buffer *buffer)
{
    if (buffer->capacity > FACE_BODY_KEEP_BYTES) {
        buffer_fini(buffer);
    } else {
        buffer_clear(buffer);
    }
}

static void uncharge(struct call *call)
{
    quotas_charge(&call->face->quotas, call->quota, call->charged_bytes, 0);
    call->charged_bytes = 0;
}

void call_close(struct call *call)
{
    struct face *face = call->face;
    uncharge(call);
    quotas_leave(&face->quotas, call->quota);
    body_next(&call->body);
    empty(&call->body.message);
    empty(&call->held);
    empty(&call->output);
    empty(&call->trailer_text);
    // Everything but the buffers is as new.
    *call = (struct call){
        .body = call->body,
        .held = call->held,
        .output = call->output,
        .trailer_text = call->trailer_text,
        .next = face->spare,
    };
    face->spare = call;
    face->calls--;
}

// --- what it keeps ---

enum call_charge call_charge(struct call *call)
{
    size_t bytes = call->output.len == 0 ? 0 : call->output.capacity;
    if (call->state == CALL_READING || call->state == CALL_STREAMING) {
        bytes += call->body.message.capacity + call->held.capacity;
    }
    struct quotas *quotas = &call->face->quotas;
    quotas_charge(quotas, call->quota, call->charged_bytes, bytes);
    call->charged_bytes = bytes;
    if (quotas->bytes > FACE_BYTES) {
        return CHARGE_ALL;
    }
    return call->quota->bytes > FACE_CONNECTION_BYTES ? CHARGE_CONNECTION : CHARGE_GOOD;
}

void call_release_body(struct call *call)
{
    body_next(&call->body);
    empty(&call->body.message);
    empty(&call->held);
    (void)call_charge(call);
}

// --- the answer's bytes ---

void call_reset(struct call *call, uint32_t code)
{
    if (call->state == CALL_OVER && !call->finished) {
        return;
    }
    call->state = CALL_OVER;
    call->finished = false;
    empty(&call->output);
    call_release_body(call); // counts anew
    http_reset(call->face->server, call->exchange, code);
}

void call_head(struct call *call, uint32_t status, const char *content_type,
               const struct fields *fields)
{
    CHECK(!call->head_sent);
    struct fields all = {0};
    fields_add(&all, "content-type", span_of_text(content_type));
    if (call->traceparent_bytes > 0) {
        fields_add(&all, "traceparent", span_of(call->traceparent, call->traceparent_bytes));
    }
    if (call->names_encodings) {
        fields_add(&all, call_protocol(call)->accept_encoding_field, span_of_text("identity"));
    }
    CHECK(all.count + fields->count <= FACE_FIELDS);
    memcpy(all.items + all.count, fields->items, fields->count * sizeof(fields->items[0]));
    call->head_sent = true;
    http_head(call->face->server, call->exchange, status, all.items, all.count + fields->count);
}

void call_write(struct call *call, struct span bytes)
{
    if (call->state == CALL_OVER || bytes.len == 0) {
        return;
    }
    if (call->output.len == 0 && http_body(call->face->server, call->exchange, bytes)) {
        return;
    }
    if (buffer_append(&call->output, bytes) != STATUS_OK || call_charge(call) == CHARGE_ALL) {
        // What was asked may have been done: the client has to ask again, and will find that.
        call_reset(call, RESET_INTERNAL);
    }
}

void call_write_framed(struct call *call, uint8_t flag, struct span bytes)
{
    uint8_t prefix[BODY_PREFIX_BYTES];
    body_prefix(flag, bytes.len, prefix);
    call_write(call, span_of(prefix, sizeof(prefix)));
    call_write(call, bytes);
}

// Copies the values, which live no longer than this turn; the names are ours.
static bool keep_trailers(struct call *call, const struct fields *trailers)
{
    size_t bytes = 1;
    for (size_t i = 0; i < trailers->count; i++) {
        bytes += trailers->items[i].value.len;
    }
    buffer_clear(&call->trailer_text);
    if (buffer_reserve(&call->trailer_text, bytes) != STATUS_OK) {
        return false;
    }
    for (size_t i = 0; i < trailers->count; i++) {
        struct span value = trailers->items[i].value;
        uint8_t *place = call->trailer_text.data + call->trailer_text.len;
        if (buffer_append(&call->trailer_text, value) != STATUS_OK) {
            return false;
        }
        call->trailers[i] = (struct http_field){trailers->items[i].name, span_of(place, value.len)};
    }
    call->trailer_count = trailers->count;
    return true;
}

void call_finish(struct call *call, const struct fields *trailers)
{
    static const struct fields none;
    trailers = trailers == NULL ? &none : trailers;
    if (call->state == CALL_OVER) {
        return;
    }
    if (!call_is_full(call)) {
        call->state = CALL_OVER;
        call_release_body(call);
        http_end(call->face->server, call->exchange, trailers->items, trailers->count);
        return;
    }
    if (!keep_trailers(call, trailers)) {
        call_reset(call, RESET_INTERNAL);
        return;
    }
    call->state = CALL_OVER;
    call->finished = true;
}

void call_flush(struct call *call)
{
    struct server *server = call->face->server;
    if (call->output.len == 0 || !http_body(server, call->exchange, buffer_span(&call->output))) {
        return;
    }
    empty(&call->output);
    (void)call_charge(call);
    if (call->finished) {
        call->finished = false;
        http_end(server, call->exchange, call->trailers, call->trailer_count);
    }
}

// --- answers ---

static void fail(struct call *call, const Loyalty__V1__Error *error)
{
    if (call->state != CALL_OVER) {
        call_protocol(call)->end(call, error);
    }
}

void call_fail(struct call *call, const Loyalty__V1__Error *error)
{
    face_reset_arena(&call->face->outgoing);
    fail(call, error);
}

void call_refuse(struct call *call, Loyalty__V1__Code code, const char *reason, const char *field,
                 const char *message)
{
    Loyalty__V1__Error error = error_make(code, reason, field, message);
    call_fail(call, &error);
}

void call_trouble(struct call *call, enum trouble trouble)
{
    call_refuse(call, LOYALTY__V1__CODE__CODE_UNAVAILABLE, trouble_name(trouble), "",
                trouble_message(trouble));
}

// What was asked is done, its answer cannot be written.
static void fail_unwritten(struct call *call)
{
    Loyalty__V1__Error error = error_make(
        LOYALTY__V1__CODE__CODE_UNKNOWN, "OUTCOME_UNKNOWN", "",
        "There is an answer that could not be written; ask again with the same request_id.");
    if (!call->mutating) {
        error = error_make(LOYALTY__V1__CODE__CODE_UNAVAILABLE, trouble_name(TROUBLE_NO_MEMORY), "",
                           trouble_message(TROUBLE_NO_MEMORY));
    }
    fail(call, &error);
}

void call_send(struct call *call, struct span message)
{
    struct face *face = call->face;
    face_reset_arena(&face->outgoing);
    struct span bytes;
    if (call->state == CALL_OVER) {
        return;
    }
    if (codec_write(call->media->codec, message, call->response, &face->outgoing, &bytes) !=
        STATUS_OK) {
        fail_unwritten(call);
        return;
    }
    call_protocol(call)->send(call, bytes);
}

void call_reply(struct call *call, struct span message, bool replayed)
{
    call->replayed = replayed;
    call_send(call, message);
    if (call->state != CALL_OVER) {
        call_protocol(call)->end(call, NULL);
    }
}
