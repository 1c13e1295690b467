// Points of an account: lots, the deficit, what has expired, pending points, and what of a civil
// day's limit is used. Each function keeps the sums beside what it changes.
#include "core/account_parts.h"

#include "base/check.h"

// Beyond any balance that can come about: what is given back is refused by no bound, and no sum
// overflows.
#define BALANCE_MAX (LIMIT_POINTS_A_BALANCE * 100)

bool account_in_bounds(const struct account *account, int64_t points)
{
    int64_t all = account->balance + account->pending_points + account->held_points;
    return all + points <= LIMIT_POINTS_A_BALANCE;
}

int64_t account_in_lot(const struct account *account, int64_t ends_ms)
{
    const struct lot *lot = lot_list_find(&account->lots, ends_ms);
    return lot == NULL ? 0 : lot->points;
}

int64_t account_ended(const struct account *account, int64_t ends_ms)
{
    const struct lot *ended = lot_list_find(&account->ended, ends_ms);
    return ended == NULL ? 0 : ended->points;
}

// Spendable points pay a deficit first (domain.md, "Figures", Deficit).
enum status account_add_spendable(struct account *account, int64_t ends_ms, int64_t points)
{
    CHECK(points >= 0);
    if (account->balance + points > BALANCE_MAX) {
        return STATUS_RANGE;
    }
    int64_t paid = points < account->deficit ? points : account->deficit;
    TRY(lot_list_add(&account->lots, ends_ms, points - paid, LIMIT_LOTS_GIVEN_BACK));
    account->deficit -= paid;
    account->balance += points;
    return STATUS_OK;
}

enum status account_put_back(struct account *account, const struct lot_move *move,
                             int64_t *ret_expired)
{
    if (account_forfeits(account)) { // whatever its end
        account->expired += move->points;
        *ret_expired = move->points;
        return STATUS_OK;
    }
    *ret_expired = move->ends_ms <= account->now_ms ? move->points : 0;
    return *ret_expired > 0 ? account_expire(account, move->ends_ms, move->points)
                            : account_add_spendable(account, move->ends_ms, move->points);
}

enum status account_take_from_lot(struct account *account, const struct lot_move *move)
{
    TRY(lot_list_take(&account->lots, move->ends_ms, move->points));
    account->balance -= move->points;
    return STATUS_OK;
}

// Lots that ended so long ago are met by no reversal: at the bound the oldest is forgotten.
enum status account_expire(struct account *account, int64_t ends_ms, int64_t points)
{
    struct lot_list *ended = &account->ended;
    if (ended->count == LIMIT_LOTS_ENDED && lot_list_find(ended, ends_ms) == NULL) {
        TRY(lot_list_take(ended, ended->items[0].ends_ms, ended->items[0].points));
    }
    TRY(lot_list_add(ended, ends_ms, points, LIMIT_LOTS_ENDED));
    account->expired += points;
    return STATUS_OK;
}

enum status account_take_ended(struct account *account, int64_t ends_ms, int64_t points)
{
    TRY(lot_list_take(&account->ended, ends_ms, points));
    account->expired -= points;
    return STATUS_OK;
}

enum status account_add_pending(struct account *account, const struct pending_lot *lot)
{
    TRY(vec_reserve_one(&account->pending, LIMIT_LOTS));
    struct pending_lot *items = account->pending.items;
    uint32_t at = account->pending.count;
    while (at > 0 && items[at - 1].spendable_ms > lot->spendable_ms) {
        items[at] = items[at - 1];
        at--;
    }
    items[at] = *lot;
    account->pending.count++;
    account->pending_points += lot->points;
    return STATUS_OK;
}

enum status account_earn(struct account *account, const struct pending_lot *lot)
{
    if (lot->points == 0) {
        return STATUS_OK;
    }
    account->awarded += lot->points;
    if (lot->ends_ms <= account->now_ms) {
        return account_expire(account, lot->ends_ms, lot->points);
    }
    TRY(account_make_room(account, lot->points));
    if (lot->spendable_ms > account->now_ms) {
        struct pending_lot pending = *lot;
        pending.seq = account->seq + 1;
        return account_add_pending(account, &pending);
    }
    return account_add_spendable(account, lot->ends_ms, lot->points);
}

static void drop_pending(struct account *account, uint32_t at)
{
    struct pending_lot *items = account->pending.items;
    account->pending.count--;
    memmove(items + at, items + at + 1, (account->pending.count - at) * sizeof *items);
}

// Index of what is pending of an award, or their count.
static uint32_t pending_index(const struct account *account, uint64_t seq)
{
    uint32_t at = 0;
    while (at < account->pending.count && account->pending.items[at].seq != seq) {
        at++;
    }
    return at;
}

int64_t account_pending_pays(const struct pending_lot *pending, int64_t *deficit)
{
    int64_t paid = 0;
    if (pending->spendable_ms <= pending->ends_ms) {
        paid = *deficit < pending->points ? *deficit : pending->points;
        *deficit -= paid;
    }
    return paid;
}

int64_t account_pending_of(const struct account *account, uint64_t seq)
{
    uint32_t at = pending_index(account, seq);
    return at < account->pending.count ? account->pending.items[at].points : 0;
}

enum status account_take_pending(struct account *account, uint64_t seq, int64_t ends_ms,
                                 int64_t points)
{
    uint32_t at = pending_index(account, seq);
    if (at == account->pending.count || account->pending.items[at].ends_ms != ends_ms ||
        points <= 0 || points > account->pending.items[at].points) {
        return STATUS_CORRUPT;
    }
    account->pending.items[at].points -= points;
    account->pending_points -= points;
    if (account->pending.items[at].points == 0) {
        drop_pending(account, at);
    }
    return STATUS_OK;
}

enum status account_settle_pending(struct account *account, int64_t now_ms)
{
    while (account->pending.count > 0 && account->pending.items[0].spendable_ms <= now_ms) {
        struct pending_lot first = account->pending.items[0];
        drop_pending(account, 0);
        account->pending_points -= first.points;
        TRY(account_add_spendable(account, first.ends_ms, first.points));
    }
    return STATUS_OK;
}

void account_count_redeemed(struct account *account, int32_t day, int64_t points)
{
    int64_t before = day == account->redeem_day ? account->redeem_day_points : 0;
    account->redeem_day_points = before + points;
    account->redeem_day = day;
}

enum status account_uncount_redeemed(struct account *account, int32_t day, int64_t points)
{
    if (day != account->redeem_day) {
        return STATUS_OK;
    }
    if (points < 0 || points > account->redeem_day_points) {
        return STATUS_CORRUPT;
    }
    account->redeem_day_points -= points;
    return STATUS_OK;
}
