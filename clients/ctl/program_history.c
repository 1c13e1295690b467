// `program list`: all versions there ever were, in what state each is, since when, by whom and why.
// `program show`: one of them as a document again.
#include <stdio.h>
#include <string.h>

#include "ctl/command.h"
#include "ctl/print.h"
#include "ctl/program_line.h"
#include "wire/tree.h"
#include "wire/yaml.h"

static const struct argp_option list_options[] = {{0}};

static const struct argp_option show_options[] = {
    {"version", PROGRAM_KEY_VERSION, "N", 0, "Which (the one in force now)", 0},
    {0},
};

static bool is_later(const Google__Protobuf__Timestamp *a, const Google__Protobuf__Timestamp *b)
{
    return a->seconds != b->seconds ? a->seconds > b->seconds : a->nanos > b->nanos;
}

// By what is in force as it was told: no clock of ours is asked.
static const char *state_of(const Loyalty__V1__GetProgramResponse *now,
                            const Loyalty__V1__ProgramVersion *version)
{
    if (version->withdrawn_at != NULL) {
        return "withdrawn";
    }
    if (version->version == now->version) {
        return "in force";
    }
    bool to_come = now->program == NULL || is_later(version->effective_from, now->effective_from);
    return to_come ? "to come" : "past";
}

// "admin/head-office: reason".
static const char *who_and_why(struct session *session, const char *who, const char *why)
{
    size_t bytes = strlen(who) + strlen(why) + sizeof(": ");
    char *text = session_alloc(session, bytes);
    (void)snprintf(text, bytes, "%s%s%s", who, *why == '\0' ? "" : ": ", why);
    return text;
}

static int print_list_json(const Loyalty__V1__GetProgramResponse *now)
{
    Loyalty__V1__GetProgramResponse list = *now;
    list.program = NULL;
    json_t *tree = print_message_tree(&list.base);
    if (tree == NULL) {
        return CTL_UNKNOWN;
    }
    json_t *versions = json_object_get(tree, "versions");
    for (size_t i = 0; i < list.n_versions; i++) {
        (void)json_object_set_new(json_array_get(versions, i), "state",
                                  json_string(state_of(now, list.versions[i])));
    }
    print_tree(tree);
    return CTL_OK;
}

static void print_list(struct session *session, const Loyalty__V1__GetProgramResponse *now)
{
    static const char *const headers[] = {"version", "state", "in force from", "when", "who, why"};
    enum { COLUMNS = sizeof(headers) / sizeof(headers[0]) };
    struct print_table *table = print_table_new(COLUMNS, 1U << 0, headers);
    for (size_t i = 0; i < now->n_versions; i++) {
        const Loyalty__V1__ProgramVersion *version = now->versions[i];
        char number[PRINT_TEXT_BYTES];
        char from[PRINT_TEXT_BYTES];
        char when[PRINT_TEXT_BYTES];
        (void)snprintf(number, sizeof(number), "%u", version->version);
        const char *const row[] = {number, state_of(now, version),
                                   print_instant(version->effective_from, from),
                                   print_instant(version->published_at, when),
                                   who_and_why(session, version->published_by, version->reason)};
        print_table_add(table, row);
        if (version->withdrawn_at != NULL) {
            const char *const end[] = {
                "", "", "", print_instant(version->withdrawn_at, when),
                who_and_why(session, version->withdrawn_by, version->withdraw_reason)};
            print_table_add(table, end);
        }
    }
    print_table_end(table);
    (void)printf("etag %s\n", now->etag);
    if (now->n_versions > 0 && now->versions[0]->version > 1) {
        (void)printf("Older versions than %u are not listed.\n", now->versions[0]->version);
    }
}

int program_list(int argc, char **argv, const struct globals *globals)
{
    static const struct argp parser = {
        .options = list_options,
        .parser = program_take,
        .doc = "Lists the program's versions: which is in force, which are to come, past or "
               "withdrawn; when each was published (below it: withdrawn), by whom and why.",
        .children = globals_child,
    };
    struct program_line line = {.globals = *globals};
    globals_parse(&parser, argc, argv, &line);
    if (line.argument_count != 0) {
        (void)fprintf(stderr, "loyaltyctl program list: takes no argument\n");
        return CTL_USAGE;
    }
    struct session session;
    int code = session_open(&session, &line.globals);
    const Loyalty__V1__GetProgramResponse *now = NULL;
    if (code == CTL_OK) {
        code = program_get(&session, 0, &now);
    }
    if (code == CTL_OK && line.globals.json) {
        code = print_list_json(now);
    } else if (code == CTL_OK) {
        print_list(&session, now);
    }
    session_close(&session);
    return code;
}

// --- one version ---

static void print_about(const Loyalty__V1__GetProgramResponse *now,
                        const Loyalty__V1__ProgramVersion *version)
{
    char text[PRINT_TEXT_BYTES];
    (void)printf("# version %u, %s, from %s\n", version->version, state_of(now, version),
                 print_instant(version->effective_from, text));
    (void)printf("# published %s by %s%s%s\n", print_instant(version->published_at, text),
                 version->published_by, *version->reason == '\0' ? "" : ": ", version->reason);
    if (version->withdrawn_at != NULL) {
        (void)printf("# withdrawn %s by %s%s%s\n", print_instant(version->withdrawn_at, text),
                     version->withdrawn_by, *version->withdraw_reason == '\0' ? "" : ": ",
                     version->withdraw_reason);
    }
}

static int print_document(struct session *session, const Loyalty__V1__Program *program)
{
    json_t *tree = NULL;
    struct span yaml = {0};
    enum status status = tree_from_message(&program->base, TREE_DOCUMENT, &tree);
    if (status == STATUS_OK) {
        status = yaml_write(tree, &session->arena, &yaml);
        json_decref(tree);
    }
    if (status != STATUS_OK) {
        (void)fprintf(stderr, "loyaltyctl: the program cannot be written as YAML\n");
        return CTL_UNKNOWN;
    }
    (void)printf("%.*s", (int)yaml.len, (const char *)yaml.data);
    return CTL_OK;
}

static int print_version(struct session *session, const Loyalty__V1__GetProgramResponse *now,
                         const Loyalty__V1__GetProgramResponse *wanted)
{
    if (wanted->program == NULL) {
        (void)printf("# no version is in force%s\n", now->n_versions == 0 ? "" : " yet");
        return CTL_OK;
    }
    for (size_t i = 0; i < now->n_versions; i++) {
        if (now->versions[i]->version == wanted->version) {
            print_about(now, now->versions[i]);
        }
    }
    (void)printf("# etag of the program: %s\n", now->etag);
    return print_document(session, wanted->program);
}

int program_show(int argc, char **argv, const struct globals *globals)
{
    static const struct argp parser = {
        .options = show_options,
        .parser = program_take,
        .doc = "Writes a version of the program as YAML, after who published it, when and why.",
        .children = globals_child,
    };
    struct program_line line = {.globals = *globals};
    globals_parse(&parser, argc, argv, &line);
    if (line.argument_count != 0) {
        (void)fprintf(stderr, "loyaltyctl program show: takes no argument\n");
        return CTL_USAGE;
    }
    struct session session;
    int code = session_open(&session, &line.globals);
    const Loyalty__V1__GetProgramResponse *now = NULL;
    if (code == CTL_OK) {
        code = program_get(&session, 0, &now);
    }
    const Loyalty__V1__GetProgramResponse *wanted = now;
    if (code == CTL_OK && line.version != 0) {
        code = program_get(&session, line.version, &wanted);
    }
    if (code == CTL_OK) {
        code = line.globals.json ? print_json(&session, &wanted->base, false)
                                 : print_version(&session, now, wanted);
    }
    session_close(&session);
    return code;
}
