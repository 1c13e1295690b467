// How an import begins: it waits for the service from its first question on.
#include "ctl/import_begin.h"

#include <stdio.h>
#include <time.h>

#include "ctl/parse.h"
#include "ctl/progress.h"
#include "ctl/zone.h"

enum { RETRY_SECONDS_DEFAULT = 60, RETRY_SECONDS_MAX = 86400, BEGIN_PAUSE_S = 1 };

const struct import_pace import_pace_default = {
    .window = IMPORT_WINDOW_DEFAULT,
    .retry_ms = (int64_t)RETRY_SECONDS_DEFAULT * 1000,
};

error_t import_begin_take(int key, char *arg, struct argp_state *state, struct import_pace *pace)
{
    int64_t number = 0;
    switch (key) {
    case KEY_WINDOW:
        if (!parse_number(arg, 1, IMPORT_WINDOW_MAX, &number)) {
            argp_error(state, "%s is no number of members from 1 to %d", arg, IMPORT_WINDOW_MAX);
        }
        pace->window = (uint32_t)number;
        return 0;
    case KEY_RETRY:
        if (!parse_number(arg, 0, RETRY_SECONDS_MAX, &number)) {
            argp_error(state, "%s is no number of seconds", arg);
        }
        pace->retry_ms = number * 1000;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int follow_program(struct session *session,
                          const Loyalty__V1__GetProgramResponse **ret_current)
{
    Loyalty__V1__GetProgramRequest request = LOYALTY__V1__GET_PROGRAM_REQUEST__INIT;
    ProtobufCMessage *answer = NULL;
    int code = session_call(session, "/loyalty.v1.ProgramsService/GetProgram", &request.base, NULL,
                            &loyalty__v1__get_program_response__descriptor, &answer);
    if (code != CTL_OK) {
        return code;
    }
    const Loyalty__V1__GetProgramResponse *current =
        (const Loyalty__V1__GetProgramResponse *)answer;
    const Loyalty__V1__Program *program = current->program;
    if (program == NULL) {
        (void)fprintf(stderr, "loyaltyctl: no version of the program is in force\n");
        return CTL_REFUSED;
    }
    if (!zone_use(program->zone)) {
        (void)fprintf(stderr,
                      "loyaltyctl: this machine does not know the program's time zone %s; "
                      "is tzdata installed?\n",
                      program->zone);
        return CTL_USAGE;
    }
    *ret_current = current;
    return CTL_OK;
}

int import_begin(struct session *session, const struct globals *globals,
                 const struct import_pace *pace,
                 const Loyalty__V1__GetProgramResponse **ret_current)
{
    int64_t give_up_ms = progress_now_ms() + pace->retry_ms;
    for (;;) {
        int code = session_open(session, globals);
        if (code == CTL_OK) {
            code = follow_program(session, ret_current);
        }
        bool again = code == CTL_RETRY_LATER || code == CTL_UNKNOWN;
        if (!again || progress_now_ms() > give_up_ms) {
            return code;
        }
        session_close(session);
        const struct timespec pause = {.tv_sec = BEGIN_PAUSE_S};
        (void)nanosleep(&pause, NULL);
    }
}
