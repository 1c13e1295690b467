// A person is forgotten: the store lets go of what the member was found by, the profile is deleted,
// so it goes for members that were merged into this one, who do it themselves, and the store's file
// is rewritten, so that nothing of it is left there. Each step may be done again.
#include "service/identifiers.h"
#include "service/obligations_parts.h"
#include "service/profiles.h"

static void job_let_go(struct job *job);

enum status job_read_erased(struct job *job, const struct account *account)
{
    job->listed_count = account->identifiers.count;
    job->listed_done = 0;
    for (uint32_t i = 0; i < account->identifiers.count; i++) {
        job->listed[i] = account->identifiers.items[i].identifier;
    }
    job->absorbed_count = account->absorbed.count;
    job->absorbed_done = 0;
    job->absorbed = arena_alloc_array(&job->kept, job->absorbed_count, sizeof(*job->absorbed));
    if (job->absorbed == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t i = 0; i < account->absorbed.count; i++) {
        TRY(arena_copy(&job->kept, span_of_text(account->absorbed.items[i].member_id),
                       &job->absorbed[i]));
    }
    struct span *reason = &job->record.status_changed.reason; // borrowed from the log
    return arena_copy(&job->kept, *reason, reason);
}

static void on_rewritten(void *context, const struct store_reply *reply)
{
    struct job *job = context;
    if (reply->result == STORE_OK) {
        job_write_done(job);
    } else {
        job_leave_open(job);
    }
}

// --- members that were merged into this one ---

static enum status decide_absorbed_erased(void *context, const struct decide *decide,
                                          struct decision *ret_decision)
{
    struct job *job = context;
    struct status_command command = {.status = MEMBER_ERASED,
                                     .reason = job->record.status_changed.reason};
    return decide_status(decide, &command, ret_decision);
}

// One whose merge is not ended in its own log yet is waited for; any other no means it is erased.
static void on_absorbed_erased(void *context, const struct task_result *result)
{
    struct job *job = context;
    bool decided = result->end == TASK_DECIDED;
    bool waits = decided && result->decision->outcome == OUTCOME_REFUSED &&
                 result->decision->refusal.reason == REFUSAL_MERGED;
    job->failed = waits || (!decided && result->end != TASK_REPLAYED);
    job->absorbed_done++;
}

static void job_erase_absorbed(struct job *job)
{
    if (job->absorbed_done == job->absorbed_count) {
        store_rewrite(job->service->options.store, on_rewritten, job);
        return;
    }
    struct span id = job->absorbed[job->absorbed_done];
    memcpy(job->other_id, id.data, id.len);
    job->other_id_len = id.len;
    job_submit_elsewhere(job, false, decide_absorbed_erased, on_absorbed_erased,
                         job_erase_absorbed);
}

// --- this one ---

static void on_profile_deleted(void *context, bool deleted)
{
    struct job *job = context;
    if (deleted) {
        job_erase_absorbed(job);
    } else {
        job_leave_open(job);
    }
}

// Another's by now is as good as nobody's.
static void on_let_go(void *context, const struct store_reply *reply)
{
    struct job *job = context;
    if (reply->result == STORE_OK || reply->result == STORE_TAKEN) {
        job->listed_done++;
        job_let_go(job);
    } else {
        job_leave_open(job);
    }
}

static void job_let_go(struct job *job)
{
    struct service *service = job->service;
    if (job->listed_done == job->listed_count) {
        profile_delete(service, job_member(job), on_profile_deleted, job);
        return;
    }
    struct identifier_place place = identifiers_place(service, &job->listed[job->listed_done]);
    store_unclaim(service->options.store, place.partition, identifier_place_key(&place),
                  job_member(job), on_let_go, job);
}

void job_do_erase(struct job *job)
{
    job_let_go(job);
}
