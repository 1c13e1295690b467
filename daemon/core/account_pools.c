// Bonuses and pools in the fold.
#include "core/account_parts.h"

#include <string.h>

static bool is_member_id(struct span id)
{
    return id.len > 0 && id.len <= LIMIT_MEMBER_ID_BYTES && memchr(id.data, '\0', id.len) == NULL;
}

static void keep_id(char *ret_id, struct span id)
{
    memcpy(ret_id, id.data, id.len);
    ret_id[id.len] = '\0';
}

// A member is brought once and for all: what ends it is the bonus.
static enum status end_referral(struct account *account, const struct record_bonus *bonus)
{
    if (account->referrer[0] == '\0' || !span_is_text(bonus->other, account->referrer)) {
        return STATUS_CORRUPT;
    }
    account->referrer[0] = '\0';
    return bonus->other_points > 0 ? account_oblige(account, RECORD_BONUS) : STATUS_OK;
}

enum status account_apply_bonus(struct account *account, const struct record *record)
{
    const struct record_bonus *bonus = &record->bonus;
    if (account->kind != ACCOUNT_MEMBER || !is_member_id(bonus->other)) {
        return STATUS_CORRUPT;
    }
    if (bonus->points > LIMIT_POINTS_A_RECORD || bonus->other_points > LIMIT_POINTS_A_RECORD) {
        return STATUS_RANGE;
    }
    if (bonus->reason == BONUS_REFERRED) {
        TRY(end_referral(account, bonus));
    }
    return account_earn(account, &(struct pending_lot){.spendable_ms = bonus->spendable_ms,
                                                       .ends_ms = bonus->lot_ends_ms,
                                                       .points = bonus->points});
}

// Stands right behind the enrolment.
enum status account_apply_referred(struct account *account, const struct record *record)
{
    struct span by = record->referred.by;
    if (account->kind != ACCOUNT_MEMBER || account->seq != 1 || account->referrer[0] != '\0' ||
        !is_member_id(by) || span_is_text(by, account->id)) {
        return STATUS_CORRUPT;
    }
    keep_id(account->referrer, by);
    return STATUS_OK;
}

enum status account_apply_pool_member(struct account *account, const struct record *record)
{
    const struct record_pool_member *member = &record->pool_member;
    if (account->kind != ACCOUNT_POOL || !is_member_id(member->member_id)) {
        return STATUS_CORRUPT;
    }
    TRY(vec_reserve_one(&account->pool_members, LIMIT_POOL_MEMBERS));
    struct pool_member *entry = &account->pool_members.items[account->pool_members.count];
    *entry = (struct pool_member){.may_award = member->may_award,
                                  .may_redeem = member->may_redeem,
                                  .redeem_a_month = member->redeem_a_month};
    keep_id(entry->member_id, member->member_id);
    account->pool_members.count++;
    return STATUS_OK;
}

static bool is_of(const struct pool_member *member, struct span member_id)
{
    return span_is_text(member_id, member->member_id);
}

// The first entry of a member, which its uses name; or their count.
static uint32_t first_entry(const struct account *account, struct span member_id)
{
    uint32_t at = 0;
    while (at < account->pool_members.count &&
           !is_of(&account->pool_members.items[at], member_id)) {
        at++;
    }
    return at;
}

// An award says only who it is by.
enum status account_apply_pool_spent(struct account *account, const struct record *record)
{
    const struct record_pool_spent *spent = &record->pool_spent;
    uint32_t member = first_entry(account, spent->member_id);
    if (account->kind != ACCOUNT_POOL || member == account->pool_members.count) {
        return STATUS_CORRUPT;
    }
    if (spent->points == 0) {
        return STATUS_OK;
    }
    TRY(vec_reserve_one(&account->pool_uses, LIMIT_POOL_USES));
    account->pool_uses.items[account->pool_uses.count] =
        (struct pool_use){.member = member, .day = spent->day, .points = spent->points};
    account->pool_uses.count++;
    return STATUS_OK;
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

const struct pool_member *account_pool_member_first(const struct account *account,
                                                    struct span member_id)
{
    uint32_t at = first_entry(account, member_id);
    return at < account->pool_members.count ? &account->pool_members.items[at] : NULL;
}

int64_t account_pool_spent(const struct account *account, struct span member_id, int32_t from_day,
                           int32_t until_day)
{
    uint32_t member = first_entry(account, member_id);
    int64_t points = 0;
    for (uint32_t i = 0; i < account->pool_uses.count; i++) {
        const struct pool_use *use = &account->pool_uses.items[i];
        bool in = use->member == member && use->day >= from_day && use->day < until_day;
        points += in ? use->points : 0;
    }
    return points;
}
