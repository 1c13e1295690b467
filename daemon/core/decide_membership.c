// Decisions about a membership's status, and the ends of its obligations.
#include "core/decide_membership.h"

#include "base/check.h"
#include "core/decide_parts.h"

// --- status ---

static enum refusal_reason judge_status(const struct decide *decide, enum member_status wanted)
{
    const struct account *account = decide->account;
    enum member_status status = account_status(account);
    if (status == wanted) {
        return REFUSAL_STATUS_UNCHANGED;
    }
    if (status == MEMBER_MERGED) {
        bool may = decide->mark.system && wanted == MEMBER_ERASED && !account_is_merging(account);
        return may ? REFUSAL_NONE : REFUSAL_MERGED;
    }
    if (status == MEMBER_ERASED || (status == MEMBER_CLOSED && wanted != MEMBER_ERASED)) {
        return REFUSAL_CLOSED;
    }
    bool ends = wanted > MEMBER_SUSPENDED;
    return ends && account->holds.count > 0 ? REFUSAL_HOLDS_OPEN : REFUSAL_NONE;
}

enum status decide_status(const struct decide *decide, const struct status_command *command,
                          struct decision *ret_decision)
{
    CHECK(command->status != MEMBER_MERGED && command->reason.len <= LIMIT_TEXT_BYTES);
    const struct account *account = decide->account;
    const struct program_version *version;
    TRY(decide_open_for(decide, DECIDE_ADVICE, &version, ret_decision));
    if (version == NULL) {
        return STATUS_OK;
    }
    enum refusal_reason reason = judge_status(decide, command->status);
    if (reason != REFUSAL_NONE) {
        return decide_refuse(ret_decision, reason, "member", 0, account->held_points);
    }
    struct record record;
    TRY(decide_begin(decide, RECORD_STATUS_CHANGED, &record));
    record.status_changed = (struct record_status_changed){
        .status = command->status, .listed = true, .reason = command->reason};
    if (command->status > MEMBER_SUSPENDED) {
        record.status_changed.forfeited = account_left(account);
        record.status_changed.forgiven = account->deficit;
    }
    return decide_emit(decide, &record, OUTCOME_APPLIED, ret_decision);
}

// --- a partner's month ---

enum status decide_settled(const struct decide *decide, const struct settle_command *command,
                           struct decision *ret_decision)
{
    const struct account *account = decide->account;
    const struct settlement *settlement = &command->settlement;
    if (!account_exists(account)) {
        TRY(decide_open_list(decide, ACCOUNT_SETTLEMENT, command->account_id, command->partition));
    }
    if (account->kind != ACCOUNT_SETTLEMENT) {
        return STATUS_CORRUPT;
    }
    struct record record;
    TRY(decide_begin_plain(decide, RECORD_SETTLED, &record));
    record.settled = (struct record_settled){.used_at_ms = settlement->used_at_ms,
                                             .reversal = settlement->reversal};
    memcpy(record.settled.request, settlement->request, sizeof record.settled.request);
    TRY(ledger_intern(account, decide->arena, &record, settlement->perk, &record.settled.perk));
    bool crowded = account->names.places.count >= LIMIT_NAMES_AN_ACCOUNT / 2 &&
                   names_find(&account->names, settlement->unit) == 0;
    struct span unit = crowded ? settlement->partner : settlement->unit;
    TRY(ledger_intern(account, decide->arena, &record, unit, &record.settled.unit));
    return decide_emit(decide, &record, OUTCOME_APPLIED, ret_decision);
}

// --- the end of an obligation ---

// Time left the membership alone while it was merged: a card that has ended since is followed by
// the one of the score it has now.
static enum status renew_card(const struct decide *decide, struct record *record)
{
    const struct account *account = decide->account;
    const struct program_set *programs = decide->writer->programs;
    const struct program_version *version = program_set_at(programs, record->at_ms);
    struct holding holding = advance_holding(account);
    if (holding.card.until_ms > record->at_ms) {
        return STATUS_OK;
    }
    if (version == NULL) {
        return STATUS_NOT_FOUND;
    }
    struct card_test test = {.at_ms = record->at_ms, .score = account->score};
    enum card_cause cause = advance_end_card(version, advance_latest(programs), &test, &holding);
    return decide_give(decide, record, &holding.card, cause);
}

enum status decide_done(const struct decide *decide, const struct done_command *command,
                        struct decision *ret_decision)
{
    struct account *account = decide->account;
    const struct obligation *open = account_obligation(account, command->seq);
    if (open == NULL) {
        *ret_decision = (struct decision){.outcome = OUTCOME_NOTHING};
        return STATUS_OK;
    }
    bool given_back = command->failed && open->type == RECORD_MERGED;
    TRY(advance(account, decide->writer, decide->arena, decide_now(decide)));
    struct record record;
    TRY(decide_begin_plain(decide, RECORD_DONE, &record));
    record.done = (struct record_done){
        .seq = command->seq, .failed = command->failed, .given_back = given_back};
    if (given_back) {
        CHECK(command->carried != NULL);
        record.done.carried = *command->carried;
        TRY(renew_card(decide, &record));
    }
    return decide_emit(decide, &record, OUTCOME_APPLIED, ret_decision);
}
