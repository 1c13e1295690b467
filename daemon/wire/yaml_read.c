// YAML to trees over libyaml's events. Depth, size and the number of parts are capped before
// anything grows with them; without aliases a document can only give what it writes out.
#include <string.h>
#include <yaml.h>

#include "base/check.h"
#include "wire/bounds.h"
#include "wire/text.h"
#include "wire/yaml.h"

struct reading {
    yaml_parser_t parser;
    struct span text;
    struct problems *problems;
    struct lines *lines;
};

// A node to be read: its first event, where it is, and how deep.
struct node {
    yaml_event_t *event;
    const struct path *at;
    uint32_t place; // in lines
    uint32_t depth;
};

static uint32_t line_of(const yaml_event_t *event)
{
    return (uint32_t)event->start_mark.line + 1;
}

// The reader's errors have an offset only.
static uint32_t line_at(struct span text, size_t offset)
{
    uint32_t line = 1;
    for (size_t i = 0; i < offset && i < text.len; i++) {
        line += text.data[i] == '\n';
    }
    return line;
}

static enum status syntax_problem(struct reading *reading)
{
    const yaml_parser_t *parser = &reading->parser;
    if (parser->error == YAML_MEMORY_ERROR) {
        return STATUS_NO_MEMORY;
    }
    const char *problem = parser->problem == NULL ? "cannot be read" : parser->problem;
    const char *context = parser->context == NULL ? "" : parser->context;
    uint32_t line = parser->error == YAML_READER_ERROR
                        ? line_at(reading->text, parser->problem_offset)
                        : (uint32_t)parser->problem_mark.line + 1;
    TRY(problem_add_line(reading->problems, NULL, line, "not YAML: %s%s%s", problem,
                         context[0] == '\0' ? "" : ", ", context));
    return STATUS_INVALID;
}

// The next event, to be deleted by the caller.
static enum status next_event(struct reading *reading, yaml_event_t *ret_event)
{
    return yaml_parser_parse(&reading->parser, ret_event) == 0 ? syntax_problem(reading)
                                                               : STATUS_OK;
}

static bool is_whole_number(struct span text)
{
    size_t at = text.len > 0 && text.data[0] == '-' ? 1 : 0;
    if (at == text.len || (text.data[at] == '0' && text.len > 1)) {
        return false;
    }
    for (; at < text.len; at++) {
        if (text.data[at] < '0' || text.data[at] > '9') {
            return false;
        }
    }
    return true;
}

bool yaml_plain_is_special(struct span text)
{
    return text.len == 0 || span_is_text(text, "~") || span_is_text(text, "null") ||
           span_is_text(text, "true") || span_is_text(text, "false") || is_whole_number(text);
}

// What does not fit an int64 stays text: a uint64 is read from that too.
static json_t *whole_number(struct span text)
{
    bool negative = text.data[0] == '-';
    int64_t number = 0;
    for (size_t i = negative ? 1 : 0; i < text.len; i++) {
        int digit = text.data[i] - '0';
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, negative ? -digit : digit, &number)) {
            return json_stringn_nocheck((const char *)text.data, text.len);
        }
    }
    return json_integer(number);
}

static json_t *plain_value(struct span text)
{
    if (text.len == 0 || span_is_text(text, "~") || span_is_text(text, "null")) {
        return json_null();
    }
    if (span_is_text(text, "true") || span_is_text(text, "false")) {
        return json_boolean(text.data[0] == 't');
    }
    return is_whole_number(text) ? whole_number(text)
                                 : json_stringn_nocheck((const char *)text.data, text.len);
}

static enum status give(json_t *value, json_t **ret_value)
{
    if (value == NULL) {
        return STATUS_NO_MEMORY;
    }
    *ret_value = value;
    return STATUS_OK;
}

static enum status refuse_anchor_and_tag(struct reading *reading, const struct node *node,
                                         const yaml_char_t *anchor, const yaml_char_t *tag)
{
    uint32_t line = line_of(node->event);
    if (anchor != NULL) {
        TRY(problem_add_line(reading->problems, node->at, line, "anchors (&) are not allowed"));
    }
    if (tag != NULL) {
        TRY(problem_add_line(reading->problems, node->at, line, "tags (!) are not allowed"));
    }
    return STATUS_OK;
}

static struct span scalar_text(const yaml_event_t *event)
{
    return span_of(event->data.scalar.value, event->data.scalar.length);
}

static enum status read_scalar(struct reading *reading, const struct node *node, json_t **ret_value)
{
    TRY(refuse_anchor_and_tag(reading, node, node->event->data.scalar.anchor,
                              node->event->data.scalar.tag));
    struct span text = scalar_text(node->event);
    if (!text_is_clean(text)) {
        TRY(problem_add_line(reading->problems, node->at, line_of(node->event),
                             "text must be UTF-8 without NUL"));
        return give(json_null(), ret_value);
    }
    if (node->event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE) {
        return give(plain_value(text), ret_value);
    }
    return give(json_stringn_nocheck((const char *)text.data, text.len), ret_value);
}

// NOLINTBEGIN(misc-no-recursion): WIRE_TREE_DEPTH bounds it

static enum status read_node(struct reading *reading, const struct node *node, json_t **ret_value);

// Reads the node that begins with `event` as a part of `parent`.
static enum status read_part(struct reading *reading, const struct node *parent,
                             yaml_event_t *event, const struct path *step, json_t **ret_value)
{
    struct node node = {.event = event, .at = step, .depth = parent->depth + 1};
    struct lines_part part = {
        .parent = parent->place,
        .index = (uint32_t)step->index,
        .name = step->name,
        .line = line_of(event),
    };
    enum status status = lines_add(reading->lines, part, &node.place);
    if (status == STATUS_TOO_LARGE) {
        TRY(problem_add_line(reading->problems, step, line_of(event), "more than %d parts",
                             WIRE_DOCUMENT_PARTS));
        return STATUS_INVALID;
    }
    TRY(status);
    return read_node(reading, &node, ret_value);
}

static enum status read_sequence(struct reading *reading, const struct node *node,
                                 json_t **ret_value)
{
    TRY(refuse_anchor_and_tag(reading, node, node->event->data.sequence_start.anchor,
                              node->event->data.sequence_start.tag));
    json_auto_t *list = json_array();
    if (list == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (;;) {
        yaml_event_t event;
        TRY(next_event(reading, &event));
        if (event.type == YAML_SEQUENCE_END_EVENT) {
            yaml_event_delete(&event);
            *ret_value = json_incref(list);
            return STATUS_OK;
        }
        struct path step = path_element(node->at, json_array_size(list));
        json_t *value = NULL;
        enum status status = read_part(reading, node, &event, &step, &value);
        yaml_event_delete(&event);
        TRY(status);
        if (json_array_append_new(list, value) != 0) {
            return STATUS_NO_MEMORY;
        }
    }
}

// The text of a key, in the arena.
static enum status read_key(struct reading *reading, const struct node *node,
                            const yaml_event_t *event, struct span *ret_key)
{
    struct problems *problems = reading->problems;
    if (event->type != YAML_SCALAR_EVENT) {
        TRY(problem_add_line(problems, node->at, line_of(event), "a key must be plain text"));
        return STATUS_INVALID;
    }
    TRY(arena_copy(problems->arena, scalar_text(event), ret_key));
    struct path step = path_name(node->at, *ret_key);
    struct node key = {.event = (yaml_event_t *)event, .at = &step};
    TRY(refuse_anchor_and_tag(reading, &key, event->data.scalar.anchor, event->data.scalar.tag));
    if (!text_is_clean(*ret_key)) {
        TRY(problem_add_line(problems, &step, line_of(event), "a key must be UTF-8 without NUL"));
    }
    if (span_is_text(*ret_key, "<<") && event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE) {
        TRY(problem_add_line(problems, &step, line_of(event), "merge keys are not allowed"));
    }
    return STATUS_OK;
}

static enum status read_member(struct reading *reading, const struct node *node,
                               yaml_event_t *key_event, json_t *object)
{
    struct span key;
    TRY(read_key(reading, node, key_event, &key));
    struct path step = path_name(node->at, key);
    yaml_event_t event;
    TRY(next_event(reading, &event));
    // The line of a part with a name is its key's.
    event.start_mark.line = key_event->start_mark.line;
    json_auto_t *value = NULL;
    enum status status = read_part(reading, node, &event, &step, &value);
    yaml_event_delete(&event);
    TRY(status);
    if (json_object_getn(object, (const char *)key.data, key.len) != NULL) {
        return problem_add_line(reading->problems, &step, line_of(key_event),
                                "given twice; a key may stand only once");
    }
    if (json_object_setn_nocheck(object, (const char *)key.data, key.len, value) != 0) {
        return STATUS_NO_MEMORY;
    }
    return STATUS_OK;
}

static enum status read_mapping(struct reading *reading, const struct node *node,
                                json_t **ret_value)
{
    TRY(refuse_anchor_and_tag(reading, node, node->event->data.mapping_start.anchor,
                              node->event->data.mapping_start.tag));
    json_auto_t *object = json_object();
    if (object == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (;;) {
        yaml_event_t event;
        TRY(next_event(reading, &event));
        if (event.type == YAML_MAPPING_END_EVENT) {
            yaml_event_delete(&event);
            *ret_value = json_incref(object);
            return STATUS_OK;
        }
        enum status status = read_member(reading, node, &event, object);
        yaml_event_delete(&event);
        TRY(status);
    }
}

static enum status read_node(struct reading *reading, const struct node *node, json_t **ret_value)
{
    if (node->depth > WIRE_TREE_DEPTH) {
        TRY(problem_add_line(reading->problems, node->at, line_of(node->event),
                             "nested deeper than %d", WIRE_TREE_DEPTH));
        return STATUS_INVALID;
    }
    switch (node->event->type) {
    case YAML_SCALAR_EVENT:
        return read_scalar(reading, node, ret_value);
    case YAML_SEQUENCE_START_EVENT:
        return read_sequence(reading, node, ret_value);
    case YAML_MAPPING_START_EVENT:
        return read_mapping(reading, node, ret_value);
    default:
        CHECK(node->event->type == YAML_ALIAS_EVENT);
        TRY(problem_add_line(reading->problems, node->at, line_of(node->event),
                             "aliases (*) are not allowed"));
        return give(json_null(), ret_value);
    }
}

// NOLINTEND(misc-no-recursion)

// Takes the next event, which must be of `type`; else `reason` is the problem.
static enum status expect(struct reading *reading, yaml_event_type_t type, const char *reason)
{
    yaml_event_t event;
    TRY(next_event(reading, &event));
    uint32_t line = line_of(&event);
    bool good = event.type == type;
    bool directives = event.type == YAML_DOCUMENT_START_EVENT &&
                      (event.data.document_start.version_directive != NULL ||
                       event.data.document_start.tag_directives.start !=
                           event.data.document_start.tag_directives.end);
    yaml_event_delete(&event);
    if (directives) {
        TRY(problem_add_line(reading->problems, NULL, line, "directives (%%) are not allowed"));
    }
    if (!good) {
        TRY(problem_add_line(reading->problems, NULL, line, "%s", reason));
        return STATUS_INVALID;
    }
    return STATUS_OK;
}

static enum status read_root(struct reading *reading, json_t **ret_tree)
{
    yaml_event_t event;
    TRY(next_event(reading, &event));
    struct node root = {.event = &event, .depth = 1};
    enum status status =
        lines_add(reading->lines, (struct lines_part){.line = line_of(&event)}, &root.place);
    if (status == STATUS_OK) {
        status = read_node(reading, &root, ret_tree);
    }
    yaml_event_delete(&event);
    return status;
}

static enum status read_stream(struct reading *reading, json_t **ret_tree)
{
    TRY(expect(reading, YAML_STREAM_START_EVENT, "not YAML"));
    TRY(expect(reading, YAML_DOCUMENT_START_EVENT, "the document is empty"));
    json_auto_t *tree = NULL;
    TRY(read_root(reading, &tree));
    TRY(expect(reading, YAML_DOCUMENT_END_EVENT, "more than one document"));
    TRY(expect(reading, YAML_STREAM_END_EVENT, "more than one document"));
    *ret_tree = json_incref(tree);
    return STATUS_OK;
}

enum status yaml_read(struct span text, struct problems *problems, struct lines *lines,
                      json_t **ret_tree)
{
    if (text.len > WIRE_DOCUMENT_BYTES) {
        TRY(problem_add(problems, NULL, "%zu bytes of text; at most %d", text.len,
                        WIRE_DOCUMENT_BYTES));
        return STATUS_INVALID;
    }
    struct reading reading = {.text = text, .problems = problems, .lines = lines};
    if (yaml_parser_initialize(&reading.parser) == 0) {
        return STATUS_NO_MEMORY;
    }
    yaml_parser_set_encoding(&reading.parser, YAML_UTF8_ENCODING);
    // libyaml asserts that there is a place, even for no bytes.
    static const uint8_t nothing[1];
    yaml_parser_set_input_string(&reading.parser, text.len == 0 ? nothing : text.data, text.len);
    enum status status = read_stream(&reading, ret_tree);
    yaml_parser_delete(&reading.parser);
    return status;
}
