// `clock show` and `clock set INSTANT`.
#include <stdio.h>

#include "ctl/command.h"
#include "ctl/parse.h"
#include "ctl/print.h"
#include "ctl/session.h"
#include "loyalty/v1/clock.pb-c.h"

struct clock_line {
    struct globals globals;
    const char *instant;
};

// argp's signature. NOLINTNEXTLINE(readability-non-const-parameter)
static error_t take(int key, char *arg, struct argp_state *state)
{
    struct clock_line *line = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &line->globals;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0) {
            argp_usage(state);
        }
        line->instant = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int show(struct session *session)
{
    Loyalty__V1__GetClockRequest request = LOYALTY__V1__GET_CLOCK_REQUEST__INIT;
    ProtobufCMessage *answer = NULL;
    int code = session_call(session, "/loyalty.v1.ClockService/GetClock", &request.base, NULL,
                            &loyalty__v1__get_clock_response__descriptor, &answer);
    if (code == CTL_OK && session->globals->json) {
        return print_json(session, answer, false);
    }
    if (code == CTL_OK) {
        const Loyalty__V1__GetClockResponse *response =
            (const Loyalty__V1__GetClockResponse *)answer;
        char text[PRINT_TEXT_BYTES];
        (void)printf("%s%s\n", print_instant(response->now, text),
                     response->sandbox ? " (a test clock)" : "");
    }
    return code;
}

static int set(struct session *session, const char *instant)
{
    int64_t now_ms = 0;
    if (!parse_instant(instant, loyalty_now_ms(session->client), &now_ms)) {
        (void)fprintf(stderr, "loyaltyctl: %s is no instant\n", instant);
        return CTL_USAGE;
    }
    Loyalty__V1__SetClockRequest request = LOYALTY__V1__SET_CLOCK_REQUEST__INIT;
    request.now = session_instant(session, now_ms);
    ProtobufCMessage *answer = NULL;
    int code = session_call(session, "/loyalty.v1.ClockService/SetClock", &request.base, NULL,
                            &loyalty__v1__set_clock_response__descriptor, &answer);
    if (code == CTL_OK && session->globals->json) {
        return print_json(session, answer, false);
    }
    if (code == CTL_OK) {
        char text[PRINT_TEXT_BYTES];
        (void)printf("%s\n",
                     print_instant(((const Loyalty__V1__SetClockResponse *)answer)->now, text));
    }
    return code;
}

int clock_show(int argc, char **argv, const struct globals *globals)
{
    static const struct argp parser = {
        .parser = take,
        .doc = "Shows the service's clock.",
        .children = globals_child,
    };
    struct clock_line line = {.globals = *globals};
    globals_parse(&parser, argc, argv, &line);
    if (line.instant != NULL) {
        (void)fprintf(stderr, "loyaltyctl clock show: takes no argument\n");
        return CTL_USAGE;
    }
    struct session session;
    int code = session_open(&session, &line.globals);
    code = code == CTL_OK ? show(&session) : code;
    session_close(&session);
    return code;
}

int clock_set(int argc, char **argv, const struct globals *globals)
{
    static const struct argp parser = {
        .parser = take,
        .args_doc = "INSTANT",
        .doc = "Sets the test clock forward. Only a service started with --sandbox has one.",
        .children = globals_child,
    };
    struct clock_line line = {.globals = *globals};
    globals_parse(&parser, argc, argv, &line);
    if (line.instant == NULL) {
        (void)fprintf(stderr, "loyaltyctl clock set: to which instant?\n");
        return CTL_USAGE;
    }
    struct session session;
    int code = session_open(&session, &line.globals);
    code = code == CTL_OK ? set(&session, line.instant) : code;
    session_close(&session);
    return code;
}
