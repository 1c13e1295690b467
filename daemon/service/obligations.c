// Jobs over a member's open obligations, one a member at a time.
#include "service/obligations.h"

#include <stdlib.h>

#include "base/check.h"
#include "core/ledger.h"
#include "service/bounds.h"
#include "service/obligations_parts.h"

struct obligations {
    struct service *service;
    struct job *jobs; // at work
    struct job *spare;
    uint32_t made;
};

enum status obligations_new(struct service *service, struct obligations **ret_obligations)
{
    struct obligations *obligations = calloc(1, sizeof(*obligations));
    if (obligations == NULL) {
        return STATUS_NO_MEMORY;
    }
    obligations->service = service;
    *ret_obligations = obligations;
    return STATUS_OK;
}

void obligations_free(struct obligations *obligations)
{
    if (obligations == NULL) {
        return;
    }
    CHECK(obligations->jobs == NULL);
    while (obligations->spare != NULL) {
        struct job *job = obligations->spare;
        obligations->spare = job->next;
        arena_fini(&job->arena);
        arena_fini(&job->kept);
        free(job);
    }
    free(obligations);
}

// --- a job's life ---

static void job_end(struct job *job, bool settled)
{
    struct obligations *obligations = job->service->obligations;
    struct job **place = &obligations->jobs;
    while (*place != job) {
        place = &(*place)->next;
    }
    *place = job->next;
    struct obligations_waiter *waiter = job->waiters;
    job->waiters = NULL;
    arena_reset(&job->arena);
    arena_reset(&job->kept);
    job->next = obligations->spare;
    obligations->spare = job;
    while (waiter != NULL) {
        struct obligations_waiter *next = waiter->next;
        waiter->on_settled(waiter, settled);
        waiter = next;
    }
}

void job_give_up(struct job *job)
{
    job_end(job, false);
}

static void on_released(void *context)
{
    struct job *job = context;
    if (!job->failed) {
        job->then(job);
    } else if (job->obligation.seq > job->passed_seq && !job->service->stopping) {
        job_leave_open(job);
    } else {
        job_end(job, false);
    }
}

static struct account_task task_of(struct job *job, struct span id, task_decide_fn *decide,
                                   task_result_fn *on_result)
{
    return (struct account_task){
        .id = id,
        .arena = &job->arena,
        .expires_ms = timers_now(job->service->options.timers) + LIMIT_REQUEST_MS,
        .decide = decide,
        .actor = span_of_text("service"),
        .context = job,
        .on_result = on_result,
        .on_released = on_released,
    };
}

void job_submit(struct job *job, struct span id, task_decide_fn *decide, task_result_fn *on_result,
                void (*then)(struct job *job))
{
    job->then = then;
    job->task = task_of(job, id, decide, on_result);
    accounts_submit(job->service->accounts, &job->task);
}

// SHA-256 of "obligation", the account and the record's number, cut.
static void derive_id(const struct job *job, uint8_t ret_id[REQUEST_ID_BYTES])
{
    static const uint8_t none[CHAIN_HASH_BYTES];
    static_assert((int)CHAIN_HASH_BYTES == (int)REQUEST_ID_BYTES, "a hash is an id");
    static const char what[] = "obligation"; // with its NUL: no id has one
    uint8_t bytes[sizeof(what) + LIMIT_MEMBER_ID_BYTES + 1 + sizeof(uint64_t)] = {0};
    memcpy(bytes, what, sizeof(what));
    memcpy(bytes + sizeof(what), job->member_id, job->member_id_len);
    for (size_t i = 0; i < sizeof(uint64_t); i++) {
        bytes[sizeof(bytes) - 1 - i] = (uint8_t)(job->obligation.seq >> (8 * i));
    }
    job->service->options.chain_hash(none, span_of(bytes, sizeof(bytes)), ret_id);
}

static void prepare_derived(struct job *job, struct span id, task_decide_fn *decide,
                            task_result_fn *on_result, void (*then)(struct job *job))
{
    job->then = then;
    job->task = task_of(job, id, decide, on_result);
    job->task.mark = (struct mark){.present = true, .system = true};
    derive_id(job, job->task.mark.id);
}

void job_submit_derived(struct job *job, struct span id, task_decide_fn *decide,
                        task_result_fn *on_result, void (*then)(struct job *job))
{
    prepare_derived(job, id, decide, on_result, then);
    accounts_submit(job->service->accounts, &job->task);
}

void job_submit_elsewhere(struct job *job, bool follows, task_decide_fn *decide,
                          task_result_fn *on_result, void (*then)(struct job *job))
{
    prepare_derived(job, job_other(job), decide, on_result, then);
    if (follows) {
        job->task.moves = (struct task_moves){.id = job->other_id,
                                              .len = &job->other_id_len,
                                              .merging = job->obligation.type == RECORD_MERGED};
    }
    accounts_submit(job->service->accounts, &job->task);
}

void job_on_written(void *context, const struct task_result *result)
{
    struct job *job = context;
    job->failed = result->end != TASK_DECIDED;
}

// --- the end of an obligation ---

static enum status decide_end(void *context, const struct decide *decide,
                              struct decision *ret_decision)
{
    const struct job *job = context;
    return decide_done(decide, &job->done, ret_decision);
}

void job_write_done(struct job *job)
{
    job_submit(job, job_member(job), decide_end, job_on_written, job_look);
}

void job_leave_open(struct job *job)
{
    job->left_open = true;
    job->passed_seq = job->obligation.seq;
    job_look(job);
}

// --- looking for what is open ---

static void note_identifier(struct job *job, const struct account *account)
{
    job->has_identifier = false;
    for (uint32_t i = 0; i < account->identifiers.count; i++) {
        const struct identifier_state *state = &account->identifiers.items[i];
        if (state->stage == IDENTIFIER_CLAIMING || state->stage == IDENTIFIER_RELEASING) {
            job->has_identifier = true;
            job->stage = state->stage;
            job->bound = (struct record_bound){.identifier = state->identifier};
            return;
        }
    }
}

static void note_obligation(struct job *job, const struct account *account)
{
    job->obligation = (struct obligation){0};
    for (uint32_t i = 0; i < account->obligations.count && job->obligation.seq == 0; i++) {
        if (account->obligations.items[i].seq > job->passed_seq) {
            job->obligation = account->obligations.items[i];
        }
    }
}

static void on_looked(void *context, const struct task_result *result)
{
    struct job *job = context;
    job->failed = result->end != TASK_READ;
    if (!job->failed) {
        note_identifier(job, result->account);
        note_obligation(job, result->account);
    }
}

static bool is_act(enum record_type type)
{
    return type == RECORD_ADJUSTED || type == RECORD_CARD_GRANTED || type == RECORD_CARD_REVOKED ||
           type == RECORD_STATUS_CHANGED || type == RECORD_MERGED;
}

// Reads the record that obliges, and what it refers to.
static enum status read_record(struct job *job, const struct task_result *result)
{
    const struct account *account = result->account;
    arena_reset(&job->kept);
    TRY(ledger_at(result->log, job->obligation.seq, &job->kept, &job->record));
    job->done = (struct done_command){.seq = job->obligation.seq};
    if (is_act(job->record.type)) {
        TRY(job_read_audited(job, account, result->programs));
    }
    switch (job->record.type) {
    case RECORD_ADJUSTED:
    case RECORD_CARD_GRANTED:
    case RECORD_CARD_REVOKED:
        return STATUS_OK;
    case RECORD_STATUS_CHANGED:
        return job->record.status_changed.status == MEMBER_ERASED ? job_read_erased(job, account)
                                                                  : STATUS_OK;
    default:
        return job_read_elsewhere(job, account);
    }
}

static void on_record(void *context, const struct task_result *result)
{
    struct job *job = context;
    job->failed = result->end != TASK_READ || read_record(job, result) != STATUS_OK;
}

static void job_looked(struct job *job)
{
    struct span member = job_member(job);
    if (!job->has_identifier && job->obligation.seq == 0) {
        job_end(job, !job->left_open);
    } else if (job->service->stopping) {
        job_end(job, false);
    } else if (job->has_identifier) {
        job_settle_identifier(job);
    } else {
        job->then = is_act(job->obligation.type) ? job_do_audit : job_do_elsewhere;
        job->task = task_of(job, member, NULL, on_record);
        job->task.whole_log = true;
        accounts_submit(job->service->accounts, &job->task);
    }
}

void job_look(struct job *job)
{
    job->obligation = (struct obligation){0};
    job_submit(job, job_member(job), NULL, on_looked, job_looked);
}

// --- whose turn it is ---

static struct job *job_take(struct obligations *obligations, struct span member_id)
{
    struct job *job = obligations->spare;
    if (job != NULL) {
        obligations->spare = job->next;
    } else {
        job = obligations->made < SERVICE_JOBS ? calloc(1, sizeof(*job)) : NULL;
        if (job == NULL) {
            return NULL;
        }
        obligations->made++;
        arena_init(&job->arena, LIMIT_ARENA_BYTES);
        arena_init(&job->kept, LIMIT_ARENA_BYTES);
        job->service = obligations->service;
    }
    memcpy(job->member_id, member_id.data, member_id.len);
    job->member_id_len = member_id.len;
    job->passed_seq = 0;
    job->left_open = false;
    job->next = obligations->jobs;
    obligations->jobs = job;
    return job;
}

void obligations_settle(struct service *service, struct span member_id,
                        struct obligations_waiter *waiter)
{
    struct job *job = service->obligations->jobs;
    while (job != NULL && !span_equal(job_member(job), member_id)) {
        job = job->next;
    }
    bool new = job == NULL;
    if (new) {
        job = job_take(service->obligations, member_id);
    }
    if (waiter != NULL && job == NULL) {
        waiter->on_settled(waiter, false);
    } else if (waiter != NULL) {
        waiter->next = job->waiters;
        job->waiters = waiter;
    }
    if (new &&job != NULL) {
        job_look(job);
    }
}
