// `member adjust`, `member grant` and `member revoke`: acts by hand, each with its reason.
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "ctl/acts.h"
#include "ctl/command.h"
#include "ctl/member_line.h"
#include "ctl/parse.h"
#include "ctl/print.h"

enum {
    KEY_POINTS = 0x200,
    KEY_SCORE,
    KEY_EXPIRES_ON,
    KEY_UNTIL,
    KEY_REASON_CODE,
    KEY_REASON,
    KEY_MAY_OWE,
};

struct acts_line {
    struct member_line member; // the second argument is a tier
    int64_t points;
    int64_t score;
    const char *expires_on;
    const char *until;
    Loyalty__V1__ActReason reason_code;
    const char *reason;
    bool may_owe;
};

#define REASON_OPTIONS                                                                             \
    {"reason-code",                                                                                \
     KEY_REASON_CODE,                                                                              \
     "CODE",                                                                                       \
     0,                                                                                            \
     "goodwill, correction, compensation, fraud, rescinded or other",                              \
     0},                                                                                           \
        {"reason", KEY_REASON, "TEXT", 0, "Why; no personal datum", 0}, MEMBER_LINE_REQUEST_ID

static void take_reason_code(struct acts_line *line, const char *arg, struct argp_state *state)
{
    line->reason_code = acts_reason(arg);
    if (line->reason_code == LOYALTY__V1__ACT_REASON__ACT_REASON_UNSPECIFIED) {
        argp_error(state, "%s is no reason's code; see --help", arg);
    }
}

static void take_figure(const char *arg, struct argp_state *state, int64_t *ret_figure)
{
    if (!parse_number(arg, -LIMIT_POINTS_A_RECORD, LIMIT_POINTS_A_RECORD, ret_figure) ||
        *ret_figure == 0) {
        argp_error(state, "%s is nothing to give, or below 0 to take", arg);
    }
}

static void take_date(const char *arg, bool may_never, struct argp_state *state,
                      const char **ret_date)
{
    if (!parse_date(arg) && !(may_never && strcmp(arg, "never") == 0)) {
        argp_error(state, "%s is no date; write it as YYYY-MM-DD", arg);
    }
    *ret_date = arg;
}

static error_t take_option(struct acts_line *line, int key, char *arg, struct argp_state *state)
{
    switch (key) {
    case KEY_POINTS:
        take_figure(arg, state, &line->points);
        return 0;
    case KEY_SCORE:
        take_figure(arg, state, &line->score);
        return 0;
    case KEY_EXPIRES_ON:
        take_date(arg, true, state, &line->expires_on);
        return 0;
    case KEY_UNTIL:
        take_date(arg, false, state, &line->until);
        return 0;
    case KEY_REASON_CODE:
        take_reason_code(line, arg, state);
        return 0;
    case KEY_REASON:
        line->reason = arg;
        return 0;
    case KEY_MAY_OWE:
        line->may_owe = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void check_reasons(const struct acts_line *line, struct argp_state *state)
{
    if (line->reason_code == LOYALTY__V1__ACT_REASON__ACT_REASON_UNSPECIFIED ||
        *line->reason == '\0') {
        argp_error(state, "--reason-code and --reason are needed");
    }
}

static error_t take(int key, char *arg, struct argp_state *state, bool second)
{
    struct acts_line *line = state->input;
    if (key == ARGP_KEY_END) {
        check_reasons(line, state);
    }
    error_t error = take_option(line, key, arg, state);
    return error == ARGP_ERR_UNKNOWN ? member_line_take(&line->member, second, key, arg, state)
                                     : error;
}

static error_t take_one(int key, char *arg, struct argp_state *state)
{
    return take(key, arg, state, false);
}

static error_t take_two(int key, char *arg, struct argp_state *state)
{
    return take(key, arg, state, true);
}

// A second argument where there is one.
static error_t take_one_or_two(int key, char *arg, struct argp_state *state)
{
    return take(key, arg, state, key == ARGP_KEY_ARG);
}

static int run(const struct argp *parser, int argc, char **argv, const struct globals *globals,
               member_send_fn *send)
{
    struct acts_line line = {
        .member.globals = *globals, .reason = "", .expires_on = "", .until = ""};
    return member_line_run(parser, argc, argv, &line.member, send);
}

// --- adjust ---

static int show_adjustment(struct session *session, const ProtobufCMessage *answer,
                           const Loyalty__V1__Mutation *mutation)
{
    if (session->globals->json) {
        return print_json(session, answer, true);
    }
    const Loyalty__V1__AdjustmentResponse *response =
        (const Loyalty__V1__AdjustmentResponse *)answer;
    print_row("member", "%s", response->member_id);
    if (response->points != 0) {
        print_row_number("points", response->points);
    } else {
        print_row_number("score", response->score);
    }
    print_card("new card", response->card);
    print_standing(response->standing);
    member_line_print_request(session, mutation);
    return CTL_OK;
}

static int adjust_points(struct session *session, const struct acts_line *line)
{
    Loyalty__V1__AdjustPointsRequest request = LOYALTY__V1__ADJUST_POINTS_REQUEST__INIT;
    request.mutation = session_mutation(session, line->member.request_id);
    request.member = session_member(session, &line->member.member);
    request.points = line->points;
    request.expires_on = (char *)line->expires_on;
    request.reason_code = line->reason_code;
    request.reason = (char *)line->reason;
    request.may_owe = line->may_owe;
    ProtobufCMessage *answer = NULL;
    int code = session_call(session, "/loyalty.v1.AdminService/AdjustPoints", &request.base,
                            request.mutation->request_id,
                            &loyalty__v1__adjustment_response__descriptor, &answer);
    return code == CTL_OK ? show_adjustment(session, answer, request.mutation) : code;
}

static int adjust_score(struct session *session, const struct acts_line *line)
{
    Loyalty__V1__AdjustScoreRequest request = LOYALTY__V1__ADJUST_SCORE_REQUEST__INIT;
    request.mutation = session_mutation(session, line->member.request_id);
    request.member = session_member(session, &line->member.member);
    request.score = line->score;
    request.until = (char *)line->until;
    request.reason_code = line->reason_code;
    request.reason = (char *)line->reason;
    ProtobufCMessage *answer = NULL;
    int code = session_call(session, "/loyalty.v1.AdminService/AdjustScore", &request.base,
                            request.mutation->request_id,
                            &loyalty__v1__adjustment_response__descriptor, &answer);
    return code == CTL_OK ? show_adjustment(session, answer, request.mutation) : code;
}

static int send_adjust(struct session *session, const void *arguments)
{
    const struct acts_line *line = arguments;
    bool points = line->points != 0 && line->score == 0 && *line->until == '\0';
    bool score =
        line->score != 0 && line->points == 0 && *line->expires_on == '\0' && !line->may_owe;
    if (!points && !score) {
        (void)fprintf(stderr,
                      "loyaltyctl member adjust: --points, with --expires-on and --may-owe, "
                      "or --score, with --until\n");
        return CTL_USAGE;
    }
    return points ? adjust_points(session, line) : adjust_score(session, line);
}

int member_adjust(int argc, char **argv, const struct globals *globals)
{
    static const struct argp_option options[] = {
        {"points", KEY_POINTS, "N", 0, "Points to give, or below 0 to take", 0},
        {"score", KEY_SCORE, "N", 0, "Score to give, or below 0 to take", 0},
        {"expires-on", KEY_EXPIRES_ON, "YYYY-MM-DD|never", 0,
         "When points given end (as if earned now)", 0},
        {"may-owe", KEY_MAY_OWE, NULL, 0, "Points to take that are not there are owed", 0},
        {"until", KEY_UNTIL, "YYYY-MM-DD", 0, "When score given ends (as if earned now)", 0},
        REASON_OPTIONS,
        {0},
    };
    static const struct argp parser = {
        .options = options,
        .parser = take_one,
        .args_doc = "MEMBER",
        .doc = "Gives a member points or score by hand, or takes them. It is listed in the audit.",
        .children = globals_child,
    };
    return run(&parser, argc, argv, globals, send_adjust);
}

// --- grant and revoke ---

static int show_tier(struct session *session, const ProtobufCMessage *answer,
                     const Loyalty__V1__Mutation *mutation)
{
    if (session->globals->json) {
        return print_json(session, answer, true);
    }
    const Loyalty__V1__TierResponse *response = (const Loyalty__V1__TierResponse *)answer;
    print_row("member", "%s", response->member_id);
    print_card("card", response->card);
    print_standing(response->standing);
    member_line_print_request(session, mutation);
    return CTL_OK;
}

static int send_grant(struct session *session, const void *arguments)
{
    const struct acts_line *line = arguments;
    Loyalty__V1__GrantTierRequest request = LOYALTY__V1__GRANT_TIER_REQUEST__INIT;
    if (*line->until == '\0') {
        (void)fprintf(stderr, "loyaltyctl member grant: --until is needed\n");
        return CTL_USAGE;
    }
    request.mutation = session_mutation(session, line->member.request_id);
    request.member = session_member(session, &line->member.member);
    request.tier_id = (char *)line->member.second;
    request.until = (char *)line->until;
    request.reason_code = line->reason_code;
    request.reason = (char *)line->reason;
    ProtobufCMessage *answer = NULL;
    int code = session_call(session, "/loyalty.v1.AdminService/GrantTier", &request.base,
                            request.mutation->request_id, &loyalty__v1__tier_response__descriptor,
                            &answer);
    return code == CTL_OK ? show_tier(session, answer, request.mutation) : code;
}

int member_grant(int argc, char **argv, const struct globals *globals)
{
    static const struct argp_option options[] = {
        {"until", KEY_UNTIL, "YYYY-MM-DD", 0, "Its end, at most five years ahead", 0},
        REASON_OPTIONS,
        {0},
    };
    static const struct argp parser = {
        .options = options,
        .parser = take_two,
        .args_doc = "MEMBER TIER",
        .doc = "Gives a member a complimentary card of a higher tier, up to a date. At its end a "
               "card that was earned goes on. It is listed in the audit.",
        .children = globals_child,
    };
    return run(&parser, argc, argv, globals, send_grant);
}

static int send_revoke(struct session *session, const void *arguments)
{
    const struct acts_line *line = arguments;
    Loyalty__V1__RevokeTierRequest request = LOYALTY__V1__REVOKE_TIER_REQUEST__INIT;
    request.mutation = session_mutation(session, line->member.request_id);
    request.member = session_member(session, &line->member.member);
    request.tier_id = line->member.second == NULL ? request.tier_id : (char *)line->member.second;
    request.reason_code = line->reason_code;
    request.reason = (char *)line->reason;
    ProtobufCMessage *answer = NULL;
    int code = session_call(session, "/loyalty.v1.AdminService/RevokeTier", &request.base,
                            request.mutation->request_id, &loyalty__v1__tier_response__descriptor,
                            &answer);
    return code == CTL_OK ? show_tier(session, answer, request.mutation) : code;
}

int member_revoke(int argc, char **argv, const struct globals *globals)
{
    static const struct argp_option options[] = {REASON_OPTIONS, {0}};
    static const struct argp parser = {
        .options = options,
        .parser = take_one_or_two,
        .args_doc = "MEMBER [TIER]",
        .doc = "Ends a member's card now; one of TIER (the base tier) begins. The score stays. It "
               "is listed in the audit.",
        .children = globals_child,
    };
    return run(&parser, argc, argv, globals, send_revoke);
}
