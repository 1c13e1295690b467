// `contribution report`, `contribution reduce` and `contribution end`: score as a partner reports
// it, under ids of the partner's own.
#include <stdio.h>

#include "base/limits.h"
#include "ctl/command.h"
#include "ctl/member_line.h"
#include "ctl/parse.h"
#include "ctl/print.h"
#include "ctl/session.h"
#include "loyalty/v1/contributions.pb-c.h"

enum { KEY_SCORE = 0x200, KEY_FROM, KEY_UNTIL, KEY_ON, KEY_MATURED };

struct contribution_line {
    struct member_line member; // the second argument is the contribution's id
    int64_t score;             // 0: not given
    const char *from;
    const char *until;
    const char *on;
    bool matured;
};

#define OPTION_SCORE                                                                               \
    {                                                                                              \
        "score", KEY_SCORE, "N", 0, "So much score (required)", 0                                  \
    }

static void take_date(const char **date, const char *arg, struct argp_state *state)
{
    if (!parse_date(arg)) {
        argp_error(state, "%s is no date: YYYY-MM-DD", arg);
    }
    *date = arg;
}

static error_t take(int key, char *arg, struct argp_state *state)
{
    struct contribution_line *line = state->input;
    switch (key) {
    case KEY_SCORE:
        if (!parse_number(arg, 1, LIMIT_POINTS_A_RECORD, &line->score)) {
            argp_error(state, "%s is no score", arg);
        }
        return 0;
    case KEY_FROM:
        take_date(&line->from, arg, state);
        return 0;
    case KEY_UNTIL:
        take_date(&line->until, arg, state);
        return 0;
    case KEY_ON:
        take_date(&line->on, arg, state);
        return 0;
    case KEY_MATURED:
        line->matured = true;
        return 0;
    default:
        return member_line_take(&line->member, true, key, arg, state);
    }
}

// With a score, which there must be.
static error_t take_scored(int key, char *arg, struct argp_state *state)
{
    const struct contribution_line *line = state->input;
    if (key == ARGP_KEY_END && line->score == 0) {
        argp_error(state, "--score is missing");
    }
    return take(key, arg, state);
}

// --- the answer ---

static void print_answer(const struct session *session,
                         const Loyalty__V1__ContributionResponse *response, const char *request_id)
{
    if (response->member_id[0] != '\0') {
        print_row("member", "%s", response->member_id);
    }
    print_row_number("counts", response->score);
    print_row_instant("from", response->from);
    print_row_instant("until", response->until);
    print_card("new card", response->new_card);
    if (response->standing != NULL) {
        print_standing(response->standing);
    }
    print_row("request", "%s%s", request_id,
              session->replayed ? " (repeated: this is the stored answer)" : "");
}

static int call(struct session *session, const char *method, const ProtobufCMessage *request,
                const char *request_id)
{
    ProtobufCMessage *answer = NULL;
    int code = session_call(session, method, request, request_id,
                            &loyalty__v1__contribution_response__descriptor, &answer);
    if (code == CTL_OK && session->globals->json) {
        return print_json(session, answer, true);
    }
    if (code == CTL_OK) {
        print_answer(session, (const Loyalty__V1__ContributionResponse *)answer, request_id);
    }
    return code;
}

// --- the three ---

typedef int send_fn(struct session *session, const struct contribution_line *line);

static int run(const struct argp *parser, int argc, char **argv, const struct globals *globals,
               send_fn *send)
{
    struct contribution_line line = {.member.globals = *globals, .from = "", .until = "", .on = ""};
    globals_parse(parser, argc, argv, &line);
    struct session session;
    int code = session_open(&session, &line.member.globals);
    if (code == CTL_OK) {
        code = send(&session, &line);
    }
    session_close(&session);
    return code;
}

static int send_report(struct session *session, const struct contribution_line *line)
{
    Loyalty__V1__ReportContributionRequest request = LOYALTY__V1__REPORT_CONTRIBUTION_REQUEST__INIT;
    request.member = session_member(session, &line->member.member);
    request.mutation = session_mutation(session, line->member.request_id);
    request.contribution_id = (char *)line->member.second;
    request.score = line->score;
    request.from = (char *)line->from;
    request.until = (char *)line->until;
    return call(session, "/loyalty.v1.ContributionsService/ReportContribution", &request.base,
                request.mutation->request_id);
}

static int send_reduce(struct session *session, const struct contribution_line *line)
{
    Loyalty__V1__ReduceContributionRequest request = LOYALTY__V1__REDUCE_CONTRIBUTION_REQUEST__INIT;
    request.member = session_member(session, &line->member.member);
    request.mutation = session_mutation(session, line->member.request_id);
    request.contribution_id = (char *)line->member.second;
    request.score = line->score;
    return call(session, "/loyalty.v1.ContributionsService/ReduceContribution", &request.base,
                request.mutation->request_id);
}

static int send_end(struct session *session, const struct contribution_line *line)
{
    Loyalty__V1__EndContributionRequest request = LOYALTY__V1__END_CONTRIBUTION_REQUEST__INIT;
    request.member = session_member(session, &line->member.member);
    request.mutation = session_mutation(session, line->member.request_id);
    request.contribution_id = (char *)line->member.second;
    request.on = (char *)line->on;
    request.cause = line->matured ? LOYALTY__V1__CONTRIBUTION_END__CONTRIBUTION_END_MATURED
                                  : LOYALTY__V1__CONTRIBUTION_END__CONTRIBUTION_END_SURRENDERED;
    return call(session, "/loyalty.v1.ContributionsService/EndContribution", &request.base,
                request.mutation->request_id);
}

int contribution_report(int argc, char **argv, const struct globals *globals)
{
    static const struct argp_option options[] = {
        OPTION_SCORE,
        {"from", KEY_FROM, "DATE", 0, "It counts from this day on (now)", 0},
        {"until", KEY_UNTIL, "DATE", 0, "It counts no more on this day (until it is ended)", 0},
        MEMBER_LINE_REQUEST_ID,
        {0},
    };
    static const struct argp parser = {
        .options = options,
        .parser = take_scored,
        .args_doc = "MEMBER CONTRIBUTION-ID",
        .doc = "Reports score that a partner's contribution gives, such as a policy that was "
               "sold. An id is used once: an increase is another contribution.",
        .children = globals_child,
    };
    return run(&parser, argc, argv, globals, send_report);
}

int contribution_reduce(int argc, char **argv, const struct globals *globals)
{
    static const struct argp_option options[] = {OPTION_SCORE, MEMBER_LINE_REQUEST_ID, {0}};
    static const struct argp parser = {
        .options = options,
        .parser = take_scored,
        .args_doc = "MEMBER CONTRIBUTION-ID",
        .doc = "Takes a part of a contribution's score away, from now on.",
        .children = globals_child,
    };
    return run(&parser, argc, argv, globals, send_reduce);
}

int contribution_end(int argc, char **argv, const struct globals *globals)
{
    static const struct argp_option options[] = {
        {"on", KEY_ON, "DATE", 0, "It counts no more on this day (now)", 0},
        {"matured", KEY_MATURED, NULL, 0, "It matured (it was surrendered)", 0},
        MEMBER_LINE_REQUEST_ID,
        {0},
    };
    static const struct argp parser = {
        .options = options,
        .parser = take,
        .args_doc = "MEMBER CONTRIBUTION-ID",
        .doc = "Ends a contribution: surrendered, or matured. An end in the past ends it now.",
        .children = globals_child,
    };
    return run(&parser, argc, argv, globals, send_end);
}
