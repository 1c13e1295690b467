// `top`: asks a daemon twice and shows what came between, again and again. A daemon that does not
// answer is shown so, and is asked again: this is what one looks at while it is started anew.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl/command.h"
#include "ctl/parse.h"
#include "ctl/print.h"
#include "ctl/session.h"
#include "ctl/top_screen.h"
#include "ctl/top_terminal.h"

enum {
    KEY_INTERVAL = 0x200,
    KEY_ONCE,
    INTERVAL_MAX_S = 60,
    REQUEST_BYTES = 256, // packed
};

struct top_line {
    struct globals globals;
    int64_t interval_s;
    bool once;
};

// --- asking ---

// NULL when there is no answer; freed with protobuf_c_message_free_unpacked.
static ProtobufCMessage *ask(struct session *session, const char *method,
                             const ProtobufCMessage *request,
                             const ProtobufCMessageDescriptor *type)
{
    uint8_t bytes[REQUEST_BYTES];
    size_t len = protobuf_c_message_get_packed_size(request);
    struct loyalty_reply reply;
    if (len > sizeof(bytes)) {
        return NULL;
    }
    (void)protobuf_c_message_pack(request, bytes);
    ProtobufCMessage *answer = NULL;
    if (loyalty_call(session->client, method, bytes, len, session->globals->timeout_ms, &reply) ==
        LOYALTY_APPLIED) {
        answer = protobuf_c_message_unpack(type, NULL, reply.payload_bytes, reply.payload);
    }
    loyalty_reply_fini(&reply);
    return answer;
}

static void ask_figures(struct session *session, struct top_figures *figures)
{
    Loyalty__V1__GetMetricsRequest request = LOYALTY__V1__GET_METRICS_REQUEST__INIT;
    bool more = true;
    while (more && figures->count < TOP_PAGES) {
        Loyalty__V1__GetMetricsResponse *page = (Loyalty__V1__GetMetricsResponse *)ask(
            session, "/loyalty.v1.MonitorService/GetMetrics", &request.base,
            &loyalty__v1__get_metrics_response__descriptor);
        more = page != NULL && page->next_page_token[0] != '\0';
        if (page != NULL) {
            figures->pages[figures->count++] = page;
            request.page_token = page->next_page_token;
        }
    }
}

static void look(struct session *session, struct top_moment *ret_moment)
{
    Loyalty__V1__GetStatusRequest status = LOYALTY__V1__GET_STATUS_REQUEST__INIT;
    Loyalty__V1__ListPartitionsRequest partitions = LOYALTY__V1__LIST_PARTITIONS_REQUEST__INIT;
    Loyalty__V1__ListSlowRequestsRequest slow = LOYALTY__V1__LIST_SLOW_REQUESTS_REQUEST__INIT;
    struct timespec now;
    *ret_moment = (struct top_moment){0};
    ask_figures(session, &ret_moment->figures);
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    ret_moment->at_us = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
    ret_moment->status = (Loyalty__V1__GetStatusResponse *)ask(
        session, "/loyalty.v1.MonitorService/GetStatus", &status.base,
        &loyalty__v1__get_status_response__descriptor);
    ret_moment->partitions = (Loyalty__V1__ListPartitionsResponse *)ask(
        session, "/loyalty.v1.MonitorService/ListPartitions", &partitions.base,
        &loyalty__v1__list_partitions_response__descriptor);
    ret_moment->slow = (Loyalty__V1__ListSlowRequestsResponse *)ask(
        session, "/loyalty.v1.MonitorService/ListSlowRequests", &slow.base,
        &loyalty__v1__list_slow_requests_response__descriptor);
}

static void forget(struct top_moment *moment)
{
    for (size_t i = 0; i < moment->figures.count; i++) {
        loyalty__v1__get_metrics_response__free_unpacked(moment->figures.pages[i], NULL);
    }
    loyalty__v1__get_status_response__free_unpacked(moment->status, NULL);
    loyalty__v1__list_partitions_response__free_unpacked(moment->partitions, NULL);
    loyalty__v1__list_slow_requests_response__free_unpacked(moment->slow, NULL);
    *moment = (struct top_moment){0};
}

// --- showing ---

static json_t *methods_tree(const struct top_summary *summary)
{
    json_t *list = json_array();
    for (size_t i = 0; i < summary->method_count; i++) {
        const struct top_method *method = &summary->methods[i];
        (void)json_array_append_new(
            list, json_pack("{s:s, s:f, s:f, s:I, s:I}", "method", method->name, "rate",
                            method->rate, "error_rate", method->error_rate, "p50_us",
                            (json_int_t)method->p50_us, "p99_us", (json_int_t)method->p99_us));
    }
    return list;
}

static json_t *partitions_tree(const struct top_summary *summary)
{
    json_t *list = json_array();
    for (size_t i = 0; i < summary->partition_count; i++) {
        const struct top_partition *partition = &summary->partitions[i];
        (void)json_array_append_new(
            list,
            json_pack("{s:I, s:f, s:f, s:I, s:I}", "number", (json_int_t)partition->number,
                      "append_rate", partition->append_rate, "conflict_rate",
                      partition->conflict_rate, "due_accounts", (json_int_t)partition->due_accounts,
                      "due_lag_seconds", (json_int_t)partition->due_lag_s));
    }
    return list;
}

static json_t *slow_tree(const struct top_moment *moment)
{
    return moment->slow == NULL ? json_object() : print_message_tree(&moment->slow->base);
}

static void show_json(const struct top_summary *summary, const struct top_moment *now)
{
    json_t *tree = json_pack(
        "{s:f, s:f, s:f, s:I, s:I, s:I, s:I, s:f, s:f, s:f}", "seconds", summary->seconds, "rate",
        summary->rate, "error_rate", summary->error_rate, "p50_us", (json_int_t)summary->p50_us,
        "p99_us", (json_int_t)summary->p99_us, "connections", (json_int_t)summary->connections,
        "in_hand", (json_int_t)summary->in_hand, "conflict_rate", summary->conflict_rate,
        "points_in", summary->points_in, "points_out", summary->points_out);
    (void)json_object_set_new(tree, "redis",
                              json_pack("{s:f, s:I, s:I, s:I}", "rate", summary->redis_rate,
                                        "p50_us", (json_int_t)summary->redis_p50_us, "p99_us",
                                        (json_int_t)summary->redis_p99_us, "in_flight",
                                        (json_int_t)summary->redis_in_flight));
    (void)json_object_set_new(tree, "cache_hits_percent", json_real(summary->cache_hits));
    (void)json_object_set_new(tree, "loop_delay_p99_us",
                              json_integer((json_int_t)summary->loop_p99_us));
    (void)json_object_set_new(tree, "due_lag_seconds",
                              json_integer((json_int_t)summary->due_lag_s));
    (void)json_object_set_new(tree, "event_lag", json_integer((json_int_t)summary->event_lag));
    (void)json_object_set_new(tree, "methods", methods_tree(summary));
    (void)json_object_set_new(tree, "partitions", partitions_tree(summary));
    (void)json_object_set_new(tree, "slow", slow_tree(now));
    print_tree(tree);
}

static void show(const struct session *session, const struct top_terminal *terminal,
                 const struct top_moment *before, const struct top_moment *now)
{
    static struct top_summary summary;
    static char screen[TOP_SCREEN_BYTES];
    top_summarize(before, now, &summary);
    if (session->globals->json) {
        show_json(&summary, now);
        return;
    }
    // One row is left: a newline in the last one would scroll.
    size_t len = top_screen(&summary, now, terminal->width,
                            terminal->is_one ? terminal->height - 1 : terminal->height, screen);
    (void)fputs(terminal->is_one ? "\033[H\033[J" : "", stdout);
    (void)fwrite(screen, 1, len, stdout);
    (void)fflush(stdout);
}

// --- the loop ---

static int watch(struct session *session, const struct top_line *line)
{
    struct top_terminal terminal = {.width = 80, .height = 24};
    struct top_moment before;
    int code = CTL_OK;
    if (line->once) {
        top_terminal_measure(&terminal);
    } else {
        top_terminal_open(&terminal);
    }
    look(session, &before);
    bool over = top_terminal_wait(line->interval_s * 1000);
    while (!over) {
        struct top_moment now;
        if (loyalty_state(session->client) != LOYALTY_OPEN) {
            (void)loyalty_connect(session->client);
        }
        look(session, &now);
        top_terminal_measure(&terminal);
        show(session, &terminal, &before, &now);
        code = now.status == NULL ? CTL_RETRY_LATER : CTL_OK;
        forget(&before);
        before = now;
        over = line->once || top_terminal_wait(line->interval_s * 1000);
    }
    forget(&before);
    top_terminal_close();
    return code;
}

static error_t take(int key, char *arg, struct argp_state *state)
{
    struct top_line *line = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &line->globals;
        return 0;
    case KEY_ONCE:
        line->once = true;
        return 0;
    case KEY_INTERVAL:
        if (!parse_number(arg, 1, INTERVAL_MAX_S, &line->interval_s)) {
            argp_error(state, "%s is no number of seconds from 1 to 60", arg);
        }
        return 0;
    case ARGP_KEY_ARG:
        argp_usage(state);
        return 0;
    case ARGP_KEY_END:
        if (line->globals.json && !line->once) {
            argp_error(state, "--output json goes with --once");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int daemon_top(int argc, char **argv, const struct globals *globals)
{
    static const struct argp_option options[] = {
        {"interval", KEY_INTERVAL, "SECONDS", 0, "Between two screens, 1 to 60 (1)", 0},
        {"once", KEY_ONCE, NULL, 0, "One screen, of one interval, without a terminal", 0},
        {0},
    };
    static const struct argp parser = {
        .options = options,
        .parser = take,
        .doc = "Shows a daemon at work: its rates and how long requests take, Redis, the busiest "
               "methods and partitions, and the slowest requests of the last minutes. q or Ctrl-C "
               "ends it.",
        .children = globals_child,
    };
    struct top_line line = {.globals = *globals, .interval_s = 1};
    globals_parse(&parser, argc, argv, &line);
    struct session session;
    int code = session_open(&session, &line.globals);
    code = code == CTL_OK ? watch(&session, &line) : code;
    session_close(&session);
    return code;
}
