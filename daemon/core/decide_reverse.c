// Reversals: taking back what was done. An advice cannot be refused for the state of the account:
// what it found is a result. Source: domain.md, "Operations" (Reverse), fine print 10, 11 and 16.
#include <string.h>

#include "core/decide_parts.h"
#include "core/reversal.h"

// A part that no original of its kind could have.
static bool fits(const struct original *original, const struct reverse_command *command)
{
    bool sale = command->part == REVERSE_AMOUNT || command->part == REVERSE_LINES;
    switch (original->type) {
    case RECORD_AWARDED:
        return command->part != REVERSE_POINTS;
    case RECORD_REDEEMED:
    case RECORD_CAPTURED:
    case RECORD_HELD:
        return !sale;
    default:
        return true;
    }
}

// The first line number that the sale does not have, or 0 in `ret_lines`' place of it.
static bool has_lines(const struct original *original, const struct reverse_command *command,
                      int64_t *ret_number, int64_t *ret_lines)
{
    size_t recorded = original->awarded.line_count;
    *ret_lines = recorded == 0 ? 1 : (int64_t)recorded;
    for (size_t i = 0; command->part == REVERSE_LINES && i < command->line_count; i++) {
        *ret_number = command->lines[i];
        if (*ret_number < 1 || *ret_number > *ret_lines) {
            return false;
        }
    }
    return true;
}

static enum status fill_advice(const struct decide *decide, const struct reverse_command *command,
                               struct record *record, struct advice *advice)
{
    *advice = (struct advice){
        .reason = command->reason,
        .receipt = decide_receipt(&command->receipt),
    };
    memcpy(advice->original, command->original, sizeof advice->original);
    return decide_unit(decide, record, command->unit, &advice->unit);
}

static enum status bury(const struct decide *decide, const struct reverse_command *command,
                        struct decision *ret_decision)
{
    struct record record;
    TRY(decide_begin(decide, RECORD_TOMBSTONE, &record));
    TRY(fill_advice(decide, command, &record, &record.tombstone.advice));
    return decide_emit(decide, &record, OUTCOME_APPLIED, ret_decision);
}

// A reservation that is open is released; one that is not holds nothing any more.
static enum status reverse_hold(const struct decide *decide, const struct original *original,
                                const struct reverse_command *command,
                                struct record_reversed *reversed)
{
    const struct hold *hold = account_hold(decide->account, command->original);
    if (hold != NULL) {
        return reversal_of_hold(decide->account, hold, decide->arena, reversed);
    }
    reversed->result =
        original->reversals > 0 ? REVERSE_PREVIOUSLY_REVERSED : REVERSE_NOTHING_TO_REVERSE;
    return STATUS_OK;
}

static enum status reverse(const struct decide *decide, const struct original *original,
                           const struct reverse_command *command, bool clamp,
                           struct decision *ret_decision)
{
    struct record record;
    TRY(decide_begin(decide, RECORD_REVERSED, &record));
    struct record_reversed *reversed = &record.reversed;
    *reversed = (struct record_reversed){.result = REVERSE_NOTHING_TO_REVERSE,
                                         .method = (uint32_t)original->type,
                                         .original_seq = original->seq};
    TRY(fill_advice(decide, command, &record, &reversed->advice));
    switch (original->type) {
    case RECORD_AWARDED:
        TRY(reversal_of_sale(decide->account, original, command, clamp, decide->arena, reversed));
        break;
    case RECORD_REDEEMED:
    case RECORD_CAPTURED:
        TRY(reversal_of_spending(decide->account, original, command, decide->arena, reversed));
        break;
    case RECORD_HELD:
        TRY(reverse_hold(decide, original, command, reversed));
        break;
    default:
        break;
    }
    return decide_emit(decide, &record, OUTCOME_APPLIED, ret_decision);
}

enum status decide_reverse(const struct decide *decide, const struct reverse_command *command,
                           struct decision *ret_decision)
{
    const struct program_version *version;
    TRY(decide_open_any(decide, DECIDE_ADVICE, &version, ret_decision));
    if (version == NULL) {
        return STATUS_OK;
    }
    if (command->original_created_ms < decide->now_ms - LIMIT_HORIZON_MS) {
        return decide_refuse(ret_decision, REFUSAL_ORIGINAL_ARCHIVED, "original_created_at", 0, 0);
    }
    struct original original;
    TRY(original_find(decide->log, command->original, decide->arena, &original));
    if (original.type == RECORD_NONE) {
        return bury(decide, command, ret_decision);
    }
    if (!fits(&original, command)) {
        const char *field = command->part == REVERSE_POINTS  ? "points"
                            : command->part == REVERSE_LINES ? "lines"
                                                             : "amount_minor";
        return decide_refuse(ret_decision, REFUSAL_PART_DOES_NOT_FIT, field, 0, 0);
    }
    int64_t number = 0;
    int64_t lines = 0;
    if (original.type == RECORD_AWARDED && !has_lines(&original, command, &number, &lines)) {
        return decide_refuse(ret_decision, REFUSAL_LINE_NOT_FOUND, "lines", number, lines);
    }
    bool merged = decide->account->status == MEMBER_MERGED; // what it owes, the other one does
    bool clamp = !merged && (version->program->clamp_negative || account_forfeits(decide->account));
    return reverse(decide, &original, command, clamp, ret_decision);
}
