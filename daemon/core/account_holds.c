// Holds of an account: points set aside, which neither expire nor are spendable until they are
// captured, released, or lapse.
//
//     HELD --> open --- CAPTURED: the first points of its lots are spent, the rest is freed
//                   |-- RELEASED, REVERSED: all is freed
//                   '-- LAPSED, at its instant: the same
//
// Freed points go back to their lots, and leave the count of the day they were counted on.
#include "core/account_parts.h"

#include <string.h>

const struct hold *account_hold(const struct account *account, const uint8_t *reservation)
{
    for (uint32_t i = 0; i < account->holds.count; i++) {
        const struct hold *hold = &account->holds.items[i];
        if (memcmp(hold->reservation, reservation, sizeof hold->reservation) == 0) {
            return hold;
        }
    }
    return NULL;
}

const struct lot *account_hold_lots(const struct account *account, const struct hold *hold)
{
    const struct lot *lots = account->held_lots.items;
    for (const struct hold *before = account->holds.items; before < hold; before++) {
        lots += before->lot_count;
    }
    return lots;
}

enum status account_freed(const struct account *account, const struct hold *hold, int64_t taken,
                          struct arena *arena, struct points_freed *ret_freed)
{
    const struct lot *lots = account_hold_lots(account, hold);
    struct points_freed freed = {.lots =
                                     arena_alloc_array(arena, hold->lot_count, sizeof *freed.lots)};
    if (freed.lots == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t i = 0; i < hold->lot_count; i++) {
        int64_t spent = taken < lots[i].points ? taken : lots[i].points;
        taken -= spent;
        if (spent < lots[i].points) {
            freed.lots[freed.lot_count++] =
                (struct lot_move){.ends_ms = lots[i].ends_ms, .points = lots[i].points - spent};
        }
    }
    *ret_freed = freed;
    return STATUS_OK;
}

static enum status add_lots(struct account *account, const struct record_redeemed *taken)
{
    for (size_t i = 0; i < taken->lot_count; i++) {
        TRY(vec_reserve_one(&account->held_lots, LIMIT_LOTS));
        account->held_lots.items[account->held_lots.count] =
            (struct lot){.ends_ms = taken->lots[i].ends_ms, .points = taken->lots[i].points};
        account->held_lots.count++;
    }
    return STATUS_OK;
}

enum status account_apply_held(struct account *account, const struct record *record)
{
    const struct record_held *held = &record->held;
    const struct record_redeemed *taken = &held->taken;
    if (!record->mark.present || record->mark.system || taken->points <= 0 ||
        held->lapses_ms <= account->now_ms || account_hold(account, record->mark.id) != NULL) {
        return STATUS_CORRUPT;
    }
    TRY(account_take_redeemed(account, taken));
    TRY(add_lots(account, taken));
    TRY(vec_reserve_one(&account->holds, LIMIT_HOLDS));
    struct hold *hold = &account->holds.items[account->holds.count];
    *hold = (struct hold){
        .seq = account->seq + 1,
        .lapses_ms = held->lapses_ms,
        .points = taken->points,
        .version = taken->version,
        .counted = taken->counted,
        .day = taken->counted ? taken->day : 0,
        .lot_count = (uint32_t)taken->lot_count,
    };
    memcpy(hold->reservation, record->mark.id, sizeof hold->reservation);
    account->holds.count++;
    account->held_points += taken->points;
    return STATUS_OK;
}

// A walk over a hold's lots: moves must be just what they have, in their order.
struct lot_walk {
    const struct lot *lots;
    uint32_t count;
    uint32_t at;
    int64_t gone; // of the lot at hand
};

static bool walk_moves(struct lot_walk *walk, const struct lot_move *moves, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (walk->at == walk->count || moves[i].points <= 0) {
            return false;
        }
        const struct lot *lot = &walk->lots[walk->at];
        if (moves[i].ends_ms != lot->ends_ms || moves[i].points > lot->points - walk->gone) {
            return false;
        }
        walk->gone += moves[i].points;
        if (walk->gone == lot->points) {
            walk->at++;
            walk->gone = 0;
        }
    }
    return true;
}

// Takes the hold out of the account; its points are then to be spent or freed.
static void drop_hold(struct account *account, const struct hold *hold)
{
    uint32_t at = (uint32_t)(hold - account->holds.items);
    uint32_t first = (uint32_t)(account_hold_lots(account, hold) - account->held_lots.items);
    struct lot *lots = account->held_lots.items + first;
    account->held_lots.count -= hold->lot_count;
    memmove(lots, lots + hold->lot_count, (account->held_lots.count - first) * sizeof *lots);
    account->held_points -= hold->points;
    account->holds.count--;
    memmove(account->holds.items + at, account->holds.items + at + 1,
            (account->holds.count - at) * sizeof *account->holds.items);
}

// Ends a hold: `taken` leaves the account, `freed` is put back; together they are all it has.
static enum status end_hold(struct account *account, const struct hold *hold,
                            const struct record_redeemed *taken, const struct points_freed *freed,
                            int64_t *ret_expired)
{
    struct lot_walk walk = {.lots = account_hold_lots(account, hold), .count = hold->lot_count};
    bool fits = taken == NULL || walk_moves(&walk, taken->lots, taken->lot_count);
    fits = fits && walk_moves(&walk, freed->lots, freed->lot_count) && walk.at == walk.count;
    if (!fits) {
        return STATUS_CORRUPT;
    }
    bool counted = hold->counted;
    int32_t day = hold->day;
    drop_hold(account, hold);
    *ret_expired = 0;
    for (size_t i = 0; i < freed->lot_count; i++) {
        int64_t expired;
        TRY(account_put_back(account, &freed->lots[i], &expired));
        *ret_expired += expired;
    }
    int64_t points = lot_moves_points(freed->lots, freed->lot_count);
    return counted ? account_uncount_redeemed(account, day, points) : STATUS_OK;
}

enum status account_free_hold(struct account *account, const uint8_t *reservation,
                              const struct points_freed *freed, int64_t *ret_expired)
{
    const struct hold *hold = account_hold(account, reservation);
    if (hold == NULL || hold->lapses_ms <= account->now_ms) {
        return STATUS_CORRUPT;
    }
    return end_hold(account, hold, NULL, freed, ret_expired);
}

enum status account_apply_captured(struct account *account, const struct record *record)
{
    const struct record_captured *captured = &record->captured;
    const struct record_redeemed *taken = &captured->taken;
    const struct hold *hold = account_hold(account, captured->reservation);
    if (hold == NULL || hold->lapses_ms <= account->now_ms || taken->points <= 0 ||
        taken->points != lot_moves_points(taken->lots, taken->lot_count) ||
        taken->version != hold->version || taken->counted != hold->counted ||
        (taken->counted && taken->day != hold->day)) {
        return STATUS_CORRUPT;
    }
    int64_t expired;
    TRY(end_hold(account, hold, taken, &captured->freed, &expired));
    account->redeemed += taken->points;
    return STATUS_OK;
}

enum status account_apply_released(struct account *account, const struct record *record)
{
    int64_t expired;
    return account_free_hold(account, record->released.reservation, &record->released.freed,
                             &expired);
}

enum status account_apply_lapsed(struct account *account, const struct record *record)
{
    const struct record_lapsed *lapsed = &record->lapsed;
    const struct hold *hold = account_hold(account, lapsed->reservation);
    if (hold == NULL || hold->lapses_ms != record->at_ms) {
        return STATUS_CORRUPT;
    }
    int64_t expired;
    return end_hold(account, hold, NULL, &lapsed->freed, &expired);
}
