// `rescore plan`, `rescore moves`, `rescore run` and `rescore calendar`: the half-yearly
// re-scoring, planned, read, and made durable.
#include <stdio.h>
#include <string.h>

#include "core/calendar.h"
#include "ctl/command.h"
#include "ctl/operation_wait.h"
#include "ctl/parse.h"
#include "ctl/print.h"
#include "ctl/session.h"
#include "ctl/zone.h"
#include "loyalty/v1/programs.pb-c.h"
#include "loyalty/v1/rescoring.pb-c.h"

enum {
    KEY_AT = 0x200,
    KEY_FULL,
    KEY_REASON,
    KEY_WAIT,
    KEY_PLAN,
    KEY_ACCEPT,
    KEY_FROM,
    KEY_TO,
    KEY_REQUEST_ID,
    MOVES_A_PAGE = 200,
};

struct rescore_line {
    struct globals globals;
    const char *argument;
    const char *at;
    const char *plan;
    const char *reason;
    const char *from;
    const char *to;
    const char *request_id;
    bool full;
    bool wait;
    bool accept;
};

static error_t take(int key, char *arg, struct argp_state *state)
{
    struct rescore_line *line = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &line->globals;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0) {
            argp_usage(state);
        }
        line->argument = arg;
        return 0;
    case KEY_AT:
        line->at = arg;
        return 0;
    case KEY_FULL:
        line->full = true;
        return 0;
    case KEY_REASON:
        line->reason = arg;
        return 0;
    case KEY_WAIT:
        line->wait = true;
        return 0;
    case KEY_PLAN:
        line->plan = arg;
        return 0;
    case KEY_ACCEPT:
        line->accept = true;
        return 0;
    case KEY_FROM:
        line->from = arg;
        return 0;
    case KEY_TO:
        line->to = arg;
        return 0;
    case KEY_REQUEST_ID:
        if (!parse_uuid(arg)) {
            argp_error(state, "%s is no UUID", arg);
        }
        line->request_id = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

// clang-format off
#define OPTION_AT {"at", KEY_AT, "DAY|INSTANT", 0, \
    "Which re-scoring: its day (YYYY-MM-DD) in the program's zone, or its instant", 0}
#define OPTION_FULL {"full", KEY_FULL, NULL, 0, "Visit everyone, whatever the due index says", 0}
#define OPTION_REASON {"reason", KEY_REASON, "TEXT", 0, "Why; no personal datum", 0}
#define OPTION_WAIT {"wait", KEY_WAIT, NULL, 0, "Wait until it is done, and show its result", 0}
#define OPTION_ID {"request-id", KEY_REQUEST_ID, "UUID", 0, "Of the attempt that is repeated", 0}
// clang-format on

static const struct argp_option plan_options[] = {OPTION_AT,   OPTION_FULL, OPTION_REASON,
                                                  OPTION_WAIT, OPTION_ID,   {0}};

static const struct argp_option run_options[] = {
    {"plan", KEY_PLAN, "PLAN", 0, "Only if the moves are still those of this plan", 0},
    {"accept-changes", KEY_ACCEPT, NULL, 0, "Go on although they are others", 0},
    OPTION_AT,
    OPTION_FULL,
    OPTION_REASON,
    OPTION_WAIT,
    OPTION_ID,
    {0},
};

static const struct argp_option moves_options[] = {
    {"from", KEY_FROM, "TIER", 0, "Only from this tier", 0},
    {"to", KEY_TO, "TIER", 0, "Only to this tier", 0},
    {0},
};

// --- instants ---

static int program_in_force(struct session *session, const Loyalty__V1__Program **ret_program)
{
    Loyalty__V1__GetProgramRequest request = LOYALTY__V1__GET_PROGRAM_REQUEST__INIT;
    ProtobufCMessage *answer = NULL;
    int code = session_call(session, "/loyalty.v1.ProgramsService/GetProgram", &request.base, NULL,
                            &loyalty__v1__get_program_response__descriptor, &answer);
    if (code != CTL_OK) {
        return code;
    }
    *ret_program = ((const Loyalty__V1__GetProgramResponse *)answer)->program;
    if (*ret_program == NULL) {
        (void)fprintf(stderr, "loyaltyctl: no version of the program is in force yet\n");
        return CTL_REFUSED;
    }
    return CTL_OK;
}

static int day_start(struct session *session, const char *text, int64_t *ret_ms)
{
    const Loyalty__V1__Program *program = NULL;
    struct civil_date date;
    int code = program_in_force(session, &program);
    if (code != CTL_OK) {
        return code;
    }
    if (sscanf(text, "%4d-%2d-%2d", &date.year, &date.month, &date.day) != 3 ||
        !zone_use(program->zone)) {
        (void)fprintf(stderr, "loyaltyctl: this machine does not know the zone %s\n",
                      program->zone);
        return CTL_USAGE;
    }
    *ret_ms = zone_day_start_ms(civil_to_days(date));
    return CTL_OK;
}

static int read_at(struct session *session, const struct rescore_line *line,
                   Google__Protobuf__Timestamp **ret_at)
{
    int64_t at_ms = 0;
    *ret_at = NULL;
    if (line->at == NULL) {
        return CTL_OK;
    }
    if (parse_date(line->at)) {
        int code = day_start(session, line->at, &at_ms);
        if (code != CTL_OK) {
            return code;
        }
    } else if (!parse_instant(line->at, loyalty_now_ms(session->client), &at_ms)) {
        (void)fprintf(stderr, "loyaltyctl: %s is neither a day nor an instant\n", line->at);
        return CTL_USAGE;
    }
    *ret_at = session_instant(session, at_ms);
    return CTL_OK;
}

// --- plan, run ---

static int follow(struct session *session, const struct rescore_line *line,
                  const ProtobufCMessage *answer)
{
    const Google__Longrunning__Operation *operation =
        (const Google__Longrunning__Operation *)answer;
    if (line->wait) {
        int code = operation_wait(session, operation->name, &operation);
        if (code != CTL_OK) {
            return code;
        }
    }
    return operation_show(session, operation);
}

static int send_plan(struct session *session, const struct rescore_line *line)
{
    Loyalty__V1__PlanRescoringRequest request = LOYALTY__V1__PLAN_RESCORING_REQUEST__INIT;
    ProtobufCMessage *answer = NULL;
    int code = read_at(session, line, &request.at);
    if (code != CTL_OK) {
        return code;
    }
    request.mutation = session_mutation(session, line->request_id);
    request.full = line->full;
    request.reason = (char *)line->reason;
    code = session_call(session, "/loyalty.v1.RescoringService/PlanRescoring", &request.base,
                        request.mutation->request_id, &google__longrunning__operation__descriptor,
                        &answer);
    return code == CTL_OK ? follow(session, line, answer) : code;
}

static int send_run(struct session *session, const struct rescore_line *line)
{
    Loyalty__V1__RunRescoringRequest request = LOYALTY__V1__RUN_RESCORING_REQUEST__INIT;
    ProtobufCMessage *answer = NULL;
    int code = read_at(session, line, &request.at);
    if (code != CTL_OK) {
        return code;
    }
    request.mutation = session_mutation(session, line->request_id);
    request.full = line->full;
    request.accept_changes = line->accept;
    request.reason = (char *)line->reason;
    if (line->plan != NULL) {
        request.plan = operation_name(session, line->plan);
    }
    code = session_call(session, "/loyalty.v1.RescoringService/RunRescoring", &request.base,
                        request.mutation->request_id, &google__longrunning__operation__descriptor,
                        &answer);
    return code == CTL_OK ? follow(session, line, answer) : code;
}

typedef int rescore_fn(struct session *session, const struct rescore_line *line);

static int run(const struct argp *parser, int argc, char **argv, const struct globals *globals,
               bool argument, rescore_fn *send)
{
    struct rescore_line line = {.globals = *globals, .reason = "", .from = "", .to = ""};
    globals_parse(parser, argc, argv, &line);
    if (argument != (line.argument != NULL)) {
        (void)fprintf(stderr, "%s: %s\n", argv[0], argument ? "which plan?" : "takes no argument");
        return CTL_USAGE;
    }
    struct session session;
    int code = session_open(&session, &line.globals);
    if (code == CTL_OK) {
        code = send(&session, &line);
    }
    session_close(&session);
    return code;
}

int rescore_plan(int argc, char **argv, const struct globals *globals)
{
    static const struct argp parser = {
        .options = plan_options,
        .parser = take,
        .doc = "Computes every move that a re-scoring would bring (the next one), from the "
               "accounts as they are, and keeps them under the plan's name. Changes nothing.",
        .children = globals_child,
    };
    return run(&parser, argc, argv, globals, false, send_plan);
}

int rescore_run(int argc, char **argv, const struct globals *globals)
{
    static const struct argp parser = {
        .options = run_options,
        .parser = take,
        .doc = "Makes durable and announces what a re-scoring (the latest one) brought. It may be "
               "run twice, at once or later: what has moved has moved, and one that is running is "
               "joined.",
        .children = globals_child,
    };
    return run(&parser, argc, argv, globals, false, send_run);
}

// --- moves ---

static void show_move(struct print_table *table, const Loyalty__V1__Move *move)
{
    char score[PRINT_TEXT_BYTES];
    char threshold[PRINT_TEXT_BYTES];
    char parts[PRINT_TEXT_BYTES];
    char until[PRINT_TEXT_BYTES];
    const char *const cells[] = {
        move->member_id,
        move->from_tier_id,
        move->to_tier_id,
        print_number(move->score, score),
        print_number(move->contributions, parts),
        print_number(move->threshold, threshold),
        print_instant(move->card_until, until),
        move->recorded ? "yes" : "no",
    };
    print_table_add(table, cells);
}

static int send_moves(struct session *session, const struct rescore_line *line)
{
    static const char *const headers[] = {"member", "from",      "to",         "score",
                                          "of",     "threshold", "card until", "recorded"};
    Loyalty__V1__ListMovesRequest request = LOYALTY__V1__LIST_MOVES_REQUEST__INIT;
    struct print_table *table = NULL;
    request.plan = operation_name(session, line->argument);
    request.from_tier_id = (char *)line->from;
    request.to_tier_id = (char *)line->to;
    request.page_size = MOVES_A_PAGE;
    for (;;) {
        ProtobufCMessage *answer = NULL;
        int code = session_call(session, "/loyalty.v1.RescoringService/ListMoves", &request.base,
                                NULL, &loyalty__v1__list_moves_response__descriptor, &answer);
        if (code != CTL_OK) {
            return code;
        }
        const Loyalty__V1__ListMovesResponse *page = (const Loyalty__V1__ListMovesResponse *)answer;
        table = table == NULL && !session->globals->json
                    ? print_table_new(8, 1 << 3 | 1 << 4 | 1 << 5, headers)
                    : table;
        for (size_t i = 0; i < page->n_moves; i++) {
            if (session->globals->json) {
                (void)print_json(session, &page->moves[i]->base, false);
            } else {
                show_move(table, page->moves[i]);
            }
        }
        if (*page->next_page_token == '\0') {
            break;
        }
        request.page_token = page->next_page_token;
    }
    if (table != NULL) {
        print_table_end(table);
    }
    return CTL_OK;
}

int rescore_moves(int argc, char **argv, const struct globals *globals)
{
    static const struct argp parser = {
        .options = moves_options,
        .parser = take,
        .args_doc = "PLAN",
        .doc = "Lists a plan's moves with their arithmetic: the score of the instant, of how many "
               "contributions, and the threshold it reaches. With -o json an object for each.",
        .children = globals_child,
    };
    return run(&parser, argc, argv, globals, true, send_moves);
}

// --- calendar ---

static int send_calendar(struct session *session, const struct rescore_line *line)
{
    const Loyalty__V1__Program *program = NULL;
    int code = program_in_force(session, &program);
    (void)line;
    for (size_t i = 0; code == CTL_OK && i < program->n_rescore; i++) {
        (void)printf("OnCalendar=*-%s 00:00:05 %s\n", program->rescore[i], program->zone);
    }
    return code;
}

int rescore_calendar(int argc, char **argv, const struct globals *globals)
{
    static const struct argp parser = {
        .parser = take,
        .doc = "Writes when the program in force re-scores, as lines for a systemd timer: a "
               "drop-in of loyalty-rescore.timer for another club's days and zone.",
        .children = globals_child,
    };
    return run(&parser, argc, argv, globals, false, send_calendar);
}
