// The reversal of a perk's use, an advice. A use of another partner's is none to who asks: it is
// told what it would be told of an id that nobody knows, and may not learn from the answer which of
// the two it is.
#include <string.h>

#include "core/decide_parts.h"
#include "core/decide_perks.h"
#include "core/settlement.h"

// A use, as far as its reversal needs it. References outlive the record they were read from.
struct original_use {
    uint64_t seq; // 0: there is none to be reversed by who asks
    uint32_t used_by;
    struct record_perk_used used;
};

static bool may_reverse(const struct account *account, const struct record *record,
                        struct span partner)
{
    struct span own = settlement_partner(names_text(&account->names, record->actor));
    return record->type == RECORD_PERK_USED && (partner.len == 0 || span_equal(own, partner));
}

static enum status find_use(const struct decide *decide, const struct reverse_perk_command *command,
                            struct original_use *ret_use)
{
    struct mark mark = {.present = true};
    memcpy(mark.id, command->original, sizeof mark.id);
    *ret_use = (struct original_use){0};
    if (!account_may_know(decide->account, &mark)) {
        return STATUS_OK;
    }
    struct arena walking; // is reset between records
    arena_init(&walking, LIMIT_ARENA_BYTES);
    struct record record;
    uint64_t seq = 0;
    enum status status = ledger_find(decide->log, &mark, &walking, &record, &seq);
    if (status == STATUS_OK && may_reverse(decide->account, &record, command->partner)) {
        *ret_use =
            (struct original_use){.seq = seq, .used_by = record.actor, .used = record.perk_used};
    }
    arena_fini(&walking);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static struct record_perk_reversed reversal_of(const struct account *account,
                                               const struct original_use *use)
{
    if (use->seq == 0) {
        return (struct record_perk_reversed){.result = REVERSE_ORIGINAL_NOT_FOUND};
    }
    bool counts = account_perk_use(account, use->seq) != NULL;
    return (struct record_perk_reversed){
        .result = counts ? REVERSE_REVERSED : REVERSE_PREVIOUSLY_REVERSED,
        .original_seq = use->seq,
        .perk = use->used.perk,
        .used_by = use->used_by,
        .unit = use->used.unit,
        .day = use->used.day,
        .settled = counts && use->used.settled,
    };
}

enum status decide_reverse_perk(const struct decide *decide,
                                const struct reverse_perk_command *command,
                                struct decision *ret_decision)
{
    const struct program_version *version;
    TRY(decide_open_for(decide, DECIDE_ADVICE, &version, ret_decision));
    if (version == NULL) {
        return STATUS_OK;
    }
    if (command->original_created_ms < decide->now_ms - LIMIT_HORIZON_MS) {
        return decide_refuse(ret_decision, REFUSAL_ORIGINAL_ARCHIVED, "original_created_at", 0, 0);
    }
    struct original_use use;
    TRY(find_use(decide, command, &use));
    struct record record;
    TRY(decide_begin(decide, RECORD_PERK_REVERSED, &record));
    record.perk_reversed = reversal_of(decide->account, &use);
    record.perk_reversed.reason = command->reason;
    memcpy(record.perk_reversed.original, command->original, sizeof command->original);
    return decide_emit(decide, &record, OUTCOME_APPLIED, ret_decision);
}
