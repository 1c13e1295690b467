// A reply's memory is one arena: the envelope unpacked, then the typed message, then the arrays of
// a result struct. protobuf-c unpacks straight into it. A newer server may send fields this library
// does not know; they are skipped.
#include "lib/reply.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "loyalty/v1/frame.pb-c.h"

enum { REPLY_MEMORY_MAX = 16 * 1024 * 1024 };

static struct arena *reply_arena(struct loyalty_reply *reply)
{
    if (reply->memory == NULL) {
        struct arena *arena = malloc(sizeof(*arena));
        if (arena == NULL) {
            return NULL;
        }
        arena_init(arena, REPLY_MEMORY_MAX);
        reply->memory = arena;
    }
    return reply->memory;
}

void loyalty_reply_fini(struct loyalty_reply *reply)
{
    if (reply == NULL) {
        return;
    }
    arena_fini(reply->memory);
    free(reply->memory);
    *reply = (struct loyalty_reply){.reason = "", .field = "", .message = ""};
}

void *ly_reply_alloc(struct loyalty_reply *reply, size_t bytes)
{
    struct arena *arena = reply_arena(reply);
    return arena == NULL ? NULL : arena_alloc(arena, bytes);
}

static void *allocate(void *arena, size_t bytes)
{
    return arena_alloc(arena, bytes);
}

static void release(void *arena, void *memory)
{
    (void)arena;
    (void)memory;
}

static ProtobufCMessage *unpack(struct loyalty_reply *reply, const ProtobufCMessageDescriptor *type,
                                struct span bytes)
{
    struct arena *arena = reply_arena(reply);
    if (arena == NULL) {
        return NULL;
    }
    ProtobufCAllocator allocator = {.alloc = allocate, .free = release, .allocator_data = arena};
    return protobuf_c_message_unpack(type, &allocator, bytes.len, bytes.data);
}

ProtobufCMessage *ly_reply_unpack(struct loyalty_reply *reply,
                                  const ProtobufCMessageDescriptor *type)
{
    return unpack(reply, type, span_of(reply->payload, reply->payload_bytes));
}

enum loyalty_outcome ly_outcome_of_code(int code)
{
    switch (code) {
    case LOYALTY__V1__CODE__CODE_UNAVAILABLE:
    case LOYALTY__V1__CODE__CODE_RESOURCE_EXHAUSTED:
        return LOYALTY_RETRY_LATER;
    case LOYALTY__V1__CODE__CODE_UNSPECIFIED:
    case LOYALTY__V1__CODE__CODE_UNKNOWN:
    case LOYALTY__V1__CODE__CODE_DEADLINE_EXCEEDED:
    case LOYALTY__V1__CODE__CODE_INTERNAL:
        return LOYALTY_OUTCOME_UNKNOWN;
    default:
        return LOYALTY_REFUSED;
    }
}

static bool take_error(struct loyalty_reply *reply, const Loyalty__V1__Error *error)
{
    reply->outcome = ly_outcome_of_code((int)error->code);
    reply->code = (int)error->code;
    reply->reason = error->reason;
    reply->field = error->field;
    reply->message = error->message;
    struct loyalty_figure *figures =
        ly_reply_alloc(reply, (error->n_figures + 1) * sizeof(*figures));
    if (figures == NULL) {
        return false;
    }
    for (size_t i = 0; i < error->n_figures; i++) {
        figures[i].name = error->figures[i]->key;
        figures[i].value = error->figures[i]->value;
    }
    reply->figures = figures;
    reply->figure_count = error->n_figures;
    return true;
}

static enum ly_frame take_envelope(struct loyalty_reply *reply,
                                   const Loyalty__V1__ReplyEnvelope *envelope)
{
    reply->replayed = envelope->replayed;
    switch (envelope->result_case) {
    case LOYALTY__V1__REPLY_ENVELOPE__RESULT_ERROR:
        return take_error(reply, envelope->error) ? LY_FRAME_REPLY : LY_FRAME_BAD;
    case LOYALTY__V1__REPLY_ENVELOPE__RESULT_PAYLOAD:
        reply->outcome = reply->replayed ? LOYALTY_DUPLICATE : LOYALTY_APPLIED;
        reply->payload = envelope->payload.data;
        reply->payload_bytes = envelope->payload.len;
        return LY_FRAME_REPLY;
    case LOYALTY__V1__REPLY_ENVELOPE__RESULT_GOAWAY:
        return LY_FRAME_GOAWAY;
    default:
        return LY_FRAME_BAD;
    }
}

enum ly_frame ly_reply_parse(struct span frame, uint64_t *ret_correlation_id,
                             struct loyalty_reply *ret_reply)
{
    struct loyalty_reply reply = {.reason = "", .field = "", .message = ""};
    const Loyalty__V1__ReplyEnvelope *envelope = (const Loyalty__V1__ReplyEnvelope *)unpack(
        &reply, &loyalty__v1__reply_envelope__descriptor, frame);
    enum ly_frame kind = envelope == NULL ? LY_FRAME_BAD : take_envelope(&reply, envelope);
    if (kind != LY_FRAME_REPLY) {
        loyalty_reply_fini(&reply);
        return kind;
    }
    *ret_correlation_id = envelope->correlation_id;
    *ret_reply = reply;
    return LY_FRAME_REPLY;
}

void ly_reply_set(struct loyalty_reply *reply, enum loyalty_outcome outcome, const char *reason,
                  const char *message)
{
    *reply = (struct loyalty_reply){
        .outcome = outcome, .reason = reason, .field = "", .message = message};
}

static bool copy_text(struct loyalty_reply *copy, const char *text, const char **ret_text)
{
    size_t bytes = strlen(text) + 1;
    char *place = ly_reply_alloc(copy, bytes);
    *ret_text = place == NULL ? "" : memcpy(place, text, bytes);
    return place != NULL;
}

static bool copy_figures(const struct loyalty_reply *reply, struct loyalty_reply *copy)
{
    struct loyalty_figure *figures =
        ly_reply_alloc(copy, (reply->figure_count + 1) * sizeof(*figures));
    for (size_t i = 0; figures != NULL && i < reply->figure_count; i++) {
        figures[i].value = reply->figures[i].value;
        if (!copy_text(copy, reply->figures[i].name, &figures[i].name)) {
            return false;
        }
    }
    copy->figures = figures;
    copy->figure_count = reply->figure_count;
    return figures != NULL;
}

static bool copy_payload(const struct loyalty_reply *reply, struct loyalty_reply *copy)
{
    uint8_t *payload = ly_reply_alloc(copy, reply->payload_bytes + 1);
    if (payload != NULL && reply->payload_bytes > 0) {
        memcpy(payload, reply->payload, reply->payload_bytes);
        copy->payload = payload;
        copy->payload_bytes = reply->payload_bytes;
    }
    return payload != NULL;
}

void ly_reply_copy(const struct loyalty_reply *reply, struct loyalty_reply *ret_copy)
{
    struct loyalty_reply copy = {
        .outcome = reply->outcome,
        .replayed = reply->replayed,
        .code = reply->code,
    };
    if (!copy_text(&copy, reply->reason, &copy.reason) ||
        !copy_text(&copy, reply->field, &copy.field) ||
        !copy_text(&copy, reply->message, &copy.message) || !copy_figures(reply, &copy) ||
        !copy_payload(reply, &copy)) {
        loyalty_reply_fini(&copy);
        ly_reply_set(&copy,
                     reply->outcome == LOYALTY_RETRY_LATER ? LOYALTY_RETRY_LATER
                                                           : LOYALTY_OUTCOME_UNKNOWN,
                     "NO_MEMORY", "Out of memory: ask again.");
    }
    *ret_copy = copy;
}
