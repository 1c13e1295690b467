// A membership's life in the fold: status, identifiers, notices, obligations.
#include "core/account_parts.h"

static bool may_follow(enum member_status from, enum member_status to)
{
    switch (to) {
    case MEMBER_ACTIVE:
        return from == MEMBER_SUSPENDED;
    case MEMBER_SUSPENDED:
        return from == MEMBER_ACTIVE;
    case MEMBER_CLOSED:
        return from <= MEMBER_SUSPENDED;
    case MEMBER_ERASED:
        return from != MEMBER_ERASED; // of one merged: nothing is left but what names the person
    case MEMBER_MERGED:
        break; // RECORD_MERGED
    }
    return false;
}

enum status account_apply_status(struct account *account, const struct record *record)
{
    const struct record_status_changed *changed = &record->status_changed;
    bool ends = changed->status > MEMBER_SUSPENDED;
    int64_t forfeited = ends ? account_left(account) : 0;
    int64_t forgiven = ends ? account->deficit : 0;
    if (account->cards.count == 0 || !may_follow(account_status(account), changed->status) ||
        (ends && account->holds.count > 0) || changed->forfeited != forfeited ||
        changed->forgiven != forgiven) {
        return STATUS_CORRUPT;
    }
    account->status = changed->status;
    if (ends) {
        account->expired += forfeited;
        account->forgiven += forgiven;
        account_empty(account);
    }
    bool obliges = changed->listed || changed->status == MEMBER_ERASED;
    return obliges ? account_oblige(account, record->type) : STATUS_OK;
}

const struct obligation *account_obligation(const struct account *account, uint64_t seq)
{
    for (uint32_t i = 0; i < account->obligations.count; i++) {
        if (account->obligations.items[i].seq == seq) {
            return &account->obligations.items[i];
        }
    }
    return NULL;
}

enum status account_apply_done(struct account *account, const struct record *record)
{
    const struct record_done *done = &record->done;
    const struct obligation *open = account_obligation(account, done->seq);
    bool merge = open != NULL && open->type == RECORD_MERGED;
    if (open == NULL || done->given_back != (merge && done->failed)) {
        return STATUS_CORRUPT;
    }
    uint32_t index = (uint32_t)(open - account->obligations.items);
    account->obligations.count--;
    for (; index < account->obligations.count; index++) {
        account->obligations.items[index] = account->obligations.items[index + 1];
    }
    return done->given_back ? account_take_back_merge(account, &done->carried) : STATUS_OK;
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
    bool of_card = noticed->kind == NOTICE_CARD_ENDING;
    if (noticed->due_ms <= account->now_ms || (of_card && account->cards.count == 0)) {
        return STATUS_CORRUPT;
    }
    if (of_card) {
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

bool account_forfeits(const struct account *account)
{
    return !account_lives(account) && account->status != MEMBER_MERGED;
}

bool account_unfinished(const struct account *account)
{
    for (uint32_t i = 0; i < account->identifiers.count; i++) {
        enum identifier_stage stage = account->identifiers.items[i].stage;
        if (stage == IDENTIFIER_CLAIMING || stage == IDENTIFIER_RELEASING) {
            return true;
        }
    }
    return account->obligations.count > 0;
}

bool account_is_merging(const struct account *account)
{
    for (uint32_t i = 0; i < account->obligations.count; i++) {
        if (account->obligations.items[i].type == RECORD_MERGED) {
            return true;
        }
    }
    return false;
}
