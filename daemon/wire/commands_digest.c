// The digest of a request: what tells a retry from another intent under the same id. The request is
// packed anew from what was decoded, so bytes that mean the same (another order of fields or of map
// entries, defaults spelled out) give the same digest. Most come as they would be packed; of these
// only the mutation's parts that do not count are left out.
#include "wire/commands.h"

#include <stdlib.h>

#include "base/varint.h"
#include "wire/field.h"
#include "wire/message.h"

// The singular field of this name, if it is of this type.
static const ProtobufCFieldDescriptor *find_field(const ProtobufCMessageDescriptor *request,
                                                  const char *name,
                                                  const ProtobufCMessageDescriptor *type)
{
    for (unsigned i = 0; i < request->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &request->fields[i];
        if (field->type == PROTOBUF_C_TYPE_MESSAGE && field->descriptor == type &&
            !field_is_repeated(field) && strcmp(field->name, name) == 0) {
            return field;
        }
    }
    return NULL;
}

static void *find_part(const ProtobufCMessage *request, const char *name,
                       const ProtobufCMessageDescriptor *type)
{
    const ProtobufCFieldDescriptor *field = find_field(request->descriptor, name, type);
    if (field == NULL || (field_is_oneof(field) && field_case_const(request, field) != field->id)) {
        return NULL;
    }
    return *(void *const *)field_place_const(request, field);
}

Loyalty__V1__Mutation *commands_find_mutation(const ProtobufCMessage *request)
{
    return find_part(request, "mutation", &loyalty__v1__mutation__descriptor);
}

Loyalty__V1__MemberRef *commands_find_member(const ProtobufCMessage *request)
{
    return commands_find_ref(request, "member");
}

Loyalty__V1__MemberRef *commands_find_ref(const ProtobufCMessage *request, const char *field)
{
    return find_part(request, field, &loyalty__v1__member_ref__descriptor);
}

static const char *entry_key(const ProtobufCMessage *entry)
{
    const ProtobufCFieldDescriptor *key = &entry->descriptor->fields[0];
    return *(char *const *)field_place_const(entry, key);
}

static int compare_entries(const void *a, const void *b)
{
    return strcmp(entry_key(*(ProtobufCMessage *const *)a),
                  entry_key(*(ProtobufCMessage *const *)b));
}

// Sorts the maps of a message and of all it contains. The types of the contract do not recurse, so
// neither does this beyond their depth.
// NOLINTNEXTLINE(misc-no-recursion)
static void sort_maps(ProtobufCMessage *message)
{
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        if (field->type != PROTOBUF_C_TYPE_MESSAGE ||
            (field_is_oneof(field) && field_case_const(message, field) != field->id)) {
            continue;
        }
        void *place = field_place(message, field);
        if (!field_is_repeated(field)) {
            ProtobufCMessage *inner = *(ProtobufCMessage **)place;
            if (inner != NULL) {
                sort_maps(inner);
            }
            continue;
        }
        ProtobufCMessage **inner = *(ProtobufCMessage ***)place;
        size_t count = field_count_const(message, field);
        if (count > 1 && field_is_map(message->descriptor, field)) {
            qsort(inner, count, sizeof(ProtobufCMessage *), compare_entries);
        }
        for (size_t j = 0; j < count; j++) {
            sort_maps(inner[j]);
        }
    }
}

enum status commands_digest(struct arena *arena, struct span method, ProtobufCMessage *request,
                            commands_hash_fn *hash, uint8_t *ret_digest)
{
    sort_maps(request);
    Loyalty__V1__Mutation *mutation = commands_find_mutation(request);
    Loyalty__V1__Mutation kept = LOYALTY__V1__MUTATION__INIT;
    if (mutation != NULL) {
        kept = *mutation;
        mutation->created_at = NULL;
        mutation->deadline = NULL;
        mutation->min_seq = 0;
    }
    struct span payload = {0};
    enum status packed = message_encode(request, arena, &payload);
    if (mutation != NULL) {
        *mutation = kept;
    }
    TRY(packed);
    hash(method, payload, ret_digest);
    return STATUS_OK;
}

// --- of canonical bytes ---

enum { HEAD_BYTES_MAX = 2 * VARINT_BYTES_MAX };

// A field as it stands there.
struct part {
    uint32_t tag;
    struct span whole;
    struct span body; // where it is sized
};

static enum status take_part(struct reader *reader, struct part *ret_part)
{
    struct span before = reader->rest;
    struct part part = {0};
    TRY(reader_u32(reader, &part.tag));
    if ((part.tag & 7) == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED) {
        TRY(reader_sized(reader, before.len, &part.body));
    } else {
        uint64_t number = 0;
        TRY(reader_u64(reader, &number));
    }
    part.whole = span_of(before.data, before.len - reader->rest.len);
    *ret_part = part;
    return STATUS_OK;
}

static bool counts(const struct part *part)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field(&loyalty__v1__mutation__descriptor, part->tag >> 3);
    return field == NULL || (field->offset != offsetof(Loyalty__V1__Mutation, created_at) &&
                             field->offset != offsetof(Loyalty__V1__Mutation, deadline) &&
                             field->offset != offsetof(Loyalty__V1__Mutation, min_seq));
}

static uint8_t *put(uint8_t *at, struct span bytes)
{
    if (bytes.len > 0) {
        memcpy(at, bytes.data, bytes.len);
    }
    return at + bytes.len;
}

// The mutation without what does not count: put together behind where its head can end.
static enum status put_mutation(const struct part *mutation, uint8_t **at)
{
    uint8_t *body = *at + HEAD_BYTES_MAX;
    uint8_t *end = body;
    for (struct reader reader = {.rest = mutation->body}; reader.rest.len > 0;) {
        struct part part;
        TRY(take_part(&reader, &part));
        end = counts(&part) ? put(end, part.whole) : end;
    }
    size_t len = (size_t)(end - body);
    *at += varint_write(*at, mutation->tag);
    *at += varint_write(*at, len);
    memmove(*at, body, len);
    *at += len;
    return STATUS_OK;
}

enum status commands_digest_canonical(struct arena *arena, struct span method,
                                      const ProtobufCMessage *request, struct span bytes,
                                      commands_hash_fn *hash, uint8_t *ret_digest)
{
    const ProtobufCFieldDescriptor *mutation =
        find_field(request->descriptor, "mutation", &loyalty__v1__mutation__descriptor);
    uint8_t *payload = arena_alloc_raw(arena, HEAD_BYTES_MAX + bytes.len);
    if (payload == NULL) {
        return STATUS_NO_MEMORY;
    }
    uint8_t *at = payload;
    struct reader reader = {.rest = bytes};
    for (bool found = mutation == NULL; !found && reader.rest.len > 0;) {
        struct part part;
        TRY(take_part(&reader, &part));
        found = part.tag >> 3 == mutation->id;
        if (found) {
            TRY(put_mutation(&part, &at));
        } else {
            at = put(at, part.whole);
        }
    }
    at = put(at, reader.rest);
    hash(method, span_of(payload, (size_t)(at - payload)), ret_digest);
    return STATUS_OK;
}
