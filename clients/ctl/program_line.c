// Options are those of all commands on programs; each has its own list of what it takes.
#include "ctl/program_line.h"

#include <stdio.h>

#include "ctl/parse.h"
#include "wire/instant.h"

bool program_number(const char *text, uint32_t *ret_version)
{
    int64_t number = 0;
    if (!parse_number(text, 1, UINT32_MAX, &number)) {
        (void)fprintf(stderr, "loyaltyctl: %s is no version\n", text);
        return false;
    }
    *ret_version = (uint32_t)number;
    return true;
}

static void take_argument(struct program_line *line, const char *arg, struct argp_state *state)
{
    if (line->argument_count == PROGRAM_ARGUMENTS_MAX) {
        argp_usage(state);
        return;
    }
    line->arguments[line->argument_count++] = arg;
}

static void take_set(struct program_line *line, const char *arg, struct argp_state *state)
{
    if (line->sets.count == DOCUMENT_SETS_MAX) {
        argp_error(state, "at most %d times --set", DOCUMENT_SETS_MAX);
        return;
    }
    line->sets.items[line->sets.count++] = arg;
}

error_t program_take(int key, char *arg, struct argp_state *state)
{
    struct program_line *line = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &line->globals;
        return 0;
    case ARGP_KEY_ARG:
        take_argument(line, arg, state);
        return 0;
    case PROGRAM_KEY_EFFECTIVE:
        line->effective_from = arg;
        return 0;
    case PROGRAM_KEY_REASON:
        line->reason = arg;
        return 0;
    case PROGRAM_KEY_SET:
        take_set(line, arg, state);
        return 0;
    case PROGRAM_KEY_REQUEST_ID:
        if (!parse_uuid(arg)) {
            argp_error(state, "%s is no UUID", arg);
        }
        line->request_id = arg;
        return 0;
    case PROGRAM_KEY_ETAG:
        line->etag = arg;
        return 0;
    case PROGRAM_KEY_FILE:
        line->file = arg;
        return 0;
    case PROGRAM_KEY_SUCCESSOR:
        line->successor = true;
        return 0;
    case PROGRAM_KEY_VERSION:
        if (!program_number(arg, &line->version)) {
            argp_usage(state);
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

void program_say_again(int code, const char *etag, const Google__Protobuf__Timestamp *instant)
{
    char text[INSTANT_TEXT_BYTES] = "";
    if (code != CTL_UNKNOWN && code != CTL_RETRY_LATER) {
        return;
    }
    if (instant != NULL && instant_format(instant, text) != STATUS_OK) {
        text[0] = '\0';
    }
    (void)fprintf(stderr, "and --etag %s%s%s\n", *etag == '\0' ? "''" : etag,
                  *text == '\0' ? "" : " --effective-from ", text);
}

int program_get(struct session *session, uint32_t version,
                const Loyalty__V1__GetProgramResponse **ret_response)
{
    Loyalty__V1__GetProgramRequest request = LOYALTY__V1__GET_PROGRAM_REQUEST__INIT;
    request.version = version;
    ProtobufCMessage *answer = NULL;
    int code = session_call(session, "/loyalty.v1.ProgramsService/GetProgram", &request.base, NULL,
                            &loyalty__v1__get_program_response__descriptor, &answer);
    if (code == CTL_OK) {
        *ret_response = (const Loyalty__V1__GetProgramResponse *)answer;
    }
    return code;
}

const Loyalty__V1__ProgramVersion *program_latest(const Loyalty__V1__GetProgramResponse *response)
{
    for (size_t i = response->n_versions; i > 0; i--) {
        if (response->versions[i - 1]->withdrawn_at == NULL) {
            return response->versions[i - 1];
        }
    }
    return NULL;
}
