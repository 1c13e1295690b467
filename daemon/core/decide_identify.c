// One identifier comes, goes, or takes another's place.
#include "core/decide_identify.h"

#include "base/check.h"
#include "core/decide_parts.h"
#include "core/identify.h"

static bool is_open(const struct identifier_state *state)
{
    return state->stage == IDENTIFIER_CLAIMING || state->stage == IDENTIFIER_RELEASING;
}

// Kinds the member would still show without one of its identifiers.
static uint32_t kinds_without(const struct account *account, const struct identifier *gone)
{
    uint32_t kinds = 0;
    for (uint32_t i = 0; i < account->identifiers.count; i++) {
        const struct identifier_state *state = &account->identifiers.items[i];
        bool shown = state->stage == IDENTIFIER_CLAIMING || state->stage == IDENTIFIER_BOUND;
        if (shown && !identifier_equal(&state->identifier, gone)) {
            kinds |= UINT32_C(1) << state->identifier.kind;
        }
    }
    return kinds;
}

static enum refusal_reason judge_old(const struct account *account,
                                     const struct identifiers_command *command)
{
    const struct identifier_state *state = account_identifier(account, &command->old);
    if (state == NULL) {
        return REFUSAL_UNKNOWN_IDENTIFIER;
    }
    if (is_open(state)) {
        return REFUSAL_UNFINISHED;
    }
    if (!command->has_new || state->stage == IDENTIFIER_BOUND) {
        return REFUSAL_NONE;
    }
    return state->stage == IDENTIFIER_REPLACED ? REFUSAL_IDENTIFIER_REPLACED
                                               : REFUSAL_UNKNOWN_IDENTIFIER;
}

static enum refusal_reason judge_new(const struct account *account,
                                     const struct identifiers_command *command)
{
    const struct identifier_state *state = account_identifier(account, &command->added);
    if (command->taken) {
        return REFUSAL_IDENTIFIER_TAKEN;
    }
    if (state == NULL) {
        return account->identifiers.count >= LIMIT_IDENTIFIERS ? REFUSAL_TOO_MANY_IDENTIFIERS
                                                               : REFUSAL_NONE;
    }
    return is_open(state) ? REFUSAL_UNFINISHED : REFUSAL_NONE;
}

// The refusal's figure is the kind that would be missing.
static uint32_t missing_without(const struct account *account, const struct program *program,
                                const struct identifiers_command *command)
{
    bool removes = command->has_old && !command->has_new;
    if (!removes || account->status == MEMBER_MERGED) {
        return 0;
    }
    uint32_t missing = identify_missing(program, kinds_without(account, &command->old));
    return missing == command->old.kind ? missing : 0;
}

enum status decide_identifiers(const struct decide *decide,
                               const struct identifiers_command *command,
                               struct decision *ret_decision)
{
    CHECK(command->has_new || command->has_old);
    const struct program_version *version;
    const struct account *account = decide->account;
    // What a merged member was found by leads to the other one: it can still be lost.
    bool merged = account->status == MEMBER_MERGED && command->has_old;
    TRY(decide_open_any(decide, merged ? DECIDE_ADVICE : DECIDE_LIVING, &version, ret_decision));
    if (version == NULL) {
        return STATUS_OK;
    }
    enum refusal_reason old = command->has_old ? judge_old(account, command) : REFUSAL_NONE;
    if (old != REFUSAL_NONE) {
        return decide_refuse(ret_decision, old, "old", 0, 0);
    }
    enum refusal_reason new = command->has_new ? judge_new(account, command) : REFUSAL_NONE;
    if (new != REFUSAL_NONE) {
        return decide_refuse(ret_decision, new, "identifier", 0, LIMIT_IDENTIFIERS);
    }
    uint32_t missing = missing_without(account, version->program, command);
    if (missing != 0) {
        return decide_refuse(ret_decision, REFUSAL_IDENTIFIER_REQUIRED, "old", missing, 0);
    }
    struct record record;
    TRY(decide_begin(decide, RECORD_IDENTIFIERS_CHANGED, &record));
    record.has_figures = false;
    record.identifiers_changed = (struct record_identifiers_changed){
        .has_new = command->has_new,
        .has_old = command->has_old,
        .replaced = command->has_new && command->has_old,
        .added = command->added,
        .old = command->old,
        .reason = command->reason,
    };
    return decide_emit(decide, &record, OUTCOME_APPLIED, ret_decision);
}
