// Compaction of one account a job: pause -> load -> snapshot of the whole log -> compact_if. The
// cut is the whole log as read; what is appended meanwhile is untouched by it. Invariant: a job has
// either its timer set or one call of it at the store.
#include "jobs/compact.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/log.h"
#include "core/calendar.h"
#include "core/snapshot.h"
#include "service/bounds.h"

struct job {
    struct compact *compact;
    struct timer timer;
    bool taken;
    char id[LIMIT_MEMBER_ID_BYTES];
    size_t id_len;
    uint32_t partition;
    uint64_t cut_bytes;
    uint64_t snapshot_bytes;
};

struct compact {
    struct compact_options options;
    struct job jobs[COMPACT_AT_ONCE];
    struct arena scratch;   // of one record at a time
    struct buffer snapshot; // copied by the store
    bool failing;           // and logged
};

static struct span job_id(const struct job *job)
{
    return span_of(job->id, job->id_len);
}

static void job_end(struct job *job)
{
    CHECK(job->taken && job->timer.place == 0);
    job->taken = false;
}

// Says why the first of a row of failures came about.
static void job_fail(struct job *job, const char *step, const char *why)
{
    struct compact *compact = job->compact;
    if (!compact->failing && !compact->options.service->stopping) {
        log_event(LOG_WARNING, "compaction-failed", "step=%s why=\"%s\"", step, why);
        compact->failing = true;
    }
    job_end(job);
}

static void on_compacted(void *context, const struct store_reply *reply)
{
    struct job *job = context;
    if (reply->result != STORE_OK) {
        job_fail(job, "write", store_result_name(reply->result));
        return;
    }
    job->compact->failing = false;
    accounts_compacted(job->compact->options.service->accounts, job_id(job), job->cut_bytes,
                       job->snapshot_bytes, reply->log_bytes);
    job_end(job);
}

static bool is_due(const struct compact *compact, uint64_t log_bytes, uint64_t compacted_bytes)
{
    return log_bytes > compact->options.bytes && log_bytes / 2 >= compacted_bytes;
}

// The snapshot keeps what a retry may still ask for: the horizon, and a day for what clocks differ.
static enum status job_build(struct job *job, struct span log)
{
    struct compact *compact = job->compact;
    const struct service *service = compact->options.service;
    int64_t keep_from_ms = lease_shared_now_ms(service->lease) - LIMIT_HORIZON_MS - DAY_MS;
    buffer_clear(&compact->snapshot);
    enum status status =
        snapshot_build(log, job_id(job), job->partition, keep_from_ms, service->options.chain_hash,
                       &compact->scratch, &compact->snapshot);
    arena_reset(&compact->scratch);
    return status;
}

static void job_write(struct job *job, struct span log)
{
    struct compact *compact = job->compact;
    job->cut_bytes = log.len;
    job->snapshot_bytes = compact->snapshot.len;
    struct store_compact wanted = {
        .account = {.partition = job->partition, .id = job_id(job)},
        .cut_bytes = log.len,
        .snapshot = buffer_span(&compact->snapshot),
    };
    memcpy(wanted.cut_hash, log.data + log.len - CHAIN_HASH_BYTES, sizeof(wanted.cut_hash));
    store_compact(compact->options.service->options.store, &wanted, on_compacted, job);
}

static void on_loaded(void *context, const struct store_reply *reply)
{
    struct job *job = context;
    const struct service *service = job->compact->options.service;
    if (reply->result != STORE_OK) {
        job_fail(job, "read", store_result_name(reply->result));
        return;
    }
    // Another daemon's compaction may have made it needless.
    bool needed = is_due(job->compact, reply->bytes.len, accounts_snapshot_bytes(reply->bytes));
    if (!needed || service->stopping || lease_check(service->lease, false) != TROUBLE_NONE) {
        job_end(job);
        return;
    }
    enum status status = job_build(job, reply->bytes);
    if (status != STATUS_OK) {
        job_fail(job, "build", status_name(status));
        return;
    }
    job_write(job, reply->bytes);
}

static void on_pause_over(struct timer *timer)
{
    struct job *job = (struct job *)(void *)((char *)timer - offsetof(struct job, timer));
    struct service *service = job->compact->options.service;
    if (service->stopping) {
        job_end(job);
        return;
    }
    struct store_account place = {.partition = job->partition, .id = job_id(job)};
    store_load(service->options.store, &place, on_loaded, job);
}

// A free place; NULL when there is none or this account has one.
static struct job *job_take(struct compact *compact, struct span id)
{
    struct job *free_job = NULL;
    for (size_t i = 0; i < COMPACT_AT_ONCE; i++) {
        struct job *job = &compact->jobs[i];
        if (job->taken && span_equal(job_id(job), id)) {
            return NULL;
        }
        free_job = job->taken ? free_job : job;
    }
    return free_job;
}

// The others are walked from their first record on, or are proof.
static bool is_compacted(const struct account *account)
{
    return account->kind == ACCOUNT_MEMBER || account->kind == ACCOUNT_POOL;
}

static void on_commit(void *context, const struct account_commit *commit)
{
    struct compact *compact = context;
    if (!is_compacted(commit->account) ||
        !is_due(compact, commit->account->log_bytes, commit->compacted_bytes)) {
        return;
    }
    struct job *job = job_take(compact, commit->id);
    if (job == NULL) {
        return;
    }
    CHECK(commit->id.len <= sizeof(job->id));
    memcpy(job->id, commit->id.data, commit->id.len);
    job->id_len = commit->id.len;
    job->partition = commit->partition;
    job->taken = true;
    struct timers *timers = compact->options.service->options.timers;
    timers_set(timers, &job->timer, timers_now(timers) + COMPACT_PAUSE_MS, on_pause_over);
}

enum status compact_new(const struct compact_options *options, struct compact **ret_compact)
{
    CHECK(options->bytes > 0);
    struct compact *compact = calloc(1, sizeof(*compact));
    if (compact == NULL) {
        return STATUS_NO_MEMORY;
    }
    compact->options = *options;
    for (size_t i = 0; i < COMPACT_AT_ONCE; i++) {
        compact->jobs[i].compact = compact;
    }
    arena_init(&compact->scratch, SERVICE_FOLD_ARENA_BYTES);
    buffer_init(&compact->snapshot, LIMIT_LOG_BYTES);
    service_on_commit(options->service, on_commit, compact);
    *ret_compact = compact;
    return STATUS_OK;
}

void compact_free(struct compact *compact)
{
    if (compact == NULL) {
        return;
    }
    for (size_t i = 0; i < COMPACT_AT_ONCE; i++) {
        struct job *job = &compact->jobs[i];
        CHECK(!job->taken || job->timer.place != 0);
        timers_clear(compact->options.service->options.timers, &job->timer);
    }
    service_on_commit(compact->options.service, NULL, NULL);
    arena_fini(&compact->scratch);
    buffer_fini(&compact->snapshot);
    free(compact);
}
