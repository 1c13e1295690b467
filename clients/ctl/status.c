// `status`: how one daemon is. The exit code is for scripts: 0 ready, 1 not, 3 nobody answers.
#include <stdio.h>

#include "ctl/command.h"
#include "ctl/print.h"
#include "ctl/session.h"
#include "loyalty/v1/monitor.pb-c.h"

struct status_line {
    struct globals globals;
};

// argp's signature. NOLINTNEXTLINE(readability-non-const-parameter)
static error_t take(int key, char *arg, struct argp_state *state)
{
    struct status_line *line = state->input;
    (void)arg;
    if (key == ARGP_KEY_INIT) {
        state->child_inputs[0] = &line->globals;
        return 0;
    }
    if (key == ARGP_KEY_ARG) {
        argp_usage(state);
    }
    return ARGP_ERR_UNKNOWN;
}

static void print_daemon(const Loyalty__V1__GetStatusResponse *status)
{
    print_row("daemon", "loyaltyd %s on %s, process %u%s", status->version, status->host,
              status->process_id, status->sandbox ? ", sandbox" : "");
    print_row_instant("started", status->started_at);
    print_row_instant("now", status->now);
    print_row("connections", "%u, %u requests in hand", status->connections,
              status->requests_in_hand);
}

static void print_ledger(const Loyalty__V1__GetStatusResponse *status)
{
    char from[PRINT_TEXT_BYTES];
    print_row("store", "%s, Redis %s, %s", status->store_address,
              *status->store_version == '\0' ? "unknown" : status->store_version,
              status->durability);
    print_row_number("partitions", status->partitions);
    if (status->program_version == 0) {
        print_row("program", "none is in force");
    } else {
        print_row("program", "%s, version %u", status->program_id, status->program_version);
    }
    if (status->next_program_version != 0) {
        print_row("next program", "version %u from %s", status->next_program_version,
                  print_instant(status->next_program_effective_from, from));
    }
}

static void print_files(const Loyalty__V1__GetStatusResponse *status)
{
    print_row_instant("certificate ends", status->certificate_not_after);
    if (status->crl_next_update != NULL) {
        print_row_instant("list renewed by", status->crl_next_update);
    }
    if (status->reloaded_at != NULL) {
        print_row_instant("reloaded", status->reloaded_at);
    }
    if (*status->reload_error != '\0') {
        print_row("reload refused", "%s", status->reload_error);
    }
}

static void print_status(const Loyalty__V1__GetStatusResponse *status)
{
    const char *ready = status->draining ? "no, it is ending" : "no";
    print_row("ready", "%s", status->ready ? "yes" : ready);
    for (size_t i = 0; i < status->n_reasons; i++) {
        print_row(i == 0 ? "because" : "", "%s", status->reasons[i]);
    }
    print_daemon(status);
    print_ledger(status);
    print_files(status);
}

static int ask(struct session *session)
{
    Loyalty__V1__GetStatusRequest request = LOYALTY__V1__GET_STATUS_REQUEST__INIT;
    ProtobufCMessage *answer = NULL;
    int code = session_call(session, "/loyalty.v1.MonitorService/GetStatus", &request.base, NULL,
                            &loyalty__v1__get_status_response__descriptor, &answer);
    if (code != CTL_OK) {
        return code;
    }
    const Loyalty__V1__GetStatusResponse *status = (const Loyalty__V1__GetStatusResponse *)answer;
    if (session->globals->json) {
        code = print_json(session, answer, false);
    } else {
        print_status(status);
    }
    return code == CTL_OK && !status->ready ? CTL_REFUSED : code;
}

int daemon_status(int argc, char **argv, const struct globals *globals)
{
    static const struct argp parser = {
        .parser = take,
        .doc = "Shows how a daemon is. The exit code is 0 when it is ready, 1 when it is not (and "
               "says why), 3 when nobody answers.",
        .children = globals_child,
    };
    struct status_line line = {.globals = *globals};
    globals_parse(&parser, argc, argv, &line);
    struct session session;
    int code = session_open(&session, &line.globals);
    code = code == CTL_OK ? ask(&session) : code;
    session_close(&session);
    return code;
}
