// `quote`, `award`, `redeem` and `outcome`: a sale, points spent at once, and what became of
// either.
#include <stdio.h>

#include "base/limits.h"
#include "ctl/command.h"
#include "ctl/parse.h"
#include "ctl/points_answer.h"
#include "ctl/print.h"
#include "ctl/sale_line.h"
#include "ctl/session.h"
#include "loyalty/v1/points.pb-c.h"

int points_quote(int argc, char **argv, const struct globals *globals)
{
    static const struct argp parser = {
        .parser = sale_line_take,
        .args_doc = "MEMBER",
        .doc = "Says what a sale would earn, without effect.",
        .children = sale_line_children,
    };
    struct sale_line line = {.member.globals = *globals};
    globals_parse(&parser, argc, argv, &line);
    struct session session;
    int code = session_open(&session, &line.member.globals);
    Loyalty__V1__QuoteRequest request = LOYALTY__V1__QUOTE_REQUEST__INIT;
    if (code == CTL_OK) {
        code = sale_line_message(&session, &line, &request.sale);
    }
    if (code == CTL_OK) {
        request.member = session_member(&session, &line.member.member);
        ProtobufCMessage *answer = NULL;
        code = session_call(&session, "/loyalty.v1.PointsService/Quote", &request.base, NULL,
                            &loyalty__v1__quote_response__descriptor, &answer);
        const Loyalty__V1__QuoteResponse *quote = (const Loyalty__V1__QuoteResponse *)answer;
        if (code == CTL_OK && line.member.globals.json) {
            code = print_json(&session, answer, false);
        } else if (code == CTL_OK && quote->award != NULL) {
            points_print(&quote->award->base);
        }
    }
    session_close(&session);
    return code;
}

static int award(struct session *session, struct sale_line *line)
{
    Loyalty__V1__AwardRequest request = LOYALTY__V1__AWARD_REQUEST__INIT;
    int code = sale_line_message(session, line, &request.sale);
    if (code != CTL_OK) {
        return code;
    }
    request.member = session_member(session, &line->member.member);
    request.pool_member = session_person(session, &line->member.person);
    request.mutation = session_mutation(session, line->member.request_id);
    return points_answer(session, "/loyalty.v1.PointsService/Award", &request.base,
                         request.mutation->request_id, &loyalty__v1__award_response__descriptor);
}

int points_award(int argc, char **argv, const struct globals *globals)
{
    static const struct argp_option options[] = {
        MEMBER_LINE_POOL_MEMBER, MEMBER_LINE_REQUEST_ID, {0}};
    static const struct argp parser = {
        .options = options,
        .parser = sale_line_take,
        .args_doc = "MEMBER",
        .doc = "Awards a sale, once: repeated with the same --request-id it gives the stored "
               "answer.",
        .children = sale_line_children,
    };
    struct sale_line line = {.member.globals = *globals};
    globals_parse(&parser, argc, argv, &line);
    struct session session;
    int code = session_open(&session, &line.member.globals);
    if (code == CTL_OK) {
        code = award(&session, &line);
    }
    session_close(&session);
    return code;
}

static int redeem(struct session *session, const struct member_line *line, int64_t points)
{
    Loyalty__V1__RedeemRequest request = LOYALTY__V1__REDEEM_REQUEST__INIT;
    request.member = session_member(session, &line->member);
    request.pool_member = session_person(session, &line->person);
    request.mutation = session_mutation(session, line->request_id);
    request.points = points;
    return points_answer(session, "/loyalty.v1.PointsService/Redeem", &request.base,
                         request.mutation->request_id, &loyalty__v1__redeem_response__descriptor);
}

int points_redeem(int argc, char **argv, const struct globals *globals)
{
    static const struct argp_option options[] = {
        MEMBER_LINE_POOL_MEMBER, MEMBER_LINE_REQUEST_ID, {0}};
    static const struct argp parser = {
        .options = options,
        .parser = member_line_two,
        .args_doc = "MEMBER POINTS",
        .doc = "Spends points, once: repeated with the same --request-id it gives the stored "
               "answer, a refusal too.",
        .children = globals_child,
    };
    struct member_line line = {.globals = *globals};
    globals_parse(&parser, argc, argv, &line);
    int64_t points = 0;
    if (!parse_number(line.second, 1, LIMIT_POINTS_A_RECORD, &points)) {
        (void)fprintf(stderr, "loyaltyctl redeem: %s is no number of points\n", line.second);
        return CTL_USAGE;
    }
    struct session session;
    int code = session_open(&session, &line.globals);
    if (code == CTL_OK) {
        code = redeem(&session, &line, points);
    }
    session_close(&session);
    return code;
}

static void print_outcome(const Loyalty__V1__GetOutcomeResponse *response)
{
    switch (response->status) {
    case LOYALTY__V1__OUTCOME_STATUS__OUTCOME_STATUS_APPLIED:
        print_row("outcome", "applied; its answer was:");
        break;
    case LOYALTY__V1__OUTCOME_STATUS__OUTCOME_STATUS_REFUSED:
        print_row("outcome", "refused");
        break;
    default:
        print_row("outcome", "not seen yet: it may still arrive until its deadline has passed");
        break;
    }
    if (response->refusal != NULL) {
        print_row("reason", "%s (%s)", response->refusal->message, response->refusal->reason);
    }
    const ProtobufCMessage *reply = points_reply(response);
    if (reply != NULL) {
        points_print(reply);
    }
}

int points_outcome(int argc, char **argv, const struct globals *globals)
{
    static const struct argp parser = {
        .parser = member_line_two,
        .args_doc = "MEMBER REQUEST-ID",
        .doc = "Asks what became of an earlier request of this member: applied, with its stored "
               "answer; refused; or not seen yet. Exit code 0 whichever it is.",
        .children = globals_child,
    };
    struct member_line line = {.globals = *globals};
    globals_parse(&parser, argc, argv, &line);
    if (!parse_uuid(line.second)) {
        (void)fprintf(stderr, "loyaltyctl outcome: %s is no UUID\n", line.second);
        return CTL_USAGE;
    }
    struct session session;
    int code = session_open(&session, &line.globals);
    if (code == CTL_OK) {
        Loyalty__V1__GetOutcomeRequest request = LOYALTY__V1__GET_OUTCOME_REQUEST__INIT;
        request.member = session_member(&session, &line.member);
        request.request_id = (char *)line.second;
        ProtobufCMessage *answer = NULL;
        code = session_call(&session, "/loyalty.v1.PointsService/GetOutcome", &request.base, NULL,
                            &loyalty__v1__get_outcome_response__descriptor, &answer);
        if (code == CTL_OK && line.globals.json) {
            code = print_json(&session, answer, false);
        } else if (code == CTL_OK) {
            print_outcome((const Loyalty__V1__GetOutcomeResponse *)answer);
        }
    }
    session_close(&session);
    return code;
}
