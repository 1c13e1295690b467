// Where a member stands, and pages of a statement; its lines are in statement_activity.c.
#include "wire/statement.h"

#include "core/advance.h"
#include "core/ledger.h"
#include "wire/commands.h"
#include "wire/message.h"

enum status statement_standing(struct arena *arena, const struct account *account,
                               const struct program_set *programs,
                               Loyalty__V1__Standing **ret_standing)
{
    struct ledger_standing place;
    TRY(ledger_standing(account, programs, &place));
    Loyalty__V1__Standing *standing =
        (Loyalty__V1__Standing *)message_new(&loyalty__v1__standing__descriptor, arena);
    if (standing == NULL) {
        return STATUS_NO_MEMORY;
    }
    standing->balance = account->balance;
    standing->pending = account->pending_points;
    standing->held = account->held_points;
    standing->score = account->score;
    standing->missing_to_next = place.missing;
    TRY(replies_text(arena, place.tier, &standing->tier_id));
    TRY(replies_text(arena, place.next_tier, &standing->next_tier_id));
    *ret_standing = standing;
    return STATUS_OK;
}

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

enum status statement_member(struct arena *arena, const struct account *account,
                             const struct program_set *programs, uint64_t written_seq,
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
    TRY(replies_card(&replies, NULL, account_card(account), &response->card));
    TRY(fill_lots(arena, account, response));
    TRY(replies_instant(arena, next_change(account, programs), &response->next_change_at));
    *ret_response = response;
    return STATUS_OK;
}

enum status statement_page(struct arena *arena, Loyalty__V1__Activity **activities, size_t count,
                           bool more, Loyalty__V1__ListActivityResponse **ret_response)
{
    Loyalty__V1__ListActivityResponse *response = (Loyalty__V1__ListActivityResponse *)message_new(
        &loyalty__v1__list_activity_response__descriptor, arena);
    if (response == NULL) {
        return STATUS_NO_MEMORY;
    }
    response->activities = activities;
    response->n_activities = count;
    if (more && count > 0) {
        response->next_page_token = commands_page_token(arena, activities[count - 1]->seq);
        if (response->next_page_token == NULL) {
            return STATUS_NO_MEMORY;
        }
    }
    *ret_response = response;
    return STATUS_OK;
}
