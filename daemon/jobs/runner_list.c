// The list of all jobs: what is not done, what has ended, and the jobs that nobody asks for.
#include <stdio.h>
#include <string.h>

#include "jobs/runner_parts.h"

static struct runner *runner_of(struct job_update *update)
{
    return (struct runner *)(void *)((char *)update - offsetof(struct runner, update));
}

static const uint8_t *tail_of(const struct runner *runner)
{
    return lease_programs(runner->options.service->lease)->tail;
}

static void list_begin(struct runner *runner,
                       enum status (*change)(struct job_update *update, ProtobufCMessage *message,
                                             bool exists, enum job_change *ret_change),
                       void (*on_done)(struct job_update *update, enum store_result result,
                                       const ProtobufCMessage *message))
{
    struct job_update *update = &runner->update;
    update->service = runner->options.service;
    update->type = &loyaltyd__jobs__descriptor;
    update->list = true;
    update->change = change;
    update->on_done = on_done;
    job_update_begin(update);
}

// --- a look ---

// Since when the programs are what they are, as far as is known here.
static void note_tail(struct runner *runner)
{
    if (memcmp(runner->tail, tail_of(runner), CHAIN_HASH_BYTES) != 0) {
        memcpy(runner->tail, tail_of(runner), CHAIN_HASH_BYTES);
        runner->tail_ms = runner_now(runner);
    }
}

static bool index_is_right(const struct runner *runner, const Loyaltyd__Jobs *jobs)
{
    return jobs->indexed_for.len == CHAIN_HASH_BYTES &&
           memcmp(jobs->indexed_for.data, tail_of(runner), CHAIN_HASH_BYTES) == 0;
}

static bool is_under_way(const Loyaltyd__Jobs *jobs, Loyalty__V1__JobKind kind)
{
    for (size_t i = 0; i < jobs->n_heads; i++) {
        if (!jobs->heads[i]->done && jobs->heads[i]->kind == (uint32_t)kind) {
            return true;
        }
    }
    return false;
}

static bool wants_reindex(const struct runner *runner, const Loyaltyd__Jobs *jobs)
{
    return runner_now(runner) >= runner->tail_ms + RUNNER_REINDEX_MS &&
           !is_under_way(jobs, LOYALTY__V1__JOB_KIND__JOB_KIND_REINDEX) &&
           !index_is_right(runner, jobs);
}

static bool wants_census(const struct runner *runner, const Loyaltyd__Jobs *jobs)
{
    const Loyaltyd__JobHead *last = job_list_census(jobs);
    int64_t census_ms = runner->options.census_ms;
    return census_ms > 0 && runner_now(runner) >= runner->begun_ms + RUNNER_CENSUS_MS &&
           !is_under_way(jobs, LOYALTY__V1__JOB_KIND__JOB_KIND_CENSUS) &&
           (last == NULL || runner_store_now(runner) >= last->created_ms + census_ms);
}

// Of jobs that nobody asks for, the one to be made; 0: none.
static Loyalty__V1__JobKind wanted(const struct runner *runner, const Loyaltyd__Jobs *jobs)
{
    if (lease_programs(runner->options.service->lease)->records == 0) {
        return 0;
    }
    return wants_reindex(runner, jobs)  ? LOYALTY__V1__JOB_KIND__JOB_KIND_REINDEX
           : wants_census(runner, jobs) ? LOYALTY__V1__JOB_KIND__JOB_KIND_CENSUS
                                        : 0;
}

static void on_looked(struct job_update *update, enum store_result result,
                      const ProtobufCMessage *message)
{
    struct runner *runner = runner_of(update);
    const Loyaltyd__Jobs *jobs = (const Loyaltyd__Jobs *)message;
    runner->id_count = 0;
    runner->id_at = 0;
    runner->wanted = 0;
    if (result == STORE_OK && lease_check(update->service->lease, true) == TROUBLE_NONE) {
        note_tail(runner);
        for (size_t i = jobs->n_heads; i > 0 && runner->id_count < JOBS_MAX; i--) {
            const Loyaltyd__JobHead *head = jobs->heads[i - 1];
            if (!head->done) {
                snprintf(runner->ids[runner->id_count++], sizeof runner->ids[0], "%s", head->id);
            }
        }
        runner->wanted = wanted(runner, jobs);
        const Loyaltyd__JobHead *census = job_list_census(jobs);
        snprintf(runner->census_id, sizeof runner->census_id, "%s",
                 census == NULL ? "" : census->id);
    }
    runner_listed(runner, result);
}

void runner_list(struct runner *runner)
{
    list_begin(runner, NULL, on_looked);
}

// --- the end of a job ---

static enum status set_indexed(const struct runner *runner, Loyaltyd__Jobs *jobs,
                               struct arena *arena)
{
    struct span etag;
    TRY(arena_copy(arena, span_of(runner->etag, CHAIN_HASH_BYTES), &etag));
    jobs->indexed_for.data = (uint8_t *)etag.data;
    jobs->indexed_for.len = etag.len;
    return STATUS_OK;
}

static enum status close_head(struct job_update *update, ProtobufCMessage *message, bool exists,
                              enum job_change *ret_change)
{
    struct runner *runner = runner_of(update);
    Loyaltyd__Jobs *jobs = (Loyaltyd__Jobs *)message;
    Loyaltyd__JobHead *head = job_list_find(jobs, runner->id);
    (void)exists;
    *ret_change = JOB_CHANGE_NONE;
    if (head == NULL || head->done) {
        return STATUS_OK;
    }
    bool orphan = runner->missing && !runner->deleted;
    if (orphan && head->created_ms + RUNNER_ORPHAN_MS > runner_store_now(runner)) {
        return STATUS_OK; // whoever made it may still put the job
    }
    *ret_change = JOB_CHANGE_PUT;
    if (runner->missing || runner->deleted) {
        job_list_remove(jobs, runner->id);
        return STATUS_OK;
    }
    head->done = true;
    return runner->is_reindex ? set_indexed(runner, jobs, &update->arena) : STATUS_OK;
}

static void on_settled(struct job_update *update, enum store_result result,
                       const ProtobufCMessage *message)
{
    (void)message;
    runner_settled(runner_of(update), result);
}

void runner_close(struct runner *runner)
{
    list_begin(runner, close_head, on_settled);
}

// --- jobs that nobody asks for ---

static enum status fill_wanted(const struct runner *runner, Loyaltyd__Job *job, struct arena *arena)
{
    const struct lease *lease = runner->options.service->lease;
    struct span etag;
    TRY(arena_copy(arena, span_of(runner->etag, CHAIN_HASH_BYTES), &etag));
    job->id = arena_printf(arena, "%s", runner->id);
    job->kind = runner->wanted;
    job->full = true;
    job->created_ms = lease_store_now_ms(lease);
    job->at_ms = runner->wanted == LOYALTY__V1__JOB_KIND__JOB_KIND_CENSUS ? lease_now_ms(lease) : 0;
    job->etag.data = (uint8_t *)etag.data;
    job->etag.len = etag.len;
    job->stage = 1;
    return job->id == NULL ? STATUS_NO_MEMORY
                           : job_set_partitions(job, arena, lease_partitions(lease));
}

static enum status put_wanted(struct job_update *update, ProtobufCMessage *message, bool exists,
                              enum job_change *ret_change)
{
    *ret_change = exists ? JOB_CHANGE_NONE : JOB_CHANGE_PUT;
    return exists ? STATUS_OK
                  : fill_wanted(runner_of(update), (Loyaltyd__Job *)message, &update->arena);
}

static void job_begin(struct runner *runner, const char *id,
                      enum status (*change)(struct job_update *update, ProtobufCMessage *message,
                                            bool exists, enum job_change *ret_change),
                      void (*on_done)(struct job_update *update, enum store_result result,
                                      const ProtobufCMessage *message))
{
    struct job_update *update = &runner->update;
    update->type = &loyaltyd__job__descriptor;
    update->list = false;
    snprintf(update->id, sizeof update->id, "%s", id);
    update->change = change;
    update->on_done = on_done;
    job_update_begin(update);
}

static void on_dropped(struct job_update *update, enum store_result result,
                       const ProtobufCMessage *message)
{
    struct runner *runner = runner_of(update);
    (void)message;
    (void)result; // at worst a value stays that nothing tells of
    job_begin(runner, runner->id, put_wanted, on_settled);
}

static enum status drop_job(struct job_update *update, ProtobufCMessage *message, bool exists,
                            enum job_change *ret_change)
{
    (void)update;
    (void)message;
    *ret_change = exists ? JOB_CHANGE_DELETE : JOB_CHANGE_NONE;
    return STATUS_OK;
}

static void on_head_made(struct job_update *update, enum store_result result,
                         const ProtobufCMessage *message)
{
    struct runner *runner = runner_of(update);
    (void)message;
    if (result != STORE_OK || runner->id[0] == '\0') {
        runner_settled(runner, STORE_UNAVAILABLE); // the next look is early enough
    } else if (runner->dropped[0] != '\0') {
        job_begin(runner, runner->dropped, drop_job, on_dropped);
    } else {
        job_begin(runner, runner->id, put_wanted, on_settled);
    }
}

// Of censuses the last one that is done is kept, while the next one is taken; an older one goes.
static void drop_census(struct runner *runner, Loyaltyd__Jobs *jobs)
{
    const Loyaltyd__JobHead *last = job_list_census(jobs);
    for (size_t i = jobs->n_heads; i > 0 && runner->dropped[0] == '\0'; i--) {
        const Loyaltyd__JobHead *head = jobs->heads[i - 1];
        if (head->kind == LOYALTY__V1__JOB_KIND__JOB_KIND_CENSUS && head->done && head != last) {
            snprintf(runner->dropped, sizeof runner->dropped, "%s", head->id);
        }
    }
    job_list_remove(jobs, runner->dropped);
}

static enum status make_head(struct job_update *update, ProtobufCMessage *message, bool exists,
                             enum job_change *ret_change)
{
    struct runner *runner = runner_of(update);
    Loyaltyd__Jobs *jobs = (Loyaltyd__Jobs *)message;
    Loyaltyd__JobHead *head = NULL;
    char dropped[JOB_ID_BYTES + 1];
    (void)exists;
    *ret_change = JOB_CHANGE_NONE;
    runner->id[0] = '\0';
    runner->dropped[0] = '\0';
    note_tail(runner);
    runner->wanted = wanted(runner, jobs);
    if (runner->wanted == 0) {
        return STATUS_OK; // somebody was faster
    }
    drop_census(runner, jobs);
    enum status status = job_list_add(jobs, &update->arena, runner->wanted, &head, dropped);
    if (status != STATUS_OK) {
        return status == STATUS_TOO_LARGE ? STATUS_OK : status; // until there is a place
    }
    if (dropped[0] != '\0') {
        memcpy(runner->dropped, dropped, sizeof dropped);
    }
    memcpy(runner->etag, tail_of(runner), CHAIN_HASH_BYTES);
    head->created_ms = runner_store_now(runner);
    snprintf(runner->id, sizeof runner->id, "%s", head->id);
    *ret_change = JOB_CHANGE_PUT;
    return STATUS_OK;
}

void runner_make_wanted(struct runner *runner)
{
    list_begin(runner, make_head, on_head_made);
}
