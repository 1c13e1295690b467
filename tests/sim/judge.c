// Every answer a daemon gives, judged at the moment it leaves: whether it may be said at all, and
// whether it is what was said before and what the store holds. Answers that get lost on their way
// to the client are judged like the others.
#include <string.h>

#include "base/check.h"
#include "loyalty/v1/points.pb-c.h"
#include "loyalty/v1/tills.pb-c.h"
#include "service/method.h"
#include "sim/sim.h"
#include "wire/field.h"
#include "wire/message.h"

enum { TIME_SLACK_MS = 20 }; // what a daemon cannot know of the store's clock

static bool is_reason(const Loyalty__V1__Error *error, const char *reason)
{
    return strcmp(error->reason, reason) == 0;
}

// The answer as bytes, error or not.
static struct span bytes_of(struct sim *sim, const struct dispatch_reply *reply)
{
    struct span bytes = reply->payload;
    if (reply->error != NULL) {
        CHECK(message_encode(&reply->error->base, &sim->scratch, &bytes) == STATUS_OK);
    }
    trace_bytes(sim->trace, bytes);
    return bytes;
}

static ProtobufCMessage *decode(struct sim *sim, const struct call *call, struct span payload)
{
    const struct method *method = method_find(span_of_text(call->intent->row->path));
    struct message_fault fault;
    ProtobufCMessage *message = NULL;
    if (message_decode(method->response, payload, &sim->scratch, &message, &fault) != STATUS_OK) {
        sim_violated(sim, "answers are well formed", "%s: %s %s", call->intent->row->name,
                     fault.path, fault.reason);
    }
    return message;
}

static uint64_t seq_of(const ProtobufCMessage *message)
{
    const ProtobufCFieldDescriptor *field = field_find(message->descriptor, span_of_text("seq"));
    return field == NULL ? 0 : *(const uint64_t *)field_place_const(message, field);
}

// --- what was recorded ---

// Whether the store may have lost what this call was told of.
static bool lost_since(const struct sim *sim, const struct call *call)
{
    return sim->server.losses != call->losses;
}

static void judge_bytes(struct sim *sim, struct call *call, struct span bytes, bool replayed)
{
    struct ask *ask = call->intent->ask;
    if (!ask->answered) {
        ask->answered = true;
        CHECK(arena_copy(&sim->arena, bytes, &ask->first) == STATUS_OK);
    } else if (!span_equal(ask->first, bytes)) {
        sim_violated(sim, "every answer to an id is the first one's bytes",
                     "request %llu was answered %zu bytes, now %zu others",
                     (unsigned long long)ask->number, ask->first.len, bytes.len);
    }
    ask->firsts += replayed ? 0 : 1;
    sim->counts->replays += replayed ? 1 : 0;
    if (ask->firsts > 1) {
        sim_violated(sim, "every answer to an id is the first one's bytes",
                     "request %llu was answered twice as if new", (unsigned long long)ask->number);
    }
}

// The answer says that the request took effect, or was refused and remembered.
static void judge_recorded(struct sim *sim, struct call *call, struct span bytes, bool replayed)
{
    struct ask *ask = call->intent->ask;
    if (lost_since(sim, call)) {
        return; // it was there when the daemon was told, and a failover took it back
    }
    if (!ask->recorded) {
        sim_violated(sim, "what is acknowledged is in the log", "request %llu is not in any",
                     (unsigned long long)ask->number);
    }
    if (ask->winner != call->intent) {
        sim_violated(sim, "one id, one body", "request %llu was answered for another body",
                     (unsigned long long)ask->number);
    }
    const struct book *book = ask->book;
    if (book != NULL && book->seq < call->min_seq) {
        sim_violated(sim, "a rolled back account is not worked on",
                     "%s stands at %llu, the client has seen %llu, and was answered", book->id,
                     (unsigned long long)book->seq, (unsigned long long)call->min_seq);
    }
    if (ask->lost && !replayed) {
        sim->counts->asked_again++;
        ask->lost = false;
    }
    judge_bytes(sim, call, bytes, replayed);
}

// --- answers that say no ---

// A no that leaves the request open to no one: nothing of this delivery may land any more.
static void judge_no(struct sim *sim, const struct call *call, const Loyalty__V1__Error *error)
{
    struct ask *ask = call->intent->ask;
    ask->may_run--;
    if (ask->recorded && ask->may_run <= 0) {
        sim_violated(sim, "what was said not to be executed is not",
                     "request %llu is recorded, and each delivery was answered by a definite no",
                     (unsigned long long)ask->number);
    }
    bool by_age = is_reason(error, "TOO_OLD") || is_reason(error, "FROM_THE_FUTURE");
    bool unavailable = error->code == LOYALTY__V1__CODE__CODE_UNAVAILABLE;
    if (unavailable || by_age || is_reason(error, "ID_CONFLICT")) {
        return;
    }
    if (ask->recorded && ask->winner == call->intent && ask->recorded_step < call->step) {
        sim_violated(sim, "what is acknowledged is in the log",
                     "request %llu is recorded and was refused: %s",
                     (unsigned long long)ask->number, error->reason);
    }
}

static void judge_conflict(struct sim *sim, const struct call *call)
{
    const struct ask *ask = call->intent->ask;
    bool other = ask->recorded && ask->winner != call->intent;
    if (!other && !lost_since(sim, call)) {
        sim_violated(sim, "one id, one body", "request %llu is in conflict with nothing",
                     (unsigned long long)ask->number);
    }
}

static bool is_remembered(const struct call *call, const Loyalty__V1__Error *error)
{
    static const char *const OF_SPENDING[] = {"INSUFFICIENT_POINTS", "BELOW_MINIMUM", "NOT_A_STEP",
                                              "DAY_LIMIT"};
    static const char *const OF_CAPTURES[] = {"HOLD_LAPSED", "HOLD_CAPTURED", "HOLD_RELEASED",
                                              "HOLD_TOO_SMALL"};
    bool captures = call->intent->message->descriptor == &loyalty__v1__capture_request__descriptor;
    bool remembered = false;
    for (size_t i = 0; i < sizeof(OF_SPENDING) / sizeof(OF_SPENDING[0]); i++) {
        remembered = remembered || is_reason(error, OF_SPENDING[i]) ||
                     (captures && is_reason(error, OF_CAPTURES[i]));
    }
    return call->intent->ask != NULL && remembered;
}

// Requests that are refused as such, and yet are made here on purpose.
static bool may_be_asked(const Loyalty__V1__Error *error)
{
    return is_reason(error, "FROM_THE_FUTURE") || is_reason(error, "BAD_INTERVAL") ||
           is_reason(error, "LINE_NOT_FOUND") || is_reason(error, "PART_DOES_NOT_FIT") ||
           is_reason(error, "MISSING") || is_reason(error, "BAD_RECEIPT");
}

static void judge_error(struct sim *sim, struct call *call, const struct dispatch_reply *reply,
                        struct span bytes)
{
    const Loyalty__V1__Error *error = reply->error;
    counts_reason(sim->counts, error->reason);
    switch (error->code) {
    case LOYALTY__V1__CODE__CODE_INTERNAL:
    case LOYALTY__V1__CODE__CODE_UNIMPLEMENTED:
    case LOYALTY__V1__CODE__CODE_PERMISSION_DENIED:
    case LOYALTY__V1__CODE__CODE_RESOURCE_EXHAUSTED:
        sim_violated(sim, "no answer is a failure of the service", "%s: %s: %s",
                     call->intent->row->name, error->reason, error->message);
    case LOYALTY__V1__CODE__CODE_UNKNOWN:
        return;
    case LOYALTY__V1__CODE__CODE_DATA_LOSS:
        if (is_reason(error, "ROLLED_BACK") && sim->server.losses > 0) {
            sim->counts->rolled_back++;
            return;
        }
        sim_violated(sim, "nothing acknowledged is lost", "%s: %s", call->intent->row->name,
                     error->reason);
    case LOYALTY__V1__CODE__CODE_INVALID_ARGUMENT:
        if (!may_be_asked(error)) {
            sim_violated(sim, "requests made here are well formed", "%s: %s: %s: %s",
                         call->intent->row->name, error->reason, error->field, error->message);
        }
        break;
    default:
        break;
    }
    if (is_remembered(call, error)) {
        judge_recorded(sim, call, bytes, reply->replayed);
        return;
    }
    if (is_reason(error, "ID_CONFLICT")) {
        judge_conflict(sim, call);
    }
    if (call->intent->ask != NULL) {
        judge_no(sim, call, error);
        const struct answer_view view = {.sim = sim, .call = call, .intent = call->intent};
        judge_reason(&view, error->reason);
    }
}

// --- figures ---

static void judge_knowledge(struct sim *sim, const struct call *call)
{
    const struct book *book = call->intent->book;
    struct daemon *daemon = &sim->daemons[call->daemon];
    if (book == NULL || lost_since(sim, call)) {
        return;
    }
    uint64_t *knew = &daemon->knew[book->number];
    if (sim->kind->loses && book->seq < *knew) {
        sim_violated(sim, "a rolled back account is not worked on",
                     "%s stands at %llu, daemon %u has told of %llu, and answered", book->id,
                     (unsigned long long)book->seq, daemon->number, (unsigned long long)*knew);
    }
    *knew = call->told_seq > *knew ? call->told_seq : *knew;
}

// Ten seconds at most, or its deadline by the store's clock: but for leaps of time, and pauses.
static void judge_time(struct sim *sim, const struct call *call)
{
    int64_t excused_ms = sim->leapt_ms + sim->daemons[call->daemon].paused_ms - call->excused_ms;
    int64_t took_ms = sim->now_ms - call->at_ms - excused_ms;
    int64_t most_ms = LIMIT_REQUEST_MS;
    bool timely = call->deadline_ms > call->at_ms && sim->kind->often[FAULT_STORE_CLOCK] == 0;
    if (timely && call->deadline_ms - call->at_ms < most_ms) {
        most_ms = call->deadline_ms - call->at_ms;
    }
    if (took_ms > most_ms + TIME_SLACK_MS) {
        sim_violated(sim, "every request is answered in its time",
                     "call %llu took %lld ms, %lld at most", (unsigned long long)call->number,
                     (long long)took_ms, (long long)most_ms);
    }
}

// A reconciliation is written only where it closes a day.
static bool says_it_is_recorded(const struct answer_view *view)
{
    if (!view->intent->reconciles) {
        return true;
    }
    const Loyalty__V1__ReconcileResponse *response =
        (const Loyalty__V1__ReconcileResponse *)view->response;
    return response->in_balance && view->intent->ask->recorded;
}

void judge_answer(struct sim *sim, struct call *call, const struct dispatch_reply *reply)
{
    judge_time(sim, call);
    const struct intent *intent = call->intent;
    arena_reset(&sim->scratch);
    struct span bytes = bytes_of(sim, reply);
    sim_note(sim, reply->error == NULL ? "answer: call, bytes, replayed" : "no: call, bytes, code",
             (int64_t)call->number, (int64_t)bytes.len,
             reply->error == NULL ? reply->replayed : (int64_t)reply->error->code);
    if (reply->error != NULL) {
        judge_error(sim, call, reply, bytes);
        return;
    }
    sim->counts->succeeded[intent->row - commands]++;
    bool first = intent->ask == NULL || intent->training || !intent->ask->answered;
    struct answer_view view = {.sim = sim, .call = call, .intent = intent};
    view.response = decode(sim, call, bytes);
    if (intent->ask != NULL && !intent->training && says_it_is_recorded(&view)) {
        judge_recorded(sim, call, bytes, reply->replayed);
    }
    call->told_seq = seq_of(view.response);
    if (first && intent->row->answered != NULL) {
        intent->row->answered(&view);
    }
    judge_knowledge(sim, call);
}
