// Text -> tree -> message -> program, problems of every step gathered. What compiling finds at or
// around a place whose shape is wrong follows from that and is left out: a misspelt field is not
// missing as well.
#include "wire/document.h"

#include <jansson.h>

#include "wire/lines.h"
#include "wire/program_wire.h"
#include "wire/tree.h"
#include "wire/yaml.h"

// A document being read; what it holds is freed at the end.
struct reading {
    struct problems *problems;
    size_t problems_before;
    struct lines lines;
    json_t *tree; // NULL: there is none
};

static struct reading begin(struct problems *problems)
{
    return (struct reading){.problems = problems, .problems_before = problems->count};
}

static bool is_json(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c != ' ' && c != '\t' && c != '\r' && c != '\n') {
            return c == '{';
        }
    }
    return false;
}

// Text that gives no tree is a problem, not a failure.
static enum status read_tree(struct reading *reading, struct span text)
{
    enum status status = is_json(text)
                             ? tree_parse(text, reading->problems, &reading->tree)
                             : yaml_read(text, reading->problems, &reading->lines, &reading->tree);
    return status == STATUS_INVALID ? STATUS_OK : status;
}

static enum status read_message(struct reading *reading, struct span text,
                                const ProtobufCMessageDescriptor *type,
                                ProtobufCMessage **ret_message)
{
    TRY(read_tree(reading, text));
    if (reading->tree == NULL) {
        return STATUS_OK;
    }
    return tree_to_message(reading->tree, type, reading->problems, ret_message);
}

// By line, keeping the order of those on one line; a document has few problems.
static void sort_by_line(struct problem *items, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct problem problem = items[i];
        size_t at = i;
        for (; at > 0 && items[at - 1].line > problem.line; at--) {
            items[at] = items[at - 1];
        }
        items[at] = problem;
    }
}

// Gives lines to the problems that have none yet and puts all in their order; the one that says
// that there are more stays last. Frees what the reading holds.
static void finish(struct reading *reading)
{
    struct problems *problems = reading->problems;
    size_t count = problems->count - reading->problems_before;
    struct problem *found = count == 0 ? NULL : &problems->items[reading->problems_before];
    if (problems->count == LIMIT_PROGRAM_PROBLEMS && count > 0) {
        count--;
    }
    for (size_t i = 0; i < count; i++) {
        if (found[i].line == 0) {
            found[i].line = lines_find(&reading->lines, found[i].path);
        }
    }
    sort_by_line(found, count);
    lines_fini(&reading->lines);
    json_decref(reading->tree);
}

static bool is_good(const struct reading *reading)
{
    return reading->problems->count == reading->problems_before;
}

enum status document_read(struct span text, const ProtobufCMessageDescriptor *type,
                          struct problems *problems, ProtobufCMessage **ret_message)
{
    struct reading reading = begin(problems);
    ProtobufCMessage *message = NULL;
    enum status status = read_message(&reading, text, type, &message);
    finish(&reading);
    TRY(status);
    *ret_message = is_good(&reading) ? message : NULL;
    return STATUS_OK;
}

// Whether `whole` is `part` itself, or begins with it at the border of a step.
static bool leads_to(struct span part, struct span whole)
{
    if (part.len == 0) {
        return true;
    }
    return whole.len >= part.len && span_equal(part, span_of(whole.data, part.len)) &&
           (whole.len == part.len || whole.data[part.len] == '.' || whole.data[part.len] == '[');
}

// Without the last step: "tiers[1].upgrade" -> "tiers[1]", "tiers[1]" -> "tiers".
static struct span parent_of(struct span path)
{
    while (path.len > 0) {
        uint8_t last = path.data[--path.len];
        if (last == '.' || last == '[') {
            break;
        }
    }
    return path;
}

// Whether a problem at `path` may follow from one of the first `count`: it is at that one's place
// or around it, or it misses something in the same part, which may be what was misspelt there.
static bool may_follow(const struct reading *reading, size_t count, struct span path)
{
    bool is_missing = !lines_holds(&reading->lines, path);
    for (size_t i = reading->problems_before; i < count; i++) {
        struct span wrong = reading->problems->items[i].path;
        struct span around = parent_of(wrong);
        bool same_part =
            reading->problems->items[i].unknown_field && around.len > 0 && leads_to(around, path);
        if (leads_to(path, wrong) || leads_to(wrong, path) || (same_part && is_missing)) {
            return true;
        }
    }
    return false;
}

// Takes over what compiling found, but for what follows from the first `shape_count` problems.
static enum status add_found(const struct reading *reading, size_t shape_count,
                             const struct program_problems *found)
{
    for (size_t i = 0; i < found->count; i++) {
        const struct program_problem *problem = &found->items[i];
        if (may_follow(reading, shape_count, problem->path)) {
            continue;
        }
        TRY(problem_add_text(reading->problems, problem->path, problem->reason, 0));
    }
    return STATUS_OK;
}

static bool has_problem(const struct program_problems *found, const char *path)
{
    bool has = false;
    for (size_t i = 0; i < found->count; i++) {
        has = has || span_is_text(found->items[i].path, path);
    }
    return has;
}

// What only shows in the document's context.
static enum status look_around(const struct document_context *context,
                               const Loyalty__V1__Program *message, const struct program *program,
                               struct program_problems *found)
{
    bool zoned = context->is_zone == NULL || has_problem(found, "zone");
    if (!zoned && !context->is_zone(message->zone)) {
        TRY(program_problem_add(found, "zone",
                                "is not a time zone this machine knows; must be an IANA name such "
                                "as 'Asia/Shanghai'"));
    }
    return context->before == NULL ? STATUS_OK
                                   : program_check_successor(context->before, program, found);
}

static enum status compile(const struct reading *reading, const struct document_context *context,
                           const Loyalty__V1__Program *message, struct program **ret_program)
{
    struct problems *problems = reading->problems;
    size_t bytes = loyalty__v1__program__get_packed_size(message);
    if (bytes > LIMIT_PROGRAM_BYTES) {
        return problem_add(problems, NULL, "the program takes %zu bytes; at most %d", bytes,
                           LIMIT_PROGRAM_BYTES);
    }
    struct program *program = arena_alloc(problems->arena, sizeof(*program));
    if (program == NULL) {
        return STATUS_NO_MEMORY;
    }
    size_t shape_count = problems->count;
    TRY(program_from_message(message, problems->arena, program));
    struct program_problems found = {.arena = problems->arena};
    TRY(program_compile(program, &found));
    TRY(add_found(reading, shape_count, &found));
    size_t alone_count = found.count;
    TRY(look_around(context, message, program, &found));
    for (size_t i = alone_count; i < found.count; i++) {
        TRY(problem_add_text(problems, found.items[i].path, found.items[i].reason, 0));
    }
    *ret_program = program;
    return STATUS_OK;
}

enum status document_read_version(struct span text, const struct document_context *context,
                                  struct problems *problems, Loyalty__V1__Program **ret_message,
                                  struct program **ret_program)
{
    struct reading reading = begin(problems);
    ProtobufCMessage *message = NULL;
    struct program *program = NULL;
    enum status status = read_message(&reading, text, &loyalty__v1__program__descriptor, &message);
    if (status == STATUS_OK && message != NULL) {
        status = compile(&reading, context, (Loyalty__V1__Program *)message, &program);
    }
    finish(&reading);
    TRY(status);
    bool good = is_good(&reading);
    *ret_message = good ? (Loyalty__V1__Program *)message : NULL;
    if (ret_program != NULL) {
        *ret_program = good ? program : NULL;
    }
    return STATUS_OK;
}

enum status document_read_program(struct span text, struct problems *problems,
                                  Loyalty__V1__Program **ret_message, struct program **ret_program)
{
    static const struct document_context alone = {0};
    return document_read_version(text, &alone, problems, ret_message, ret_program);
}
