// What another account is to do: list a use of a perk, give a bonus, take a merged member's points.
#include "service/obligations_parts.h"

static enum status keep(struct job *job, struct span *text)
{
    struct span copy;
    TRY(arena_copy(&job->kept, *text, &copy));
    *text = copy;
    return STATUS_OK;
}

static enum status name_other(struct job *job, struct span id)
{
    if (id.len == 0 || id.len > LIMIT_MEMBER_ID_BYTES) {
        return STATUS_CORRUPT;
    }
    memcpy(job->other_id, id.data, id.len);
    job->other_id_len = id.len;
    return STATUS_OK;
}

// --- a partner's month ---

static enum status read_settlement(struct job *job, const struct account *account)
{
    struct settlement *settlement = &job->settle.settlement;
    TRY(settlement_of(&account->names, &job->record, settlement));
    TRY(settlement_account(settlement->partner, settlement->year, settlement->month,
                           job->other_id));
    job->other_id_len = strlen(job->other_id);
    job->settle.account_id = job_other(job);
    job->settle.partition = accounts_partition(job->service->accounts, job_other(job));
    TRY(keep(job, &settlement->perk));
    return keep(job, &settlement->unit);
}

static enum status decide_settlement(void *context, const struct decide *decide,
                                     struct decision *ret_decision)
{
    const struct job *job = context;
    return decide_settled(decide, &job->settle, ret_decision);
}

// --- a referrer's bonus ---

static enum status decide_referrer(void *context, const struct decide *decide,
                                   struct decision *ret_decision)
{
    const struct job *job = context;
    return decide_bonus(decide, &job->bonus, ret_decision);
}

// --- a merged member ---

static enum status read_carried(struct job *job, const struct account *account,
                                const struct carried *carried, struct span into)
{
    struct absorb_command *absorb = &job->absorb;
    struct span *perks = arena_alloc_array(&job->kept, carried->use_count, sizeof(*perks));
    if (perks == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < carried->use_count; i++) {
        perks[i] = names_text(&account->names, carried->uses[i].perk);
        TRY(keep(job, &perks[i]));
    }
    *absorb = (struct absorb_command){.from = job_member(job),
                                      .carried = carried,
                                      .tier = names_text(&account->names, carried->tier),
                                      .perks = perks};
    job->done.carried = carried;
    TRY(keep(job, &absorb->tier));
    return name_other(job, into);
}

static enum status read_merged(struct job *job, const struct account *account)
{
    return read_carried(job, account, &job->record.merged.carried, job->record.merged.into);
}

// What a merged member's reversal did goes on to the other one.
static enum status read_reversed(struct job *job, const struct account *account)
{
    struct carried *carried = arena_alloc(&job->kept, sizeof(*carried));
    if (carried == NULL) {
        return STATUS_NO_MEMORY;
    }
    TRY(record_passed_on(&job->record, &job->kept, carried));
    carried->tier = account_card(account)->tier;
    return read_carried(job, account, carried, span_of_text(account->merged_into));
}

static enum status decide_taken(void *context, const struct decide *decide,
                                struct decision *ret_decision)
{
    const struct job *job = context;
    return decide_absorb(decide, &job->absorb, ret_decision);
}

// --- all of them ---

enum status job_read_elsewhere(struct job *job, const struct account *account)
{
    switch (job->record.type) {
    case RECORD_PERK_USED:
    case RECORD_PERK_REVERSED:
        return read_settlement(job, account);
    case RECORD_BONUS:
        job->bonus = (struct bonus_command){.referred = job_member(job),
                                            .points = job->record.bonus.other_points,
                                            .version = job->record.bonus.version};
        return name_other(job, job->record.bonus.other);
    case RECORD_MERGED:
        return read_merged(job, account);
    case RECORD_REVERSED:
        return read_reversed(job, account);
    default:
        return STATUS_CORRUPT;
    }
}

// Yes or no for good: what the other log says under the derived id. Of a bonus alone the lack of
// any is an answer: there is nobody any more to give it to.
static void on_done(void *context, const struct task_result *result)
{
    struct job *job = context;
    bool decided = result->end == TASK_DECIDED;
    bool recorded = result->end == TASK_REPLAYED ||
                    (decided && (result->decision->outcome == OUTCOME_APPLIED ||
                                 result->decision->outcome == OUTCOME_REFUSED_RECORDED));
    job->failed = !recorded && !(decided && job->record.type == RECORD_BONUS);
    job->done.failed = recorded && result->record->type == RECORD_REFUSED;
}

void job_do_elsewhere(struct job *job)
{
    bool merge = job->record.type == RECORD_MERGED || job->record.type == RECORD_REVERSED;
    task_decide_fn *decide = merge                              ? decide_taken
                             : job->record.type == RECORD_BONUS ? decide_referrer
                                                                : decide_settlement;
    job_submit_elsewhere(job, true, decide, on_done, job_write_done);
}
