// JSON text and trees, by jansson.
#include "wire/tree.h"

#include "base/check.h"
#include "wire/text.h"

enum status tree_parse(struct span text, struct problems *problems, json_t **ret_tree)
{
    if (text.len > WIRE_DOCUMENT_BYTES) {
        TRY(problem_add(problems, NULL, "%zu bytes of text; at most %d", text.len,
                        WIRE_DOCUMENT_BYTES));
        return STATUS_INVALID;
    }
    json_error_t error;
    const char *data = text.len == 0 ? "" : (const char *)text.data;
    json_t *tree = json_loadb(data, text.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (tree != NULL) {
        *ret_tree = tree;
        return STATUS_OK;
    }
    if (json_error_code(&error) == json_error_out_of_memory) {
        return STATUS_NO_MEMORY;
    }
    uint32_t line = error.line > 0 ? (uint32_t)error.line : 0;
    char shown[TEXT_SHOWN_BYTES];
    TRY(problem_add_line(problems, NULL, line, "not JSON: %s",
                         text_show(span_of_text(error.text), shown)));
    return STATUS_INVALID;
}

enum status tree_print(const json_t *tree, bool indented, struct arena *arena,
                       struct span *ret_text)
{
    size_t flags = JSON_ENCODE_ANY | (indented ? JSON_INDENT(2) : JSON_COMPACT);
    size_t len = json_dumpb(tree, NULL, 0, flags);
    char *text = arena_alloc(arena, len + 1);
    if (text == NULL || len == 0) {
        return STATUS_NO_MEMORY;
    }
    size_t written = json_dumpb(tree, text, len, flags);
    CHECK(written == len);
    *ret_text = span_of(text, len);
    return STATUS_OK;
}
