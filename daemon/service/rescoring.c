// RescoringService: jobs are made, never done, here. A request makes its head in the list, which
// knows its id, has it listed in the audit, and then makes the job; a retry finds the head and
// makes what is missing.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "google/longrunning/operations.pb-c.h"
#include "loyalty/v1/rescoring.pb-c.h"
#include "service/audit.h"
#include "service/handlers.h"
#include "service/job_update.h"
#include "service/request.h"
#include "wire/jobs.h"
#include "wire/message.h"
#include "wire/replies.h"
#include "wire/shapes.h"

enum { RESCORE_YEAR_MS_DAYS = 400 };

struct making {
    struct request *request;
    Loyalty__V1__JobKind kind;
    int64_t at_ms;
    bool has_at;
    bool full;
    bool accept_changes;
    char plan[JOB_ID_BYTES + 1];
    struct span reason;
    char id[JOB_ID_BYTES + 1]; // of the job
    bool conflict;
    bool joined;
    bool known; // by this request's id
    bool too_many;
    char dropped[JOB_ID_BYTES + 1];
    uint8_t request_id[REQUEST_ID_BYTES]; // of its head ...
    int64_t created_ms;                   // ... by the clock that all daemons share
    bool plan_whole;
    char name[sizeof("operations/") + JOB_ID_BYTES];
    struct audit_work audit;
    struct job_update update;
};

static struct making *making_of(struct job_update *update)
{
    return (struct making *)(void *)((char *)update - offsetof(struct making, update));
}

static struct lease *lease_of(const struct making *making)
{
    return making->request->service->lease;
}

// True when it was answered, and ended.
static bool is_over(struct making *making, enum store_result result)
{
    struct request *request = making->request;
    if (result == STORE_UNKNOWN) {
        request_in_doubt(request);
    } else if (result == STORE_FAILED) {
        request_internal(request, STATUS_CORRUPT);
    } else if (result != STORE_OK || request->service->stopping) {
        request_trouble(request, TROUBLE_STORE_UNAVAILABLE);
    }
    if (request->answered) {
        request_end(request);
        return true;
    }
    return false;
}

static void begin(struct making *making, bool list, const char *id,
                  enum status (*change)(struct job_update *update, ProtobufCMessage *message,
                                        bool exists, enum job_change *ret_change),
                  void (*on_done)(struct job_update *update, enum store_result result,
                                  const ProtobufCMessage *message))
{
    struct job_update *update = &making->update;
    update->service = making->request->service;
    update->type = list ? &loyaltyd__jobs__descriptor : &loyaltyd__job__descriptor;
    update->list = list;
    snprintf(update->id, sizeof(update->id), "%s", id);
    update->change = change;
    update->on_done = on_done;
    job_update_begin(update);
}

// --- the job ---

static enum status fill_job(const struct making *making, Loyaltyd__Job *job, struct arena *arena)
{
    const struct request *request = making->request;
    const struct lease *lease = lease_of(making);
    const struct program_version *version = program_set_at(lease_set(lease), making->at_ms);
    struct span actor = request_actor(request);
    struct span etag;
    TRY(arena_copy(arena, span_of(lease_programs(lease)->tail, CHAIN_HASH_BYTES), &etag));
    job->id = arena_printf(arena, "%s", making->id);
    job->kind = making->kind;
    job->at_ms = making->at_ms;
    job->plan = arena_printf(arena, "%s", making->plan);
    job->full = making->full;
    job->accept_changes = making->accept_changes;
    job->created_by = arena_printf(arena, "%.*s", (int)actor.len, (const char *)actor.data);
    job->reason =
        arena_printf(arena, "%.*s", (int)making->reason.len, (const char *)making->reason.data);
    job->created_ms = making->created_ms;
    job->plan_whole = making->plan_whole;
    job->etag.data = (uint8_t *)etag.data;
    job->etag.len = etag.len;
    job->program_version = version == NULL ? 0 : version->number;
    job->stage = making->plan[0] == '\0' ? 1 : 0;
    if (job->id == NULL || job->plan == NULL || job->created_by == NULL || job->reason == NULL) {
        return STATUS_NO_MEMORY;
    }
    return job_set_partitions(job, arena, lease_partitions(lease));
}

static enum status make_job(struct job_update *update, ProtobufCMessage *message, bool exists,
                            enum job_change *ret_change)
{
    *ret_change = exists ? JOB_CHANGE_NONE : JOB_CHANGE_PUT;
    return exists ? STATUS_OK
                  : fill_job(making_of(update), (Loyaltyd__Job *)message, &update->arena);
}

static void on_made(struct job_update *update, enum store_result result,
                    const ProtobufCMessage *message)
{
    struct making *making = making_of(update);
    struct request *request = making->request;
    Google__Longrunning__Operation *operation = NULL;
    if (is_over(making, result)) {
        return;
    }
    enum status status =
        jobs_operation((const Loyaltyd__Job *)message, lease_store_now_ms(lease_of(making)),
                       &request->arena, &operation);
    if (status != STATUS_OK) {
        request_in_doubt(request);
    } else {
        request_reply(request, &operation->base, making->known);
    }
    service_tell_job(request->service);
    request_end(request);
}

// --- its head in the list ---

static void on_audited(struct audit_work *work, bool listed)
{
    struct making *making =
        (struct making *)(void *)((char *)work - offsetof(struct making, audit));
    struct request *request = making->request;
    if (!listed || request->service->stopping) {
        request_trouble(request, TROUBLE_STORE_UNAVAILABLE);
    }
    if (request->answered) {
        request_end(request);
        return;
    }
    begin(making, false, making->id, make_job, on_made);
}

// Before the job can begin. Whoever asks for a job that is there already finds it listed.
static void list_act(struct making *making)
{
    struct request *request = making->request;
    bool plan = making->kind == LOYALTY__V1__JOB_KIND__JOB_KIND_PLAN;
    snprintf(making->name, sizeof(making->name), "operations/%s", making->id);
    making->audit = (struct audit_work){
        .service = request->service,
        .arena = &request->attempt,
        .audited = {.act = plan ? AUDIT_RESCORING_PLANNED : AUDIT_RESCORING_RUN,
                    .acted_ms = making->created_ms,
                    .subject = span_of_text(making->name),
                    .actor = request_actor(request),
                    .reason = making->reason},
        .done = on_audited,
    };
    memcpy(making->audit.audited.request, making->request_id, REQUEST_ID_BYTES);
    audit_write(&making->audit);
}

static void on_dropped(struct job_update *update, enum store_result result,
                       const ProtobufCMessage *message)
{
    struct making *making = making_of(update);
    (void)message;
    (void)result; // at worst a value stays that nothing tells of
    list_act(making);
}

static enum status drop_job(struct job_update *update, ProtobufCMessage *message, bool exists,
                            enum job_change *ret_change)
{
    (void)update;
    (void)message;
    *ret_change = exists ? JOB_CHANGE_DELETE : JOB_CHANGE_NONE;
    return STATUS_OK;
}

static bool is_this_request(const struct making *making, const Loyaltyd__JobHead *head)
{
    return head->request_id.len == REQUEST_ID_BYTES &&
           memcmp(head->request_id.data, making->request->mark.id, REQUEST_ID_BYTES) == 0;
}

// What is asked is what goes on already.
static bool is_joined(const struct making *making, const Loyaltyd__JobHead *other)
{
    return !other->done && other->kind == LOYALTY__V1__JOB_KIND__JOB_KIND_RESCORE &&
           other->kind == making->kind && other->at_ms == making->at_ms &&
           strcmp(other->plan, making->plan) == 0 && (other->full || !making->full);
}

static enum status set_head(const struct making *making, Loyaltyd__JobHead *head,
                            struct arena *arena)
{
    const struct mark *mark = &making->request->mark;
    struct span id;
    struct span digest;
    TRY(arena_copy(arena, span_of(mark->id, sizeof(mark->id)), &id));
    TRY(arena_copy(arena, span_of(mark->digest, sizeof(mark->digest)), &digest));
    head->request_id.data = (uint8_t *)id.data;
    head->request_id.len = id.len;
    head->digest.data = (uint8_t *)digest.data;
    head->digest.len = digest.len;
    head->at_ms = making->at_ms;
    head->created_ms = lease_shared_now_ms(lease_of(making));
    head->plan = arena_printf(arena, "%s", making->plan);
    head->full = making->full;
    return head->plan == NULL ? STATUS_NO_MEMORY : STATUS_OK;
}

static void note_head(struct making *making, const Loyaltyd__JobHead *head)
{
    snprintf(making->id, sizeof(making->id), "%s", head->id);
    making->created_ms = head->created_ms;
    memset(making->request_id, 0, sizeof(making->request_id));
    if (head->request_id.len == sizeof(making->request_id)) {
        memcpy(making->request_id, head->request_id.data, sizeof(making->request_id));
    }
}

// Until due instants are right for the programs as they are, everyone is visited.
static bool index_is_right(const struct making *making, const Loyaltyd__Jobs *jobs)
{
    return jobs->indexed_for.len == CHAIN_HASH_BYTES &&
           memcmp(jobs->indexed_for.data, lease_programs(lease_of(making))->tail,
                  CHAIN_HASH_BYTES) == 0;
}

static enum status add_head(struct job_update *update, ProtobufCMessage *message, bool exists,
                            enum job_change *ret_change)
{
    struct making *making = making_of(update);
    Loyaltyd__Jobs *jobs = (Loyaltyd__Jobs *)message;
    Loyaltyd__JobHead *head = NULL;
    (void)exists;
    *ret_change = JOB_CHANGE_NONE;
    making->dropped[0] = '\0';
    for (size_t i = 0; i < jobs->n_heads; i++) {
        const Loyaltyd__JobHead *other = jobs->heads[i];
        bool same = is_this_request(making, other);
        if (same || is_joined(making, other)) {
            note_head(making, other);
            making->known = same;
            making->conflict = same && (other->digest.len != REQUEST_DIGEST_BYTES ||
                                        memcmp(other->digest.data, making->request->mark.digest,
                                               REQUEST_DIGEST_BYTES) != 0);
            return STATUS_OK;
        }
    }
    enum status status = job_list_add(jobs, &update->arena, making->kind, &head, making->dropped);
    making->too_many = status == STATUS_TOO_LARGE;
    if (status != STATUS_OK) {
        return making->too_many ? STATUS_OK : status;
    }
    making->full = making->full || !index_is_right(making, jobs);
    TRY(set_head(making, head, &update->arena));
    note_head(making, head);
    *ret_change = JOB_CHANGE_PUT;
    return STATUS_OK;
}

static void on_listed(struct job_update *update, enum store_result result,
                      const ProtobufCMessage *message)
{
    struct making *making = making_of(update);
    struct request *request = making->request;
    (void)message;
    if (is_over(making, result)) {
        return;
    }
    if (making->conflict) {
        struct task_result end = {.end = TASK_ID_CONFLICT};
        (void)request_answer_end(request, &end);
        request_end(request);
    } else if (making->too_many) {
        request_fail(request, LOYALTY__V1__CODE__CODE_RESOURCE_EXHAUSTED, "TOO_MANY_OPERATIONS", "",
                     "There are as many operations as are kept; delete plans that are done with.");
        request_end(request);
    } else if (making->dropped[0] != '\0') {
        begin(making, false, making->dropped, drop_job, on_dropped);
    } else {
        list_act(making);
    }
}

// --- what is asked ---

static int64_t latest_rescore(const struct program_set *set, int64_t now_ms)
{
    int64_t at_ms = now_ms - (int64_t)RESCORE_YEAR_MS_DAYS * DAY_MS;
    int64_t latest_ms = INSTANT_NEVER;
    for (;;) {
        at_ms = program_set_next_rescore(set, at_ms, now_ms);
        if (at_ms == INSTANT_NEVER) {
            return latest_ms;
        }
        latest_ms = at_ms;
    }
}

static int64_t next_rescore(const struct program_set *set, int64_t now_ms)
{
    return program_set_next_rescore(set, now_ms, now_ms + (int64_t)RESCORE_YEAR_MS_DAYS * DAY_MS);
}

static bool is_rescore(const struct program_set *set, int64_t at_ms)
{
    return program_set_next_rescore(set, at_ms - 1, at_ms) == at_ms;
}

// True when it was answered.
static bool answer_bad_instant(struct making *making)
{
    struct request *request = making->request;
    const struct program_set *set = lease_set(lease_of(making));
    int64_t now_ms = lease_now_ms(lease_of(making));
    bool runs = making->kind == LOYALTY__V1__JOB_KIND__JOB_KIND_RESCORE;
    if (!making->has_at) {
        making->at_ms = runs ? latest_rescore(set, now_ms) : next_rescore(set, now_ms);
    }
    if (making->at_ms == INSTANT_NEVER || !is_rescore(set, making->at_ms)) {
        request_fail(request, LOYALTY__V1__CODE__CODE_INVALID_ARGUMENT, "NOT_A_RESCORING", "at",
                     "The program re-scores at 00:00 of its days, in its zone; no such instant is "
                     "meant.");
        return true;
    }
    if (runs && making->at_ms > now_ms) {
        request_fail(request, LOYALTY__V1__CODE__CODE_FAILED_PRECONDITION, "NOT_YET", "at",
                     "This re-scoring has not come; plan it, and run it when it has.");
        return true;
    }
    return false;
}

static void list_it(struct making *making)
{
    if (answer_bad_instant(making)) {
        request_end(making->request);
        return;
    }
    begin(making, true, "", add_head, on_listed);
}

static void on_plan(struct job_update *update, enum store_result result,
                    const ProtobufCMessage *message)
{
    struct making *making = making_of(update);
    struct request *request = making->request;
    const Loyaltyd__Job *plan = (const Loyaltyd__Job *)message;
    if (is_over(making, result)) {
        return;
    }
    if (plan->kind != LOYALTY__V1__JOB_KIND__JOB_KIND_PLAN || plan->deleting) {
        request_fail(request, LOYALTY__V1__CODE__CODE_NOT_FOUND, "UNKNOWN_PLAN", "plan",
                     "There is no such plan.");
    } else if (!job_has_ended(plan) || plan->error_code != 0) {
        request_fail(request, LOYALTY__V1__CODE__CODE_FAILED_PRECONDITION, "PLAN_NOT_DONE", "plan",
                     "The plan is not done, or was cancelled; wait for it, or plan again.");
    } else if (making->has_at && making->at_ms != plan->at_ms) {
        request_fail(request, LOYALTY__V1__CODE__CODE_INVALID_ARGUMENT, "OTHER_INSTANT", "at",
                     "The plan is of another re-scoring; leave `at` out.");
    } else if (!making->accept_changes &&
               (plan->etag.len != CHAIN_HASH_BYTES ||
                memcmp(plan->etag.data, lease_programs(lease_of(making))->tail, CHAIN_HASH_BYTES) !=
                    0)) {
        request_fail(request, LOYALTY__V1__CODE__CODE_FAILED_PRECONDITION, "PLAN_MOVED", "plan",
                     "The rules were changed after the plan was made; plan again, or accept the "
                     "changes.");
    }
    if (request->answered) {
        request_end(request);
        return;
    }
    making->at_ms = plan->at_ms;
    making->has_at = true;
    making->plan_whole = plan->full || plan->created_ms < plan->at_ms;
    list_it(making);
}

static enum status read_common(struct making *making, const Google__Protobuf__Timestamp *at,
                               const char *reason)
{
    struct commands *commands = &making->request->commands;
    making->has_at = at != NULL;
    if (at != NULL) {
        TRY(commands_instant(commands, at, "at", &making->at_ms));
    }
    return commands_text(commands, reason, "reason", LIMIT_TEXT_BYTES, &making->reason);
}

static struct making *making_new(struct request *request, Loyalty__V1__JobKind kind)
{
    struct making *making = request_state(request, sizeof(*making));
    if (making == NULL) {
        return NULL;
    }
    making->request = request;
    making->kind = kind;
    enum trouble trouble = lease_check(request->service->lease, true);
    if (trouble != TROUBLE_NONE) {
        request_trouble(request, trouble);
        request_end(request);
        return NULL;
    }
    return making;
}

void rescoring_plan(struct request *request)
{
    const Loyalty__V1__PlanRescoringRequest *message =
        (const Loyalty__V1__PlanRescoringRequest *)request->message;
    struct making *making = making_new(request, LOYALTY__V1__JOB_KIND__JOB_KIND_PLAN);
    if (making == NULL) {
        return;
    }
    making->full = message->full;
    enum status status = read_common(making, message->at, message->reason);
    if (status != STATUS_OK) {
        request_bad(request, status);
        request_end(request);
        return;
    }
    list_it(making);
}

void rescoring_run(struct request *request)
{
    const Loyalty__V1__RunRescoringRequest *message =
        (const Loyalty__V1__RunRescoringRequest *)request->message;
    struct making *making = making_new(request, LOYALTY__V1__JOB_KIND__JOB_KIND_RESCORE);
    if (making == NULL) {
        return;
    }
    making->full = message->full;
    making->accept_changes = message->accept_changes;
    enum status status = read_common(making, message->at, message->reason);
    if (status != STATUS_OK) {
        request_bad(request, status);
    } else if (*message->plan != '\0' && !job_id_of_name(message->plan, making->plan)) {
        request_fail(request, LOYALTY__V1__CODE__CODE_INVALID_ARGUMENT, "BAD_NAME", "plan",
                     "A plan's name is as it was answered, such as operations/plan-17.");
    }
    if (request->answered) {
        request_end(request);
    } else if (making->plan[0] != '\0') {
        begin(making, false, making->plan, NULL, on_plan);
    } else {
        list_it(making);
    }
}
