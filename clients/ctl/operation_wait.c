// Waiting asks again and again, for an operation outlives connections and daemons alike.
#include "ctl/operation_wait.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ctl/operation_pages.h"
#include "ctl/print.h"
#include "ctl/progress.h"
#include "loyalty/v1/rescoring.pb-c.h"
#include "wire/any.h"

enum { ASK_AGAIN_MS = 500, AWAY_MS_MAX = 120000, NAME_PREFIX = 11 };

static const char get[] = "/google.longrunning.Operations/GetOperation";

char *operation_name(struct session *session, const char *text)
{
    bool whole = strncmp(text, "operations/", NAME_PREFIX) == 0;
    return arena_printf(&session->arena, "%s%s", whole ? "" : "operations/", text);
}

static const ProtobufCMessage *unpack(struct session *session, const Google__Protobuf__Any *any)
{
    ProtobufCMessage *message = NULL;
    if (any == NULL || any_unpack(any, &session->arena, &message) != STATUS_OK) {
        return NULL;
    }
    return message;
}

// --- waiting ---

static void pause_ms(long ms)
{
    struct timespec wait = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    (void)nanosleep(&wait, NULL);
}

static void draw(struct session *session, struct progress *bar,
                 const Google__Longrunning__Operation *operation)
{
    const Loyalty__V1__JobProgress *progress = operation_progress(session, operation);
    char note[96];
    char members[PRINT_TEXT_BYTES];
    char rate[PRINT_TEXT_BYTES];
    if (progress == NULL) {
        return;
    }
    (void)snprintf(note, sizeof(note), "partitions; %s members, %s a second, %u at work",
                   print_number((int64_t)progress->members, members),
                   print_number(progress->rate, rate), progress->workers);
    bar->total = progress->partitions == 0 ? 1 : progress->partitions;
    progress_update(bar, progress->partitions_done, note);
}

// One look. CTL_OK with the operation, CTL_RETRY_LATER when nobody answered, or what was said.
static int look(struct session *session, const char *name,
                const Google__Longrunning__Operation **ret_operation)
{
    Google__Longrunning__GetOperationRequest request =
        GOOGLE__LONGRUNNING__GET_OPERATION_REQUEST__INIT;
    struct loyalty_reply reply;
    request.name = (char *)name;
    int code = session_ask(session, get, &request.base, &reply);
    if (code == CTL_OK) {
        *ret_operation = (const Google__Longrunning__Operation *)session_unpack(
            session, &reply, &google__longrunning__operation__descriptor);
        code = *ret_operation == NULL ? CTL_UNKNOWN : CTL_OK;
    } else if (code == CTL_UNKNOWN) {
        code = CTL_RETRY_LATER; // a look may be repeated whatever became of it
    } else if (code != CTL_RETRY_LATER) {
        session_complain(session, &reply, NULL);
    }
    loyalty_reply_fini(&reply);
    return code;
}

int operation_wait(struct session *session, const char *name,
                   const Google__Longrunning__Operation **ret_operation)
{
    struct progress bar;
    int64_t seen_ms = progress_now_ms();
    progress_begin(&bar, 1);
    for (;;) {
        int code = look(session, name, ret_operation);
        int64_t now_ms = progress_now_ms();
        bool away = code == CTL_RETRY_LATER && now_ms < seen_ms + AWAY_MS_MAX;
        if (code == CTL_OK) {
            seen_ms = now_ms;
            draw(session, &bar, *ret_operation);
        }
        if ((code != CTL_OK && !away) || (code == CTL_OK && (*ret_operation)->done)) {
            progress_end(&bar);
            if (code == CTL_RETRY_LATER) {
                (void)fprintf(stderr,
                              "loyaltyctl: %s goes on, but nobody answers: %s; ask again with "
                              "`loyaltyctl operations wait %s`\n",
                              name, loyalty_error(session->client), name);
            }
            return code;
        }
        pause_ms(ASK_AGAIN_MS);
    }
}

// --- showing ---

static void show_edges(Loyalty__V1__Edge *const *edges, size_t count)
{
    static const char *const headers[] = {"from", "to", "members"};
    struct print_table *table = print_table_new(3, 1 << 2, headers);
    char members[PRINT_TEXT_BYTES];
    for (size_t i = 0; i < count; i++) {
        const char *const cells[] = {edges[i]->from_tier_id, edges[i]->to_tier_id,
                                     print_number((int64_t)edges[i]->members, members)};
        print_table_add(table, cells);
    }
    print_table_end(table);
}

static int show_errors(uint64_t count, Loyalty__V1__JobError *const *samples, size_t sample_count)
{
    for (size_t i = 0; i < sample_count; i++) {
        (void)fprintf(stderr, "error: member %s: %s\n", samples[i]->member_id, samples[i]->what);
    }
    return count == 0 ? CTL_OK : CTL_REFUSED;
}

static int show_plan(const Loyalty__V1__RescoringPlan *plan)
{
    print_row("plan", "%s", plan->name);
    print_row_instant("re-scoring", plan->at);
    print_row_number("version", plan->program_version);
    print_row_number("members", (int64_t)plan->members);
    print_row_number("moves", (int64_t)plan->moves);
    print_row_number("errors", (int64_t)plan->errors);
    print_row("looked at", "%s", plan->full ? "everyone" : "who is due");
    show_edges(plan->edges, plan->n_edges);
    return show_errors(plan->errors, plan->error_samples, plan->n_error_samples);
}

static int show_report(const Loyalty__V1__RescoringReport *report)
{
    print_row_instant("re-scoring", report->at);
    if (*report->plan != '\0') {
        print_row("plan", "%s", report->plan);
        print_row_number("differ", (int64_t)report->differ);
    }
    print_row_number("moves", (int64_t)report->moves);
    print_row_number("moved before", (int64_t)report->moved_before);
    print_row_number("unchanged", (int64_t)report->unchanged);
    print_row_number("errors", (int64_t)report->errors);
    print_row_number("due set right", (int64_t)report->corrected);
    print_row_number("seconds", report->seconds);
    print_row("visited", "%s", report->full ? "everyone" : "who was due");
    show_edges(report->edges, report->n_edges);
    return show_errors(report->errors, report->error_samples, report->n_error_samples);
}

static int show_index_report(const Loyalty__V1__DueIndexReport *report)
{
    print_row("programs", "%s", report->etag);
    print_row_number("members", (int64_t)report->members);
    print_row_number("due set right", (int64_t)report->corrected);
    print_row_number("errors", (int64_t)report->errors);
    print_row_number("seconds", report->seconds);
    return show_errors(report->errors, report->error_samples, report->n_error_samples);
}

static int show_census(const Loyalty__V1__CensusReport *report)
{
    static const char *const headers[] = {"tier", "members", "points", "pending"};
    struct print_table *table = print_table_new(4, 1 << 1 | 1 << 2 | 1 << 3, headers);
    char members[PRINT_TEXT_BYTES];
    char points[PRINT_TEXT_BYTES];
    char pending[PRINT_TEXT_BYTES];
    print_row_instant("as of", report->at);
    print_row_number("members", (int64_t)report->members);
    print_row_number("errors", (int64_t)report->errors);
    print_row_number("seconds", report->seconds);
    for (size_t i = 0; i < report->n_tiers; i++) {
        const Loyalty__V1__CensusTier *tier = report->tiers[i];
        const char *const cells[] = {tier->tier_id, print_number((int64_t)tier->members, members),
                                     print_number(tier->points, points),
                                     print_number(tier->pending_points, pending)};
        print_table_add(table, cells);
    }
    print_table_end(table);
    return show_errors(report->errors, report->error_samples, report->n_error_samples);
}

static int show_response(const ProtobufCMessage *message)
{
    if (message == NULL) {
        (void)fprintf(stderr, "loyaltyctl: what came of it is of a newer kind; see -o json\n");
        return CTL_UNKNOWN;
    }
    if (message->descriptor == &loyalty__v1__rescoring_plan__descriptor) {
        return show_plan((const Loyalty__V1__RescoringPlan *)message);
    }
    if (message->descriptor == &loyalty__v1__rescoring_report__descriptor) {
        return show_report((const Loyalty__V1__RescoringReport *)message);
    }
    if (message->descriptor == &loyalty__v1__census_report__descriptor) {
        return show_census((const Loyalty__V1__CensusReport *)message);
    }
    return show_index_report((const Loyalty__V1__DueIndexReport *)message);
}

static void show_progress(struct session *session, const Google__Longrunning__Operation *operation)
{
    const Loyalty__V1__JobProgress *progress = operation_progress(session, operation);
    if (progress == NULL) {
        return;
    }
    print_row("partitions", "%u of %u", progress->partitions_done, progress->partitions);
    print_row_number("members", (int64_t)progress->members);
    print_row_number("a second", progress->rate);
    print_row_number("at work", progress->workers);
    if (progress->cancelled) {
        print_row("state", "cancelled");
    }
}

int operation_show(struct session *session, const Google__Longrunning__Operation *operation)
{
    bool failed = operation->result_case == GOOGLE__LONGRUNNING__OPERATION__RESULT_ERROR;
    const ProtobufCMessage *response =
        operation->result_case == GOOGLE__LONGRUNNING__OPERATION__RESULT_RESPONSE
            ? unpack(session, operation->response)
            : NULL;
    if (session->globals->json) {
        int code = print_json(session, &operation->base, false);
        return code == CTL_OK && failed ? CTL_REFUSED : code;
    }
    print_row("operation", "%s", operation->name);
    if (failed) {
        (void)fprintf(stderr, "loyaltyctl: %s\n", operation->error->message);
        return CTL_REFUSED;
    }
    if (operation->done) {
        return show_response(response);
    }
    show_progress(session, operation);
    return CTL_OK;
}
