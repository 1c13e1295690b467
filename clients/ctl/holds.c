// `reserve`, `capture` and `release`: points set aside, then spent or given back.
#include <stdio.h>

#include "base/limits.h"
#include "ctl/command.h"
#include "ctl/member_line.h"
#include "ctl/parse.h"
#include "ctl/points_answer.h"
#include "ctl/session.h"

enum { KEY_FOR = 0x200, KEY_POINTS, SECONDS_MAX = 400 * 86400 };

struct hold_line {
    struct member_line member;
    int64_t seconds; // 0: the program's
    int64_t points;  // 0: all
};

static error_t take(int key, char *arg, struct argp_state *state)
{
    struct hold_line *line = state->input;
    switch (key) {
    case KEY_FOR:
        if (!parse_number(arg, 1, SECONDS_MAX, &line->seconds)) {
            argp_error(state, "%s is no number of seconds up to 400 days", arg);
        }
        return 0;
    case KEY_POINTS:
        if (!parse_number(arg, 1, LIMIT_POINTS_A_RECORD, &line->points)) {
            argp_error(state, "%s is no number of points", arg);
        }
        return 0;
    default:
        return member_line_take(&line->member, true, key, arg, state);
    }
}

// --- reserve ---

static int reserve(struct session *session, const struct hold_line *line)
{
    Loyalty__V1__ReserveRequest request = LOYALTY__V1__RESERVE_REQUEST__INIT;
    request.member = session_member(session, &line->member.member);
    request.mutation = session_mutation(session, line->member.request_id);
    request.points = line->points;
    request.hold_seconds = (uint32_t)line->seconds;
    return points_answer(session, "/loyalty.v1.PointsService/Reserve", &request.base,
                         request.mutation->request_id, &loyalty__v1__reserve_response__descriptor);
}

int points_reserve(int argc, char **argv, const struct globals *globals)
{
    static const struct argp_option options[] = {
        {"for", KEY_FOR, "SECONDS", 0, "How long at most (as the program says)", 0},
        MEMBER_LINE_REQUEST_ID,
        {0},
    };
    static const struct argp parser = {
        .options = options,
        .parser = take,
        .args_doc = "MEMBER POINTS",
        .doc = "Sets points aside until they are captured, released, or their time is over. The "
               "request's id names the reservation.",
        .children = globals_child,
    };
    struct hold_line line = {.member.globals = *globals};
    globals_parse(&parser, argc, argv, &line);
    if (!parse_number(line.member.second, 1, LIMIT_POINTS_A_RECORD, &line.points)) {
        (void)fprintf(stderr, "loyaltyctl reserve: %s is no number of points\n",
                      line.member.second);
        return CTL_USAGE;
    }
    struct session session;
    int code = session_open(&session, &line.member.globals);
    code = code == CTL_OK ? reserve(&session, &line) : code;
    session_close(&session);
    return code;
}

// --- capture ---

static int capture(struct session *session, const struct hold_line *line)
{
    Loyalty__V1__CaptureRequest request = LOYALTY__V1__CAPTURE_REQUEST__INIT;
    request.member = session_member(session, &line->member.member);
    request.mutation = session_mutation(session, line->member.request_id);
    request.reservation_id = (char *)line->member.second;
    request.points = line->points;
    return points_answer(session, "/loyalty.v1.PointsService/Capture", &request.base,
                         request.mutation->request_id, &loyalty__v1__capture_response__descriptor);
}

static bool names_reservation(const char *command, const struct hold_line *line)
{
    if (parse_uuid(line->member.second)) {
        return true;
    }
    (void)fprintf(stderr, "loyaltyctl %s: %s is no UUID\n", command, line->member.second);
    return false;
}

int points_capture(int argc, char **argv, const struct globals *globals)
{
    static const struct argp_option options[] = {
        {"points", KEY_POINTS, "N", 0, "Spend so many, free the rest (all)", 0},
        MEMBER_LINE_REQUEST_ID,
        {0},
    };
    static const struct argp parser = {
        .options = options,
        .parser = take,
        .args_doc = "MEMBER RESERVATION-ID",
        .doc = "Spends points that were set aside, all or a part, once.",
        .children = globals_child,
    };
    struct hold_line line = {.member.globals = *globals};
    globals_parse(&parser, argc, argv, &line);
    if (!names_reservation("capture", &line)) {
        return CTL_USAGE;
    }
    struct session session;
    int code = session_open(&session, &line.member.globals);
    code = code == CTL_OK ? capture(&session, &line) : code;
    session_close(&session);
    return code;
}

// --- release ---

static int release(struct session *session, const struct hold_line *line)
{
    Loyalty__V1__ReleaseRequest request = LOYALTY__V1__RELEASE_REQUEST__INIT;
    request.member = session_member(session, &line->member.member);
    request.mutation = session_mutation(session, line->member.request_id);
    request.reservation_id = (char *)line->member.second;
    return points_answer(session, "/loyalty.v1.PointsService/Release", &request.base,
                         request.mutation->request_id, &loyalty__v1__release_response__descriptor);
}

int points_release(int argc, char **argv, const struct globals *globals)
{
    static const struct argp_option options[] = {MEMBER_LINE_REQUEST_ID, {0}};
    static const struct argp parser = {
        .options = options,
        .parser = take,
        .args_doc = "MEMBER RESERVATION-ID",
        .doc = "Gives back points that were set aside.",
        .children = globals_child,
    };
    struct hold_line line = {.member.globals = *globals};
    globals_parse(&parser, argc, argv, &line);
    if (!names_reservation("release", &line)) {
        return CTL_USAGE;
    }
    struct session session;
    int code = session_open(&session, &line.member.globals);
    code = code == CTL_OK ? release(&session, &line) : code;
    session_close(&session);
    return code;
}
