// A wrong argument ends the program with the command's usage, as argp does.
#include "ctl/member_line.h"

#include "ctl/parse.h"
#include "ctl/print.h"

error_t member_line_two(int key, char *arg, struct argp_state *state)
{
    return member_line_take(state->input, true, key, arg, state);
}

static void take_argument(struct member_line *line, bool second, char *arg,
                          struct argp_state *state)
{
    if (state->arg_num == 0) {
        if (!parse_member(arg, &line->member)) {
            argp_error(state,
                       "%s is no member: an id, or card:, barcode:, phone:, app: and a "
                       "number",
                       arg);
        }
    } else if (state->arg_num == 1 && second) {
        line->second = arg;
    } else {
        argp_usage(state);
    }
}

error_t member_line_take(struct member_line *line, bool second, int key, char *arg,
                         struct argp_state *state)
{
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &line->globals;
        return 0;
    case ARGP_KEY_ARG:
        take_argument(line, second, arg, state);
        return 0;
    case ARGP_KEY_END:
        if (line->member.value == NULL || (second && line->second == NULL)) {
            argp_usage(state);
        }
        return 0;
    case KEY_POOL_MEMBER:
        if (!parse_member(arg, &line->person)) {
            argp_error(state, "%s is no member", arg);
        }
        return 0;
    case KEY_REQUEST_ID:
        if (!parse_uuid(arg)) {
            argp_error(state, "%s is no UUID", arg);
        }
        line->request_id = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int member_line_run(const struct argp *parser, int argc, char **argv, struct member_line *line,
                    member_send_fn *send)
{
    globals_parse(parser, argc, argv, line);
    struct session session;
    int code = session_open(&session, &line->globals);
    if (code == CTL_OK) {
        code = send(&session, line);
    }
    session_close(&session);
    return code;
}

void member_line_print_request(const struct session *session, const Loyalty__V1__Mutation *mutation)
{
    print_row("request", "%s%s", mutation->request_id,
              session->replayed ? " (repeated: this is the stored answer)" : "");
}
