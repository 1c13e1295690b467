// An act by hand is listed in the audit's month before anything else that it obliges to.
#include "service/audit.h"
#include "service/obligations_parts.h"

static enum status keep(struct job *job, struct span *text)
{
    return arena_copy(&job->kept, *text, text);
}

enum status job_read_audited(struct job *job, const struct account *account,
                             const struct program_set *programs)
{
    struct record_audited *audited = &job->audited.audited;
    TRY(audit_of(account, &job->record, job->obligation.seq, audited));
    TRY(audit_place(programs, audited->acted_ms, job->audit_id));
    if (job->record.mark.system) { // an id of ours means nothing outside
        memset(audited->request, 0, sizeof(audited->request));
    }
    job->audited.account_id = span_of_text(job->audit_id);
    job->audited.partition = accounts_partition(job->service->accounts, job->audited.account_id);
    TRY(keep(job, &audited->subject));
    TRY(keep(job, &audited->actor));
    return keep(job, &audited->reason);
}

static enum status decide_listed(void *context, const struct decide *decide,
                                 struct decision *ret_decision)
{
    const struct job *job = context;
    return decide_audited(decide, &job->audited, ret_decision);
}

static void on_listed(void *context, const struct task_result *result)
{
    struct job *job = context;
    job->failed = result->end != TASK_REPLAYED &&
                  (result->end != TASK_DECIDED || result->decision->outcome != OUTCOME_APPLIED);
}

static void job_listed(struct job *job)
{
    const struct record *record = &job->record;
    if (record->type == RECORD_MERGED) {
        job_do_elsewhere(job);
    } else if (record->type == RECORD_STATUS_CHANGED &&
               record->status_changed.status == MEMBER_ERASED) {
        job_do_erase(job);
    } else {
        job_write_done(job);
    }
}

void job_do_audit(struct job *job)
{
    job_submit_derived(job, job->audited.account_id, decide_listed, on_listed, job_listed);
}
