// `doctor`: from the outside in. First our own files, the way to the server and its certificate,
// then what the daemon finds of itself and its Redis, then whether the ledger's index agrees with
// its logs. What cannot be reached ends the way, with what was found until there.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ctl/command.h"
#include "ctl/doctor_parts.h"
#include "ctl/parse.h"
#include "ctl/print.h"
#include "loyalty/v1/clock.pb-c.h"
#include "loyalty/v1/events.pb-c.h"

enum {
    KEY_FULL = 0x200,
    KEY_MEMBER,
    CLOCK_WARNING_MS = 2000,
    CONSUMER_BEHIND = 10000, // events
};

struct doctor_line {
    struct globals globals;
    bool full;
    struct loyalty_member member; // value NULL: not given
};

static int64_t wall_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// Asks quietly; NULL, with a finding that says why, when there is no answer.
static const ProtobufCMessage *ask(struct doctor *doctor, const char *method,
                                   const ProtobufCMessage *request,
                                   const ProtobufCMessageDescriptor *type)
{
    struct loyalty_reply reply;
    ProtobufCMessage *answer = NULL;
    if (session_ask(doctor->session, method, request, &reply) == CTL_OK) {
        answer = session_unpack(doctor->session, &reply, type);
    } else {
        doctor_note(doctor, DOCTOR_FAULT, "connection", "NOT_ANSWERED",
                    "A command for operators wants a certificate of role admin (--as), and a "
                    "daemon as new as loyaltyctl.",
                    "%s was not answered: %s (%s)", method, reply.message, reply.reason);
    }
    loyalty_reply_fini(&reply);
    return answer;
}

void doctor_clock(struct doctor *doctor)
{
    Loyalty__V1__GetClockRequest request = LOYALTY__V1__GET_CLOCK_REQUEST__INIT;
    int64_t before_ms = wall_ms();
    const Loyalty__V1__GetClockResponse *clock = (const Loyalty__V1__GetClockResponse *)ask(
        doctor, "/loyalty.v1.ClockService/GetClock", &request.base,
        &loyalty__v1__get_clock_response__descriptor);
    int64_t after_ms = wall_ms();
    if (clock == NULL || clock->now == NULL || clock->sandbox) {
        return;
    }
    int64_t server_ms = clock->now->seconds * 1000 + clock->now->nanos / 1000000;
    int64_t ahead_ms = before_ms > server_ms  ? before_ms - server_ms
                       : after_ms < server_ms ? after_ms - server_ms
                                              : 0;
    bool off = ahead_ms > CLOCK_WARNING_MS || ahead_ms < -CLOCK_WARNING_MS;
    doctor_note(doctor, off ? DOCTOR_WARNING : DOCTOR_GOOD, "connection", "OUR_CLOCK",
                off ? "One of the two is wrong; on each: timedatectl; chronyc tracking" : "",
                "Our clock and the daemon's are %" PRId64 " ms apart.",
                ahead_ms < 0 ? -ahead_ms : ahead_ms);
}

void doctor_consumers(struct doctor *doctor)
{
    Loyalty__V1__ListConsumersRequest request = LOYALTY__V1__LIST_CONSUMERS_REQUEST__INIT;
    const Loyalty__V1__ListConsumersResponse *list =
        (const Loyalty__V1__ListConsumersResponse *)ask(
            doctor, "/loyalty.v1.EventsService/ListConsumers", &request.base,
            &loyalty__v1__list_consumers_response__descriptor);
    for (size_t i = 0; list != NULL && i < list->n_consumers; i++) {
        const Loyalty__V1__Consumer *consumer = list->consumers[i];
        if (consumer->missed > 0) {
            doctor_note(doctor, DOCTOR_FAULT, "ledger", "CONSUMER_MISSED",
                        "It has to read anew what it derives from events (the export, or "
                        "GetMember), then go on. Keep more: --event-retention. One that is gone: "
                        "loyaltyctl events delete NAME",
                        "Consumer %s has missed %" PRIu64 " events, dropped before it read them.",
                        consumer->consumer, consumer->missed);
        } else if (consumer->behind > CONSUMER_BEHIND) {
            doctor_note(doctor, DOCTOR_WARNING, "ledger", "CONSUMER_BEHIND",
                        "See that it runs; one that is gone: loyaltyctl events delete NAME",
                        "Consumer %s is %" PRIu64 " events behind.", consumer->consumer,
                        consumer->behind);
        }
    }
    if (list != NULL) {
        doctor_note(doctor, DOCTOR_GOOD, "ledger", "CONSUMERS", "", "%zu consumers read events.",
                    list->n_consumers);
    }
}

static void take_diagnosis(struct doctor *doctor)
{
    Loyalty__V1__DiagnoseRequest request = LOYALTY__V1__DIAGNOSE_REQUEST__INIT;
    const Loyalty__V1__DiagnoseResponse *diagnosis = (const Loyalty__V1__DiagnoseResponse *)ask(
        doctor, "/loyalty.v1.MonitorService/Diagnose", &request.base,
        &loyalty__v1__diagnose_response__descriptor);
    for (size_t i = 0; diagnosis != NULL && i < diagnosis->n_findings; i++) {
        doctor_take(doctor, diagnosis->findings[i]);
    }
}

// Of Redis itself: nothing about the ledger can be asked then.
static bool store_is_away(const struct doctor *doctor)
{
    for (size_t i = 0; i < doctor->count; i++) {
        const struct doctor_finding *finding = &doctor->findings[i];
        if (finding->level == DOCTOR_FAULT && strcmp(finding->group, "Redis") == 0) {
            return true;
        }
    }
    return false;
}

// The server says "expired" also of a list that has ended, and then to everybody.
static bool is_called_expired(const struct doctor *doctor)
{
    bool ours_is_good = false;
    for (size_t i = 0; i < doctor->count; i++) {
        ours_is_good = ours_is_good || (doctor->findings[i].level != DOCTOR_FAULT &&
                                        strcmp(doctor->findings[i].code, "OUR_CERTIFICATE") == 0);
    }
    return ours_is_good && strstr(loyalty_error(doctor->session->client), "expired") != NULL;
}

static void note_refused(struct doctor *doctor, enum loyalty_outcome outcome)
{
    const char *error = loyalty_error(doctor->session->client);
    doctor->unreachable = true;
    if (outcome == LOYALTY_REFUSED && is_called_expired(doctor)) {
        doctor_note(
            doctor, DOCTOR_FAULT, "connection", "SERVER_LIST_ENDED",
            "On the server: openssl crl -in CRL -noout -nextupdate; put a new list into the "
            "file of --tls-crl, then systemctl reload loyaltyd. Look at its clock, too.",
            "The server calls our certificate expired, and it is not: its revocation list "
            "has ended, or its clock is wrong. (%s)",
            error);
        return;
    }
    doctor_note(doctor, DOCTOR_FAULT, "connection", "NO_CONNECTION",
                outcome == LOYALTY_REFUSED
                    ? "One side does not accept the other's certificate: look at the findings of "
                      "files and connection, and at the daemon's log."
                    : "See that it runs: systemctl status loyaltyd; journalctl -u loyaltyd -n 50",
                "No connection: %s", error);
}

static void examine(struct doctor *doctor, const struct doctor_line *line)
{
    doctor_files(doctor);
    doctor_probe(doctor);
    if (doctor->session->client == NULL) {
        doctor->unreachable = true; // our own files are the reason, and were told
        return;
    }
    enum loyalty_outcome outcome = loyalty_connect(doctor->session->client);
    if (outcome != LOYALTY_APPLIED) {
        note_refused(doctor, outcome);
        return;
    }
    doctor_clock(doctor);
    take_diagnosis(doctor);
    if (!store_is_away(doctor)) {
        doctor_consumers(doctor);
        doctor_ledger(doctor, line->full, &line->member);
    }
}

static error_t take(int key, char *arg, struct argp_state *state)
{
    struct doctor_line *line = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &line->globals;
        return 0;
    case KEY_FULL:
        line->full = true;
        return 0;
    case KEY_MEMBER:
        if (!parse_member(arg, &line->member)) {
            argp_error(state, "%s is no member", arg);
        }
        return 0;
    case ARGP_KEY_ARG:
        argp_usage(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int doctor(int argc, char **argv, const struct globals *globals)
{
    static const struct argp_option options[] = {
        {"full", KEY_FULL, NULL, 0,
         "Compare the index with the logs of all accounts, not of a sample", 0},
        {"member", KEY_MEMBER, "MEMBER", 0,
         "Compare it with the log of this member, whom the index may have lost", 0},
        {0},
    };
    static const struct argp parser = {
        .options = options,
        .parser = take,
        .doc =
            "Looks for what is wrong and says what to do: our certificates, the way to the "
            "daemon, its clock, its certificates and lists, Redis and its settings, the program, "
            "jobs, consumers, and the index against the logs. The worst is written last. Exit "
            "code 1 if there is a fault, 3 if the daemon could not be asked.",
        .children = globals_child,
    };
    struct doctor_line line = {.globals = *globals};
    globals_parse(&parser, argc, argv, &line);
    struct session session;
    int code = session_prepare(&session, &line.globals);
    struct loyalty_options files = session_options(&session);
    // Files that are no good are what we are here for; that none were named is not.
    if (files.server != NULL && files.ca_path != NULL && files.certificate_path != NULL &&
        files.key_path != NULL) {
        struct doctor doctor = {.session = &session};
        examine(&doctor, &line);
        code = doctor_report(&doctor);
    }
    session_close(&session);
    return code;
}
