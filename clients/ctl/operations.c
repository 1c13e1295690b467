// `operations list|show|wait|cancel|delete`: work of the service that outlives its request.
#include <stdio.h>
#include <string.h>

#include "ctl/command.h"
#include "ctl/operation_pages.h"
#include "ctl/operation_wait.h"
#include "ctl/print.h"
#include "ctl/session.h"
#include "google/protobuf/empty.pb-c.h"

struct operations_line {
    struct globals globals;
    const char *name;
};

static error_t take(int key, char *arg, struct argp_state *state)
{
    struct operations_line *line = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &line->globals;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0) {
            argp_usage(state);
        }
        line->name = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

typedef int operations_fn(struct session *session, const char *name);

static int run(const struct argp *parser, int argc, char **argv, const struct globals *globals,
               operations_fn *send)
{
    struct operations_line line = {.globals = *globals};
    globals_parse(parser, argc, argv, &line);
    if ((parser->args_doc != NULL) != (line.name != NULL)) {
        (void)fprintf(stderr, "%s: %s\n", argv[0],
                      line.name == NULL ? "which operation?" : "takes no argument");
        return CTL_USAGE;
    }
    struct session session;
    int code = session_open(&session, &line.globals);
    if (code == CTL_OK) {
        code = send(&session, line.name == NULL ? NULL : operation_name(&session, line.name));
    }
    session_close(&session);
    return code;
}

// --- list ---

static void add_row(struct session *session, struct print_table *table,
                    const Google__Longrunning__Operation *operation)
{
    const Loyalty__V1__JobProgress *progress = operation_progress(session, operation);
    char created[PRINT_TEXT_BYTES];
    char members[PRINT_TEXT_BYTES];
    const char *const cells[] = {
        operation->name,
        operation_state(operation, progress),
        progress == NULL ? "" : print_instant(progress->created_at, created),
        progress == NULL ? "" : print_number((int64_t)progress->members, members),
        operation_author(progress),
        progress == NULL ? "" : progress->reason,
    };
    print_table_add(table, cells);
}

static int on_operation(struct session *session, const Google__Longrunning__Operation *operation,
                        void *context)
{
    if (session->globals->json) {
        return print_json(session, &operation->base, false);
    }
    add_row(session, context, operation);
    return CTL_OK;
}

static int send_list(struct session *session, const char *name)
{
    static const char *const headers[] = {"operation", "state", "begun", "members", "by", "why"};
    struct print_table *table = session->globals->json ? NULL : print_table_new(6, 1 << 3, headers);
    (void)name;
    int code = operations_each(session, NULL, on_operation, table);
    if (table != NULL) {
        print_table_end(table);
    }
    return code;
}

int operations_list_all(int argc, char **argv, const struct globals *globals)
{
    static const struct argp parser = {
        .parser = take,
        .doc = "Lists operations, newest first.",
        .children = globals_child,
    };
    return run(&parser, argc, argv, globals, send_list);
}

// --- show, wait ---

static int send_show(struct session *session, const char *name)
{
    Google__Longrunning__GetOperationRequest request =
        GOOGLE__LONGRUNNING__GET_OPERATION_REQUEST__INIT;
    ProtobufCMessage *answer = NULL;
    request.name = (char *)name;
    int code = session_call(session, "/google.longrunning.Operations/GetOperation", &request.base,
                            NULL, &google__longrunning__operation__descriptor, &answer);
    return code == CTL_OK ? operation_show(session, (const Google__Longrunning__Operation *)answer)
                          : code;
}

int operations_show(int argc, char **argv, const struct globals *globals)
{
    static const struct argp parser = {
        .parser = take,
        .args_doc = "NAME",
        .doc = "Shows how far an operation is, or what came of it.",
        .children = globals_child,
    };
    return run(&parser, argc, argv, globals, send_show);
}

static int send_wait(struct session *session, const char *name)
{
    const Google__Longrunning__Operation *operation = NULL;
    int code = operation_wait(session, name, &operation);
    return code == CTL_OK ? operation_show(session, operation) : code;
}

int operations_wait_for(int argc, char **argv, const struct globals *globals)
{
    static const struct argp parser = {
        .parser = take,
        .args_doc = "NAME",
        .doc = "Waits until an operation is done, and shows what came of it.",
        .children = globals_child,
    };
    return run(&parser, argc, argv, globals, send_wait);
}

// --- cancel, delete ---

static int send_cancel(struct session *session, const char *name)
{
    Google__Longrunning__CancelOperationRequest request =
        GOOGLE__LONGRUNNING__CANCEL_OPERATION_REQUEST__INIT;
    ProtobufCMessage *answer = NULL;
    request.name = (char *)name;
    return session_call(session, "/google.longrunning.Operations/CancelOperation", &request.base,
                        NULL, &google__protobuf__empty__descriptor, &answer);
}

int operations_cancel_one(int argc, char **argv, const struct globals *globals)
{
    static const struct argp parser = {
        .parser = take,
        .args_doc = "NAME",
        .doc = "Stops an operation. What it has made durable stays.",
        .children = globals_child,
    };
    return run(&parser, argc, argv, globals, send_cancel);
}

static int send_delete(struct session *session, const char *name)
{
    Google__Longrunning__DeleteOperationRequest request =
        GOOGLE__LONGRUNNING__DELETE_OPERATION_REQUEST__INIT;
    ProtobufCMessage *answer = NULL;
    request.name = (char *)name;
    return session_call(session, "/google.longrunning.Operations/DeleteOperation", &request.base,
                        NULL, &google__protobuf__empty__descriptor, &answer);
}

int operations_delete_one(int argc, char **argv, const struct globals *globals)
{
    static const struct argp parser = {
        .parser = take,
        .args_doc = "NAME",
        .doc = "Forgets an operation that is done, and a plan's moves with it.",
        .children = globals_child,
    };
    return run(&parser, argc, argv, globals, send_delete);
}
