// A membership's life in the fold: status, identifiers, notices, obligations.
#include "core/account_parts.h"

enum status account_apply_status(struct account *account, const struct record *record)
{
    (void)account;
    (void)record;
    return STATUS_UNKNOWN_TYPE;
}

enum status account_apply_done(struct account *account, const struct record *record)
{
    (void)account;
    (void)record;
    return STATUS_UNKNOWN_TYPE;
}

// Whether points that end then are in the account.
static bool has_points_of(const struct account *account, int64_t ends_ms)
{
    bool found = account_in_lot(account, ends_ms) > 0;
    for (uint32_t i = 0; i < account->pending.count && !found; i++) {
        found = account->pending.items[i].ends_ms == ends_ms;
    }
    return found;
}

enum status account_apply_noticed(struct account *account, const struct record *record)
{
    const struct record_noticed *noticed = &record->noticed;
    if (noticed->due_ms <= account->now_ms || account->cards.count == 0) {
        return STATUS_CORRUPT;
    }
    if (noticed->kind == NOTICE_CARD_ENDING) {
        bool fits = noticed->points == 0 && noticed->due_ms != account->card_noticed_ms &&
                    noticed->due_ms == account_card(account)->until_ms;
        account->card_noticed_ms = noticed->due_ms;
        return fits ? STATUS_OK : STATUS_CORRUPT;
    }
    bool fits = noticed->points > 0 && noticed->due_ms > account->points_noticed_ms &&
                has_points_of(account, noticed->due_ms);
    account->points_noticed_ms = noticed->due_ms;
    return fits ? STATUS_OK : STATUS_CORRUPT;
}

enum status account_oblige(struct account *account, enum record_type type)
{
    TRY(vec_reserve_one(&account->obligations, LIMIT_OBLIGATIONS));
    account->obligations.items[account->obligations.count] =
        (struct obligation){.seq = account->seq + 1, .type = type};
    account->obligations.count++;
    return STATUS_OK;
}

enum member_status account_status(const struct account *account)
{
    return account->status == 0 ? MEMBER_ACTIVE : account->status;
}

bool account_lives(const struct account *account)
{
    return account_status(account) <= MEMBER_SUSPENDED;
}
