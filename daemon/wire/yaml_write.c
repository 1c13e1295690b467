// Trees to YAML by libyaml's emitter: objects in block style, lists of scalars on one line, and
// quotes around any text that this reader, or another that knows more kinds of scalars, could take
// for something else.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <yaml.h>

#include "base/buffer.h"
#include "base/check.h"
#include "wire/bounds.h"
#include "wire/text.h"
#include "wire/yaml.h"

struct writing {
    yaml_emitter_t emitter;
    struct buffer buffer;
    enum status status; // why the buffer took no more
};

static int on_output(void *context, unsigned char *data, size_t len)
{
    struct writing *writing = context;
    writing->status = buffer_append(&writing->buffer, span_of(data, len));
    return writing->status == STATUS_OK;
}

// Hands an event over, which libyaml owns from here on; `made` is what its initializer returned.
static enum status emit(struct writing *writing, int made, yaml_event_t *event)
{
    if (made == 0) {
        return STATUS_NO_MEMORY;
    }
    if (yaml_emitter_emit(&writing->emitter, event) != 0) {
        return STATUS_OK;
    }
    bool ours = writing->emitter.error == YAML_WRITER_ERROR && writing->status != STATUS_OK;
    bool memory = writing->emitter.error == YAML_MEMORY_ERROR || ours;
    return memory ? STATUS_NO_MEMORY : STATUS_INVALID;
}

static bool is_letter(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

// YAML 1.1 has these in any case as booleans or null.
static bool is_reserved_word(struct span text)
{
    static const char *const words[] = {"y",   "n",    "yes",   "no",  "on",
                                        "off", "true", "false", "null"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (text.len == strlen(words[i]) &&
            strncasecmp((const char *)text.data, words[i], text.len) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_harmless(uint8_t c)
{
    return is_letter(c) || (c >= '0' && c <= '9') || c >= 0x80 || strchr(" -_./+()", c) != NULL;
}

// A letter first, nothing with a meaning of its own behind it, all on one line.
static bool may_be_plain(struct span text)
{
    if (text.len == 0 || !is_letter(text.data[0]) || text.data[text.len - 1] == ' ') {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '\0' || !is_harmless(text.data[i])) {
            return false;
        }
    }
    return !is_reserved_word(text) && !yaml_plain_is_special(text);
}

static enum status write_scalar(struct writing *writing, struct span text, bool plain)
{
    if (!text_is_clean(text) || text.len > INT32_MAX) {
        return STATUS_INVALID;
    }
    yaml_event_t event;
    int made = yaml_scalar_event_initialize(
        &event, NULL, NULL, text.data, (int)text.len, plain, true,
        plain ? YAML_PLAIN_SCALAR_STYLE : YAML_DOUBLE_QUOTED_SCALAR_STYLE);
    return emit(writing, made, &event);
}

static enum status write_text(struct writing *writing, struct span text)
{
    struct span bytes = text.len == 0 ? span_of("", 0) : text;
    return write_scalar(writing, bytes, may_be_plain(text));
}

// NOLINTBEGIN(misc-no-recursion): WIRE_TREE_DEPTH bounds it

static enum status write_node(struct writing *writing, const json_t *tree, unsigned depth);

static bool holds_only_scalars(const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *value = json_array_get(list, i);
        if (json_is_array(value) || json_is_object(value)) {
            return false;
        }
    }
    return true;
}

static enum status write_list(struct writing *writing, const json_t *list, unsigned depth)
{
    yaml_event_t event;
    int made = yaml_sequence_start_event_initialize(
        &event, NULL, NULL, true,
        holds_only_scalars(list) ? YAML_FLOW_SEQUENCE_STYLE : YAML_BLOCK_SEQUENCE_STYLE);
    TRY(emit(writing, made, &event));
    for (size_t i = 0; i < json_array_size(list); i++) {
        TRY(write_node(writing, json_array_get(list, i), depth + 1));
    }
    return emit(writing, yaml_sequence_end_event_initialize(&event), &event);
}

static enum status write_object(struct writing *writing, const json_t *object, unsigned depth)
{
    yaml_event_t event;
    int made = yaml_mapping_start_event_initialize(
        &event, NULL, NULL, true,
        json_object_size(object) == 0 ? YAML_FLOW_MAPPING_STYLE : YAML_BLOCK_MAPPING_STYLE);
    TRY(emit(writing, made, &event));
    for (void *iterator = json_object_iter((json_t *)object); iterator != NULL;
         iterator = json_object_iter_next((json_t *)object, iterator)) {
        TRY(write_text(
            writing, span_of(json_object_iter_key(iterator), json_object_iter_key_len(iterator))));
        TRY(write_node(writing, json_object_iter_value(iterator), depth + 1));
    }
    return emit(writing, yaml_mapping_end_event_initialize(&event), &event);
}

static enum status write_integer(struct writing *writing, int64_t number)
{
    char text[24];
    int len = snprintf(text, sizeof(text), "%" PRId64, number);
    CHECK(len > 0 && (size_t)len < sizeof(text));
    return write_scalar(writing, span_of(text, (size_t)len), true);
}

static enum status write_node(struct writing *writing, const json_t *tree, unsigned depth)
{
    if (depth > WIRE_TREE_DEPTH) {
        return STATUS_INVALID;
    }
    switch (json_typeof(tree)) {
    case JSON_OBJECT:
        return write_object(writing, tree, depth);
    case JSON_ARRAY:
        return write_list(writing, tree, depth);
    case JSON_STRING:
        return write_text(writing, span_of(json_string_value(tree), json_string_length(tree)));
    case JSON_INTEGER:
        return write_integer(writing, json_integer_value(tree));
    case JSON_TRUE:
        return write_scalar(writing, span_of_text("true"), true);
    case JSON_FALSE:
        return write_scalar(writing, span_of_text("false"), true);
    case JSON_NULL:
        return write_scalar(writing, span_of_text("null"), true);
    case JSON_REAL:
        break;
    }
    return STATUS_INVALID;
}

// NOLINTEND(misc-no-recursion)

static enum status write_document(struct writing *writing, const json_t *tree)
{
    yaml_event_t event;
    TRY(emit(writing, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING), &event));
    TRY(emit(writing, yaml_document_start_event_initialize(&event, NULL, NULL, NULL, true),
             &event));
    TRY(write_node(writing, tree, 1));
    TRY(emit(writing, yaml_document_end_event_initialize(&event, true), &event));
    return emit(writing, yaml_stream_end_event_initialize(&event), &event);
}

enum status yaml_write(const json_t *tree, struct arena *arena, struct span *ret_text)
{
    struct writing writing = {0};
    if (yaml_emitter_initialize(&writing.emitter) == 0) {
        return STATUS_NO_MEMORY;
    }
    buffer_init(&writing.buffer, WIRE_YAML_BYTES);
    yaml_emitter_set_output(&writing.emitter, on_output, &writing);
    yaml_emitter_set_unicode(&writing.emitter, true);
    yaml_emitter_set_width(&writing.emitter, -1);
    enum status status = write_document(&writing, tree);
    yaml_emitter_delete(&writing.emitter);
    if (status == STATUS_OK) {
        status = arena_copy(arena, buffer_span(&writing.buffer), ret_text);
    }
    buffer_fini(&writing.buffer);
    return status;
}
