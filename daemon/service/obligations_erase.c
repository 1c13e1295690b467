// A person is forgotten: the store lets go of what the member was found by, the profile is deleted,
// and the store's file is rewritten, so that nothing of them is left in it. Each step may be done
// again.
#include "service/identifiers.h"
#include "service/obligations_parts.h"
#include "service/profiles.h"

static void job_let_go(struct job *job);

void job_read_erased(struct job *job, const struct account *account)
{
    job->listed_count = account->identifiers.count;
    job->listed_done = 0;
    for (uint32_t i = 0; i < account->identifiers.count; i++) {
        job->listed[i] = account->identifiers.items[i].identifier;
    }
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

static void on_profile_deleted(void *context, bool deleted)
{
    struct job *job = context;
    if (deleted) {
        store_rewrite(job->service->options.store, on_rewritten, job);
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
