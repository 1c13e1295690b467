// `program check FILE` needs no server; `program publish FILE` checks the same way first, so that
// mistakes are told with their lines; `program show` writes a version as a document again.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/command.h"
#include "ctl/document.h"
#include "ctl/parse.h"
#include "ctl/print.h"
#include "ctl/session.h"
#include "loyalty/v1/programs.pb-c.h"
#include "wire/bounds.h"
#include "wire/tree.h"
#include "wire/yaml.h"

enum { KEY_EFFECTIVE = 0x200, KEY_REASON, KEY_SET, KEY_REQUEST_ID, KEY_VERSION };

struct program_line {
    struct globals globals;
    const char *path;
    const char *effective_from;
    const char *reason;
    const char *request_id;
    struct document_sets sets;
    int64_t version; // 0: the one in force
};

static error_t take(int key, char *arg, struct argp_state *state)
{
    struct program_line *line = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &line->globals;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0) {
            argp_usage(state);
        }
        line->path = arg;
        return 0;
    case KEY_EFFECTIVE:
        line->effective_from = arg;
        return 0;
    case KEY_REASON:
        line->reason = arg;
        return 0;
    case KEY_SET:
        if (line->sets.count == DOCUMENT_SETS_MAX) {
            argp_error(state, "at most %d times --set", DOCUMENT_SETS_MAX);
        }
        line->sets.items[line->sets.count++] = arg;
        return 0;
    case KEY_REQUEST_ID:
        if (!parse_uuid(arg)) {
            argp_error(state, "%s is no UUID", arg);
        }
        line->request_id = arg;
        return 0;
    case KEY_VERSION:
        if (!parse_number(arg, 1, UINT32_MAX, &line->version)) {
            argp_error(state, "%s is no version", arg);
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

#define OPTION_SET                                                                                 \
    {                                                                                              \
        "set", KEY_SET, "FIELD=VALUE", 0,                                                          \
            "Put VALUE in the place of a top-level field, as in --set currency=USD", 0             \
    }

static const struct argp_option check_options[] = {OPTION_SET, {0}};

static const struct argp_option publish_options[] = {
    {"effective-from", KEY_EFFECTIVE, "INSTANT", 0,
     "From when on it is in force: at least a minute ahead (now+90s), but the first version of all "
     "may begin in the past",
     0},
    {"reason", KEY_REASON, "TEXT", 0, "Why; kept with the version", 0},
    OPTION_SET,
    {"request-id", KEY_REQUEST_ID, "UUID", 0, "Of the attempt that is repeated", 0},
    {0},
};

static const struct argp_option show_options[] = {
    {"version", KEY_VERSION, "N", 0, "Which (the one in force now)", 0},
    {0},
};

int program_check(int argc, char **argv, const struct globals *globals)
{
    static const struct argp parser = {
        .options = check_options,
        .parser = take,
        .args_doc = "FILE",
        .doc = "Checks a program's document (YAML or JSON; - is standard input) without a server "
               "and tells every mistake with its line, place and reason. Exit code 1 if there is "
               "one.",
        .children = globals_child,
    };
    struct program_line line = {.globals = *globals};
    globals_parse(&parser, argc, argv, &line);
    if (line.path == NULL) {
        (void)fprintf(stderr, "loyaltyctl program check: which file?\n");
        return CTL_USAGE;
    }
    struct arena arena;
    arena_init(&arena, SESSION_ARENA_BYTES);
    Loyalty__V1__Program *program = NULL;
    int code = document_load(line.path, &line.sets, &arena, &program);
    if (code == CTL_OK) {
        (void)printf("%s: program %s, %zu tiers, %zu earning rules: no mistakes\n", line.path,
                     program->id, program->n_tiers,
                     program->earn == NULL ? 0 : program->earn->n_rules);
    }
    arena_fini(&arena);
    return code;
}

// The etag of what is published so far; "" when nothing is. CTL_OK or an exit code, told.
static int current_etag(struct session *session, const char **ret_etag)
{
    Loyalty__V1__GetProgramRequest request = LOYALTY__V1__GET_PROGRAM_REQUEST__INIT;
    ProtobufCMessage *answer = NULL;
    int code = session_call(session, "/loyalty.v1.ProgramsService/GetProgram", &request.base, NULL,
                            &loyalty__v1__get_program_response__descriptor, &answer);
    if (code == CTL_OK) {
        *ret_etag = ((const Loyalty__V1__GetProgramResponse *)answer)->etag;
    }
    return code;
}

static int publish(struct session *session, const struct program_line *line,
                   Loyalty__V1__Program *program)
{
    int64_t effective_ms = 0;
    if (!parse_instant(line->effective_from, loyalty_now_ms(session->client), &effective_ms)) {
        (void)fprintf(stderr, "loyaltyctl: %s is no instant\n", line->effective_from);
        return CTL_USAGE;
    }
    const char *etag = NULL;
    int code = current_etag(session, &etag);
    if (code != CTL_OK) {
        return code;
    }
    Loyalty__V1__PublishProgramRequest request = LOYALTY__V1__PUBLISH_PROGRAM_REQUEST__INIT;
    request.mutation = session_mutation(session, line->request_id);
    request.program = program;
    request.effective_from = session_instant(session, effective_ms);
    request.etag = (char *)etag;
    request.reason = (char *)(line->reason == NULL ? "" : line->reason);
    ProtobufCMessage *answer = NULL;
    code = session_call(session, "/loyalty.v1.ProgramsService/PublishProgram", &request.base,
                        request.mutation->request_id,
                        &loyalty__v1__publish_program_response__descriptor, &answer);
    if (code != CTL_OK) {
        return code;
    }
    if (session->globals->json) {
        return print_json(session, answer, true);
    }
    const Loyalty__V1__PublishProgramResponse *response =
        (const Loyalty__V1__PublishProgramResponse *)answer;
    print_row_number("version", response->version);
    print_row_instant("in force from", response->effective_from);
    print_row_instant("published", response->published_at);
    return CTL_OK;
}

int program_publish(int argc, char **argv, const struct globals *globals)
{
    static const struct argp parser = {
        .options = publish_options,
        .parser = take,
        .args_doc = "FILE",
        .doc = "Publishes a document as the program's next version. A version is never changed "
               "afterwards; a mistake is mended by the next one.",
        .children = globals_child,
    };
    struct program_line line = {.globals = *globals};
    globals_parse(&parser, argc, argv, &line);
    if (line.path == NULL || line.effective_from == NULL) {
        (void)fprintf(stderr, "loyaltyctl program publish: a file and --effective-from\n");
        return CTL_USAGE;
    }
    struct arena arena;
    arena_init(&arena, SESSION_ARENA_BYTES);
    Loyalty__V1__Program *program = NULL;
    int code = document_load(line.path, &line.sets, &arena, &program);
    if (code == CTL_OK) {
        struct session session;
        code = session_open(&session, &line.globals);
        if (code == CTL_OK) {
            code = publish(&session, &line, program);
        }
        session_close(&session);
    }
    arena_fini(&arena);
    return code;
}

static void print_versions(const Loyalty__V1__GetProgramResponse *response)
{
    char text[PRINT_TEXT_BYTES];
    if (response->program == NULL) {
        (void)printf("# no version is in force%s\n", response->n_versions == 0 ? "" : " yet");
    } else {
        (void)printf("# version %u, in force from %s\n", response->version,
                     print_instant(response->effective_from, text));
    }
    for (size_t i = 0; i < response->n_versions; i++) {
        const Loyalty__V1__ProgramVersion *version = response->versions[i];
        (void)printf("#   %u: from %s, published", version->version,
                     print_instant(version->effective_from, text));
        (void)printf(" %s by %s%s%s\n", print_instant(version->published_at, text),
                     version->published_by, *version->reason == '\0' ? "" : ": ", version->reason);
    }
}

static int print_program(struct session *session, const Loyalty__V1__GetProgramResponse *response)
{
    print_versions(response);
    if (response->program == NULL) {
        return CTL_OK;
    }
    json_t *tree = NULL;
    struct span yaml = {0};
    enum status status = tree_from_message(&response->program->base, TREE_DOCUMENT, &tree);
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

int program_show(int argc, char **argv, const struct globals *globals)
{
    static const struct argp parser = {
        .options = show_options,
        .parser = take,
        .doc = "Writes a version of the program as YAML, after a list of all versions.",
        .children = globals_child,
    };
    struct program_line line = {.globals = *globals};
    globals_parse(&parser, argc, argv, &line);
    if (line.path != NULL) {
        (void)fprintf(stderr, "loyaltyctl program show: takes no argument\n");
        return CTL_USAGE;
    }
    struct session session;
    int code = session_open(&session, &line.globals);
    if (code == CTL_OK) {
        Loyalty__V1__GetProgramRequest request = LOYALTY__V1__GET_PROGRAM_REQUEST__INIT;
        request.version = (uint32_t)line.version;
        ProtobufCMessage *answer = NULL;
        code = session_call(&session, "/loyalty.v1.ProgramsService/GetProgram", &request.base, NULL,
                            &loyalty__v1__get_program_response__descriptor, &answer);
        if (code == CTL_OK && line.globals.json) {
            code = print_json(&session, answer, false);
        } else if (code == CTL_OK) {
            code = print_program(&session, (const Loyalty__V1__GetProgramResponse *)answer);
        }
    }
    session_close(&session);
    return code;
}
