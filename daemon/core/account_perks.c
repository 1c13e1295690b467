// Perks in the fold: uses, their reversals, and what a partner is paid for. A use is counted by its
// civil day and by how many cards the account had then, so that a card that is dated back later
// takes none of them over (domain.md, fine print 17).
#include "core/account_parts.h"

static enum status add_use(struct account *account, const struct perk_use *use)
{
    TRY(vec_reserve_one(&account->perk_uses, LIMIT_PERK_USES));
    account->perk_uses.items[account->perk_uses.count] = *use;
    account->perk_uses.count++;
    return STATUS_OK;
}

enum status account_apply_perk_used(struct account *account, const struct record *record)
{
    const struct record_perk_used *used = &record->perk_used;
    if (account->kind != ACCOUNT_MEMBER) {
        return STATUS_CORRUPT;
    }
    struct perk_use use = {.perk = used->perk,
                           .day = used->day,
                           .card = account->cards.count,
                           .count = 1,
                           .seq = account->seq + 1};
    if (used->coded) {
        memcpy(use.code, used->code, sizeof use.code);
    }
    TRY(add_use(account, &use));
    return used->settled ? account_oblige(account, RECORD_PERK_USED) : STATUS_OK;
}

const struct perk_use *account_perk_use(const struct account *account, uint64_t seq)
{
    for (uint32_t i = account->perk_uses.count; i > 0; i--) {
        const struct perk_use *use = &account->perk_uses.items[i - 1];
        if (use->seq == seq) {
            return use->count > 0 ? use : NULL;
        }
    }
    return NULL;
}

enum status account_apply_perk_reversed(struct account *account, const struct record *record)
{
    const struct record_perk_reversed *reversed = &record->perk_reversed;
    if (account->kind != ACCOUNT_MEMBER || reversed->original_seq > account->seq) {
        return STATUS_CORRUPT;
    }
    if (reversed->result != REVERSE_REVERSED) {
        return STATUS_OK; // nothing was done
    }
    const struct perk_use *use = account_perk_use(account, reversed->original_seq);
    if (use == NULL || use->perk != reversed->perk || use->day != reversed->day) {
        return STATUS_CORRUPT;
    }
    struct perk_use back = {
        .perk = use->perk, .day = use->day, .card = use->card, .count = -1, .seq = use->seq};
    TRY(add_use(account, &back));
    return reversed->settled ? account_oblige(account, RECORD_PERK_REVERSED) : STATUS_OK;
}

// The list of a partner's month is read from its log; here only the ids stay, against repeats.
enum status account_apply_settled(struct account *account, const struct record *record)
{
    const struct record_settled *settled = &record->settled;
    bool whole = settled->perk != 0 && settled->unit != 0 && record->mark.present;
    return account->kind == ACCOUNT_SETTLEMENT && whole ? STATUS_OK : STATUS_CORRUPT;
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

bool account_knows_code(const struct account *account, const uint8_t *code)
{
    for (uint32_t i = 0; i < account->perk_uses.count; i++) {
        if (memcmp(account->perk_uses.items[i].code, code, PERK_CODE_BYTES) == 0) {
            return true;
        }
    }
    return false;
}
