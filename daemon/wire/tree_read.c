// From a tree to a message: objects, lists, maps and oneofs; the leaves are in tree_read_leaf.c.
// Goes on after a problem, so that all of them are found; depth is bounded by the type, which is
// never recursive, since what is unknown is not entered.
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "wire/field.h"
#include "wire/message.h"
#include "wire/text.h"
#include "wire/tree.h"
#include "wire/tree_value.h"

enum { LISTING_BYTES = 640 };

// NOLINTBEGIN(misc-no-recursion): the type bounds it

static enum status read_object(struct problems *problems, const json_t *tree, const struct path *at,
                               ProtobufCMessage *message);

// Fills `place` in any case: with the default when the value will not do.
static enum status read_value(struct problems *problems, const json_t *value,
                              const ProtobufCFieldDescriptor *field, const struct path *at,
                              void *place)
{
    ProtobufCMessage *message = NULL;
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        message = message_new(field->descriptor, problems->arena);
        if (message == NULL) {
            return STATUS_NO_MEMORY;
        }
        *(ProtobufCMessage **)place = message;
    } else if (field->type == PROTOBUF_C_TYPE_STRING) {
        *(const char **)place = protobuf_c_empty_string;
    }
    return tree_is_leaf(field) ? tree_read_leaf(problems, value, field, at, place)
                               : read_object(problems, value, at, message);
}

// Room for a repeated field's elements, their number set.
static enum status make_list(struct problems *problems, ProtobufCMessage *message,
                             const ProtobufCFieldDescriptor *field, size_t count,
                             uint8_t **ret_elements)
{
    uint8_t *elements = arena_alloc_array(problems->arena, count, field_value_bytes(field->type));
    if (elements == NULL) {
        return STATUS_NO_MEMORY;
    }
    *field_count(message, field) = count;
    *(uint8_t **)field_place(message, field) = elements;
    *ret_elements = elements;
    return STATUS_OK;
}

static enum status expected(struct problems *problems, const json_t *value, const struct path *at,
                            const char *what)
{
    char found[TREE_FOUND_BYTES];
    return problem_add(problems, at, "expected %s, found %s", what, tree_found(value, found));
}

static enum status read_list(struct problems *problems, const json_t *list,
                             const ProtobufCFieldDescriptor *field, const struct path *at,
                             ProtobufCMessage *message)
{
    if (!json_is_array(list)) {
        return expected(problems, list, at, "a list");
    }
    size_t count = json_array_size(list);
    uint8_t *elements = NULL;
    TRY(make_list(problems, message, field, count, &elements));
    for (size_t i = 0; i < count; i++) {
        struct path element = path_element(at, i);
        TRY(read_value(problems, json_array_get(list, i), field, &element,
                       elements + i * field_value_bytes(field->type)));
    }
    return STATUS_OK;
}

static enum status read_entry(struct problems *problems, struct span key, const json_t *value,
                              const struct path *at, ProtobufCMessage *entry)
{
    const ProtobufCFieldDescriptor *key_field = &entry->descriptor->fields[0];
    const ProtobufCFieldDescriptor *value_field = &entry->descriptor->fields[1];
    CHECK(key_field->type == PROTOBUF_C_TYPE_STRING);
    struct span copy;
    TRY(arena_copy(problems->arena, key, &copy));
    *(const char **)field_place(entry, key_field) = (const char *)copy.data;
    if (!text_is_clean(key)) {
        return problem_add(problems, at, "a key must be UTF-8 without NUL");
    }
    return read_value(problems, value, value_field, at, field_place(entry, value_field));
}

static enum status read_map(struct problems *problems, const json_t *object,
                            const ProtobufCFieldDescriptor *field, const struct path *at,
                            ProtobufCMessage *message)
{
    if (!json_is_object(object)) {
        return expected(problems, object, at, "an object of keys and values");
    }
    if (json_object_size(object) > WIRE_MAP_KEYS) {
        return problem_add(problems, at, "%zu entries; at most %d", json_object_size(object),
                           WIRE_MAP_KEYS);
    }
    uint8_t *elements = NULL;
    TRY(make_list(problems, message, field, json_object_size(object), &elements));
    ProtobufCMessage **entries = (ProtobufCMessage **)(void *)elements;
    void *iterator = json_object_iter((json_t *)object);
    for (size_t i = 0; iterator != NULL; i++) {
        entries[i] = message_new(field->descriptor, problems->arena);
        if (entries[i] == NULL) {
            return STATUS_NO_MEMORY;
        }
        struct span key =
            span_of(json_object_iter_key(iterator), json_object_iter_key_len(iterator));
        struct path step = path_name(at, key);
        TRY(read_entry(problems, key, json_object_iter_value(iterator), &step, entries[i]));
        iterator = json_object_iter_next((json_t *)object, iterator);
    }
    return STATUS_OK;
}

// The proto names of a type's fields, of one oneof only if `member` is not NULL.
static const char *list_fields(const ProtobufCMessageDescriptor *type,
                               const ProtobufCFieldDescriptor *member, char out[LISTING_BYTES])
{
    size_t len = 0;
    out[0] = '\0';
    for (unsigned i = 0; i < type->n_fields && len < LISTING_BYTES; i++) {
        if (member == NULL || field_same_oneof(member, &type->fields[i])) {
            int added = snprintf(out + len, LISTING_BYTES - len, "%s%s", len == 0 ? "" : ", ",
                                 type->fields[i].name);
            len += added > 0 ? (size_t)added : 0;
        }
    }
    return out;
}

static enum status read_field(struct problems *problems, const json_t *value,
                              const ProtobufCFieldDescriptor *field, const struct path *at,
                              ProtobufCMessage *message)
{
    if (field_is_map(message->descriptor, field)) {
        return read_map(problems, value, field, at, message);
    }
    if (field_is_repeated(field)) {
        return read_list(problems, value, field, at, message);
    }
    if (!field_is_oneof(field)) {
        return read_value(problems, value, field, at, field_place(message, field));
    }
    uint32_t *set = field_case(message, field);
    if (*set != 0) {
        char names[LISTING_BYTES];
        return problem_add(problems, at, "only one of these may be given: %s",
                           list_fields(message->descriptor, field, names));
    }
    *set = field->id;
    memset(field_place(message, field), 0, field_value_bytes(field->type));
    return read_value(problems, value, field, at, field_place(message, field));
}

static enum status unknown_field(struct problems *problems, const struct path *at,
                                 const ProtobufCMessageDescriptor *type)
{
    char names[LISTING_BYTES];
    if (type->n_fields == 0) {
        TRY(problem_add(problems, at, "unknown field; there are none here"));
    } else {
        TRY(problem_add(problems, at, "unknown field; known are: %s",
                        list_fields(type, NULL, names)));
    }
    problems->items[problems->count - 1].unknown_field = true;
    return STATUS_OK;
}

// One key and its value; `seen` says which fields of the type have been given.
static enum status read_member(struct problems *problems, struct span key, const json_t *value,
                               const struct path *at, ProtobufCMessage *message, bool *seen)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;
    struct path step = path_name(at, key);
    const ProtobufCFieldDescriptor *field = field_find(type, key);
    if (field == NULL) {
        return unknown_field(problems, &step, type);
    }
    if (seen[field - type->fields]) {
        return problem_add(problems, &step, "given twice, as \"%s\" too", field->name);
    }
    seen[field - type->fields] = true;
    return json_is_null(value) ? STATUS_OK : read_field(problems, value, field, &step, message);
}

static enum status read_object(struct problems *problems, const json_t *tree, const struct path *at,
                               ProtobufCMessage *message)
{
    if (!json_is_object(tree)) {
        return expected(problems, tree, at, "an object with fields");
    }
    CHECK(message->descriptor->n_fields <= WIRE_TYPE_FIELDS);
    bool seen[WIRE_TYPE_FIELDS] = {false};
    void *iterator = json_object_iter((json_t *)tree);
    while (iterator != NULL) {
        struct span key =
            span_of(json_object_iter_key(iterator), json_object_iter_key_len(iterator));
        TRY(read_member(problems, key, json_object_iter_value(iterator), at, message, seen));
        iterator = json_object_iter_next((json_t *)tree, iterator);
    }
    return STATUS_OK;
}

// NOLINTEND(misc-no-recursion)

enum status tree_to_message(const json_t *tree, const ProtobufCMessageDescriptor *type,
                            struct problems *problems, ProtobufCMessage **ret_message)
{
    ProtobufCMessage *message = message_new(type, problems->arena);
    if (message == NULL) {
        return STATUS_NO_MEMORY;
    }
    TRY(read_object(problems, tree, NULL, message));
    *ret_message = message;
    return STATUS_OK;
}
