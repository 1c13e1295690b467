// loyalty.v1.Error -> google.rpc. Source: AIP-193 and google/rpc/error_details.proto.
#include "face/details.h"

#include <inttypes.h>

#include "base/check.h"
#include "face/bounds.h"
#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "wire/message.h"

enum { NANOS_A_MS = 1000000 };

static enum status add(struct details *details, const ProtobufCMessage *message,
                       struct arena *arena)
{
    CHECK(details->count < DETAILS_MAX);
    struct detail *detail = &details->items[details->count];
    TRY(message_encode(message, arena, &detail->bytes));
    detail->message = message;
    details->count++;
    return STATUS_OK;
}

static enum status add_info(struct details *details, const Loyalty__V1__Error *error,
                            struct arena *arena)
{
    Google__Rpc__ErrorInfo *info =
        (Google__Rpc__ErrorInfo *)message_new(&google__rpc__error_info__descriptor, arena);
    Google__Rpc__ErrorInfo__MetadataEntry **entries =
        arena_alloc_array(arena, error->n_figures, sizeof(void *));
    if (info == NULL || entries == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < error->n_figures; i++) {
        entries[i] = (Google__Rpc__ErrorInfo__MetadataEntry *)message_new(
            &google__rpc__error_info__metadata_entry__descriptor, arena);
        char *value = arena_printf(arena, "%" PRId64, error->figures[i]->value);
        if (entries[i] == NULL || value == NULL) {
            return STATUS_NO_MEMORY;
        }
        entries[i]->key = error->figures[i]->key;
        entries[i]->value = value;
    }
    info->reason = error->reason;
    info->domain = (char *)"loyalty";
    info->n_metadata = error->n_figures;
    info->metadata = entries;
    return add(details, &info->base, arena);
}

static enum status add_sentence(struct details *details, const Loyalty__V1__Error *error,
                                struct arena *arena)
{
    Google__Rpc__LocalizedMessage *sentence = (Google__Rpc__LocalizedMessage *)message_new(
        &google__rpc__localized_message__descriptor, arena);
    if (sentence == NULL) {
        return STATUS_NO_MEMORY;
    }
    sentence->locale = (char *)"en";
    sentence->message = error->message;
    return add(details, &sentence->base, arena);
}

static enum status add_field(struct details *details, const Loyalty__V1__Error *error,
                             struct arena *arena)
{
    Google__Rpc__BadRequest *bad =
        (Google__Rpc__BadRequest *)message_new(&google__rpc__bad_request__descriptor, arena);
    Google__Rpc__BadRequest__FieldViolation **violations = arena_alloc(arena, sizeof(void *));
    if (bad == NULL || violations == NULL) {
        return STATUS_NO_MEMORY;
    }
    violations[0] = (Google__Rpc__BadRequest__FieldViolation *)message_new(
        &google__rpc__bad_request__field_violation__descriptor, arena);
    if (violations[0] == NULL) {
        return STATUS_NO_MEMORY;
    }
    violations[0]->field = error->field;
    violations[0]->description = error->message;
    violations[0]->reason = error->reason;
    bad->n_field_violations = 1;
    bad->field_violations = violations;
    return add(details, &bad->base, arena);
}

static enum status add_retry(struct details *details, struct arena *arena)
{
    Google__Rpc__RetryInfo *retry =
        (Google__Rpc__RetryInfo *)message_new(&google__rpc__retry_info__descriptor, arena);
    Google__Protobuf__Duration *delay =
        (Google__Protobuf__Duration *)message_new(&google__protobuf__duration__descriptor, arena);
    if (retry == NULL || delay == NULL) {
        return STATUS_NO_MEMORY;
    }
    delay->nanos = FACE_RETRY_MS * NANOS_A_MS;
    retry->retry_delay = delay;
    return add(details, &retry->base, arena);
}

enum status details_make(const Loyalty__V1__Error *error, struct arena *arena,
                         struct details *ret_details)
{
    struct details details = {0};
    TRY(add_info(&details, error, arena));
    if (error->field[0] != '\0') {
        TRY(add_field(&details, error, arena));
    }
    TRY(add_sentence(&details, error, arena));
    if (error->code == LOYALTY__V1__CODE__CODE_UNAVAILABLE) {
        TRY(add_retry(&details, arena));
    }
    *ret_details = details;
    return STATUS_OK;
}

enum status details_status(const Loyalty__V1__Error *error, struct arena *arena,
                           struct span *ret_bytes)
{
    struct details details;
    TRY(details_make(error, arena, &details));
    Google__Protobuf__Any anys[DETAILS_MAX];
    Google__Protobuf__Any *places[DETAILS_MAX];
    for (size_t i = 0; i < details.count; i++) {
        struct span bytes = details.items[i].bytes;
        google__protobuf__any__init(&anys[i]);
        anys[i].type_url = arena_printf(arena, "type.googleapis.com/%s",
                                        details.items[i].message->descriptor->name);
        anys[i].value = (ProtobufCBinaryData){.len = bytes.len, .data = (uint8_t *)bytes.data};
        places[i] = &anys[i];
        if (anys[i].type_url == NULL) {
            return STATUS_NO_MEMORY;
        }
    }
    Google__Rpc__Status status = GOOGLE__RPC__STATUS__INIT;
    status.code = (int32_t)error->code;
    status.message = error->message;
    status.n_details = details.count;
    status.details = places;
    return message_encode(&status.base, arena, ret_bytes);
}
