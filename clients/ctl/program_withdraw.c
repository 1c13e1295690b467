// `program withdraw N`: a version that is not in force yet is taken back.
#include <stdio.h>

#include "ctl/command.h"
#include "ctl/print.h"
#include "ctl/program_line.h"

static const struct argp_option options[] = {
    PROGRAM_OPTION_REASON,
    PROGRAM_OPTIONS_EDIT,
    {0},
};

static int print_withdrawn(struct session *session, const ProtobufCMessage *answer)
{
    if (session->globals->json) {
        return print_json(session, answer, true);
    }
    const Loyalty__V1__WithdrawProgramResponse *response =
        (const Loyalty__V1__WithdrawProgramResponse *)answer;
    print_row_number("version", response->version);
    print_row_instant("withdrawn", response->withdrawn_at);
    print_row("etag", "%s", response->etag);
    return CTL_OK;
}

static int withdraw(struct session *session, const struct program_line *line, uint32_t version)
{
    const Loyalty__V1__GetProgramResponse *now = NULL;
    int code = line->etag == NULL ? program_get(session, 0, &now) : CTL_OK;
    if (code != CTL_OK) {
        return code;
    }
    Loyalty__V1__WithdrawProgramRequest request = LOYALTY__V1__WITHDRAW_PROGRAM_REQUEST__INIT;
    request.mutation = session_mutation(session, line->request_id);
    request.version = version;
    request.etag = now == NULL ? (char *)line->etag : now->etag;
    request.reason = (char *)line->reason;
    ProtobufCMessage *answer = NULL;
    code = session_call(session, "/loyalty.v1.ProgramsService/WithdrawProgram", &request.base,
                        request.mutation->request_id,
                        &loyalty__v1__withdraw_program_response__descriptor, &answer);
    program_say_again(code, request.etag, NULL);
    return code == CTL_OK ? print_withdrawn(session, answer) : code;
}

int program_withdraw(int argc, char **argv, const struct globals *globals)
{
    static const struct argp parser = {
        .options = options,
        .parser = program_take,
        .args_doc = "VERSION",
        .doc = "Takes back a version that is not in force yet, at least a minute before it would "
               "be. Its number is not used again; versions behind it stay.",
        .children = globals_child,
    };
    struct program_line line = {.globals = *globals};
    globals_parse(&parser, argc, argv, &line);
    uint32_t version = 0;
    if (line.argument_count != 1 || line.reason == NULL) {
        (void)fprintf(stderr, "loyaltyctl program withdraw: a version and --reason\n");
        return CTL_USAGE;
    }
    if (!program_number(line.arguments[0], &version)) {
        return CTL_USAGE;
    }
    struct session session;
    int code = session_open(&session, &line.globals);
    if (code == CTL_OK) {
        code = withdraw(&session, &line, version);
    }
    session_close(&session);
    return code;
}
