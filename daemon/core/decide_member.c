// Decisions about the membership itself: enrolment, and the end of an identifier's obligation.
#include "base/check.h"
#include "core/advance.h"
#include "core/decide_parts.h"

static enum status opened_record(const struct decide *decide, const struct enrol_command *command,
                                 const struct program_version *version, struct record *record)
{
    const struct account *account = decide->account;
    struct identifier *identifiers =
        arena_alloc_array(decide->arena, command->identifier_count, sizeof *identifiers);
    if (identifiers == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < command->identifier_count; i++) {
        identifiers[i] = command->identifiers[i];
    }
    record->opened = (struct record_opened){
        .kind = command->pool ? ACCOUNT_POOL : ACCOUNT_MEMBER,
        .partition = command->partition,
        .id = command->member_id,
        .identifiers = identifiers,
        .identifier_count = command->identifier_count,
    };
    TRY(ledger_intern(account, decide->arena, record, version->program->id,
                      &record->opened.program));
    return ledger_intern(account, decide->arena, record, version->program->currency,
                         &record->opened.currency);
}

// Who brought the member stands right behind the enrolment, which is what is answered.
static enum status emit_referred(const struct decide *decide, const struct enrol_command *command,
                                 struct decision *ret_decision)
{
    struct record record = {.type = RECORD_REFERRED,
                            .at_ms = command->enrolled_ms,
                            .referred = {.by = command->referrer}};
    ret_decision->behind = 1;
    return ledger_emit(decide->writer, decide->account, decide->arena, &record);
}

enum status decide_enrol(const struct decide *decide, const struct enrol_command *command,
                         struct decision *ret_decision)
{
    CHECK(command->member_id.len > 0 && command->member_id.len <= LIMIT_MEMBER_ID_BYTES);
    CHECK(command->identifier_count <= LIMIT_IDENTIFIERS);
    if (account_exists(decide->account)) {
        return decide_refuse(ret_decision, REFUSAL_ALREADY_ENROLLED, "member_id", 0, 0);
    }
    if (command->enrolled_ms > decide->now_ms) {
        return decide_refuse(ret_decision, REFUSAL_BAD_INTERVAL, "enrolled_at", 0, 0);
    }
    const struct program_version *version =
        program_set_at(decide->writer->programs, command->enrolled_ms);
    if (version == NULL) {
        return decide_refuse(ret_decision, REFUSAL_NO_PROGRAM, "", 0, 0);
    }
    struct record record;
    TRY(decide_begin(decide, RECORD_OPENED, &record));
    record.at_ms = command->enrolled_ms;
    TRY(opened_record(decide, command, version, &record));
    if (!command->pool) {
        struct held_card base = advance_new_card(version, 0, command->enrolled_ms);
        TRY(decide_give(decide, &record, &base, CARD_ENROLLED));
    }
    TRY(decide_emit(decide, &record, OUTCOME_APPLIED, ret_decision));
    return command->referrer.len > 0 ? emit_referred(decide, command, ret_decision) : STATUS_OK;
}

enum status decide_bound(const struct decide *decide, const struct record_bound *bound,
                         struct decision *ret_decision)
{
    struct account *account = decide->account;
    CHECK(account_exists(account));
    const struct identifier_state *state = account_identifier(account, &bound->identifier);
    bool open = state != NULL && (state->stage == IDENTIFIER_CLAIMING ||
                                  (state->stage == IDENTIFIER_RELEASING && bound->lost));
    if (!open) {
        *ret_decision = (struct decision){.outcome = OUTCOME_NOTHING};
        return STATUS_OK;
    }
    TRY(advance(account, decide->writer, decide->arena, decide_now(decide)));
    struct record record = {
        .type = RECORD_BOUND, .at_ms = account->now_ms, .mark = decide->mark, .bound = *bound};
    return decide_emit(decide, &record, OUTCOME_APPLIED, ret_decision);
}
