// `program check FILE` needs no server; `program publish FILE` checks the same way first, so that
// mistakes are told with their lines, then as the successor of what is published; nothing is sent
// that would surely be refused.
#include <stdio.h>
#include <time.h>

#include "base/limits.h"
#include "ctl/command.h"
#include "ctl/parse.h"
#include "ctl/print.h"
#include "ctl/program_line.h"
#include "wire/instant.h"

static const struct argp_option check_options[] = {
    {"successor", PROGRAM_KEY_SUCCESSOR, NULL, 0,
     "Ask the server what is published, and check whether this may follow it", 0},
    PROGRAM_OPTION_SET,
    {0},
};

static const struct argp_option publish_options[] = {
    {"effective-from", PROGRAM_KEY_EFFECTIVE, "INSTANT", 0,
     "From when on it is in force: at least a minute ahead (now+90s), but the first version of all "
     "may begin in the past",
     0},
    PROGRAM_OPTION_REASON,
    PROGRAM_OPTION_SET,
    PROGRAM_OPTIONS_EDIT,
    {0},
};

static bool has_file(const struct program_line *line, const char *command)
{
    if (line->argument_count != 1) {
        (void)fprintf(stderr, "loyaltyctl program %s: which file?\n", command);
    }
    return line->argument_count == 1;
}

// Whether the document may follow the last version that stands; `current` is of any version.
static int check_successor(struct session *session, const struct document *document,
                           const Loyalty__V1__GetProgramResponse *current)
{
    const Loyalty__V1__ProgramVersion *latest = program_latest(current);
    Loyalty__V1__Program *program = NULL;
    if (latest == NULL) {
        return CTL_OK;
    }
    const Loyalty__V1__GetProgramResponse *before = current;
    int code = latest->version == current->version ? CTL_OK
                                                   : program_get(session, latest->version, &before);
    return code == CTL_OK ? document_check(document, before->program, &session->arena, &program)
                          : code;
}

static int check_with_server(const struct program_line *line, const struct document *document)
{
    struct session session;
    int code = session_open(&session, &line->globals);
    const Loyalty__V1__GetProgramResponse *current = NULL;
    if (code == CTL_OK) {
        code = program_get(&session, 0, &current);
    }
    if (code == CTL_OK) {
        code = check_successor(&session, document, current);
    }
    session_close(&session);
    return code;
}

int program_check(int argc, char **argv, const struct globals *globals)
{
    static const struct argp parser = {
        .options = check_options,
        .parser = program_take,
        .args_doc = "FILE",
        .doc = "Checks a program's document (YAML or JSON; - is standard input) without a server "
               "and tells every mistake with its line, place and reason. Exit code 1 if there is "
               "one.",
        .children = globals_child,
    };
    struct program_line line = {.globals = *globals};
    globals_parse(&parser, argc, argv, &line);
    if (!has_file(&line, "check")) {
        return CTL_USAGE;
    }
    struct arena arena;
    arena_init(&arena, SESSION_ARENA_BYTES);
    struct document document;
    Loyalty__V1__Program *program = NULL;
    int code = document_open(line.arguments[0], &line.sets, &arena, &document);
    if (code == CTL_OK && line.successor) {
        code = check_with_server(&line, &document);
    }
    if (code == CTL_OK) {
        code = document_check(&document, NULL, &arena, &program);
    }
    if (code == CTL_OK) {
        (void)printf("%s: program %s, %zu tiers, %zu earning rules: no mistakes\n",
                     line.arguments[0], program->id, program->n_tiers,
                     program->earn == NULL ? 0 : program->earn->n_rules);
    }
    arena_fini(&arena);
    return code;
}

// --- publishing ---

static int refuse(const struct session *session, const char *reason, const char *message)
{
    struct loyalty_reply reply = {
        .outcome = LOYALTY_REFUSED,
        .reason = reason,
        .field = "effective_from",
        .message = message,
    };
    session_complain(session, &reply, NULL);
    return CTL_REFUSED;
}

// The rules of when, as the server has them.
static int check_time(const struct session *session, int64_t effective_ms,
                      const Loyalty__V1__GetProgramResponse *current)
{
    const Loyalty__V1__ProgramVersion *latest = program_latest(current);
    int64_t latest_ms = 0;
    if (latest == NULL || instant_from_timestamp(latest->effective_from, &latest_ms) != STATUS_OK) {
        return CTL_OK;
    }
    if (effective_ms < loyalty_now_ms(session->client) + LIMIT_PUBLISH_LEAD_MS) {
        return refuse(session, "TOO_SOON", "A version takes effect at least a minute from now.");
    }
    return effective_ms > latest_ms
               ? CTL_OK
               : refuse(session, "NOT_THE_LATEST",
                        "A version takes effect later than the ones before it.");
}

// All that can be known before anything is sent. Of a repeated attempt nothing is: it may be what
// stands there now.
static int check_before(struct session *session, const struct document *document,
                        int64_t effective_ms, const Loyalty__V1__GetProgramResponse *current)
{
    int by_time = check_time(session, effective_ms, current);
    int by_rules = check_successor(session, document, current);
    return by_rules != CTL_OK ? by_rules : by_time;
}

static bool is_instant(const char *text, int64_t now_ms, int64_t *ret_ms)
{
    bool is = parse_instant(text, now_ms, ret_ms);
    if (!is) {
        (void)fprintf(stderr, "loyaltyctl: --effective-from: %s is no instant\n", text);
    }
    return is;
}

static int print_published(struct session *session, const ProtobufCMessage *answer)
{
    if (session->globals->json) {
        return print_json(session, answer, true);
    }
    const Loyalty__V1__PublishProgramResponse *response =
        (const Loyalty__V1__PublishProgramResponse *)answer;
    print_row_number("version", response->version);
    print_row_instant("in force from", response->effective_from);
    print_row_instant("published", response->published_at);
    print_row("etag", "%s", response->etag);
    return CTL_OK;
}

static int publish(struct session *session, const struct program_line *line,
                   const struct document *document, Loyalty__V1__Program *program)
{
    int64_t effective_ms = 0;
    if (!is_instant(line->effective_from, loyalty_now_ms(session->client), &effective_ms)) {
        return CTL_USAGE;
    }
    const Loyalty__V1__GetProgramResponse *current = NULL;
    int code = program_get(session, 0, &current);
    if (code == CTL_OK && line->request_id == NULL) {
        code = check_before(session, document, effective_ms, current);
    }
    if (code != CTL_OK) {
        return code;
    }
    Loyalty__V1__PublishProgramRequest request = LOYALTY__V1__PUBLISH_PROGRAM_REQUEST__INIT;
    request.mutation = session_mutation(session, line->request_id);
    request.program = program;
    request.effective_from = session_instant(session, effective_ms);
    request.etag = line->etag == NULL ? current->etag : (char *)line->etag;
    request.reason = (char *)(line->reason == NULL ? "" : line->reason);
    ProtobufCMessage *answer = NULL;
    code = session_call(session, "/loyalty.v1.ProgramsService/PublishProgram", &request.base,
                        request.mutation->request_id,
                        &loyalty__v1__publish_program_response__descriptor, &answer);
    program_say_again(code, request.etag, request.effective_from);
    return code == CTL_OK ? print_published(session, answer) : code;
}

int program_publish(int argc, char **argv, const struct globals *globals)
{
    static const struct argp parser = {
        .options = publish_options,
        .parser = program_take,
        .args_doc = "FILE",
        .doc = "Publishes a document as the program's next version. A version is never changed "
               "afterwards; a mistake is mended by the next one, or withdrawn before it is in "
               "force.",
        .children = globals_child,
    };
    struct program_line line = {.globals = *globals};
    globals_parse(&parser, argc, argv, &line);
    if (line.argument_count != 1 || line.effective_from == NULL) {
        (void)fprintf(stderr, "loyaltyctl program publish: a file and --effective-from\n");
        return CTL_USAGE;
    }
    struct arena arena;
    arena_init(&arena, SESSION_ARENA_BYTES);
    struct document document;
    Loyalty__V1__Program *program = NULL;
    int64_t about_ms = 0; // what now is exactly, the server says
    bool timed = is_instant(line.effective_from, (int64_t)time(NULL) * 1000, &about_ms);
    int code = document_open(line.arguments[0], &line.sets, &arena, &document);
    if (code == CTL_OK) {
        code = document_check(&document, NULL, &arena, &program);
    }
    if (code == CTL_OK && !timed) {
        code = CTL_USAGE;
    }
    if (code == CTL_OK) {
        struct session session;
        code = session_open(&session, &line.globals);
        if (code == CTL_OK) {
            code = publish(&session, &line, &document, program);
        }
        session_close(&session);
    }
    arena_fini(&arena);
    return code;
}
