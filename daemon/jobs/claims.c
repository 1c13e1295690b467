// Claims are a few, and looked through one by one.
#include "jobs/claims.h"

#include <string.h>

#include "wire/message.h"

void claims_drop_lapsed(Loyaltyd__Job *job, int64_t now_ms)
{
    size_t kept = 0;
    for (size_t i = 0; i < job->n_claims; i++) {
        if (job->claims[i]->until_ms > now_ms) {
            job->claims[kept++] = job->claims[i];
        }
    }
    job->n_claims = kept;
}

Loyaltyd__JobClaim *claims_find(const Loyaltyd__Job *job, uint64_t attempt)
{
    for (size_t i = 0; i < job->n_claims; i++) {
        if (job->claims[i]->attempt == attempt) {
            return job->claims[i];
        }
    }
    return NULL;
}

void claims_remove(Loyaltyd__Job *job, uint64_t attempt)
{
    size_t kept = 0;
    for (size_t i = 0; i < job->n_claims; i++) {
        if (job->claims[i]->attempt != attempt) {
            job->claims[kept++] = job->claims[i];
        }
    }
    job->n_claims = kept;
}

static bool is_free(const Loyaltyd__Job *job, uint32_t partition)
{
    for (size_t i = 0; i < job->n_claims; i++) {
        const Loyaltyd__JobClaim *claim = job->claims[i];
        if (partition >= claim->from_partition && partition < claim->until_partition) {
            return false;
        }
    }
    return !job_is_done(job, partition);
}

static enum status add_claim(Loyaltyd__Job *job, struct arena *arena,
                             Loyaltyd__JobClaim **ret_claim)
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
    claims[job->n_claims++] = claim;
    job->claims = claims;
    *ret_claim = claim;
    return STATUS_OK;
}

enum status claims_take(Loyaltyd__Job *job, struct arena *arena, int64_t now_ms,
                        struct claimed *ret_claimed)
{
    *ret_claimed = (struct claimed){0};
    uint32_t from = 0;
    while (from < job->partitions && !is_free(job, from)) {
        from++;
    }
    if (from == job->partitions || job->n_claims >= JOB_CLAIMS_MAX) {
        return STATUS_OK;
    }
    uint32_t left = job->partitions - job_done_count(job);
    uint32_t share = left / CLAIM_SHARE + 1;
    uint32_t most = share < CLAIM_PARTITIONS ? share : (uint32_t)CLAIM_PARTITIONS;
    uint32_t until = from + 1;
    while (until < job->partitions && until < from + most && is_free(job, until)) {
        until++;
    }
    Loyaltyd__JobClaim *claim = NULL;
    TRY(add_claim(job, arena, &claim));
    job->attempts++;
    claim->attempt = job->attempts;
    claim->from_partition = from;
    claim->until_partition = until;
    claim->until_ms = now_ms + CLAIM_LAPSE_MS;
    *ret_claimed = (struct claimed){.attempt = job->attempts, .from = from, .until = until};
    return STATUS_OK;
}

bool claims_all_done(const Loyaltyd__Job *job)
{
    return job_done_count(job) == job->partitions;
}
