// What the parts of service/obligations.h share: the jobs (obligations.c), identifiers in the store
// (obligations_claims.c), acts by hand to be listed (obligations_audit.c), what other accounts are
// to do (obligations_elsewhere.c), and what is deleted of a person (obligations_erase.c). Nobody
// else includes this.
#pragma once

#include "base/arena.h"
#include "core/decide_acts.h"
#include "core/decide_membership.h"
#include "core/decide_pools.h"
#include "core/record.h"
#include "service/accounts.h"
#include "service/obligations.h"
#include "service/service.h"

// One member's. At any time it has its task out, or one call at the store.
struct job {
    struct job *next;
    struct service *service;
    struct arena arena; // of its task
    struct arena kept;  // of what is being settled
    struct account_task task;
    struct obligations_waiter *waiters;
    char member_id[LIMIT_MEMBER_ID_BYTES];
    size_t member_id_len;
    char other_id[LIMIT_MEMBER_ID_BYTES + 1]; // the other account's
    size_t other_id_len;
    uint32_t rounds;
    bool failed;                   // the task that has just been released
    bool left_open;                // one of them
    void (*then)(struct job *job); // after the task is released
    // an identifier
    bool has_identifier;
    enum identifier_stage stage;
    struct record_bound bound;
    bool owner_lists;
    // another obligation
    struct obligation obligation; // seq 0: none is open
    uint64_t passed_seq;          // up to here they are done or left open
    struct record record;         // the one that obliges, in `kept` but for its texts
    struct done_command done;
    union {
        struct absorb_command absorb;
        struct bonus_command bonus;
        struct settle_command settle;
    };
    // an act to be listed; its texts are in `kept`
    struct audited_command audited;
    char audit_id[LIMIT_MEMBER_ID_BYTES + 1];
    // a person to be forgotten
    struct identifier listed[LIMIT_IDENTIFIERS];
    size_t listed_count;
    size_t listed_done;
    struct span *absorbed; // members that were merged into this one, in `kept`
    size_t absorbed_count;
    size_t absorbed_done;
};

static inline struct span job_member(const struct job *job)
{
    return span_of(job->member_id, job->member_id_len);
}

static inline struct span job_other(const struct job *job)
{
    return span_of(job->other_id, job->other_id_len);
}

// Takes the next step when the task is released; a task that failed fails the step.
void job_submit(struct job *job, struct span id, task_decide_fn *decide, task_result_fn *on_result,
                void (*then)(struct job *job));
// The same on another account, under an id derived from the member and the record that obliges.
void job_submit_derived(struct job *job, struct span id, task_decide_fn *decide,
                        task_result_fn *on_result, void (*then)(struct job *job));
// The same on the other account; `follows`: or on whoever that was merged into.
void job_submit_elsewhere(struct job *job, bool follows, task_decide_fn *decide,
                          task_result_fn *on_result, void (*then)(struct job *job));
// For results that only have to be there.
void job_on_written(void *context, const struct task_result *result);

void job_look(struct job *job);
// The obligation at hand cannot be ended now: on to the next.
void job_leave_open(struct job *job);
// It is done: says so, and looks on.
void job_write_done(struct job *job);
// Ends it all: something is wrong with the store, or time is up.
void job_give_up(struct job *job);

// --- the steps ---

// Claims or lets go the identifier at hand.
void job_settle_identifier(struct job *job);
// What there is to do for `record`, read off its account while that is at hand. STATUS_CORRUPT for
// one that obliges to nothing.
MUST_CHECK enum status job_read_elsewhere(struct job *job, const struct account *account);
void job_do_elsewhere(struct job *job);
// Read besides what else an act obliges to, and done before it.
MUST_CHECK enum status job_read_audited(struct job *job, const struct account *account,
                                        const struct program_set *programs);
void job_do_audit(struct job *job);
MUST_CHECK enum status job_read_erased(struct job *job, const struct account *account);
void job_do_erase(struct job *job);
