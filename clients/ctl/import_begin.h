// How an import begins, and what its command line may say of its pace.
#pragma once

#include <argp.h>

#include "ctl/import_lanes.h"
#include "ctl/session.h"
#include "loyalty/v1/programs.pb-c.h"

enum { KEY_WINDOW = 0x400, KEY_RETRY };

extern const struct import_pace import_pace_default;

#define IMPORT_BEGIN_OPTIONS                                                                       \
    {"window", KEY_WINDOW, "N", 0, "Members at a time (512)", 0},                                  \
    {                                                                                              \
        "retry-seconds", KEY_RETRY, "N", 0, "Give up when nothing went forward for so long (60)",  \
            0                                                                                      \
    }

// Takes these options; others are ARGP_ERR_UNKNOWN.
error_t import_begin_take(int key, char *arg, struct argp_state *state, struct import_pace *pace);

// A session, as patient as the import itself, with local time as the program in force has it; what
// goes wrong is said. The answer, which has a program, lives in the session's arena. session_close
// is due in any case.
int import_begin(struct session *session, const struct globals *globals,
                 const struct import_pace *pace,
                 const Loyalty__V1__GetProgramResponse **ret_current);
