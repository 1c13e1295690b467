// Where a member stands: the card, the points, what becomes of them, and what is to come.
#include "core/advance.h"
#include "core/calendar.h"
#include "wire/message.h"
#include "wire/statement.h"
#include "wire/statement_outlook.h"

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

// What time will write, and what it changes without a word: pending points, score.
static int64_t next_change(const struct account *account, const struct program_set *programs)
{
    int64_t at_ms = advance_due(account, programs);
    if (account->pending.count > 0) {
        at_ms = earlier(at_ms, account->pending.items[0].spendable_ms);
    }
    if (account->steps.count > 0) {
        at_ms = earlier(at_ms, account->steps.items[0].at_ms);
    }
    return at_ms;
}

static enum status fill_lots(struct arena *arena, const struct account *account,
                             Loyalty__V1__GetMemberResponse *response)
{
    uint32_t count = account->lots.count;
    count = count < LIMIT_LOTS_SHOWN ? count : LIMIT_LOTS_SHOWN;
    response->lots = arena_alloc_array(arena, count, sizeof(Loyalty__V1__Lot *));
    if (response->lots == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct lot *lot = &account->lots.items[i];
        TRY(replies_lot(arena, lot->points, lot->ends_ms, &response->lots[i]));
    }
    response->n_lots = count;
    return STATUS_OK;
}

// Spendable points that end before or at an instant.
static int64_t ending_by(const struct account *account, int64_t instant_ms)
{
    int64_t points = 0;
    for (uint32_t i = 0; i < account->lots.count && account->lots.items[i].ends_ms <= instant_ms;
         i++) {
        points += account->lots.items[i].points;
    }
    return points;
}

// Kinds of the identifiers the member is found by, or has at least.
static enum status fill_identifiers(struct arena *arena, const struct account *account,
                                    Loyalty__V1__GetMemberResponse *response)
{
    response->identifiers =
        arena_alloc_array(arena, account->identifiers.count, sizeof(*response->identifiers));
    if (response->identifiers == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t i = 0; i < account->identifiers.count; i++) {
        const struct identifier_state *state = &account->identifiers.items[i];
        if (state->stage <= IDENTIFIER_BOUND) {
            response->identifiers[response->n_identifiers] =
                (Loyalty__V1__IdentifierKind)state->identifier.kind;
            response->n_identifiers++;
        }
    }
    return STATUS_OK;
}

static enum status fill_life(struct arena *arena, const struct account *account,
                             Loyalty__V1__GetMemberResponse *response)
{
    response->status = (Loyalty__V1__MemberStatus)account_status(account);
    response->kind = (Loyalty__V1__AccountKind)account->kind;
    response->expiring_in_30_days = ending_by(account, account->now_ms + 30 * DAY_MS);
    response->expiring_in_90_days = ending_by(account, account->now_ms + 90 * DAY_MS);
    return fill_identifiers(arena, account, response);
}

static enum status fill_names(struct arena *arena, const struct local_names *names,
                              Loyalty__V1__GetMemberResponse *response)
{
    typedef Loyalty__V1__GetMemberResponse__TierNamesEntry entry_message;
    response->tier_names = arena_alloc_array(arena, names->count, sizeof(entry_message *));
    if (response->tier_names == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < names->count; i++) {
        entry_message *entry = (entry_message *)message_new(
            &loyalty__v1__get_member_response__tier_names_entry__descriptor, arena);
        if (entry == NULL) {
            return STATUS_NO_MEMORY;
        }
        TRY(replies_text(arena, names->items[i].language, &entry->key));
        TRY(replies_text(arena, names->items[i].text, &entry->value));
        response->tier_names[i] = entry;
    }
    response->n_tier_names = names->count;
    return STATUS_OK;
}

static enum status fill_prospects(struct arena *arena, const struct account *account,
                                  const struct program_set *programs, const struct program *program,
                                  Loyalty__V1__GetMemberResponse *response)
{
    if (account->cards.count == 0 || !account_lives(account)) {
        return STATUS_OK;
    }
    int rank = program_tier_rank(program, names_text(&account->names, account_card(account)->tier));
    if (rank >= 0) {
        TRY(fill_names(arena, &program->tiers[rank].names, response));
    }
    TRY(statement_progress(arena, program, account->score, &response->n_progress,
                           &response->progress));
    return statement_forecast(arena, account, programs, &response->forecast);
}

enum status statement_member(struct arena *arena, const struct account *account,
                             const struct program_set *programs, uint64_t written_seq,
                             Loyalty__V1__MemberView view,
                             Loyalty__V1__GetMemberResponse **ret_response)
{
    const struct program_version *version = program_set_at(programs, account->now_ms);
    if (version == NULL) {
        return STATUS_NOT_FOUND;
    }
    Loyalty__V1__GetMemberResponse *response = (Loyalty__V1__GetMemberResponse *)message_new(
        &loyalty__v1__get_member_response__descriptor, arena);
    if (response == NULL) {
        return STATUS_NO_MEMORY;
    }
    struct replies replies = replies_of_account(account, arena);
    response->seq = written_seq;
    response->program_version = version->number;
    TRY(replies_text(arena, replies.member_id, &response->member_id));
    TRY(replies_instant(arena, account->now_ms, &response->as_of));
    TRY(replies_instant(arena, account->enrolled_ms, &response->enrolled_at));
    TRY(statement_standing(arena, account, programs, &response->standing));
    TRY(fill_lots(arena, account, response));
    TRY(fill_life(arena, account, response));
    if (account->cards.count > 0) {
        TRY(replies_card(&replies, NULL, account_card(account), &response->card));
    }
    if (view != LOYALTY__V1__MEMBER_VIEW__MEMBER_VIEW_BASIC) {
        TRY(fill_prospects(arena, account, programs, version->program, response));
    }
    TRY(replies_instant(arena, next_change(account, programs), &response->next_change_at));
    *ret_response = response;
    return STATUS_OK;
}
