// One account that is due: its open obligations are finished if it has any, else it is advanced to
// now; so is one whose obligations elsewhere cannot be finished. Invariant: a job that is taken has
// its task, its waiter or a store call of its own out.
#include "base/check.h"
#include "core/advance.h"
#include "jobs/sweep_parts.h"

static struct span job_id(const struct sweep_job *job)
{
    return span_of(job->found.id, job->found.id_len);
}

// An account with open obligations is due at its own now, and those come first: a member's history
// must not be overtaken while its identifiers are claimed.
static enum status decide_advance(void *context, const struct decide *decide,
                                  struct decision *ret_decision)
{
    struct sweep_job *job = context;
    struct account *account = decide->account;
    size_t before = decide->writer->out->len;
    *ret_decision = (struct decision){.outcome = OUTCOME_NOTHING};
    job->now_ms = decide->now_ms;
    job->log_bytes = account->log_bytes;
    memcpy(job->tail, account->tail, sizeof job->tail);
    job->due_ms = INSTANT_NEVER;
    job->open = account_exists(account) &&
                advance_due(account, decide->writer->programs) <= account->now_ms;
    job->obliged = account->obligations.count > 0;
    if (!account_exists(account) || (job->open && !job->left_open)) {
        return STATUS_OK;
    }
    int64_t now_ms = decide->now_ms > account->now_ms ? decide->now_ms : account->now_ms;
    TRY(advance(account, decide->writer, decide->arena, now_ms));
    job->due_ms = advance_due(account, decide->writer->programs);
    if (decide->writer->out->len > before) {
        ret_decision->outcome = OUTCOME_APPLIED;
    }
    return STATUS_OK;
}

// --- the due instant set right ---

static void on_corrected(void *context, const struct store_reply *reply)
{
    struct sweep_job *job = context;
    switch (reply->result) {
    case STORE_OK:
        job->end = SWEEP_CORRECTED;
        break;
    case STORE_BEHIND: // somebody has written, and moved it
    case STORE_RELOAD:
        job->end = SWEEP_NOTHING;
        break;
    case STORE_UNAVAILABLE:
    case STORE_UNKNOWN:
        job->end = SWEEP_FAILED;
        break;
    default:
        job->end = SWEEP_SKIP;
        break;
    }
    sweep_job_ended(job);
}

// What the caches of daemons believe is an instant that has passed, and whatever an append makes it
// lies ahead: so none will think that it is right already.
static void job_correct(struct sweep_job *job)
{
    struct service *service = sweep_service(job->sweep);
    struct store_append move = {
        .account = {.partition = job->found.partition, .id = job_id(job)},
        .expected_bytes = job->log_bytes,
        .now_ms = lease_is_sandbox(service->lease) ? 0 : job->now_ms,
        .not_after_ms = lease_not_after_ms(service->lease),
        .due_changed = true,
        .due_ms = job->due_ms,
    };
    memcpy(move.expected_hash, job->tail, sizeof move.expected_hash);
    store_append(service->options.store, &move, on_corrected, job);
}

// --- the account's task ---

static void job_submit(struct sweep_job *job);

static void on_settled(struct obligations_waiter *waiter, bool settled)
{
    struct sweep_job *job =
        (struct sweep_job *)(void *)((char *)waiter - offsetof(struct sweep_job, waiter));
    job->end = settled ? SWEEP_WRITTEN : SWEEP_SKIP;
    if (settled || !job->obliged || sweep_service(job->sweep)->stopping) {
        sweep_job_ended(job);
        return;
    }
    job->left_open = true; // time goes on all the same
    job_submit(job);
}

static enum sweep_end end_of_trouble(enum trouble trouble)
{
    switch (trouble) {
    case TROUBLE_STORE_UNAVAILABLE:
    case TROUBLE_NO_LEASE:
    case TROUBLE_CLOCK_SKEW:
    case TROUBLE_NO_MEMORY:
        return SWEEP_FAILED;
    default:
        return SWEEP_SKIP;
    }
}

static void on_result(void *context, const struct task_result *result)
{
    struct sweep_job *job = context;
    switch (result->end) {
    case TASK_DECIDED:
        job->end = result->decision->outcome == OUTCOME_APPLIED ? SWEEP_WRITTEN : SWEEP_NOTHING;
        break;
    case TASK_TROUBLE:
        job->end = end_of_trouble(result->trouble);
        break;
    case TASK_IN_DOUBT:
        job->end = SWEEP_FAILED;
        break;
    default:
        job->end = SWEEP_SKIP;
        break;
    }
}

static void on_released(void *context)
{
    struct sweep_job *job = context;
    struct service *service = sweep_service(job->sweep);
    bool nothing = job->end == SWEEP_NOTHING && !service->stopping;
    if (job->left_open) {
        job->end = job->end == SWEEP_FAILED ? SWEEP_FAILED : SWEEP_SKIP; // it is due again at once
        sweep_job_ended(job);
    } else if (nothing && job->open) {
        obligations_settle(service, job_id(job), &job->waiter);
    } else if (nothing && job->log_bytes > 0 && job->due_ms > job->now_ms) {
        job_correct(job);
    } else {
        job->end = nothing ? SWEEP_SKIP : job->end;
        sweep_job_ended(job);
    }
}

static void job_submit(struct sweep_job *job)
{
    struct service *service = sweep_service(job->sweep);
    job->task = (struct account_task){
        .id = job_id(job),
        .arena = &job->arena,
        .expires_ms = timers_now(service->options.timers) + LIMIT_REQUEST_MS,
        .decide = decide_advance,
        .context = job,
        .on_result = on_result,
        .on_released = on_released,
    };
    accounts_submit(service->accounts, &job->task);
}

void sweep_job_begin(struct sweep_job *job, const struct sweep_found *found)
{
    CHECK(!job->taken);
    job->taken = true;
    job->left_open = false;
    job->found = *found;
    job->waiter = (struct obligations_waiter){.on_settled = on_settled};
    job_submit(job);
}
