// `show connections` and `show consumers`: who is with the daemon. And what all of `show` share.
#include <stdio.h>
#include <string.h>

#include "ctl/command.h"
#include "ctl/parse.h"
#include "ctl/print.h"
#include "ctl/show_parts.h"
#include "loyalty/v1/monitor.pb-c.h"

enum { CONNECTIONS_A_PAGE = 200, SHOWN_MAX = 1000000 };

error_t show_take(int key, char *arg, struct argp_state *state)
{
    struct show_line *line = state->input;
    int64_t number = 0;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &line->globals;
        return 0;
    case SHOW_KEY_ONLY:
        line->only = true;
        return 0;
    case SHOW_KEY_LIMIT:
        if (!parse_number(arg, 1, SHOWN_MAX, &number)) {
            argp_error(state, "--limit is a number from 1 to 1000000, not '%s'", arg);
            return ARGP_ERR_UNKNOWN;
        }
        line->limit = (uint32_t)number;
        return 0;
    case ARGP_KEY_ARG:
        argp_usage(state);
        return ARGP_ERR_UNKNOWN;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int show_run(const struct argp *parser, int argc, char **argv, const struct globals *globals,
             show_fn *ask)
{
    struct show_line line = {.globals = *globals, .limit = UINT32_MAX};
    globals_parse(parser, argc, argv, &line);
    struct session session;
    int code = session_open(&session, &line.globals);
    code = code == CTL_OK ? ask(&session, &line) : code;
    session_close(&session);
    return code;
}

// --- connections ---

static void print_connections(const Loyalty__V1__ListConnectionsResponse *all)
{
    static const char *const headers[] = {"id",    "address",  "caller",    "protocol",
                                          "since", "requests", "in flight", "certificate ends"};
    struct print_table *table = print_table_new(8, 1 | 1 << 5 | 1 << 6, headers);
    for (size_t i = 0; i < all->n_connections; i++) {
        const Loyalty__V1__Connection *connection = all->connections[i];
        char id[PRINT_TEXT_BYTES];
        char since[PRINT_TEXT_BYTES];
        char requests[PRINT_TEXT_BYTES];
        char in_flight[PRINT_TEXT_BYTES];
        char ends[PRINT_TEXT_BYTES];
        bool open = *connection->protocol != '\0';
        (void)snprintf(id, sizeof(id), "%llu", (unsigned long long)connection->id);
        const char *const cells[] = {
            id,
            connection->address,
            open ? connection->caller : "(handshake)",
            connection->protocol,
            print_instant(connection->since, since),
            print_number((int64_t)connection->requests, requests),
            print_number(connection->in_flight, in_flight),
            open ? print_instant(connection->certificate_not_after, ends) : "",
        };
        print_table_add(table, cells);
    }
    print_table_end(table);
}

static void append(struct session *session, const Loyalty__V1__ListConnectionsResponse *page,
                   Loyalty__V1__ListConnectionsResponse *all)
{
    size_t count = all->n_connections + page->n_connections;
    Loyalty__V1__Connection **grown =
        session_alloc(session, (count + 1) * sizeof(Loyalty__V1__Connection *));
    if (all->n_connections > 0) {
        memcpy(grown, all->connections, all->n_connections * sizeof(Loyalty__V1__Connection *));
    }
    if (page->n_connections > 0) {
        memcpy(grown + all->n_connections, page->connections,
               page->n_connections * sizeof(Loyalty__V1__Connection *));
    }
    all->connections = grown;
    all->n_connections = count;
}

static int ask_connections(struct session *session, const struct show_line *line)
{
    Loyalty__V1__ListConnectionsRequest request = LOYALTY__V1__LIST_CONNECTIONS_REQUEST__INIT;
    Loyalty__V1__ListConnectionsResponse all = LOYALTY__V1__LIST_CONNECTIONS_RESPONSE__INIT;
    bool more = true;
    while (more && all.n_connections < line->limit) {
        ProtobufCMessage *answer = NULL;
        uint32_t left = line->limit - (uint32_t)all.n_connections;
        request.page_size = left < CONNECTIONS_A_PAGE ? left : CONNECTIONS_A_PAGE;
        int code =
            session_call(session, "/loyalty.v1.MonitorService/ListConnections", &request.base, NULL,
                         &loyalty__v1__list_connections_response__descriptor, &answer);
        if (code != CTL_OK) {
            return code;
        }
        const Loyalty__V1__ListConnectionsResponse *page =
            (const Loyalty__V1__ListConnectionsResponse *)answer;
        append(session, page, &all);
        request.page_token = page->next_page_token;
        more = *page->next_page_token != '\0';
    }
    if (session->globals->json) {
        return print_json(session, &all.base, false);
    }
    print_connections(&all);
    return CTL_OK;
}

int show_connections(int argc, char **argv, const struct globals *globals)
{
    static const struct argp_option options[] = {
        {"limit", SHOW_KEY_LIMIT, "N", 0, "At most so many, the newest", 0},
        {0},
    };
    static const struct argp parser = {
        .options = options,
        .parser = show_take,
        .doc = "Lists who is connected to a daemon, newest first.",
        .children = globals_child,
    };
    return show_run(&parser, argc, argv, globals, ask_connections);
}

// --- consumers ---

int show_consumers(int argc, char **argv, const struct globals *globals)
{
    return events_consumers(argc, argv, globals);
}
