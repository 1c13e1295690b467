// `member status`, `member merge` and `member erase`: the life of a membership.
#include <stdio.h>
#include <string.h>

#include "ctl/command.h"
#include "ctl/member_line.h"
#include "ctl/parse.h"
#include "ctl/print.h"
#include "ctl/session.h"
#include "loyalty/v1/members.pb-c.h"

enum { KEY_REASON = 0x200 };

struct life_line {
    struct member_line member;
    const char *reason;
};

static const struct argp_option options[] = {
    {"reason", KEY_REASON, "TEXT", 0, "Why; no personal datum", 0},
    MEMBER_LINE_REQUEST_ID,
    {0},
};

static error_t take(int key, char *arg, struct argp_state *state, bool second)
{
    struct life_line *line = state->input;
    if (key == KEY_REASON) {
        line->reason = arg;
        return 0;
    }
    return member_line_take(&line->member, second, key, arg, state);
}

static error_t take_one(int key, char *arg, struct argp_state *state)
{
    return take(key, arg, state, false);
}

static error_t take_two(int key, char *arg, struct argp_state *state)
{
    return take(key, arg, state, true);
}

static int run(const struct argp *parser, int argc, char **argv, const struct globals *globals,
               member_send_fn *send)
{
    struct life_line line = {.member.globals = *globals, .reason = ""};
    return member_line_run(parser, argc, argv, &line.member, send);
}

// --- status ---

static const struct {
    const char *word;
    Loyalty__V1__MemberStatus status;
} statuses[] = {
    {"active", LOYALTY__V1__MEMBER_STATUS__MEMBER_STATUS_ACTIVE},
    {"suspended", LOYALTY__V1__MEMBER_STATUS__MEMBER_STATUS_SUSPENDED},
    {"closed", LOYALTY__V1__MEMBER_STATUS__MEMBER_STATUS_CLOSED},
};

static int send_status(struct session *session, const void *arguments)
{
    const struct life_line *line = arguments;
    Loyalty__V1__SetStatusRequest request = LOYALTY__V1__SET_STATUS_REQUEST__INIT;
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        if (strcmp(line->member.second, statuses[i].word) == 0) {
            request.status = statuses[i].status;
        }
    }
    if (request.status == LOYALTY__V1__MEMBER_STATUS__MEMBER_STATUS_UNSPECIFIED) {
        (void)fprintf(stderr, "loyaltyctl: a status is active, suspended or closed, not '%s'\n",
                      line->member.second);
        return CTL_USAGE;
    }
    request.mutation = session_mutation(session, line->member.request_id);
    request.member = session_member(session, &line->member.member);
    request.reason = (char *)line->reason;
    ProtobufCMessage *answer = NULL;
    int code = session_call(session, "/loyalty.v1.MembersService/SetStatus", &request.base,
                            request.mutation->request_id,
                            &loyalty__v1__set_status_response__descriptor, &answer);
    if (code == CTL_OK && session->globals->json) {
        return print_json(session, answer, true);
    }
    if (code == CTL_OK) {
        const Loyalty__V1__SetStatusResponse *response =
            (const Loyalty__V1__SetStatusResponse *)answer;
        print_row("member", "%s", response->member_id);
        print_row("status", "%s", line->member.second);
        print_row_number("forfeited", response->forfeited);
        member_line_print_request(session, request.mutation);
    }
    return code;
}

int member_status(int argc, char **argv, const struct globals *globals)
{
    static const struct argp parser = {
        .options = options,
        .parser = take_two,
        .args_doc = "MEMBER active|suspended|closed",
        .doc = "Suspends a membership, reinstates it, or closes it for good: then its points are "
               "forfeited.",
        .children = globals_child,
    };
    return run(&parser, argc, argv, globals, send_status);
}

// --- merge ---

static int send_merge(struct session *session, const void *arguments)
{
    const struct life_line *line = arguments;
    struct loyalty_member into;
    if (!parse_member(line->member.second, &into)) {
        (void)fprintf(stderr, "loyaltyctl: '%s' is no member\n", line->member.second);
        return CTL_USAGE;
    }
    Loyalty__V1__MergeRequest request = LOYALTY__V1__MERGE_REQUEST__INIT;
    request.mutation = session_mutation(session, line->member.request_id);
    request.member = session_member(session, &line->member.member);
    request.into = session_member(session, &into);
    request.reason = (char *)line->reason;
    ProtobufCMessage *answer = NULL;
    int code = session_call(session, "/loyalty.v1.MembersService/Merge", &request.base,
                            request.mutation->request_id, &loyalty__v1__merge_response__descriptor,
                            &answer);
    if (code == CTL_OK && session->globals->json) {
        return print_json(session, answer, true);
    }
    if (code == CTL_OK) {
        const Loyalty__V1__MergeResponse *response = (const Loyalty__V1__MergeResponse *)answer;
        print_row("member", "%s", response->member_id);
        print_row("merged into", "%s", response->into);
        print_row_number("points", response->points);
        print_row_number("score", response->score);
        member_line_print_request(session, request.mutation);
    }
    return code;
}

int member_merge(int argc, char **argv, const struct globals *globals)
{
    static const struct argp parser = {
        .options = options,
        .parser = take_two,
        .args_doc = "MEMBER INTO",
        .doc = "Merges MEMBER into another: points, score, uses of perks and the higher card go "
               "over. It cannot be taken back.",
        .children = globals_child,
    };
    return run(&parser, argc, argv, globals, send_merge);
}

// --- erase ---

static int send_erase(struct session *session, const void *arguments)
{
    const struct life_line *line = arguments;
    Loyalty__V1__EraseRequest request = LOYALTY__V1__ERASE_REQUEST__INIT;
    request.mutation = session_mutation(session, line->member.request_id);
    request.member = session_member(session, &line->member.member);
    request.reason = (char *)line->reason;
    ProtobufCMessage *answer = NULL;
    int code = session_call(session, "/loyalty.v1.MembersService/Erase", &request.base,
                            request.mutation->request_id, &loyalty__v1__erase_response__descriptor,
                            &answer);
    if (code == CTL_OK && session->globals->json) {
        return print_json(session, answer, true);
    }
    if (code == CTL_OK) {
        const Loyalty__V1__EraseResponse *response = (const Loyalty__V1__EraseResponse *)answer;
        print_row("member", "%s", response->member_id);
        print_row_number("forfeited", response->forfeited);
        member_line_print_request(session, request.mutation);
    }
    return code;
}

int member_erase(int argc, char **argv, const struct globals *globals)
{
    static const struct argp parser = {
        .options = options,
        .parser = take_one,
        .args_doc = "MEMBER",
        .doc = "Forgets a person: the membership is closed, profile and identifiers are deleted. "
               "It cannot be taken back.",
        .children = globals_child,
    };
    return run(&parser, argc, argv, globals, send_erase);
}
