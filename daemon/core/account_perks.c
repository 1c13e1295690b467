// Perks in the fold: uses, their reversals, and what a partner is paid for.
#include "core/account_parts.h"

enum status account_apply_perk_used(struct account *account, const struct record *record)
{
    (void)account;
    (void)record;
    return STATUS_UNKNOWN_TYPE;
}

enum status account_apply_perk_reversed(struct account *account, const struct record *record)
{
    (void)account;
    (void)record;
    return STATUS_UNKNOWN_TYPE;
}

enum status account_apply_settled(struct account *account, const struct record *record)
{
    (void)account;
    (void)record;
    return STATUS_UNKNOWN_TYPE;
}

int64_t account_perk_uses(const struct account *account, uint32_t perk, int32_t from_day,
                          int32_t until_day)
{
    int64_t count = 0;
    for (uint32_t i = 0; i < account->perk_uses.count; i++) {
        const struct perk_use *use = &account->perk_uses.items[i];
        bool in = use->perk == perk && use->day >= from_day && use->day < until_day;
        count += in ? use->count : 0;
    }
    return count;
}

int64_t account_perk_uses_of_card(const struct account *account, uint32_t perk, uint32_t card)
{
    int64_t count = 0;
    for (uint32_t i = 0; i < account->perk_uses.count; i++) {
        const struct perk_use *use = &account->perk_uses.items[i];
        count += use->perk == perk && use->card >= card ? use->count : 0;
    }
    return count;
}
