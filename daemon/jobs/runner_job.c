// The stored job: what is done is put into it together with its counts, under the attempt's claim.
// Each change may be tried several times, and an answer may be lost: bits that are set under our
// own claim are ours, and are not counted again.
#include <stdio.h>
#include <string.h>

#include "jobs/runner_parts.h"
#include "service/bounds.h"

static struct runner *runner_of(struct job_update *update)
{
    return (struct runner *)(void *)((char *)update - offsetof(struct runner, update));
}

// --- how a job ends ---

static enum status end_badly(Loyaltyd__Job *job, struct arena *arena, int64_t now_ms,
                             Loyalty__V1__Code code, const char *reason, const char *message)
{
    job->ended_ms = now_ms;
    job->n_claims = 0;
    job->error_code = code;
    job->error_message = arena_printf(arena, "%s: %s", reason, message);
    return job->error_message == NULL ? STATUS_NO_MEMORY : STATUS_OK;
}

static bool compares(const Loyaltyd__Job *job)
{
    return *job->plan != '\0' && job->stage == 0;
}

static enum status end_moved(Loyaltyd__Job *job, struct arena *arena, int64_t now_ms)
{
    char message[LIMIT_TEXT_BYTES];
    snprintf(message, sizeof message,
             "The moves are not those that were planned: %llu members differ. Nothing was begun; "
             "plan again, or accept the changes.",
             (unsigned long long)job->differ);
    return end_badly(job, arena, now_ms, LOYALTY__V1__CODE__CODE_FAILED_PRECONDITION, "PLAN_MOVED",
                     message);
}

// All partitions are done: the next stage begins, or the job is over.
static enum status end_stage(Loyaltyd__Job *job, struct arena *arena, int64_t now_ms)
{
    if (!compares(job)) {
        job->ended_ms = now_ms > job->started_ms ? now_ms : job->started_ms;
        job->n_claims = 0;
        return STATUS_OK;
    }
    if (job->differ > 0 && !job->accept_changes) {
        return end_moved(job, arena, now_ms);
    }
    job->stage = 1;
    memset(job->done.data, 0, job->done.len);
    return STATUS_OK;
}

// --- whose programs ---

// What is computed holds only for the programs it was asked under: of a plan, of what is compared
// with one, of the due index. A run makes durable what any reader sees; a census counts it.
static bool rests_on_programs(const Loyaltyd__Job *job)
{
    return !job->deleting && job->kind != LOYALTY__V1__JOB_KIND__JOB_KIND_CENSUS &&
           (job->kind != LOYALTY__V1__JOB_KIND__JOB_KIND_RESCORE ||
            (compares(job) && !job->accept_changes));
}

static bool has_programs(const struct runner *runner, const Loyaltyd__Job *job)
{
    const uint8_t *tail = lease_programs(runner->options.service->lease)->tail;
    return job->etag.len == CHAIN_HASH_BYTES && memcmp(job->etag.data, tail, CHAIN_HASH_BYTES) == 0;
}

static enum status judge_programs(struct runner *runner, Loyaltyd__Job *job, struct arena *arena,
                                  bool *ret_goes_on)
{
    const struct lease *lease = runner->options.service->lease;
    *ret_goes_on = !rests_on_programs(job) || has_programs(runner, job);
    if (job->kind == LOYALTY__V1__JOB_KIND__JOB_KIND_RESCORE && !job->deleting &&
        lease_now_ms(lease) < job->at_ms) { // by this daemon's clock it has not come
        *ret_goes_on = false;
        runner->news = NEWS_UNSURE;
        lease_kick(runner->options.service->lease);
        return STATUS_OK;
    }
    if (*ret_goes_on) {
        runner->mismatches = 0;
        return STATUS_OK;
    }
    // Maybe it is this daemon that has not read them yet.
    bool same = strcmp(runner->unsure_id, runner->id) == 0;
    runner->mismatches = same ? runner->mismatches + 1 : 1;
    memcpy(runner->unsure_id, runner->id, sizeof runner->unsure_id);
    lease_kick(runner->options.service->lease);
    if (runner->mismatches < RUNNER_MISMATCHES) {
        runner->news = NEWS_UNSURE;
        return STATUS_OK;
    }
    runner->news = NEWS_OVER;
    bool moved = job->kind == LOYALTY__V1__JOB_KIND__JOB_KIND_RESCORE;
    return end_badly(job, arena, runner_store_now(runner),
                     LOYALTY__V1__CODE__CODE_FAILED_PRECONDITION,
                     moved ? "PLAN_MOVED" : "PROGRAM_CHANGED",
                     "The rules were changed since this was asked for; ask again.");
}

// --- the claim ---

static uint32_t claim_bits(const struct claimed *claimed)
{
    uint32_t count = claimed->until - claimed->from;
    return count >= 32 ? UINT32_MAX : (UINT32_C(1) << count) - 1;
}

static enum status merge(struct runner *runner, Loyaltyd__Job *job, struct arena *arena)
{
    bool merged = runner->sent != 0;
    for (uint32_t i = 0; i < CLAIM_PARTITIONS; i++) {
        if ((runner->sent >> i & 1) != 0) {
            merged = merged && job_is_done(job, runner->claimed.from + i);
            job_set_done(job, runner->claimed.from + i);
        }
    }
    return merged ? STATUS_OK : tally_add_to(&runner->sending, job, arena);
}

static bool gives_back(const struct runner *runner)
{
    return runner->options.service->draining;
}

// Reports into our own claim. True when that goes on.
static enum status report_own(struct runner *runner, Loyaltyd__Job *job, struct arena *arena,
                              bool *ret_goes_on)
{
    Loyaltyd__JobClaim *claim = claims_find(job, runner->claimed.attempt);
    *ret_goes_on = true;
    if (claim == NULL) {
        runner->news = NEWS_LOST;
        return STATUS_OK;
    }
    TRY(merge(runner, job, arena));
    uint32_t all = claim_bits(&runner->claimed);
    bool finished = ((runner->reported | runner->sent) & all) == all;
    if (finished || gives_back(runner)) {
        claims_remove(job, runner->claimed.attempt);
        *ret_goes_on = false;
        return STATUS_OK;
    }
    claim->until_ms = runner_store_now(runner) + CLAIM_LAPSE_MS;
    claim->rate = runner->rate;
    runner->news = NEWS_MINE;
    return STATUS_OK;
}

static enum status claim_more(struct runner *runner, Loyaltyd__Job *job, struct arena *arena,
                              enum job_change *ret_change)
{
    int64_t now_ms = runner_store_now(runner);
    claims_drop_lapsed(job, now_ms);
    if (claims_all_done(job)) {
        if (job->deleting) {
            runner->news = NEWS_OVER;
            runner->deleted = true;
            *ret_change = JOB_CHANGE_DELETE;
            return STATUS_OK;
        }
        TRY(end_stage(job, arena, now_ms));
    }
    if (job_has_ended(job) && !job->deleting) {
        runner->news = NEWS_OVER;
        return STATUS_OK;
    }
    if (gives_back(runner)) {
        return STATUS_OK;
    }
    TRY(claims_take(job, arena, now_ms, &runner->next));
    if (runner->next.attempt == 0) {
        return STATUS_OK;
    }
    claims_find(job, runner->next.attempt)->rate = runner->rate;
    job->started_ms = job->started_ms == 0 ? now_ms : job->started_ms;
    runner->news = NEWS_CLAIMED;
    return STATUS_OK;
}

// --- the change ---

static enum status change_open(struct runner *runner, Loyaltyd__Job *job, struct arena *arena,
                               enum job_change *ret_change)
{
    bool goes_on = false;
    *ret_change = JOB_CHANGE_PUT;
    if (job->cancelled && !job->deleting) {
        runner->news = NEWS_OVER;
        return end_badly(job, arena, runner_store_now(runner), LOYALTY__V1__CODE__CODE_ABORTED,
                         "CANCELLED", "It was cancelled. What it had made durable stays.");
    }
    TRY(judge_programs(runner, job, arena, &goes_on));
    if (!goes_on) {
        *ret_change = runner->news == NEWS_OVER ? JOB_CHANGE_PUT : JOB_CHANGE_NONE;
        return STATUS_OK;
    }
    if (runner->fault != NULL) {
        runner->news = NEWS_OVER;
        return end_badly(job, arena, runner_store_now(runner), LOYALTY__V1__CODE__CODE_INTERNAL,
                         runner->fault, "A partition could not be worked at.");
    }
    if (runner->claimed.attempt != 0) {
        TRY(report_own(runner, job, arena, &goes_on));
        if (goes_on) {
            *ret_change = runner->news == NEWS_MINE ? JOB_CHANGE_PUT : JOB_CHANGE_NONE;
            return STATUS_OK;
        }
    }
    TRY(claim_more(runner, job, arena, ret_change));
    bool same = runner->news == NEWS_NOTHING && runner->claimed.attempt == 0;
    *ret_change = same ? JOB_CHANGE_NONE : *ret_change;
    return STATUS_OK;
}

static enum status change_job(struct job_update *update, ProtobufCMessage *message, bool exists,
                              enum job_change *ret_change)
{
    struct runner *runner = runner_of(update);
    Loyaltyd__Job *job = (Loyaltyd__Job *)message;
    *ret_change = JOB_CHANGE_NONE;
    runner->news = NEWS_NOTHING;
    runner->next = (struct claimed){0};
    runner->deleted = false;
    runner->missing = !exists;
    if (!exists || (job_has_ended(job) && !job->deleting)) {
        runner->news = NEWS_OVER;
        return STATUS_OK;
    }
    return change_open(runner, job, &update->arena, ret_change);
}

// --- what it says of the work ---

static enum work_kind kind_of(const Loyaltyd__Job *job)
{
    if (job->deleting) {
        return WORK_FORGET;
    }
    switch (job->kind) {
    case LOYALTY__V1__JOB_KIND__JOB_KIND_PLAN:
        return WORK_PLAN;
    case LOYALTY__V1__JOB_KIND__JOB_KIND_RESCORE:
        return compares(job) ? WORK_COMPARE : WORK_RESCORE;
    case LOYALTY__V1__JOB_KIND__JOB_KIND_CENSUS:
        return WORK_CENSUS;
    default:
        return WORK_REINDEX;
    }
}

// Where history was posted of late, the index has its accounts for a day from then on, though they
// are due (service/account_attempt.c): so far it is asked.
static int64_t until_of(const struct runner *runner, const Loyaltyd__Job *job)
{
    int64_t late_ms = lease_now_ms(runner->options.service->lease) + SERVICE_HISTORY_QUIET_MS;
    return job->at_ms > late_ms ? job->at_ms : late_ms;
}

static void read_work(struct runner *runner, const Loyaltyd__Job *job)
{
    struct work *work = &runner->work;
    *work = (struct work){
        .service = runner->options.service,
        .kind = kind_of(job),
        .at_ms = job->at_ms,
        .until_ms = until_of(runner, job),
        // By a plan too: who was moved by a till since is due no more, yet may not be in the plan.
        .all = job->full || *job->plan != '\0',
        .plan_whole = job->plan_whole,
        .full = job->full,
        .attempt = job->deleting ? job->attempts : runner->next.attempt,
    };
    snprintf(work->job, sizeof work->job, "%s", job->id);
    snprintf(work->plan, sizeof work->plan, "%s", job->deleting ? "" : job->plan);
}

static void on_changed(struct job_update *update, enum store_result result,
                       const ProtobufCMessage *message)
{
    struct runner *runner = runner_of(update);
    const Loyaltyd__Job *job = (const Loyaltyd__Job *)message;
    if (result == STORE_OK && !runner->missing) {
        runner->is_reindex = job->kind == LOYALTY__V1__JOB_KIND__JOB_KIND_REINDEX &&
                             job_has_ended(job) && job->error_code == 0;
        if (job->etag.len == CHAIN_HASH_BYTES) {
            memcpy(runner->etag, job->etag.data, CHAIN_HASH_BYTES);
        }
        if (runner->news == NEWS_CLAIMED) {
            read_work(runner, job);
        }
    }
    runner_reported(runner, result);
}

void runner_report(struct runner *runner)
{
    struct job_update *update = &runner->update;
    update->service = runner->options.service;
    update->type = &loyaltyd__job__descriptor;
    update->list = false;
    memcpy(update->id, runner->id, sizeof update->id);
    update->change = change_job;
    update->on_done = on_changed;
    if (runner->sent == 0) {
        runner->sent = runner->done;
        runner->done = 0;
        runner->sending = runner->tally;
        runner->tally = (struct tally){0};
    }
    job_update_begin(update);
}
