// JSON text and trees, by jansson. When it is refused memory while it reads, it may leave a
// character out of a token and go on, run past the token's end, or abort by an assertion of its own
// (2.14, strbuffer_append_byte's result is not looked at). So while it reads it is refused nothing:
// what malloc does not give comes from a reserve, which is enough until it is told that the text
// ends here. Like all here, for one thread.
#include "wire/tree.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "wire/text.h"

enum {
    PIECE_BYTES = 64, // of text at a time: so much is still read when memory has been refused
    ALIGNMENT = 16,
    // A token of the whole text, grown twice, and all that a piece can make.
    RESERVE_BYTES = 4 * WIRE_DOCUMENT_BYTES + PIECE_BYTES * 1024,
};

static struct {
    json_malloc_t allocate;
    json_free_t release;
    struct span rest; // of the text
    bool refused;
    size_t used_bytes;
} reading;
static _Alignas(ALIGNMENT) uint8_t reserve[RESERVE_BYTES]; // touched only in need

static void *allocate(size_t bytes)
{
    void *memory = reading.allocate(bytes);
    if (memory != NULL) {
        return memory;
    }
    reading.refused = true;
    if (bytes > RESERVE_BYTES - reading.used_bytes) {
        return NULL;
    }
    memory = reserve + reading.used_bytes;
    size_t rounded = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    size_t left = RESERVE_BYTES - reading.used_bytes;
    reading.used_bytes += rounded < left ? rounded : left;
    return memory;
}

static void release(void *memory)
{
    uintptr_t place = (uintptr_t)memory;
    if (place < (uintptr_t)reserve || place >= (uintptr_t)(reserve + RESERVE_BYTES)) {
        reading.release(memory);
    }
}

static size_t next_piece(void *piece, size_t room, void *context)
{
    (void)context;
    size_t len = reading.rest.len < PIECE_BYTES ? reading.rest.len : PIECE_BYTES;
    len = len < room ? len : room;
    if (reading.refused || len == 0) {
        return 0;
    }
    memcpy(piece, reading.rest.data, len);
    reading.rest = span_from(reading.rest, len);
    return len;
}

// NULL: no JSON, or `reading.refused`.
static json_t *load(struct span text, json_error_t *ret_error)
{
    reading.rest = text;
    reading.refused = false;
    reading.used_bytes = 0;
    json_get_alloc_funcs(&reading.allocate, &reading.release);
    json_set_alloc_funcs(allocate, release);
    json_t *tree =
        json_load_callback(next_piece, NULL, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, ret_error);
    if (reading.refused) {
        json_decref(tree);
        tree = NULL;
    }
    json_set_alloc_funcs(reading.allocate, reading.release);
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
    if (reading.refused) {
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
