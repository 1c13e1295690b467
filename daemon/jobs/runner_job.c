// A job's steps under compare-and-set: what lanes brought is merged with its done bits, claims are
// made and renewed, a stage or the job is ended by whoever finds all bits set.
#include "jobs/runner_parts.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/log.h"
#include "loyalty/v1/common.pb-c.h"
#include "wire/message.h"

static struct runner *runner_of(struct job_update *update)
{
    return (struct runner *)(void *)((char *)update - offsetof(struct runner, update));
}

static const struct lease *lease_of(const struct runner *runner)
{
    return runner->options.service->lease;
}

// --- merging ---

static enum status add_samples(struct arena *arena, const struct lane_sample *samples,
                               uint32_t count, size_t *n, Loyaltyd__JobSample ***list)
{
    Loyaltyd__JobSample **more =
        arena_alloc_array(arena, JOB_SAMPLES_MAX, sizeof(Loyaltyd__JobSample *));
    if (more == NULL) {
        return STATUS_NO_MEMORY;
    }
    if (*n > 0) {
        memcpy(more, *list, *n * sizeof(Loyaltyd__JobSample *));
    }
    *list = more;
    for (uint32_t i = 0; i < count && *n < JOB_SAMPLES_MAX; i++) {
        Loyaltyd__JobSample *sample =
            (Loyaltyd__JobSample *)message_new(&loyaltyd__job_sample__descriptor, arena);
        if (sample == NULL) {
            return STATUS_NO_MEMORY;
        }
        // They are copied, for the results are the runner's until the update stands.
        sample->member_id = arena_printf(arena, "%s", samples[i].member_id);
        sample->what = arena_printf(arena, "%s", samples[i].what);
        sample->planned = arena_printf(arena, "%s", samples[i].planned);
        sample->actual = arena_printf(arena, "%s", samples[i].actual);
        if (sample->member_id == NULL || sample->what == NULL || sample->planned == NULL ||
            sample->actual == NULL) {
            return STATUS_NO_MEMORY;
        }
        more[(*n)++] = sample;
    }
    return STATUS_OK;
}

static enum status merge(Loyaltyd__Job *job, struct arena *arena, const struct lane_result *result)
{
    if (job_is_done(job, result->partition)) {
        return STATUS_OK; // another's attempt was counted
    }
    job_set_done(job, result->partition);
    job->members += result->members;
    job->moves += result->moves;
    job->moved_before += result->moved_before;
    job->errors += result->errors;
    job->corrected += result->corrected;
    job->differ += result->differ;
    for (uint32_t i = 0; i < result->edge_count; i++) {
        const struct lane_edge *edge = &result->edges[i];
        TRY(job_add_edge(job, arena, edge->from_tier, edge->to_tier, edge->count));
    }
    if (result->error_samples > 0) {
        TRY(add_samples(arena, result->error_sample, result->error_samples, &job->n_error_samples,
                        &job->error_samples));
    }
    if (result->difference_samples > 0) {
        TRY(add_samples(arena, result->difference_sample, result->difference_samples,
                        &job->n_difference_samples, &job->difference_samples));
    }
    return STATUS_OK;
}

// --- claims ---

static bool is_claimed(const Loyaltyd__Job *job, uint32_t partition)
{
    for (size_t i = 0; i < job->n_claims; i++) {
        if (partition >= job->claims[i]->from_partition &&
            partition < job->claims[i]->until_partition) {
            return true;
        }
    }
    return false;
}

// Ours are made anew; those that have lapsed are nobody's.
static void drop_claims(const struct runner *runner, Loyaltyd__Job *job)
{
    int64_t now_ms = lease_store_now_ms(lease_of(runner));
    size_t kept = 0;
    for (size_t i = 0; i < job->n_claims; i++) {
        if (job->claims[i]->until_ms > now_ms && job->claims[i]->attempt != runner->attempt) {
            job->claims[kept++] = job->claims[i];
        }
    }
    job->n_claims = kept;
}

static enum status add_claim(const struct runner *runner, Loyaltyd__Job *job, struct arena *arena,
                             uint64_t attempt, uint32_t from, uint32_t until)
{
    Loyaltyd__JobClaim **claims =
        arena_alloc_array(arena, job->n_claims + 1, sizeof(Loyaltyd__JobClaim *));
    Loyaltyd__JobClaim *claim =
        (Loyaltyd__JobClaim *)message_new(&loyaltyd__job_claim__descriptor, arena);
    if (claims == NULL || claim == NULL) {
        return STATUS_NO_MEMORY;
    }
    if (job->n_claims > 0) {
        memcpy(claims, job->claims, job->n_claims * sizeof(Loyaltyd__JobClaim *));
    }
    claim->from_partition = from;
    claim->until_partition = until;
    claim->attempt = attempt;
    claim->until_ms = lease_store_now_ms(lease_of(runner)) + RUNNER_CLAIM_MS;
    claim->rate = runner->rate;
    claims[job->n_claims++] = claim;
    job->claims = claims;
    return STATUS_OK;
}

// The first row of partitions that are nobody's: an eighth of what is left, so that daemons that
// come later find some.
static enum status claim_more(struct runner *runner, Loyaltyd__Job *job, struct arena *arena)
{
    uint32_t left = job->partitions - job_done_count(job);
    uint32_t most = (left + 7) / 8 < RUNNER_CLAIM ? (left + 7) / 8 : RUNNER_CLAIM;
    uint32_t from = 0;
    while (from < job->partitions && (job_is_done(job, from) || is_claimed(job, from))) {
        from++;
    }
    uint32_t until = from;
    while (until < job->partitions && until - from < most && !job_is_done(job, until) &&
           !is_claimed(job, until)) {
        until++;
    }
    runner->claimed_count = 0;
    runner->claimed_next = 0;
    if (until == from || job->n_claims >= JOB_CLAIMS_MAX) {
        runner->waits = true;
        return STATUS_OK;
    }
    job->attempts++;
    for (uint32_t i = from; i < until; i++) {
        runner->claimed[runner->claimed_count++] = i;
    }
    return add_claim(runner, job, arena, job->attempts, from, until);
}

static enum status keep_claim(struct runner *runner, Loyaltyd__Job *job, struct arena *arena)
{
    CHECK(runner->claimed_count > 0);
    return add_claim(runner, job, arena, runner->attempt, runner->claimed[0],
                     runner->claimed[runner->claimed_count - 1] + 1);
}

// --- ends ---

static int64_t now_of(const struct runner *runner)
{
    return lease_store_now_ms(lease_of(runner));
}

static void end_job(const struct runner *runner, Loyaltyd__Job *job)
{
    job->ended_ms = now_of(runner);
    job->n_claims = 0;
}

static void end_in_error(const struct runner *runner, Loyaltyd__Job *job, Loyalty__V1__Code code,
                         const char *reason, const char *message)
{
    job->error_code = code;
    job->error_reason = (char *)reason;
    job->error_message = (char *)message;
    end_job(runner, job);
}

// All partitions are done.
static void end_stage(struct runner *runner, Loyaltyd__Job *job)
{
    bool compares = job->kind == LOYALTY__V1__JOB_KIND__JOB_KIND_RESCORE && job->stage == 0;
    if (job->deleting) {
        runner->deletes = true;
    } else if (compares && job->differ > 0 && !job->accept_changes) {
        end_in_error(runner, job, LOYALTY__V1__CODE__CODE_FAILED_PRECONDITION, "PLAN_MOVED",
                     "The moves are not those that were planned; nothing was begun. Plan again, or "
                     "accept the changes.");
    } else if (compares) {
        job->stage = 1;
        job->members = 0;
        job->moves = 0;
        job->errors = 0;
        job->corrected = 0;
        job->n_edges = 0;
        job->n_error_samples = 0;
        job->n_claims = 0;
        memset(job->done.data, 0, job->done.len);
        return;
    } else {
        end_job(runner, job);
    }
    runner->over = true;
}

// --- the step ---

// Due instants are made right by whoever sees that they are not; nobody asked for it.
static enum status make_reindex(const struct runner *runner, Loyaltyd__Job *job,
                                struct arena *arena)
{
    struct span etag;
    TRY(arena_copy(arena, span_of(runner->etag, sizeof(runner->etag)), &etag));
    job->id = arena_printf(arena, "%s", runner->id);
    job->kind = LOYALTY__V1__JOB_KIND__JOB_KIND_REINDEX;
    job->full = true;
    job->stage = 1;
    job->created_ms = now_of(runner);
    job->etag.data = (uint8_t *)etag.data;
    job->etag.len = etag.len;
    return job->id == NULL ? STATUS_NO_MEMORY
                           : job_set_partitions(job, arena, lease_partitions(lease_of(runner)));
}

static enum lane_work work_of(const Loyaltyd__Job *job)
{
    switch (job->kind) {
    case LOYALTY__V1__JOB_KIND__JOB_KIND_PLAN:
        return job->deleting ? LANE_FORGET : LANE_PLAN;
    case LOYALTY__V1__JOB_KIND__JOB_KIND_RESCORE:
        return job->stage == 0 ? LANE_COMPARE : LANE_RUN;
    default:
        return LANE_INDEX;
    }
}

static bool is_superseded(const struct runner *runner, const Loyaltyd__Job *job)
{
    return job->kind == LOYALTY__V1__JOB_KIND__JOB_KIND_REINDEX &&
           (job->etag.len != sizeof(runner->etag) ||
            memcmp(job->etag.data, runner->etag, sizeof(runner->etag)) != 0);
}

static void take_order(struct runner *runner, const Loyaltyd__Job *job)
{
    struct lane_order *order = &runner->order;
    *order = (struct lane_order){
        .work = work_of(job),
        .attempt = job->attempts,
        .at_ms = job->kind == LOYALTY__V1__JOB_KIND__JOB_KIND_REINDEX ? INSTANT_NEVER : job->at_ms,
        .full = job->full || *job->plan != '\0',
    };
    snprintf(order->job, sizeof(order->job), "%s", job->id);
    snprintf(order->plan, sizeof(order->plan), "%s", job->plan);
}

static enum status go_on(struct runner *runner, Loyaltyd__Job *job, struct arena *arena)
{
    if (work_of(job) == runner->order.work) { // else of a stage that others have ended
        for (uint32_t i = 0; i < runner->merging; i++) {
            TRY(merge(job, arena, &runner->results.items[i]));
        }
    }
    drop_claims(runner, job);
    if (job_done_count(job) == job->partitions) {
        end_stage(runner, job);
    }
    if (runner->over) {
        return STATUS_OK;
    }
    if (!runner->claims_more) {
        return keep_claim(runner, job, arena);
    }
    TRY(claim_more(runner, job, arena));
    take_order(runner, job);
    job->started_ms = job->started_ms == 0 ? now_of(runner) : job->started_ms;
    return STATUS_OK;
}

static enum status change(struct job_update *update, ProtobufCMessage *message, bool exists,
                          enum job_change *ret_change)
{
    struct runner *runner = runner_of(update);
    Loyaltyd__Job *job = (Loyaltyd__Job *)message;
    runner->over = false;
    runner->waits = false;
    runner->deletes = false;
    *ret_change = JOB_CHANGE_PUT;
    if (!exists && strncmp(runner->id, "reindex", 7) != 0) {
        runner->waits = true; // whoever makes it has not come so far
        *ret_change = JOB_CHANGE_NONE;
        return STATUS_OK;
    }
    if (!exists) {
        TRY(make_reindex(runner, job, &update->arena));
    }
    if (job_has_ended(job) && !job->deleting) {
        runner->over = true;
        *ret_change = JOB_CHANGE_NONE;
        return STATUS_OK;
    }
    if (job->cancelled && !job->deleting) {
        end_in_error(runner, job, LOYALTY__V1__CODE__CODE_ABORTED, "CANCELLED",
                     "It was cancelled; what was made durable stays.");
        runner->over = true;
        return STATUS_OK;
    }
    if (lease_now_ms(lease_of(runner)) < job->at_ms &&
        job->kind == LOYALTY__V1__JOB_KIND__JOB_KIND_RESCORE) {
        runner->waits = true; // by this daemon's clock it has not come
        *ret_change = JOB_CHANGE_NONE;
        return STATUS_OK;
    }
    if (is_superseded(runner, job)) {
        end_job(runner, job);
        runner->over = true;
        return STATUS_OK;
    }
    return go_on(runner, job, &update->arena);
}

static void drop_merged(struct runner *runner)
{
    uint32_t kept = 0;
    for (uint32_t i = runner->merging; i < runner->results.count; i++) {
        runner->results.items[kept++] = runner->results.items[i];
    }
    runner->results.count = kept;
    runner->merging = 0;
}

static void on_stepped(struct job_update *update, enum store_result result,
                       const ProtobufCMessage *message)
{
    struct runner *runner = runner_of(update);
    int64_t now_ms = runner_now(runner);
    runner->merged_at_ms = now_ms;
    if (runner->id[0] == '\0' || runner->options.service->stopping) {
        return; // it was left meanwhile
    }
    if (result != STORE_OK) {
        if (result == STORE_FAILED) {
            log_event(LOG_ERROR, "job-failed", "job=%s", runner->id);
        }
        runner_fail(runner);
        return;
    }
    drop_merged(runner);
    const Loyaltyd__Job *job = (const Loyaltyd__Job *)message;
    if (runner->over) {
        runner->reindexes = job->kind == LOYALTY__V1__JOB_KIND__JOB_KIND_REINDEX &&
                            !is_superseded(runner, job) && job->error_code == 0;
        runner_close(runner);
    } else if (runner->waits) {
        runner->resume_ms = now_ms + RUNNER_WAIT_MS;
        runner_leave(runner); // looked at again with the list
    } else if (runner->claims_more) {
        runner->attempt = job->attempts;
        runner->order.attempt = runner->attempt;
        runner_begin_lanes(runner);
        runner_turn_at(runner, now_ms + RUNNER_TICK_MS);
    }
}

static uint64_t visited_of(const struct runner *runner)
{
    uint64_t visited = 0;
    for (uint32_t i = 0; i < RUNNER_LANES; i++) {
        visited += runner->lanes[i].visited;
    }
    return visited;
}

void runner_step(struct runner *runner, bool claims_more)
{
    int64_t passed_ms = runner_now(runner) - runner->merged_at_ms;
    uint64_t visited = visited_of(runner);
    if (passed_ms > 0) {
        runner->rate = (uint32_t)((visited - runner->visited_merged) * 1000 / (uint64_t)passed_ms);
    }
    runner->visited_merged = visited;
    runner->merging = runner->results.count;
    runner->claims_more = claims_more;
    runner->update.type = &loyaltyd__job__descriptor;
    runner->update.list = false;
    memcpy(runner->update.id, runner->id, sizeof(runner->id));
    runner->update.change = change;
    runner->update.on_done = on_stepped;
    job_update_begin(&runner->update);
}
