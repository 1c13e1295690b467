// What stands in the store, for a diagnosis: how late the sweeper is, what waits for the archive,
// and how the jobs are. Reads only, a few partitions at a time; a store that fails meanwhile ends
// the look with a finding.
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "base/limits.h"
#include "service/diagnose.h"

enum {
    LATE_WARNING_S = 120, // of the most overdue account
    LATE_FAULT_S = 3600,
    WAITING_WARNING_BYTES = 256 << 20,
    JOBS_LOOKED = 16, // the newest
    JOB_QUIET_S = 120,
    JOB_OLD_S = 7 * 86400, // one that failed so long ago is not told any more
};

static void look_at_jobs(struct diagnosis *diagnosis);

static bool store_failed(struct diagnosis *diagnosis, enum store_result result)
{
    if (result == STORE_OK && !diagnosis->request->service->stopping) {
        return false;
    }
    const char *reason = "";
    if (store_is_ready(diagnosis->request->service->options.store, &reason)) {
        diagnose_note(diagnosis, FINDING_FAULT, "STORE_ANSWERS",
                      "redis-cli PING; redis-cli --latency; then loyaltyctl doctor again",
                      "The store did not answer while it was looked at (%s).",
                      store_result_name(result));
    } // else it is told why it is not
    diagnosis->on_done(diagnosis);
    return true;
}

// --- partitions ---

static void judge_partitions(struct diagnosis *diagnosis)
{
    int64_t lag_s = diagnosis->lag_ms / 1000;
    if (lag_s > LATE_WARNING_S) {
        diagnose_note(diagnosis, lag_s > LATE_FAULT_S ? FINDING_FAULT : FINDING_WARNING, "DUE_LAG",
                      "Points end and obligations are met late. See that a daemon runs without "
                      "--sweep off and with pace enough (--sweep-pace); loyaltyctl show partitions "
                      "--busy; the daemon's log names what holds an account up.",
                      "%" PRIu32 " partitions have overdue accounts; the oldest, in partition "
                      "%" PRIu32 ", is %" PRId64 " s late.",
                      diagnosis->late, diagnosis->latest, lag_s);
    } else {
        diagnose_note(diagnosis, FINDING_GOOD, "DUE_LAG", "",
                      "%" PRIu64 " accounts are due some time, in %" PRIu32
                      " partitions; none is more than %d s overdue.",
                      diagnosis->due_accounts, diagnosis->partitions, LATE_WARNING_S);
    }
    bool much = diagnosis->waiting_bytes > WAITING_WARNING_BYTES;
    diagnose_note(diagnosis, much ? FINDING_WARNING : FINDING_GOOD, "ARCHIVE_WAITING",
                  much ? "It takes Redis's memory until it is moved: loyaltyctl archive --to DIR"
                       : "",
                  "%" PRIu64 " KiB that compaction cut off wait for the archive.",
                  diagnosis->waiting_bytes >> 10);
}

static void survey(struct diagnosis *diagnosis);

static void add_partition(struct diagnosis *diagnosis, const struct store_survey *partition,
                          int64_t now_ms)
{
    int64_t lag_ms = partition->first_due_ms < now_ms ? now_ms - partition->first_due_ms : 0;
    diagnosis->due_accounts += partition->due;
    diagnosis->waiting_bytes += partition->waiting_bytes;
    diagnosis->late += lag_ms / 1000 > LATE_WARNING_S ? 1 : 0;
    if (lag_ms > diagnosis->lag_ms) {
        diagnosis->lag_ms = lag_ms;
        diagnosis->latest = diagnosis->at;
    }
    diagnosis->at++;
}

static void on_survey(void *context, const struct store_survey_reply *reply)
{
    struct diagnosis *diagnosis = context;
    if (store_failed(diagnosis, reply->result)) {
        return;
    }
    int64_t now_ms = lease_shared_now_ms(diagnosis->request->service->lease);
    for (size_t i = 0; i < reply->count; i++) {
        add_partition(diagnosis, &reply->partitions[i], now_ms);
    }
    survey(diagnosis);
}

static void survey(struct diagnosis *diagnosis)
{
    uint32_t left = diagnosis->partitions - diagnosis->at;
    if (left == 0) {
        judge_partitions(diagnosis);
        look_at_jobs(diagnosis);
        return;
    }
    store_survey(diagnosis->request->service->options.store, diagnosis->at,
                 left < STORE_SURVEY_MAX ? left : STORE_SURVEY_MAX, on_survey, diagnosis);
}

// --- jobs ---

static bool is_claimed(const Loyaltyd__Job *job, int64_t now_ms)
{
    for (size_t i = 0; i < job->n_claims; i++) {
        if (job->claims[i]->until_ms > now_ms) {
            return true;
        }
    }
    return false;
}

static void judge_open_job(struct diagnosis *diagnosis, const Loyaltyd__Job *job, int64_t now_ms)
{
    int64_t since_ms = job->started_ms > job->created_ms ? job->started_ms : job->created_ms;
    int64_t open_s = (now_ms - since_ms) / 1000;
    if (is_claimed(job, now_ms) || open_s <= JOB_QUIET_S) {
        return;
    }
    diagnosis->jobs_wrong++;
    diagnose_note(diagnosis, FINDING_FAULT, "JOB_STUCK",
                  "Daemons started without --jobs off work on jobs: start one. To give it up: "
                  "loyaltyctl operations cancel NAME",
                  "operations/%s waits since %" PRId64 " s with %" PRIu32 " of %" PRIu32
                  " partitions done, and no daemon is at it.",
                  job->id, open_s, job_done_count(job), job->partitions);
}

static void judge_ended_job(struct diagnosis *diagnosis, const Loyaltyd__Job *job, int64_t now_ms)
{
    bool failed = job->error_code != 0 && !job->cancelled;
    if ((now_ms - job->ended_ms) / 1000 > JOB_OLD_S || (!failed && job->errors == 0)) {
        return;
    }
    diagnosis->jobs_wrong++;
    if (failed) {
        diagnose_note(diagnosis, FINDING_WARNING, "JOB_FAILED",
                      "loyaltyctl operations show NAME; mend what it names, begin it anew and "
                      "delete this one: loyaltyctl operations delete NAME",
                      "operations/%s has failed: %.200s", job->id, job->error_message);
    } else {
        diagnose_note(diagnosis, FINDING_WARNING, "JOB_ERRORS",
                      "loyaltyctl operations show NAME lists some of them, loyaltyctl verify "
                      "MEMBER says what is wrong with one; then begin the job anew.",
                      "operations/%s has left out %" PRIu64 " accounts.", job->id, job->errors);
    }
}

static void judge_job(struct diagnosis *diagnosis, const Loyaltyd__Job *job)
{
    int64_t now_ms = lease_shared_now_ms(diagnosis->request->service->lease);
    if (job->partitions == 0 || job->deleting) {
        return;
    }
    if (job_has_ended(job)) {
        judge_ended_job(diagnosis, job, now_ms);
    } else {
        judge_open_job(diagnosis, job, now_ms);
    }
}

static struct diagnosis *of_update(struct job_update *update)
{
    return (struct diagnosis *)(void *)((char *)update - offsetof(struct diagnosis, update));
}

static void next_job(struct diagnosis *diagnosis);

static void on_job(struct job_update *update, enum store_result result,
                   const ProtobufCMessage *message)
{
    struct diagnosis *diagnosis = of_update(update);
    if (store_failed(diagnosis, result)) {
        return;
    }
    judge_job(diagnosis, (const Loyaltyd__Job *)message);
    diagnosis->job_at++;
    next_job(diagnosis);
}

static void next_job(struct diagnosis *diagnosis)
{
    if (diagnosis->job_at == diagnosis->job_count) {
        if (diagnosis->jobs_wrong == 0) {
            diagnose_note(diagnosis, FINDING_GOOD, "JOBS", "",
                          "Of the newest %" PRIu32 " jobs none has failed or is stuck.",
                          diagnosis->job_count);
        }
        diagnosis->on_done(diagnosis);
        return;
    }
    struct job_update *update = &diagnosis->update;
    *update = (struct job_update){.service = diagnosis->request->service,
                                  .type = &loyaltyd__job__descriptor,
                                  .on_done = on_job};
    memcpy(update->id, diagnosis->jobs[diagnosis->job_at], sizeof update->id);
    job_read_begin(update);
}

static void on_jobs(struct job_update *update, enum store_result result,
                    const ProtobufCMessage *message)
{
    struct diagnosis *diagnosis = of_update(update);
    if (store_failed(diagnosis, result)) {
        return;
    }
    const Loyaltyd__Jobs *jobs = (const Loyaltyd__Jobs *)message;
    for (size_t i = 0; i < jobs->n_heads && diagnosis->job_count < JOBS_LOOKED; i++) {
        size_t len = strlen(jobs->heads[i]->id);
        if (len <= JOB_ID_BYTES) {
            memcpy(diagnosis->jobs[diagnosis->job_count++], jobs->heads[i]->id, len + 1);
        }
    }
    next_job(diagnosis);
}

static void look_at_jobs(struct diagnosis *diagnosis)
{
    diagnosis->update = (struct job_update){.service = diagnosis->request->service,
                                            .type = &loyaltyd__jobs__descriptor,
                                            .list = true,
                                            .on_done = on_jobs};
    job_read_begin(&diagnosis->update);
}

void diagnose_ledger(struct diagnosis *diagnosis)
{
    diagnosis->partitions = lease_partitions(diagnosis->request->service->lease);
    survey(diagnosis);
}
