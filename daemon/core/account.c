// An account's life in memory: creation, savepoints, and the questions asked of it. What changes it
// is in account_apply.c.
#include "core/account.h"

#include "base/check.h"
#include "core/calendar.h"

void account_init(struct account *account)
{
    *account = (struct account){0};
    names_init(&account->names);
}

void account_fini(struct account *account)
{
    vec_fini(&account->lots);
    vec_fini(&account->pending);
    vec_fini(&account->holds);
    vec_fini(&account->held_lots);
    vec_fini(&account->ended);
    vec_fini(&account->steps);
    vec_fini(&account->contributions);
    vec_fini(&account->cards);
    vec_fini(&account->uses);
    vec_fini(&account->identifiers);
    names_fini(&account->names);
    id_set_fini(&account->ids);
    vec_fini(&account->claims);
    id_set_fini(&account->claim_keys);
    vec_fini(&account->obligations);
    vec_fini(&account->perk_uses);
    vec_fini(&account->reported);
    vec_fini(&account->pool_members);
    vec_fini(&account->pool_uses);
    vec_fini(&account->absorbed);
}

bool account_exists(const struct account *account)
{
    return account->kind != 0;
}

// Everything but the owned arrays is in `scalars`; of the arrays that change in place the contents,
// of the append-only ones the length.
struct account_savepoint {
    struct account scalars;
    struct lot *lots;
    struct pending_lot *pending;
    struct hold *holds;
    struct lot *held_lots;
    struct lot *ended;
    struct score_step *steps;
    struct identifier_state *identifiers;
    struct obligation *obligations;
};

// NULL of none.
static enum status copy_items(struct arena *arena, const void *items, size_t count, size_t bytes,
                              void **ret_copy)
{
    *ret_copy = NULL;
    if (count == 0) {
        return STATUS_OK;
    }
    *ret_copy = arena_alloc_raw(arena, count * bytes); // no product overflows: so much is in memory
    if (*ret_copy == NULL) {
        return STATUS_NO_MEMORY;
    }
    memcpy(*ret_copy, items, count * bytes);
    return STATUS_OK;
}

#define SAVE_ITEMS(account, saved, member)                                                         \
    TRY(copy_items(arena, (account)->member.items, (account)->member.count,                        \
                   sizeof *(saved)->member, (void **)&(saved)->member))

enum status account_save(const struct account *account, struct arena *arena,
                         struct account_savepoint **ret_savepoint)
{
    struct account_savepoint *saved = arena_alloc_raw(arena, sizeof *saved);
    if (saved == NULL) {
        return STATUS_NO_MEMORY;
    }
    saved->scalars = *account;
    SAVE_ITEMS(account, saved, lots);
    SAVE_ITEMS(account, saved, pending);
    SAVE_ITEMS(account, saved, holds);
    SAVE_ITEMS(account, saved, held_lots);
    SAVE_ITEMS(account, saved, ended);
    SAVE_ITEMS(account, saved, steps);
    SAVE_ITEMS(account, saved, identifiers);
    SAVE_ITEMS(account, saved, obligations);
    *ret_savepoint = saved;
    return STATUS_OK;
}

// Puts contents back into an array that may have grown (never shrunk) since.
#define RESTORE_ITEMS(account, saved, member)                                                      \
    do {                                                                                           \
        (account)->member.count = (saved)->scalars.member.count;                                   \
        if ((account)->member.count > 0) {                                                         \
            memcpy((account)->member.items, (saved)->member,                                       \
                   (account)->member.count * sizeof *(saved)->member);                             \
        }                                                                                          \
    } while (0)

void account_restore(struct account *account, const struct account_savepoint *savepoint)
{
    struct account now = *account;
    *account = savepoint->scalars;
    // The arrays as they are now, for they may have moved.
    account->lots = now.lots;
    account->pending = now.pending;
    account->holds = now.holds;
    account->held_lots = now.held_lots;
    account->ended = now.ended;
    account->steps = now.steps;
    account->identifiers = now.identifiers;
    account->contributions = now.contributions;
    account->cards = now.cards;
    account->uses = now.uses;
    account->names = now.names;
    account->ids = now.ids;
    account->claims = now.claims;
    account->claim_keys = now.claim_keys;
    account->obligations = now.obligations;
    account->perk_uses = now.perk_uses;
    account->reported = now.reported;
    account->pool_members = now.pool_members;
    account->pool_uses = now.pool_uses;
    account->absorbed = now.absorbed;
    RESTORE_ITEMS(account, savepoint, lots);
    RESTORE_ITEMS(account, savepoint, pending);
    RESTORE_ITEMS(account, savepoint, holds);
    RESTORE_ITEMS(account, savepoint, held_lots);
    RESTORE_ITEMS(account, savepoint, ended);
    RESTORE_ITEMS(account, savepoint, steps);
    RESTORE_ITEMS(account, savepoint, identifiers);
    RESTORE_ITEMS(account, savepoint, obligations);
    account->perk_uses.count = savepoint->scalars.perk_uses.count;
    account->reported.count = savepoint->scalars.reported.count;
    account->pool_members.count = savepoint->scalars.pool_members.count;
    account->pool_uses.count = savepoint->scalars.pool_uses.count;
    account->absorbed.count = savepoint->scalars.absorbed.count;
    account->contributions.count = savepoint->scalars.contributions.count;
    account->cards.count = savepoint->scalars.cards.count;
    account->uses.count = savepoint->scalars.uses.count;
    names_truncate(&account->names, savepoint->scalars.names.places.count);
    id_set_truncate(&account->ids, savepoint->scalars.ids.prints.count);
    account->claims.count = savepoint->scalars.claims.count;
    id_set_truncate(&account->claim_keys, savepoint->scalars.claim_keys.prints.count);
}

const struct card *account_card(const struct account *account)
{
    CHECK(account->cards.count > 0);
    return &account->cards.items[account->cards.count - 1];
}

const struct card *account_card_covered(const struct account *account, const struct card *card)
{
    while (card > account->cards.items && card->cause == CARD_GRANTED) {
        card--;
    }
    return card;
}

// Later knowledge stands over earlier: a back-dated card covers from its start.
const struct card *account_card_at(const struct account *account, int64_t instant_ms)
{
    CHECK(account->cards.count > 0);
    for (uint32_t i = account->cards.count; i > 0; i--) {
        if (account->cards.items[i - 1].from_ms <= instant_ms) {
            return &account->cards.items[i - 1];
        }
    }
    return &account->cards.items[0];
}

int64_t account_score_at(const struct account *account, int64_t instant_ms)
{
    int64_t score = 0;
    for (uint32_t i = 0; i < account->contributions.count; i++) {
        const struct contribution *part = &account->contributions.items[i];
        if (part->from_ms <= instant_ms && instant_ms < part->until_ms) {
            score += part->score;
        }
    }
    return score;
}

int64_t account_score_at_boundary(const struct account *account, int64_t instant_ms)
{
    int64_t score = 0;
    for (uint32_t i = 0; i < account->contributions.count; i++) {
        const struct contribution *part = &account->contributions.items[i];
        if (part->boundary_from_ms <= instant_ms && instant_ms < part->until_ms) {
            score += part->score;
        }
    }
    return score;
}

int64_t account_used_day(const struct account *account, uint32_t rule, int32_t day)
{
    int64_t points = 0;
    for (uint32_t i = 0; i < account->uses.count; i++) {
        const struct use *use = &account->uses.items[i];
        points += use->rule == rule && use->day == day ? use->points : 0;
    }
    return points;
}

int64_t account_used_month(const struct account *account, uint32_t rule, int32_t day)
{
    struct civil_date date = civil_from_days(day);
    date.day = 1;
    int32_t first = civil_to_days(date);
    int32_t end = civil_to_days(civil_period_end(date, PERIOD_MONTH));
    int64_t points = 0;
    for (uint32_t i = 0; i < account->uses.count; i++) {
        const struct use *use = &account->uses.items[i];
        points += use->rule == rule && use->day >= first && use->day < end ? use->points : 0;
    }
    return points;
}

bool account_may_know(const struct account *account, const struct mark *mark)
{
    return id_set_has(&account->ids, mark_print(mark));
}
