// What the commands on programs share: their command lines, and reading what is published.
#pragma once

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

#include "ctl/document.h"
#include "ctl/globals.h"
#include "ctl/session.h"
#include "loyalty/v1/programs.pb-c.h"

enum { PROGRAM_ARGUMENTS_MAX = 2 };

struct program_line {
    struct globals globals;
    const char *arguments[PROGRAM_ARGUMENTS_MAX];
    size_t argument_count;
    const char *effective_from;
    const char *reason;
    const char *request_id;
    const char *etag;
    const char *file;
    struct document_sets sets;
    uint32_t version; // 0: the one in force
    bool successor;
};

enum program_key {
    PROGRAM_KEY_EFFECTIVE = 0x200,
    PROGRAM_KEY_REASON,
    PROGRAM_KEY_SET,
    PROGRAM_KEY_REQUEST_ID,
    PROGRAM_KEY_ETAG,
    PROGRAM_KEY_VERSION,
    PROGRAM_KEY_FILE,
    PROGRAM_KEY_SUCCESSOR,
};

#define PROGRAM_OPTION_SET                                                                         \
    {                                                                                              \
        "set", PROGRAM_KEY_SET, "FIELD=VALUE", 0,                                                  \
            "Put VALUE in the place of a top-level field, as in --set currency=USD", 0             \
    }
#define PROGRAM_OPTION_REASON                                                                      \
    {                                                                                              \
        "reason", PROGRAM_KEY_REASON, "TEXT", 0, "Why; kept with the version", 0                   \
    }
#define PROGRAM_OPTIONS_EDIT                                                                       \
    {"etag",                                                                                       \
     PROGRAM_KEY_ETAG,                                                                             \
     "ETAG",                                                                                       \
     0,                                                                                            \
     "Of the program as it was read (program list); refused if somebody has changed it since",     \
     0},                                                                                           \
    {                                                                                              \
        "request-id", PROGRAM_KEY_REQUEST_ID, "UUID", 0, "Of the attempt that is repeated", 0      \
    }

// The options above, as a parser of argp; its input is a struct program_line.
error_t program_take(int key, char *arg, struct argp_state *state);
// An argument that is a version's number; false, and said so, if it is none.
bool program_number(const char *text, uint32_t *ret_version);

// What a repetition under the same request id must say again, where an edit's outcome is open:
// its etag and, of a publish, its instant (else NULL).
void program_say_again(int code, const char *etag, const Google__Protobuf__Timestamp *instant);

// GetProgram of a version, 0 for the one in force. CTL_OK or an exit code, told.
int program_get(struct session *session, uint32_t version,
                const Loyalty__V1__GetProgramResponse **ret_response);
// The last version that is not withdrawn; NULL when there is none.
const Loyalty__V1__ProgramVersion *program_latest(const Loyalty__V1__GetProgramResponse *response);
