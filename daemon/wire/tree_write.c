// From a message to a tree; the leaves are in tree_write_leaf.c. A field is written when it is set:
// repeated ones when not empty, oneof members and messages when present, the others when not at
// their default. TREE_WITH_DEFAULTS adds those at their default, empty lists and maps.
#include <stdint.h>

#include "base/check.h"
#include "wire/any.h"
#include "wire/bounds.h"
#include "wire/field.h"
#include "wire/message.h"
#include "wire/text.h"
#include "wire/tree.h"
#include "wire/tree_value.h"

// NOLINTBEGIN(misc-no-recursion): the type bounds it

static enum status write_message(const ProtobufCMessage *message, unsigned options, unsigned depth,
                                 json_t **ret_tree);

static enum status write_value(const void *place, const ProtobufCFieldDescriptor *field,
                               unsigned options, unsigned depth, json_t **ret_tree)
{
    if (tree_is_leaf(field)) {
        return tree_write_leaf(place, field, options, ret_tree);
    }
    return write_message(*(ProtobufCMessage *const *)place, options, depth + 1, ret_tree);
}

static enum status write_list(const uint8_t *elements, size_t count,
                              const ProtobufCFieldDescriptor *field, unsigned options,
                              unsigned depth, json_t **ret_tree)
{
    json_auto_t *list = json_array();
    if (list == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        json_t *value = NULL;
        TRY(write_value(elements + i * field_value_bytes(field->type), field, options, depth,
                        &value));
        if (json_array_append_new(list, value) != 0) {
            return STATUS_NO_MEMORY;
        }
    }
    *ret_tree = json_incref(list);
    return STATUS_OK;
}

static enum status write_map(ProtobufCMessage *const *entries, size_t count, unsigned options,
                             unsigned depth, json_t **ret_tree)
{
    json_auto_t *object = json_object();
    if (object == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        const ProtobufCFieldDescriptor *fields = entries[i]->descriptor->fields;
        CHECK(fields[0].type == PROTOBUF_C_TYPE_STRING);
        struct span key = span_of_text(*(char *const *)field_place_const(entries[i], &fields[0]));
        if (!text_is_clean(key)) {
            return STATUS_INVALID;
        }
        json_t *value = NULL;
        TRY(write_value(field_place_const(entries[i], &fields[1]), &fields[1], options, depth,
                        &value));
        const char *data = key.len == 0 ? "" : (const char *)key.data;
        if (json_object_setn_new_nocheck(object, data, key.len, value) != 0) {
            return STATUS_NO_MEMORY;
        }
    }
    *ret_tree = json_incref(object);
    return STATUS_OK;
}

// Whether a scalar is at its default, which then is not told from absence.
static bool is_default(const void *place, ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_STRING: {
        const char *text = *(char *const *)place;
        return text == NULL || text[0] == '\0';
    }
    case PROTOBUF_C_TYPE_BYTES:
        return ((const ProtobufCBinaryData *)place)->len == 0;
    default:
        return field_value_bytes(type) == sizeof(uint32_t) ? *(const uint32_t *)place == 0
                                                           : *(const uint64_t *)place == 0;
    }
}

static bool is_written(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                       unsigned options)
{
    const void *place = field_place_const(message, field);
    if (field_is_repeated(field)) {
        return (options & TREE_WITH_DEFAULTS) != 0 || field_count_const(message, field) > 0;
    }
    if (field_is_oneof(field)) {
        return field_case_const(message, field) == field->id;
    }
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        return *(ProtobufCMessage *const *)place != NULL;
    }
    return (options & TREE_WITH_DEFAULTS) != 0 || !is_default(place, field->type);
}

static enum status write_field(const ProtobufCMessage *message,
                               const ProtobufCFieldDescriptor *field, unsigned options,
                               unsigned depth, json_t **ret_tree)
{
    const void *place = field_place_const(message, field);
    if (!field_is_repeated(field)) {
        return write_value(place, field, options, depth, ret_tree);
    }
    size_t count = field_count_const(message, field);
    if (field_is_map(message->descriptor, field)) {
        return write_map(*(ProtobufCMessage * *const *)place, count, options, depth, ret_tree);
    }
    return write_list(*(const uint8_t *const *)place, count, field, options, depth, ret_tree);
}

static enum status write_fields(const ProtobufCMessage *message, unsigned options, unsigned depth,
                                json_t *object);

// What it holds, and "@type" before it; one that is not known, as it is.
static enum status write_any(const Google__Protobuf__Any *any, unsigned options, unsigned depth,
                             json_t *object)
{
    struct arena arena;
    ProtobufCMessage *message = NULL;
    arena_init(&arena, WIRE_DOCUMENT_ARENA_BYTES);
    enum status status = any_unpack(any, &arena, &message);
    if (status == STATUS_OK &&
        json_object_set_new(object, "@type", json_string(any->type_url)) != 0) {
        status = STATUS_NO_MEMORY;
    }
    if (status == STATUS_OK) {
        status = write_fields(message, options, depth, object);
    } else if (status == STATUS_NOT_FOUND) {
        status = write_fields(&any->base, options, depth, object);
    }
    arena_fini(&arena);
    return status;
}

static enum status write_message(const ProtobufCMessage *message, unsigned options, unsigned depth,
                                 json_t **ret_tree)
{
    CHECK(depth <= WIRE_MESSAGE_DEPTH);
    json_auto_t *object = json_object();
    if (object == NULL) {
        return STATUS_NO_MEMORY;
    }
    if (message->descriptor == &google__protobuf__any__descriptor) {
        TRY(write_any((const Google__Protobuf__Any *)message, options, depth, object));
    } else {
        TRY(write_fields(message, options, depth, object));
    }
    *ret_tree = json_incref(object);
    return STATUS_OK;
}

static enum status write_fields(const ProtobufCMessage *message, unsigned options, unsigned depth,
                                json_t *object)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        if (!is_written(message, field, options)) {
            continue;
        }
        json_t *value = NULL;
        TRY(write_field(message, field, options, depth, &value));
        char json_name[FIELD_NAME_BYTES];
        bool proto_names = (options & TREE_PROTO_NAMES) != 0;
        const char *name = proto_names ? field->name : field_json_name(field, json_name);
        if (json_object_set_new(object, name, value) != 0) {
            return STATUS_NO_MEMORY;
        }
    }
    return STATUS_OK;
}

// NOLINTEND(misc-no-recursion)

enum status tree_from_message(const ProtobufCMessage *message, unsigned options, json_t **ret_tree)
{
    return write_message(message, options, 1, ret_tree);
}
