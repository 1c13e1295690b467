// The digest of a request: what tells a retry from another intent under the same id. The request is
// packed anew from what was decoded, so bytes that mean the same (another order of fields or of map
// entries, defaults spelled out) give the same digest.
#include "wire/commands.h"

#include <stdlib.h>

#include "wire/field.h"
#include "wire/message.h"

// The message in the singular field of this name, if it is of this type.
static void *find_part(const ProtobufCMessage *request, const char *name,
                       const ProtobufCMessageDescriptor *type)
{
    const ProtobufCFieldDescriptor *field = field_find(request->descriptor, span_of_text(name));
    if (field == NULL || field_is_repeated(field) || field->type != PROTOBUF_C_TYPE_MESSAGE ||
        field->descriptor != type) {
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
    return find_part(request, "member", &loyalty__v1__member_ref__descriptor);
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
