// Bonuses and pools in the fold.
#include "core/account_parts.h"

enum status account_apply_bonus(struct account *account, const struct record *record)
{
    (void)account;
    (void)record;
    return STATUS_UNKNOWN_TYPE;
}

enum status account_apply_referred(struct account *account, const struct record *record)
{
    (void)account;
    (void)record;
    return STATUS_UNKNOWN_TYPE;
}

enum status account_apply_pool_member(struct account *account, const struct record *record)
{
    (void)account;
    (void)record;
    return STATUS_UNKNOWN_TYPE;
}

enum status account_apply_pool_spent(struct account *account, const struct record *record)
{
    (void)account;
    (void)record;
    return STATUS_UNKNOWN_TYPE;
}

static bool is_of(const struct pool_member *member, struct span member_id)
{
    return span_is_text(member_id, member->member_id);
}

const struct pool_member *account_pool_member(const struct account *account, struct span member_id)
{
    for (uint32_t i = account->pool_members.count; i > 0; i--) {
        const struct pool_member *member = &account->pool_members.items[i - 1];
        if (is_of(member, member_id)) {
            return member;
        }
    }
    return NULL;
}

int64_t account_pool_spent(const struct account *account, struct span member_id, int32_t from_day,
                           int32_t until_day)
{
    int64_t points = 0;
    for (uint32_t i = 0; i < account->pool_uses.count; i++) {
        const struct pool_use *use = &account->pool_uses.items[i];
        bool in = use->day >= from_day && use->day < until_day;
        points +=
            in && is_of(&account->pool_members.items[use->member], member_id) ? use->points : 0;
    }
    return points;
}
