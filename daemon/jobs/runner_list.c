// The list of all jobs, as the runner reads and changes it.
#include "jobs/runner_parts.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"

static struct runner *runner_of(struct job_update *update)
{
    return (struct runner *)(void *)((char *)update - offsetof(struct runner, update));
}

static void list_begin(struct runner *runner,
                       enum status (*change)(struct job_update *update, ProtobufCMessage *message,
                                             bool exists, enum job_change *ret_change),
                       void (*on_done)(struct job_update *update, enum store_result result,
                                       const ProtobufCMessage *message))
{
    runner->update.type = &loyaltyd__jobs__descriptor;
    runner->update.list = true;
    runner->update.change = change;
    runner->update.on_done = on_done;
    job_update_begin(&runner->update);
}

// --- looking for work ---

// The oldest that is not done; one that could not be gone on with has its turn after the others.
static const Loyaltyd__JobHead *next_of(const struct runner *runner, const Loyaltyd__Jobs *jobs)
{
    const Loyaltyd__JobHead *passed_over = NULL;
    for (size_t i = jobs->n_heads; i > 0; i--) {
        const Loyaltyd__JobHead *head = jobs->heads[i - 1];
        if (!head->done && strcmp(head->id, runner->skipped) != 0) {
            return head;
        }
        passed_over = head->done ? passed_over : head;
    }
    return passed_over;
}

static bool wants_reindex(const struct runner *runner, const Loyaltyd__Jobs *jobs)
{
    bool right = jobs->indexed_for.len == sizeof(runner->etag) &&
                 memcmp(jobs->indexed_for.data, runner->etag, sizeof(runner->etag)) == 0;
    size_t versions = lease_programs(runner->options.service->lease)->count;
    for (size_t i = 0; i < jobs->n_heads; i++) {
        const Loyaltyd__JobHead *head = jobs->heads[i];
        right = right || (!head->done && head->kind == LOYALTY__V1__JOB_KIND__JOB_KIND_REINDEX);
    }
    return !right && versions > 0 &&
           runner_now(runner) >= runner->etag_since_ms + RUNNER_REINDEX_AFTER_MS;
}

static enum status look(struct job_update *update, ProtobufCMessage *message, bool exists,
                        enum job_change *ret_change)
{
    struct runner *runner = runner_of(update);
    Loyaltyd__Jobs *jobs = (Loyaltyd__Jobs *)message;
    const Loyaltyd__JobHead *next = next_of(runner, jobs);
    (void)exists;
    *ret_change = JOB_CHANGE_NONE;
    runner->id[0] = '\0';
    if (wants_reindex(runner, jobs)) {
        char dropped[JOB_ID_BYTES + 1];
        Loyaltyd__JobHead *head = NULL;
        enum status status = job_list_add(jobs, &update->arena,
                                          LOYALTY__V1__JOB_KIND__JOB_KIND_REINDEX, &head, dropped);
        if (status == STATUS_NO_MEMORY) {
            return status;
        }
        if (status == STATUS_OK) { // else they are too many: later
            head->created_ms = lease_store_now_ms(runner->options.service->lease);
            *ret_change = JOB_CHANGE_PUT;
            next = next == NULL ? head : next;
        }
    }
    if (next != NULL) {
        snprintf(runner->id, sizeof(runner->id), "%s", next->id);
        snprintf(runner->skipped, sizeof(runner->skipped), "%s", next->id);
    }
    return STATUS_OK;
}

static void on_looked(struct job_update *update, enum store_result result,
                      const ProtobufCMessage *message)
{
    struct runner *runner = runner_of(update);
    (void)message;
    if (result != STORE_OK) {
        runner_fail(runner);
    } else if (runner->id[0] != '\0' && !runner->options.service->stopping) {
        runner->attempt = 0;
        runner->results.count = 0;
        runner->claimed_count = 0;
        runner->claimed_next = 0;
        runner_step(runner, true);
    }
}

void runner_look(struct runner *runner)
{
    list_begin(runner, look, on_looked);
}

// --- a job that has ended ---

static enum status close_head(struct job_update *update, ProtobufCMessage *message, bool exists,
                              enum job_change *ret_change)
{
    struct runner *runner = runner_of(update);
    Loyaltyd__Jobs *jobs = (Loyaltyd__Jobs *)message;
    Loyaltyd__JobHead *head = job_list_find(jobs, runner->id);
    (void)exists;
    *ret_change = head == NULL ? JOB_CHANGE_NONE : JOB_CHANGE_PUT;
    if (head == NULL) {
        return STATUS_OK;
    }
    if (runner->deletes) {
        job_list_remove(jobs, runner->id);
        return STATUS_OK;
    }
    head->done = true;
    if (head->kind == LOYALTY__V1__JOB_KIND__JOB_KIND_REINDEX && runner->reindexes) {
        struct span etag;
        TRY(arena_copy(&update->arena, span_of(runner->etag, sizeof(runner->etag)), &etag));
        jobs->indexed_for.data = (uint8_t *)etag.data;
        jobs->indexed_for.len = etag.len;
    }
    return STATUS_OK;
}

static void on_closed(struct job_update *update, enum store_result result,
                      const ProtobufCMessage *message)
{
    struct runner *runner = runner_of(update);
    (void)message;
    if (result != STORE_OK) {
        runner_fail(runner); // whoever looks next closes it
        return;
    }
    log_event(LOG_INFO, runner->deletes ? "job-forgotten" : "job-ended", "job=%s", runner->id);
    runner_leave(runner);
    runner_turn_at(runner, runner_now(runner));
}

static enum status forget(struct job_update *update, ProtobufCMessage *message, bool exists,
                          enum job_change *ret_change)
{
    (void)update;
    (void)message;
    *ret_change = exists ? JOB_CHANGE_DELETE : JOB_CHANGE_NONE;
    return STATUS_OK;
}

static void on_forgotten(struct job_update *update, enum store_result result,
                         const ProtobufCMessage *message)
{
    struct runner *runner = runner_of(update);
    (void)message;
    if (result != STORE_OK) {
        runner_fail(runner);
        return;
    }
    list_begin(runner, close_head, on_closed);
}

void runner_close(struct runner *runner)
{
    if (!runner->deletes) {
        list_begin(runner, close_head, on_closed);
        return;
    }
    runner->update.type = &loyaltyd__job__descriptor;
    runner->update.list = false;
    runner->update.change = forget;
    runner->update.on_done = on_forgotten;
    job_update_begin(&runner->update);
}
