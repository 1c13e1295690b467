// `events tail`, `events consumers` and `events delete NAME`. The tail asks for one message at a
// time, prints it, acknowledges it and asks again; without --consumer it has a consumer for itself,
// which it deletes at the end.
#include <signal.h>
#include <stdio.h>
#include <sys/random.h>
#include <time.h>

#include "ctl/command.h"
#include "ctl/events_line.h"
#include "ctl/print.h"
#include "ctl/session.h"

enum {
    KEY_CONSUMER = 0x200,
    KEY_TYPE,
    KEY_FROM_NOW,
    TYPES_MAX = 32,
    NAME_BYTES = 64,
    ASK_MS = 2000, // one answer at the latest: so long an interrupt may wait
    PAUSE_MS = 1000,
};

struct events_line {
    struct globals globals;
    const char *consumer;
    Loyalty__V1__EventType types[TYPES_MAX];
    size_t type_count;
    bool from_now;
    bool tails; // else an argument is the consumer
};

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal_number)
{
    (void)signal_number;
    interrupted = 1;
}

static void take_type(struct events_line *line, const char *text, const struct argp_state *state)
{
    if (line->type_count == TYPES_MAX || !events_line_type(text, &line->types[line->type_count])) {
        argp_error(state, "%s is no type of event", text);
        return;
    }
    line->type_count++;
}

// argp's signature. NOLINTNEXTLINE(readability-non-const-parameter)
static error_t take(int key, char *arg, struct argp_state *state)
{
    struct events_line *line = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &line->globals;
        return 0;
    case KEY_CONSUMER:
        line->consumer = arg;
        return 0;
    case KEY_TYPE:
        take_type(line, arg, state);
        return 0;
    case KEY_FROM_NOW:
        line->from_now = true;
        return 0;
    case ARGP_KEY_ARG:
        if (line->tails || line->consumer != NULL) {
            argp_usage(state);
        }
        line->consumer = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

// --- tail ---

static void pause_for(long ms)
{
    const struct timespec wait = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    (void)nanosleep(&wait, NULL);
}

static int print_message(const struct session *session,
                         const Loyalty__V1__SubscribeResponse *message)
{
    int code = CTL_OK;
    if (session->globals->json) {
        code = message->n_events + message->n_missed == 0
                   ? CTL_OK
                   : print_json(session, &message->base, false);
    } else {
        for (size_t i = 0; i < message->n_missed; i++) {
            events_line_print_missed(message->missed[i]);
        }
        for (size_t i = 0; i < message->n_events; i++) {
            events_line_print(message->events[i]);
        }
    }
    return fflush(stdout) == 0 ? code : CTL_USAGE;
}

static int acknowledge(struct session *session, const char *consumer,
                       const Loyalty__V1__SubscribeResponse *message)
{
    Loyalty__V1__AcknowledgeRequest request = LOYALTY__V1__ACKNOWLEDGE_REQUEST__INIT;
    ProtobufCMessage *answer = NULL;
    if (message->n_places == 0) {
        return CTL_OK;
    }
    request.consumer = (char *)consumer;
    request.places = message->places;
    request.n_places = message->n_places;
    return session_call(session, "/loyalty.v1.EventsService/Acknowledge", &request.base, NULL,
                        &loyalty__v1__acknowledge_response__descriptor, &answer);
}

// One message asked for, printed and acknowledged.
static int tail_once(struct session *session, struct events_line *line)
{
    Loyalty__V1__SubscribeRequest request = LOYALTY__V1__SUBSCRIBE_REQUEST__INIT;
    ProtobufCMessage *answer = NULL;
    request.consumer = (char *)line->consumer;
    request.types = line->types;
    request.n_types = line->type_count;
    request.from_now = line->from_now;
    int code = session_call(session, "/loyalty.v1.EventsService/Subscribe", &request.base, NULL,
                            &loyalty__v1__subscribe_response__descriptor, &answer);
    if (code != CTL_OK) {
        return code;
    }
    const Loyalty__V1__SubscribeResponse *message = (const Loyalty__V1__SubscribeResponse *)answer;
    code = print_message(session, message);
    return code == CTL_OK ? acknowledge(session, line->consumer, message) : code;
}

// Goes on through a service that comes and goes: nothing is lost by that.
static int tail_on(struct session *session, struct events_line *line)
{
    int code = CTL_OK;
    while (!interrupted) {
        arena_reset(&session->arena);
        code = tail_once(session, line);
        if (code == CTL_RETRY_LATER || code == CTL_UNKNOWN) {
            pause_for(PAUSE_MS);
            (void)loyalty_connect(session->client);
        } else if (code != CTL_OK) {
            return code;
        }
    }
    return CTL_OK;
}

static int delete_consumer(struct session *session, const char *consumer)
{
    Loyalty__V1__DeleteConsumerRequest request = LOYALTY__V1__DELETE_CONSUMER_REQUEST__INIT;
    ProtobufCMessage *answer = NULL;
    request.consumer = (char *)consumer;
    return session_call(session, "/loyalty.v1.EventsService/DeleteConsumer", &request.base, NULL,
                        &loyalty__v1__delete_consumer_response__descriptor, &answer);
}

static bool make_name(char out[NAME_BYTES])
{
    uint64_t random = 0;
    if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random)) {
        return false;
    }
    (void)snprintf(out, NAME_BYTES, "tail-%016llx", (unsigned long long)random);
    return true;
}

int events_tail(int argc, char **argv, const struct globals *globals)
{
    static const struct argp_option options[] = {
        {"consumer", KEY_CONSUMER, "NAME", 0,
         "Go on where this consumer last was, and keep where it is; 1 to 48 of a-z 0-9 -", 0},
        {"type", KEY_TYPE, "TYPE", 0,
         "Only these: awarded, redeemed, expired, upgraded, ...; may be given several times", 0},
        {"from-now", KEY_FROM_NOW, NULL, 0,
         "A consumer that is new begins at the newest event, not at the oldest", 0},
        {0},
    };
    static const struct argp parser = {
        .options = options,
        .parser = take,
        .doc = "Shows events as they happen, until it is interrupted.",
        .children = globals_child,
    };
    struct events_line line = {.globals = *globals, .tails = true};
    char name[NAME_BYTES];
    globals_parse(&parser, argc, argv, &line);
    line.globals.timeout_ms = line.globals.timeout_ms == 0 ? ASK_MS : line.globals.timeout_ms;
    bool own = line.consumer == NULL;
    if (own && !make_name(name)) {
        (void)fprintf(stderr, "loyaltyctl: the system gives no random numbers\n");
        return CTL_RETRY_LATER;
    }
    line.consumer = own ? name : line.consumer;
    (void)signal(SIGINT, on_interrupt);
    (void)signal(SIGTERM, on_interrupt);
    struct session session;
    int code = session_open(&session, &line.globals);
    if (code == CTL_OK) {
        code = tail_on(&session, &line);
        if (own) {
            (void)delete_consumer(&session, name);
        }
    }
    session_close(&session);
    return code;
}

// --- consumers ---

static void print_consumers(const Loyalty__V1__ListConsumersResponse *response)
{
    static const char *const headers[] = {"CONSUMER", "BEHIND", "MISSED"};
    struct print_table *table = print_table_new(3, 2 | 4, headers);
    for (size_t i = 0; i < response->n_consumers; i++) {
        const Loyalty__V1__Consumer *consumer = response->consumers[i];
        char behind[PRINT_TEXT_BYTES];
        char missed[PRINT_TEXT_BYTES];
        const char *cells[] = {consumer->consumer, print_number((int64_t)consumer->behind, behind),
                               print_number((int64_t)consumer->missed, missed)};
        print_table_add(table, cells);
    }
    print_table_end(table);
}

static int list_consumers(struct session *session)
{
    Loyalty__V1__ListConsumersRequest request = LOYALTY__V1__LIST_CONSUMERS_REQUEST__INIT;
    ProtobufCMessage *answer = NULL;
    int code = session_call(session, "/loyalty.v1.EventsService/ListConsumers", &request.base, NULL,
                            &loyalty__v1__list_consumers_response__descriptor, &answer);
    if (code == CTL_OK && session->globals->json) {
        return print_json(session, answer, false);
    }
    if (code == CTL_OK) {
        print_consumers((const Loyalty__V1__ListConsumersResponse *)answer);
    }
    return code;
}

int events_consumers(int argc, char **argv, const struct globals *globals)
{
    static const struct argp parser = {
        .parser = take,
        .doc = "Lists who subscribes to events, how many each has not acknowledged yet, and how "
               "many were dropped before it did.",
        .children = globals_child,
    };
    struct events_line line = {.globals = *globals, .tails = true};
    globals_parse(&parser, argc, argv, &line);
    struct session session;
    int code = session_open(&session, &line.globals);
    code = code == CTL_OK ? list_consumers(&session) : code;
    session_close(&session);
    return code;
}

int events_delete(int argc, char **argv, const struct globals *globals)
{
    static const struct argp parser = {
        .parser = take,
        .args_doc = "NAME",
        .doc = "Forgets how far a consumer is; its subscriptions end.",
        .children = globals_child,
    };
    struct events_line line = {.globals = *globals};
    globals_parse(&parser, argc, argv, &line);
    if (line.consumer == NULL) {
        (void)fprintf(stderr, "loyaltyctl events delete: which consumer?\n");
        return CTL_USAGE;
    }
    struct session session;
    int code = session_open(&session, &line.globals);
    code = code == CTL_OK ? delete_consumer(&session, line.consumer) : code;
    session_close(&session);
    return code;
}
