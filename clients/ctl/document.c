// With overrides the document is read twice: as a tree to put them in, then, written out again, as
// the document that is checked. Lines then mean nothing and are not told.
#include "ctl/document.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "ctl/zone.h"
#include "wire/bounds.h"
#include "wire/document.h"
#include "wire/program_wire.h"
#include "wire/tree.h"
#include "wire/yaml.h"

enum { READ_BYTES = 4096 };

static bool read_file(const char *path, struct buffer *text)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    if (file == NULL) {
        return false;
    }
    bool good = true;
    size_t got = 0;
    do {
        uint8_t bytes[READ_BYTES];
        got = fread(bytes, 1, sizeof(bytes), file);
        // One byte past the bound is enough to be told that it is too long.
        good = text->len <= WIRE_DOCUMENT_BYTES &&
               buffer_append(text, span_of(bytes, got)) == STATUS_OK;
    } while (good && got > 0);
    good = good && ferror(file) == 0;
    if (file != stdin) {
        (void)fclose(file);
    }
    return good || text->len > WIRE_DOCUMENT_BYTES;
}

static void print_problems(const char *path, const struct problems *problems, bool lines)
{
    for (size_t i = 0; i < problems->count; i++) {
        const struct problem *problem = &problems->items[i];
        (void)fprintf(stderr, "%s:", path);
        if (lines && problem->line > 0) {
            (void)fprintf(stderr, "%u:", problem->line);
        }
        (void)fprintf(stderr, " %.*s%s%.*s\n", (int)problem->path.len,
                      (const char *)problem->path.data, problem->path.len > 0 ? ": " : "",
                      (int)problem->reason.len, (const char *)problem->reason.data);
    }
}

static int fail(const char *path, const char *why)
{
    (void)fprintf(stderr, "loyaltyctl: %s: %s\n", path, why);
    return CTL_USAGE;
}

static enum status read_tree(struct span text, struct problems *problems, json_t **ret_tree)
{
    if (text.len > 0 && text.data[0] == '{') {
        return tree_parse(text, problems, ret_tree);
    }
    struct lines lines = {0};
    enum status status = yaml_read(text, problems, &lines, ret_tree);
    lines_fini(&lines);
    return status;
}

static bool apply_set(json_t *tree, const char *set, struct arena *arena)
{
    const char *equals = strchr(set, '=');
    if (equals == NULL || equals == set) {
        return false;
    }
    struct problems problems = {.arena = arena};
    json_t *value = NULL;
    if (read_tree(span_of_text(equals + 1), &problems, &value) != STATUS_OK || problems.count > 0) {
        json_decref(value);
        return false;
    }
    return json_object_setn_new(tree, set, (size_t)(equals - set), value) == 0;
}

// The text with the overrides in it.
static int override(const char *path, struct span text, const struct document_sets *sets,
                    struct arena *arena, struct span *ret_text)
{
    struct problems problems = {.arena = arena};
    json_t *tree = NULL;
    enum status status = read_tree(text, &problems, &tree);
    if (status != STATUS_OK || problems.count > 0 || !json_is_object(tree)) {
        print_problems(path, &problems, true);
        json_decref(tree);
        return problems.count > 0 ? CTL_REFUSED : fail(path, "is no document");
    }
    int code = CTL_OK;
    for (size_t i = 0; code == CTL_OK && i < sets->count; i++) {
        if (!apply_set(tree, sets->items[i], arena)) {
            code = fail(sets->items[i], "is no FIELD=VALUE");
        }
    }
    if (code == CTL_OK && yaml_write(tree, arena, ret_text) != STATUS_OK) {
        code = fail(path, "cannot be written again");
    }
    json_decref(tree);
    return code;
}

int document_open(const char *path, const struct document_sets *sets, struct arena *arena,
                  struct document *ret_document)
{
    struct buffer file;
    buffer_init(&file, 0);
    if (!read_file(path, &file)) {
        buffer_fini(&file);
        return fail(path, strerror(errno));
    }
    struct document document = {.path = path, .overridden = sets->count > 0};
    int code = CTL_OK;
    if (document.overridden) {
        code = override(path, buffer_span(&file), sets, arena, &document.text);
    } else if (arena_copy(arena, buffer_span(&file), &document.text) != STATUS_OK) {
        code = fail(path, "is too large");
    }
    buffer_fini(&file);
    if (code == CTL_OK) {
        *ret_document = document;
    }
    return code;
}

// A program that was published, as rules; NULL: there is none.
static enum status compile_before(const Loyalty__V1__Program *before, struct arena *arena,
                                  const struct program **ret_program)
{
    struct program *program = arena_alloc(arena, sizeof(*program));
    if (program == NULL) {
        return STATUS_NO_MEMORY;
    }
    TRY(program_from_message(before, arena, program));
    *ret_program = program;
    return STATUS_OK;
}

int document_check(const struct document *document, const Loyalty__V1__Program *before,
                   struct arena *arena, Loyalty__V1__Program **ret_program)
{
    struct problems problems = {.arena = arena};
    struct document_context context = {.is_zone = zone_is_known};
    Loyalty__V1__Program *program = NULL;
    enum status status =
        before == NULL ? STATUS_OK : compile_before(before, arena, &context.before);
    if (status == STATUS_OK) {
        status = document_read_version(document->text, &context, &problems, &program, NULL);
    }
    if (status != STATUS_OK) {
        return fail(document->path, "is too large");
    }
    if (program == NULL) {
        print_problems(document->path, &problems, !document->overridden);
        (void)fprintf(stderr, "%zu mistake%s\n", problems.count, problems.count == 1 ? "" : "s");
        return CTL_REFUSED;
    }
    *ret_program = program;
    return CTL_OK;
}

int document_load(const char *path, const struct document_sets *sets, struct arena *arena,
                  Loyalty__V1__Program **ret_program)
{
    struct document document;
    int code = document_open(path, sets, arena, &document);
    return code == CTL_OK ? document_check(&document, NULL, arena, ret_program) : code;
}
