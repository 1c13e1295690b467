// Where a member stands in short, and pages of a statement; its lines are in statement_activity.c.
#include "wire/statement.h"

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
