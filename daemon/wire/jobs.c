// Jobs in the words of google.longrunning.
#include "wire/jobs.h"

#include "base/limits.h"
#include "wire/any.h"
#include "wire/message.h"
#include "wire/replies.h"

static char *name_of(const char *id, struct arena *arena)
{
    return arena_printf(arena, "operations/%s", id);
}

static int64_t or_never(int64_t instant_ms)
{
    return instant_ms == 0 ? INSTANT_NEVER : instant_ms;
}

static int64_t seconds_of(const Loyaltyd__Job *job)
{
    return job->ended_ms > job->started_ms ? (job->ended_ms - job->started_ms + 999) / 1000 : 0;
}

// --- parts ---

static enum status list_edges(const Loyaltyd__Job *job, struct arena *arena, size_t *ret_count,
                              Loyalty__V1__Edge ***ret_edges)
{
    Loyalty__V1__Edge **edges = arena_alloc_array(arena, job->n_edges, sizeof(*edges));
    if (edges == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < job->n_edges; i++) {
        edges[i] = (Loyalty__V1__Edge *)message_new(&loyalty__v1__edge__descriptor, arena);
        if (edges[i] == NULL) {
            return STATUS_NO_MEMORY;
        }
        edges[i]->from_tier_id = job->edges[i]->from_tier;
        edges[i]->to_tier_id = job->edges[i]->to_tier;
        edges[i]->members = job->edges[i]->count;
    }
    *ret_edges = edges;
    *ret_count = job->n_edges;
    return STATUS_OK;
}

static enum status list_errors(const Loyaltyd__Job *job, struct arena *arena, size_t *ret_count,
                               Loyalty__V1__JobError ***ret_errors)
{
    Loyalty__V1__JobError **errors =
        arena_alloc_array(arena, job->n_error_samples, sizeof(*errors));
    if (errors == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < job->n_error_samples; i++) {
        errors[i] =
            (Loyalty__V1__JobError *)message_new(&loyalty__v1__job_error__descriptor, arena);
        if (errors[i] == NULL) {
            return STATUS_NO_MEMORY;
        }
        errors[i]->member_id = job->error_samples[i]->member_id;
        errors[i]->what = job->error_samples[i]->what;
    }
    *ret_errors = errors;
    *ret_count = job->n_error_samples;
    return STATUS_OK;
}

static enum status list_differences(const Loyaltyd__Job *job, struct arena *arena,
                                    Loyalty__V1__RescoringReport *report)
{
    size_t count = job->n_difference_samples;
    report->difference_samples =
        arena_alloc_array(arena, count, sizeof(*report->difference_samples));
    if (report->difference_samples == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        Loyalty__V1__MoveDifference *difference = (Loyalty__V1__MoveDifference *)message_new(
            &loyalty__v1__move_difference__descriptor, arena);
        if (difference == NULL) {
            return STATUS_NO_MEMORY;
        }
        difference->member_id = job->difference_samples[i]->member_id;
        difference->planned_tier_id = job->difference_samples[i]->planned;
        difference->actual_tier_id = job->difference_samples[i]->actual;
        report->difference_samples[i] = difference;
    }
    report->n_difference_samples = count;
    return STATUS_OK;
}

// --- responses ---

static enum status plan_of(const Loyaltyd__Job *job, struct arena *arena,
                           Google__Protobuf__Any **ret_any)
{
    Loyalty__V1__RescoringPlan plan = LOYALTY__V1__RESCORING_PLAN__INIT;
    plan.name = name_of(job->id, arena);
    TRY(replies_instant(arena, job->at_ms, &plan.at));
    plan.program_version = job->program_version;
    plan.members = job->members;
    TRY(list_edges(job, arena, &plan.n_edges, &plan.edges));
    plan.moves = job->moves;
    plan.errors = job->errors;
    TRY(list_errors(job, arena, &plan.n_error_samples, &plan.error_samples));
    plan.seconds = seconds_of(job);
    plan.full = job->full;
    return plan.name == NULL ? STATUS_NO_MEMORY : any_pack(&plan.base, arena, ret_any);
}

static enum status report_of(const Loyaltyd__Job *job, struct arena *arena,
                             Google__Protobuf__Any **ret_any)
{
    Loyalty__V1__RescoringReport report = LOYALTY__V1__RESCORING_REPORT__INIT;
    uint64_t others = job->moves + job->moved_before + job->errors;
    TRY(replies_instant(arena, job->at_ms, &report.at));
    report.plan = *job->plan == '\0' ? "" : name_of(job->plan, arena);
    TRY(list_edges(job, arena, &report.n_edges, &report.edges));
    report.moves = job->moves;
    report.moved_before = job->moved_before;
    report.unchanged = job->members > others ? job->members - others : 0;
    report.errors = job->errors;
    TRY(list_errors(job, arena, &report.n_error_samples, &report.error_samples));
    report.seconds = seconds_of(job);
    report.full = job->full;
    report.corrected = job->corrected;
    report.differ = job->differ;
    TRY(list_differences(job, arena, &report));
    return report.plan == NULL ? STATUS_NO_MEMORY : any_pack(&report.base, arena, ret_any);
}

static enum status index_report_of(const Loyaltyd__Job *job, struct arena *arena,
                                   Google__Protobuf__Any **ret_any)
{
    static const char digits[] = "0123456789abcdef";
    Loyalty__V1__DueIndexReport report = LOYALTY__V1__DUE_INDEX_REPORT__INIT;
    char *etag = arena_alloc(arena, 2 * job->etag.len + 1);
    if (etag == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < job->etag.len; i++) {
        etag[2 * i] = digits[job->etag.data[i] >> 4];
        etag[2 * i + 1] = digits[job->etag.data[i] & 15];
    }
    etag[2 * job->etag.len] = '\0';
    report.etag = etag;
    report.members = job->members;
    report.corrected = job->corrected;
    report.errors = job->errors;
    TRY(list_errors(job, arena, &report.n_error_samples, &report.error_samples));
    report.seconds = seconds_of(job);
    return any_pack(&report.base, arena, ret_any);
}

static enum status census_of(const Loyaltyd__Job *job, struct arena *arena,
                             Google__Protobuf__Any **ret_any)
{
    Loyalty__V1__CensusReport report = LOYALTY__V1__CENSUS_REPORT__INIT;
    report.tiers = arena_alloc_array(arena, job->n_edges, sizeof(*report.tiers));
    if (report.tiers == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < job->n_edges; i++) {
        Loyalty__V1__CensusTier *tier =
            (Loyalty__V1__CensusTier *)message_new(&loyalty__v1__census_tier__descriptor, arena);
        if (tier == NULL) {
            return STATUS_NO_MEMORY;
        }
        tier->tier_id = job->edges[i]->to_tier;
        tier->members = job->edges[i]->count;
        tier->points = job->edges[i]->points;
        tier->pending_points = job->edges[i]->pending;
        report.tiers[i] = tier;
        report.members += tier->members;
    }
    report.n_tiers = job->n_edges;
    TRY(replies_instant(arena, job->at_ms, &report.at));
    report.errors = job->errors;
    TRY(list_errors(job, arena, &report.n_error_samples, &report.error_samples));
    report.seconds = seconds_of(job);
    return any_pack(&report.base, arena, ret_any);
}

static enum status response_of(const Loyaltyd__Job *job, struct arena *arena,
                               Google__Protobuf__Any **ret_any)
{
    switch (job->kind) {
    case LOYALTY__V1__JOB_KIND__JOB_KIND_PLAN:
        return plan_of(job, arena, ret_any);
    case LOYALTY__V1__JOB_KIND__JOB_KIND_RESCORE:
        return report_of(job, arena, ret_any);
    case LOYALTY__V1__JOB_KIND__JOB_KIND_CENSUS:
        return census_of(job, arena, ret_any);
    default:
        return index_report_of(job, arena, ret_any);
    }
}

// What a plan that has moved differs by is in the message, a few members named.
static enum status error_of(const Loyaltyd__Job *job, struct arena *arena,
                            Google__Rpc__Status **ret_status)
{
    Google__Rpc__Status *status =
        (Google__Rpc__Status *)message_new(&google__rpc__status__descriptor, arena);
    char *message = job->error_message;
    for (size_t i = 0; message != NULL && i < job->n_difference_samples; i++) {
        const Loyaltyd__JobSample *sample = job->difference_samples[i];
        message = arena_printf(arena, "%s%s%s: planned %s, now %s", message,
                               i == 0 ? " Among them " : "; ", sample->member_id,
                               *sample->planned == '\0' ? "no move" : sample->planned,
                               *sample->actual == '\0' ? "no move" : sample->actual);
    }
    if (status == NULL || message == NULL) {
        return STATUS_NO_MEMORY;
    }
    status->code = (int32_t)job->error_code;
    status->message = message;
    *ret_status = status;
    return STATUS_OK;
}

// --- the operation ---

static uint32_t done_count(const Loyaltyd__Job *job)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < job->partitions && i / 8 < job->done.len; i++) {
        count += job->done.data[i / 8] >> i % 8 & 1;
    }
    return count;
}

static enum status progress_of(const Loyaltyd__Job *job, int64_t now_ms, struct arena *arena,
                               Google__Protobuf__Any **ret_any)
{
    Loyalty__V1__JobProgress progress = LOYALTY__V1__JOB_PROGRESS__INIT;
    progress.kind = (Loyalty__V1__JobKind)job->kind;
    TRY(replies_instant(arena, or_never(job->at_ms), &progress.at));
    TRY(replies_instant(arena, or_never(job->created_ms), &progress.created_at));
    TRY(replies_instant(arena, or_never(job->started_ms), &progress.started_at));
    TRY(replies_instant(arena, or_never(job->ended_ms), &progress.ended_at));
    progress.created_by = job->created_by;
    progress.reason = job->reason;
    progress.partitions = job->partitions;
    progress.partitions_done = done_count(job);
    progress.members = job->members;
    progress.moves = job->moves + job->moved_before;
    progress.errors = job->errors;
    for (size_t i = 0; i < job->n_claims; i++) {
        if (job->claims[i]->until_ms > now_ms) {
            progress.workers++;
            progress.rate += job->claims[i]->rate;
        }
    }
    progress.cancelled = job->cancelled;
    return any_pack(&progress.base, arena, ret_any);
}

enum status jobs_operation(const Loyaltyd__Job *job, int64_t now_ms, struct arena *arena,
                           Google__Longrunning__Operation **ret_operation)
{
    Google__Longrunning__Operation *operation = (Google__Longrunning__Operation *)message_new(
        &google__longrunning__operation__descriptor, arena);
    if (operation == NULL) {
        return STATUS_NO_MEMORY;
    }
    operation->name = name_of(job->id, arena);
    operation->done = job->ended_ms != 0;
    TRY(progress_of(job, now_ms, arena, &operation->metadata));
    if (operation->done && job->error_code != 0) {
        operation->result_case = GOOGLE__LONGRUNNING__OPERATION__RESULT_ERROR;
        TRY(error_of(job, arena, &operation->error));
    } else if (operation->done) {
        operation->result_case = GOOGLE__LONGRUNNING__OPERATION__RESULT_RESPONSE;
        TRY(response_of(job, arena, &operation->response));
    }
    *ret_operation = operation;
    return operation->name == NULL ? STATUS_NO_MEMORY : STATUS_OK;
}

enum status jobs_move(const Loyaltyd__PlanMove *stored, struct arena *arena,
                      Loyalty__V1__Move **ret_move)
{
    Loyalty__V1__Move *move =
        (Loyalty__V1__Move *)message_new(&loyalty__v1__move__descriptor, arena);
    if (move == NULL) {
        return STATUS_NO_MEMORY;
    }
    move->member_id = stored->member_id;
    move->from_tier_id = stored->from_tier;
    move->to_tier_id = stored->to_tier;
    move->score = stored->score;
    move->contributions = stored->contributions;
    move->threshold = stored->threshold;
    move->seq = stored->seq;
    move->recorded = stored->recorded;
    TRY(replies_instant(arena, stored->card_until_ms, &move->card_until));
    *ret_move = move;
    return STATUS_OK;
}
