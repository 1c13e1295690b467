// Decisions on a terminal's day: who has a receipt, what became of a claim, and that the day is
// over. Source: the state diagram of core/receipts.h.
#include <string.h>

#include "core/advance.h"
#include "core/decide_parts.h"
#include "core/receipts.h"

static bool is_this_day(const struct decide *decide, const struct claim_command *command)
{
    const struct account *account = decide->account;
    return account->kind == ACCOUNT_TERMINAL_DAY && account->terminal.day == command->day &&
           span_equal(names_text(&account->names, account->terminal.unit), command->unit);
}

// The day begins with its first claim.
static enum status open_day(const struct decide *decide, const struct claim_command *command,
                            const struct program *program)
{
    struct record record = {
        .type = RECORD_OPENED,
        .at_ms = decide->now_ms,
        .opened = {.kind = ACCOUNT_TERMINAL_DAY,
                   .partition = command->partition,
                   .id = command->account_id,
                   .day = command->day},
    };
    const struct account *account = decide->account;
    TRY(ledger_intern(account, decide->arena, &record, program->id, &record.opened.program));
    TRY(ledger_intern(account, decide->arena, &record, program->currency, &record.opened.currency));
    TRY(ledger_intern(account, decide->arena, &record, command->unit, &record.opened.unit));
    return ledger_emit(decide->writer, decide->account, decide->arena, &record);
}

static enum status emit_step(const struct decide *decide, const struct record_receipt *receipt,
                             struct decision *ret_decision)
{
    struct record record = {
        .type = RECORD_RECEIPT, .at_ms = decide->account->now_ms, .receipt = *receipt};
    return decide_emit(decide, &record, OUTCOME_APPLIED, ret_decision);
}

static struct record_receipt receipt_of_claim(const struct claim *claim, enum receipt_stage stage)
{
    struct record_receipt receipt = {
        .stage = stage, .operation = claim->operation, .number = claim->number};
    memcpy(receipt.original, claim->original, sizeof receipt.original);
    memcpy(receipt.request, claim->request, sizeof receipt.request);
    return receipt;
}

// The claim the command makes, after the one its key stands at (zero: none).
static struct record_receipt wanted_claim(const struct claim_command *command,
                                          const struct claim *held, bool mine)
{
    struct record_receipt receipt = {
        .stage = claim_is_open(held) && !mine ? RECEIPT_TAKEN_OVER : RECEIPT_CLAIMED,
        .operation = command->figures.key.operation,
        .number = command->figures.key.number,
        .member_id = command->member_id,
        .points = command->figures.points,
        .amount_minor = command->figures.amount_minor,
        .not_after_ms = command->not_after_ms,
    };
    memcpy(receipt.original, command->figures.key.original, sizeof receipt.original);
    memcpy(receipt.request, command->request, sizeof receipt.request);
    if (mine && held->points > receipt.points) {
        receipt.points = held->points;
    }
    if (mine && held->not_after_ms > receipt.not_after_ms) {
        receipt.not_after_ms = held->not_after_ms;
    }
    return receipt;
}

// Points of awards that this claim would add to the day must fit its guard; what is counted already
// is not judged again.
static bool passes_guard(const struct account *account, const struct program *program,
                         const struct record_receipt *receipt, const struct claim *held)
{
    if (receipt->operation != RECEIPT_AWARD || program->guard_terminal_day == 0) {
        return true;
    }
    int64_t counted = claim_is_counted(held) ? held->points : 0;
    int64_t others = account->terminal.totals[RECEIPT_AWARD - 1].points - counted;
    return receipt->points <= counted || others + receipt->points <= program->guard_terminal_day;
}

enum status decide_claim(const struct decide *decide, const struct claim_command *command,
                         struct claim_verdict *ret_verdict, struct decision *ret_decision)
{
    struct account *account = decide->account;
    *ret_verdict = (struct claim_verdict){0};
    const struct program_version *version =
        program_set_at(decide->writer->programs, decide->now_ms);
    if (version == NULL) {
        return decide_refuse(ret_decision, REFUSAL_NO_PROGRAM, "", 0, 0);
    }
    if (!account_exists(account)) {
        TRY(open_day(decide, command, version->program));
    }
    if (!is_this_day(decide, command)) {
        return STATUS_CORRUPT;
    }
    TRY(advance(account, decide->writer, decide->arena, decide_now(decide)));
    uint32_t step = receipts_find(account, &command->figures.key);
    struct claim held = step == 0 ? (struct claim){0} : account->claims.items[step - 1];
    bool mine = claim_is_counted(&held) && claim_is_of(&held, command->request, command->member_id);
    ret_verdict->held = held;
    ret_verdict->granted = mine && !claim_is_open(&held);
    ret_verdict->step = step;
    bool others = claim_is_counted(&held) && !mine;
    if (ret_verdict->granted || (others && (!claim_is_open(&held) || step != command->over))) {
        *ret_decision = (struct decision){.outcome = OUTCOME_NOTHING};
        return STATUS_OK;
    }
    struct record_receipt receipt = wanted_claim(command, &held, mine);
    if (!passes_guard(account, version->program, &receipt, &held)) {
        return decide_refuse(ret_decision, REFUSAL_GUARD_TERMINAL_DAY, "receipt", receipt.points,
                             version->program->guard_terminal_day);
    }
    TRY(emit_step(decide, &receipt, ret_decision));
    ret_verdict->granted = true;
    ret_verdict->step = account->claims.count;
    ret_verdict->held = account->claims.items[account->claims.count - 1];
    return STATUS_OK;
}

// Whether the step is open and still the one its key stands at.
static bool is_news(const struct account *account, uint32_t step)
{
    if (step == 0 || step > account->claims.count) {
        return false;
    }
    const struct claim *claim = &account->claims.items[step - 1];
    struct claim_key key = {.operation = claim->operation, .number = claim->number};
    memcpy(key.original, claim->original, sizeof key.original);
    return claim_is_open(claim) && receipts_find(account, &key) == step;
}

enum status decide_claim_ends(const struct decide *decide, const struct claim_end *ends,
                              size_t count, struct decision *ret_decision)
{
    struct account *account = decide->account;
    *ret_decision = (struct decision){.outcome = OUTCOME_NOTHING};
    if (account->kind != ACCOUNT_TERMINAL_DAY) {
        return STATUS_OK;
    }
    TRY(advance(account, decide->writer, decide->arena, decide_now(decide)));
    for (size_t i = 0; i < count; i++) {
        if (!is_news(account, ends[i].step)) {
            continue;
        }
        struct record_receipt receipt =
            receipt_of_claim(&account->claims.items[ends[i].step - 1],
                             ends[i].applied ? RECEIPT_CHANGED : RECEIPT_VOIDED);
        receipt.points = ends[i].applied ? ends[i].points : 0;
        receipt.amount_minor = ends[i].applied ? ends[i].amount_minor : 0;
        TRY(emit_step(decide, &receipt, ret_decision));
    }
    return STATUS_OK;
}

enum status decide_close_day(const struct decide *decide, struct decision *ret_decision)
{
    struct account *account = decide->account;
    TRY(advance(account, decide->writer, decide->arena, decide_now(decide)));
    struct record record;
    TRY(decide_begin(decide, RECORD_RECEIPT, &record));
    record.has_figures = false; // nobody's balance
    record.receipt = (struct record_receipt){.stage = RECEIPT_DAY_CLOSED};
    memcpy(record.receipt.totals, account->terminal.totals, sizeof record.receipt.totals);
    return decide_emit(decide, &record, OUTCOME_APPLIED, ret_decision);
}
