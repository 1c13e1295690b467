// `reverse`: takes back a sale, a redemption, a capture or a reservation, in whole or in part. When
// the original was asked for is part of the request; unless it is said, the instant it was recorded
// at stands for it, so that a repetition says the same.
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "ctl/command.h"
#include "ctl/member_line.h"
#include "ctl/parse.h"
#include "ctl/points_answer.h"
#include "ctl/session.h"

enum { KEY_AMOUNT = 0x200, KEY_LINE, KEY_POINTS, KEY_CREATED, KEY_REASON };

struct reverse_line {
    struct member_line member;
    int64_t amount_minor; // 0: not by amount
    int64_t points;       // 0: not by points
    uint32_t lines[LIMIT_SALE_LINES];
    size_t line_count;
    const char *created; // NULL: now
    const char *reason;
};

static void take_line(struct reverse_line *line, const char *arg, struct argp_state *state)
{
    int64_t number = 0;
    if (line->line_count == LIMIT_SALE_LINES || !parse_number(arg, 1, LIMIT_SALE_LINES, &number)) {
        argp_error(state, "%s is no line of a sale, which are counted from 1 to %d", arg,
                   LIMIT_SALE_LINES);
        return;
    }
    line->lines[line->line_count++] = (uint32_t)number;
}

static void check(const struct reverse_line *line, struct argp_state *state)
{
    int parts = (line->amount_minor != 0) + (line->points != 0) + (line->line_count != 0);
    if (parts > 1) {
        argp_error(state, "--amount, --line or --points, not several of them");
    }
}

static error_t take(int key, char *arg, struct argp_state *state)
{
    struct reverse_line *line = state->input;
    switch (key) {
    case KEY_AMOUNT:
        if (!parse_amount(arg, &line->amount_minor) || line->amount_minor == 0) {
            argp_error(state, "%s is no amount above 0", arg);
        }
        return 0;
    case KEY_LINE:
        take_line(line, arg, state);
        return 0;
    case KEY_POINTS:
        if (!parse_number(arg, 1, LIMIT_POINTS_A_RECORD, &line->points)) {
            argp_error(state, "%s is no number of points", arg);
        }
        return 0;
    case KEY_CREATED:
        line->created = arg;
        return 0;
    case KEY_REASON:
        line->reason = arg;
        return 0;
    case ARGP_KEY_END:
        check(line, state);
        return member_line_take(&line->member, true, key, arg, state);
    default:
        return member_line_take(&line->member, true, key, arg, state);
    }
}

static void fill_part(struct session *session, const struct reverse_line *line,
                      Loyalty__V1__ReverseRequest *request)
{
    if (line->amount_minor != 0) {
        request->part_case = LOYALTY__V1__REVERSE_REQUEST__PART_AMOUNT_MINOR;
        request->amount_minor = line->amount_minor;
    } else if (line->points != 0) {
        request->part_case = LOYALTY__V1__REVERSE_REQUEST__PART_POINTS;
        request->points = line->points;
    } else if (line->line_count != 0) {
        request->part_case = LOYALTY__V1__REVERSE_REQUEST__PART_LINES;
        request->lines = session_alloc(session, sizeof(*request->lines));
        loyalty__v1__line_numbers__init(request->lines);
        request->lines->numbers = (uint32_t *)line->lines;
        request->lines->n_numbers = line->line_count;
    }
}

// When the original was recorded, as the service tells; NULL, and said so, if it does not.
static int find_recorded(struct session *session, const struct reverse_line *line,
                         Google__Protobuf__Timestamp **ret_created)
{
    Loyalty__V1__GetOutcomeRequest request = LOYALTY__V1__GET_OUTCOME_REQUEST__INIT;
    request.member = session_member(session, &line->member.member);
    request.request_id = (char *)line->member.second;
    ProtobufCMessage *answer = NULL;
    int code = session_call(session, "/loyalty.v1.PointsService/GetOutcome", &request.base, NULL,
                            &loyalty__v1__get_outcome_response__descriptor, &answer);
    if (code != CTL_OK) {
        return code;
    }
    *ret_created = points_recorded((const Loyalty__V1__GetOutcomeResponse *)answer);
    if (*ret_created == NULL) {
        (void)fprintf(stderr, "loyaltyctl reverse: that request is not known to have done "
                              "anything; to stop it all the same, say with --created when it was "
                              "asked for\n");
        return CTL_REFUSED;
    }
    return CTL_OK;
}

static int find_created(struct session *session, const struct reverse_line *line,
                        Google__Protobuf__Timestamp **ret_created)
{
    if (line->created == NULL) {
        return find_recorded(session, line, ret_created);
    }
    int64_t created_ms = 0;
    if (!parse_instant(line->created, loyalty_now_ms(session->client), &created_ms)) {
        (void)fprintf(stderr, "loyaltyctl reverse: %s is no instant\n", line->created);
        return CTL_USAGE;
    }
    *ret_created = session_instant(session, created_ms);
    return CTL_OK;
}

static int reverse(struct session *session, const struct reverse_line *line)
{
    Google__Protobuf__Timestamp *created = NULL;
    int code = find_created(session, line, &created);
    if (code != CTL_OK) {
        return code;
    }
    Loyalty__V1__ReverseRequest request = LOYALTY__V1__REVERSE_REQUEST__INIT;
    request.member = session_member(session, &line->member.member);
    request.mutation = session_mutation(session, line->member.request_id);
    request.original_request_id = (char *)line->member.second;
    request.original_created_at = created;
    fill_part(session, line, &request);
    if (line->reason != NULL) {
        request.reason = (char *)line->reason;
    }
    return points_answer(session, "/loyalty.v1.PointsService/Reverse", &request.base,
                         request.mutation->request_id, &loyalty__v1__reverse_response__descriptor);
}

int points_reverse(int argc, char **argv, const struct globals *globals)
{
    static const struct argp_option options[] = {
        {"amount", KEY_AMOUNT, "12.34", 0, "Of a sale: so much of it was returned (all)", 0},
        {"line", KEY_LINE, "N", 0, "Of a sale: this line was returned; again for each further", 0},
        {"points", KEY_POINTS, "N", 0, "Of points spent: so many of them (all)", 0},
        {"created", KEY_CREATED, "INSTANT", 0, "When the original was asked for (recorded)", 0},
        {"reason", KEY_REASON, "TEXT", 0, "For the record", 0},
        MEMBER_LINE_REQUEST_ID,
        {0},
    };
    static const struct argp parser = {
        .options = options,
        .parser = take,
        .args_doc = "MEMBER REQUEST-ID",
        .doc = "Takes back what an earlier request did: a sale's points, points spent, or a "
               "reservation. What it finds is its result: a second reversal changes nothing, and "
               "one of a request not seen yet, which needs --created, refuses that for ever. "
               "Repeated with the same --request-id it gives the stored answer.",
        .children = globals_child,
    };
    struct reverse_line line = {.member.globals = *globals};
    globals_parse(&parser, argc, argv, &line);
    if (!parse_uuid(line.member.second)) {
        (void)fprintf(stderr, "loyaltyctl reverse: %s is no UUID\n", line.member.second);
        return CTL_USAGE;
    }
    struct session session;
    int code = session_open(&session, &line.member.globals);
    code = code == CTL_OK ? reverse(&session, &line) : code;
    session_close(&session);
    return code;
}
