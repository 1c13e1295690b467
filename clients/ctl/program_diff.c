// `program diff`: what one version, or a file, changes against another.
#include <stdio.h>
#include <stdlib.h>

#include "ctl/command.h"
#include "ctl/print.h"
#include "ctl/program_changes.h"
#include "ctl/program_line.h"
#include "wire/tree.h"

static const struct argp_option options[] = {
    {"file", PROGRAM_KEY_FILE, "FILE", 0, "Compare with this document instead of a version NEW", 0},
    PROGRAM_OPTION_SET,
    {0},
};

// One of the two that are compared.
struct side {
    uint32_t version; // 0: the file
    const char *name; // "version 2", or the file's
    json_t *tree;     // owned
};

static int write_tree(const Loyalty__V1__Program *program, struct side *side)
{
    if (tree_from_message(&program->base, TREE_DOCUMENT, &side->tree) == STATUS_OK) {
        return CTL_OK;
    }
    (void)fprintf(stderr, "loyaltyctl: %s cannot be written as a document\n", side->name);
    return CTL_UNKNOWN;
}

static int read_version(struct session *session, uint32_t version, struct side *side)
{
    const Loyalty__V1__GetProgramResponse *response = NULL;
    int code = program_get(session, version, &response);
    if (code != CTL_OK) {
        return code;
    }
    char *name = session_alloc(session, PRINT_TEXT_BYTES);
    (void)snprintf(name, PRINT_TEXT_BYTES, "version %u", version);
    side->version = version;
    side->name = name;
    return write_tree(response->program, side);
}

static int read_file(struct session *session, const struct program_line *line, struct side *side)
{
    Loyalty__V1__Program *program = NULL;
    int code = document_load(line->file, &line->sets, &session->arena, &program);
    side->name = line->file;
    return code == CTL_OK ? write_tree(program, side) : code;
}

// The versions that are meant: OLD is the one in force, NEW the last one that stands. 0 where there
// is none.
static int find_versions(struct session *session, const struct program_line *line,
                         uint32_t *ret_old, uint32_t *ret_new)
{
    const Loyalty__V1__GetProgramResponse *now = NULL;
    int code = program_get(session, 0, &now);
    if (code != CTL_OK) {
        return code;
    }
    const Loyalty__V1__ProgramVersion *latest = program_latest(now);
    *ret_new = latest == NULL ? 0 : latest->version;
    *ret_old = now->version == 0 ? *ret_new : now->version;
    bool numbers = (line->argument_count < 1 || program_number(line->arguments[0], ret_old)) &&
                   (line->argument_count < 2 || program_number(line->arguments[1], ret_new));
    if (numbers && *ret_old == 0) {
        (void)fprintf(stderr, "loyaltyctl: no version has been published\n");
    }
    return numbers && *ret_old != 0 ? CTL_OK : CTL_USAGE;
}

// --- output ---

static const char *value_text(struct arena *arena, const json_t *value)
{
    struct span text;
    if (value == NULL) {
        return "(none)";
    }
    if (json_is_string(value)) {
        return json_string_value(value);
    }
    if (tree_print(value, false, arena, &text) != STATUS_OK) {
        return "?";
    }
    const char *copy = arena_printf(arena, "%.*s", (int)text.len, (const char *)text.data);
    return copy == NULL ? "?" : copy;
}

static void print_changes(struct arena *arena, const struct side *old, const struct side *new,
                          const struct program_changes *changes)
{
    const char *const headers[] = {"field", old->name, "", new->name};
    enum { COLUMNS = sizeof(headers) / sizeof(headers[0]) };
    if (changes->count == 0) {
        (void)printf("%s and %s are the same.\n", old->name, new->name);
        return;
    }
    struct print_table *table = print_table_new(COLUMNS, 0, headers);
    for (size_t i = 0; i < changes->count; i++) {
        const struct program_change *change = &changes->items[i];
        const char *path = arena_printf(arena, "%s:", change->path);
        const char *const row[] = {path == NULL ? "?" : path, value_text(arena, change->before),
                                   "->", value_text(arena, change->after)};
        print_table_add(table, row);
    }
    print_table_end(table);
}

static json_t *side_json(const struct side *side)
{
    return side->version == 0 ? json_pack("{s:s}", "file", side->name)
                              : json_pack("{s:i}", "version", (int)side->version);
}

// O: a value that is borrowed; ?: or null.
static void print_changes_json(const struct side *old, const struct side *new,
                               const struct program_changes *changes)
{
    json_t *list = json_array();
    for (size_t i = 0; i < changes->count; i++) {
        const struct program_change *change = &changes->items[i];
        (void)json_array_append_new(list, json_pack("{s:s, s:O?, s:O?}", "path", change->path,
                                                    "old", change->before, "new", change->after));
    }
    print_tree(json_pack("{s:o, s:o, s:o}", "old", side_json(old), "new", side_json(new),
                         "differences", list));
}

static int compare(struct session *session, const struct side *old, const struct side *new)
{
    struct program_changes changes = {.arena = &session->arena};
    int code = CTL_RETRY_LATER;
    if (program_changes_find(old->tree, new->tree, &changes) != STATUS_OK) {
        (void)fprintf(stderr, "loyaltyctl: out of memory\n");
    } else {
        code = changes.count == 0 ? CTL_OK : CTL_REFUSED;
        if (session->globals->json) {
            print_changes_json(old, new, &changes);
        } else {
            print_changes(&session->arena, old, new, &changes);
        }
    }
    program_changes_fini(&changes);
    return code;
}

static int diff(struct session *session, const struct program_line *line)
{
    struct side old = {0};
    struct side new = {0};
    uint32_t old_version = 0;
    uint32_t new_version = 0;
    int code = find_versions(session, line, &old_version, &new_version);
    if (code == CTL_OK) {
        code = read_version(session, old_version, &old);
    }
    if (code == CTL_OK) {
        code = line->file != NULL ? read_file(session, line, &new)
                                  : read_version(session, new_version, &new);
    }
    if (code == CTL_OK) {
        code = compare(session, &old, &new);
    }
    json_decref(old.tree);
    json_decref(new.tree);
    return code;
}

int program_diff(int argc, char **argv, const struct globals *globals)
{
    static const struct argp parser = {
        .options = options,
        .parser = program_take,
        .args_doc = "[OLD [NEW]]",
        .doc = "Shows what version NEW (the latest that is not withdrawn), or a file, changes "
               "against version OLD (the one in force), field by field; tiers, rules and perks are "
               "compared with those of the same id. Exit code 0 if nothing differs, 1 if something "
               "does.",
        .children = globals_child,
    };
    struct program_line line = {.globals = *globals};
    globals_parse(&parser, argc, argv, &line);
    if (line.file != NULL && line.argument_count > 1) {
        (void)fprintf(stderr, "loyaltyctl program diff: either --file or NEW\n");
        return CTL_USAGE;
    }
    struct session session;
    int code = session_open(&session, &line.globals);
    if (code == CTL_OK) {
        code = diff(&session, &line);
    }
    session_close(&session);
    return code;
}
