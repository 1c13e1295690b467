// JSON text and trees, by jansson. It does not always say when it was refused memory: a character
// that finds no room in a token is left out, and the text goes on as if it had never been there. So
// it is watched while it reads, by a pair of functions of its own; like all here, in one thread.
#include "wire/tree.h"

#include <stdbool.h>

#include "wire/text.h"

static json_malloc_t allocate;
static bool refused;

static void *allocate_watched(size_t bytes)
{
    void *memory = allocate(bytes);
    refused = refused || memory == NULL;
    return memory;
}

// NULL: not JSON, or no memory, as `refused` says.
static json_t *load(struct span text, json_error_t *ret_error)
{
    json_free_t release = NULL;
    const char *data = text.len == 0 ? "" : (const char *)text.data;
    refused = false;
    json_get_alloc_funcs(&allocate, &release);
    json_set_alloc_funcs(allocate_watched, release);
    json_t *tree = json_loadb(data, text.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, ret_error);
    json_set_alloc_funcs(allocate, release);
    if (refused) {
        json_decref(tree);
        return NULL;
    }
    return tree;
}

enum status tree_parse(struct span text, struct problems *problems, json_t **ret_tree)
{
    if (text.len > WIRE_DOCUMENT_BYTES) {
        TRY(problem_add(problems, NULL, "%zu bytes of text; at most %d", text.len,
                        WIRE_DOCUMENT_BYTES));
        return STATUS_INVALID;
    }
    json_error_t error;
    json_t *tree = load(text, &error);
    if (tree != NULL) {
        *ret_tree = tree;
        return STATUS_OK;
    }
    if (refused) {
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
    if (json_dumpb(tree, text, len, flags) != len) {
        return STATUS_NO_MEMORY; // it looks for loops, in memory of its own
    }
    *ret_text = span_of(text, len);
    return STATUS_OK;
}
