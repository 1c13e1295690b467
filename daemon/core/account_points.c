// Points and score of an account as time passes: lots, the deficit, pending points, and the steps
// at which the score changes.
#include "core/account.h"

#include "base/check.h"

static bool in_balance_bounds(int64_t points)
{
    return points >= -LIMIT_POINTS_A_BALANCE && points <= LIMIT_POINTS_A_BALANCE;
}

// Index of the lot of an end, or of where it would stand.
static uint32_t lot_index(const struct account *account, int64_t ends_ms)
{
    uint32_t low = 0;
    uint32_t high = account->lots.count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (account->lots.items[middle].ends_ms < ends_ms) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static enum status lot_add(struct account *account, int64_t ends_ms, int64_t points)
{
    uint32_t at = lot_index(account, ends_ms);
    if (at < account->lots.count && account->lots.items[at].ends_ms == ends_ms) {
        account->lots.items[at].points += points; // equal expiries are one lot
        return STATUS_OK;
    }
    TRY(vec_reserve_one(&account->lots, LIMIT_LOTS));
    struct lot *items = account->lots.items;
    memmove(items + at + 1, items + at, (account->lots.count - at) * sizeof *items);
    items[at] = (struct lot){.ends_ms = ends_ms, .points = points};
    account->lots.count++;
    return STATUS_OK;
}

// Spendable points pay a deficit first (domain.md, "Figures", Deficit).
enum status account_add_spendable(struct account *account, int64_t ends_ms, int64_t points)
{
    CHECK(points >= 0);
    if (!in_balance_bounds(account->balance + points)) {
        return STATUS_RANGE;
    }
    int64_t paid = points < account->deficit ? points : account->deficit;
    if (points > paid) {
        TRY(lot_add(account, ends_ms, points - paid));
    }
    account->deficit -= paid;
    account->balance += points;
    return STATUS_OK;
}

static enum status step_at(struct account *account, int64_t at_ms, struct score_step **ret_step)
{
    uint32_t at = 0;
    while (at < account->steps.count && account->steps.items[at].at_ms < at_ms) {
        at++;
    }
    if (at == account->steps.count || account->steps.items[at].at_ms != at_ms) {
        TRY(vec_reserve_one(&account->steps, LIMIT_CONTRIBUTIONS));
        struct score_step *items = account->steps.items;
        memmove(items + at + 1, items + at, (account->steps.count - at) * sizeof *items);
        items[at] = (struct score_step){.at_ms = at_ms};
        account->steps.count++;
    }
    *ret_step = &account->steps.items[at];
    return STATUS_OK;
}

enum status account_add_contribution(struct account *account, const struct contribution *part)
{
    TRY(vec_reserve_one(&account->contributions, LIMIT_CONTRIBUTIONS));
    struct contribution *added = &account->contributions.items[account->contributions.count];
    *added = *part;
    added->boundary_from_ms = part->from_ms + (part->from_ms > account->now_ms ? 0 : 1);
    account->contributions.count++;
    if (part->until_ms <= account->now_ms || part->until_ms <= part->from_ms) {
        return STATUS_OK; // counts only in the past, if ever
    }
    struct score_step *step;
    if (part->from_ms <= account->now_ms) {
        account->score += part->score;
    } else {
        TRY(step_at(account, part->from_ms, &step));
        step->rise += part->score;
    }
    if (part->until_ms != INSTANT_NEVER) {
        TRY(step_at(account, part->until_ms, &step));
        step->fall += part->score;
    }
    return in_balance_bounds(account->score) ? STATUS_OK : STATUS_RANGE;
}

static enum status settle_pending(struct account *account)
{
    struct pending_lot first = account->pending.items[0];
    account->pending.count--;
    memmove(account->pending.items, account->pending.items + 1,
            account->pending.count * sizeof first);
    account->pending_points -= first.points;
    return account_add_spendable(account, first.ends_ms, first.points);
}

static void settle_step(struct account *account)
{
    struct score_step first = account->steps.items[0];
    account->steps.count--;
    memmove(account->steps.items, account->steps.items + 1, account->steps.count * sizeof first);
    account->score += first.rise - first.fall;
}

enum status account_settle(struct account *account, int64_t now_ms)
{
    while (account->pending.count > 0 && account->pending.items[0].spendable_ms <= now_ms) {
        TRY(settle_pending(account));
    }
    while (account->steps.count > 0 && account->steps.items[0].at_ms <= now_ms) {
        settle_step(account);
    }
    if (now_ms > account->now_ms) {
        account->now_ms = now_ms;
    }
    return STATUS_OK;
}
