// Identifiers in the store:
//
//     CLAIMING -> claim -> OK ------------------> write BOUND
//                   |  \-> TAKEN -> look at owner: lists it -> write BOUND, lost
//                   \<---- take over -------------/ does not
//     RELEASING -> let go -> write BOUND, lost
//
// A kind by which nobody is found is not claimed.
#include "core/identify.h"
#include "service/bounds.h"
#include "service/identifiers.h"
#include "service/obligations_parts.h"

static void job_claim(struct job *job, struct span take_over_from);

// --- the end of it ---

static enum status decide_settled_identifier(void *context, const struct decide *decide,
                                             struct decision *ret_decision)
{
    struct job *job = context;
    if (!account_exists(decide->account)) {
        *ret_decision = (struct decision){.outcome = OUTCOME_NOTHING};
        return STATUS_OK;
    }
    return decide_bound(decide, &job->bound, ret_decision);
}

static void job_write(struct job *job, bool lost)
{
    job->bound.lost = lost;
    job_submit(job, job_member(job), decide_settled_identifier, job_on_written, job_look);
}

// --- another member has it ---

static void on_owner(void *context, const struct task_result *result)
{
    struct job *job = context;
    job->failed = result->end != TASK_READ;
    job->owner_lists = !job->failed && identifiers_held(result->account, &job->bound.identifier);
}

static void job_judge_owner(struct job *job)
{
    if (job->owner_lists) {
        job_write(job, true);
        return;
    }
    job->rounds++;
    if (job->rounds > SERVICE_CLAIM_ROUNDS) {
        job_give_up(job);
        return;
    }
    job_claim(job, job_other(job));
}

static void on_claimed(void *context, const struct store_reply *reply)
{
    struct job *job = context;
    if (reply->result == STORE_OK) {
        job_write(job, false);
        return;
    }
    bool taken = reply->result == STORE_TAKEN && reply->bytes.len > 0 &&
                 reply->bytes.len <= LIMIT_MEMBER_ID_BYTES;
    if (!taken || job->service->stopping) {
        job_give_up(job);
        return;
    }
    memcpy(job->other_id, reply->bytes.data, reply->bytes.len);
    job->other_id_len = reply->bytes.len;
    job_submit(job, job_other(job), NULL, on_owner, job_judge_owner);
}

static void job_claim(struct job *job, struct span take_over_from)
{
    struct identifier_place place = identifiers_place(job->service, &job->bound.identifier);
    store_claim(job->service->options.store, place.partition, identifier_place_key(&place),
                job_member(job), take_over_from, on_claimed, job);
}

// --- letting go ---

// Another's by now is as good as nobody's.
static void on_unclaimed(void *context, const struct store_reply *reply)
{
    struct job *job = context;
    if (reply->result == STORE_OK || reply->result == STORE_TAKEN) {
        job_write(job, true);
    } else {
        job_give_up(job);
    }
}

void job_settle_identifier(struct job *job)
{
    struct service *service = job->service;
    struct identifier_place place = identifiers_place(service, &job->bound.identifier);
    const struct program_version *version =
        program_set_at(lease_set(service->lease), lease_now_ms(service->lease));
    job->rounds = 0;
    if (job->stage == IDENTIFIER_RELEASING) {
        store_unclaim(service->options.store, place.partition, identifier_place_key(&place),
                      job_member(job), on_unclaimed, job);
    } else if (version != NULL &&
               !identify_is_matched(version->program, job->bound.identifier.kind)) {
        job_write(job, false);
    } else {
        job_claim(job, (struct span){0});
    }
}
