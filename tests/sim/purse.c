// The purse's arithmetic.
#include "sim/purse.h"

#include <string.h>

#include "base/check.h"
#include "base/limits.h"

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void add_lot(struct purse *purse, const struct purse_lot *lot)
{
    CHECK(vec_reserve_one(&purse->lots, UINT32_MAX) == STATUS_OK);
    purse->lots.items[purse->lots.count++] = *lot;
}

static void add_hold(struct purse *purse, const struct purse_hold *hold)
{
    CHECK(vec_reserve_one(&purse->holds, UINT32_MAX) == STATUS_OK);
    purse->holds.items[purse->holds.count++] = *hold;
}

static void add_share(struct purse *purse, const struct purse_share *share)
{
    CHECK(vec_reserve_one(&purse->shares, UINT32_MAX) == STATUS_OK);
    purse->shares.items[purse->shares.count++] = *share;
}

static void add_move(struct move_list *moves, int64_t ends_ms, int64_t points)
{
    if (points > 0) {
        CHECK(vec_reserve_one(moves, UINT32_MAX) == STATUS_OK);
        moves->items[moves->count++] = (struct lot_move){ends_ms, points};
    }
}

void purse_clear(struct purse *purse)
{
    purse->at_ms = 0;
    purse->deficit = 0;
    purse->forgiven = 0;
    purse->expired = 0;
    purse->day = 0;
    purse->day_points = 0;
    purse->lots.count = 0;
    purse->holds.count = 0;
    purse->shares.count = 0;
    purse->ended.count = 0;
}

void purse_fini(struct purse *purse)
{
    vec_fini(&purse->lots);
    vec_fini(&purse->holds);
    vec_fini(&purse->shares);
    vec_fini(&purse->ended);
    vec_fini(&purse->moved);
    vec_fini(&purse->freed);
}

void purse_copy(struct purse *purse, const struct purse *from)
{
    purse_clear(purse);
    purse->at_ms = from->at_ms;
    purse->deficit = from->deficit;
    purse->forgiven = from->forgiven;
    purse->expired = from->expired;
    purse->day = from->day;
    purse->day_points = from->day_points;
    for (uint32_t i = 0; i < from->lots.count; i++) {
        add_lot(purse, &from->lots.items[i]);
    }
    for (uint32_t i = 0; i < from->holds.count; i++) {
        add_hold(purse, &from->holds.items[i]);
    }
    for (uint32_t i = 0; i < from->shares.count; i++) {
        add_share(purse, &from->shares.items[i]);
    }
    for (uint32_t i = 0; i < from->ended.count; i++) {
        add_move(&purse->ended, from->ended.items[i].ends_ms, from->ended.items[i].points);
    }
}

// --- figures ---

static bool is_pending(const struct purse_lot *lot)
{
    return lot->award != 0;
}

static int64_t sum_of(const struct purse *purse, bool pending)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < purse->lots.count; i++) {
        const struct purse_lot *lot = &purse->lots.items[i];
        sum += is_pending(lot) == pending ? lot->points : 0;
    }
    return sum;
}

int64_t purse_spendable(const struct purse *purse)
{
    return sum_of(purse, false);
}

int64_t purse_balance(const struct purse *purse)
{
    return sum_of(purse, false) - purse->deficit;
}

int64_t purse_pending(const struct purse *purse)
{
    return sum_of(purse, true);
}

int64_t purse_held(const struct purse *purse)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < purse->shares.count; i++) {
        sum += purse->shares.items[i].points;
    }
    return sum;
}

static struct lot_move *find_ended(const struct purse *purse, int64_t ends_ms)
{
    for (uint32_t i = 0; i < purse->ended.count; i++) {
        if (purse->ended.items[i].ends_ms == ends_ms) {
            return &purse->ended.items[i];
        }
    }
    return NULL;
}

int64_t purse_ended(const struct purse *purse, int64_t ends_ms)
{
    const struct lot_move *ended = find_ended(purse, ends_ms);
    return ended == NULL ? 0 : ended->points;
}

const struct purse_hold *purse_hold(const struct purse *purse, uint64_t request)
{
    for (uint32_t i = 0; i < purse->holds.count; i++) {
        if (purse->holds.items[i].request == request) {
            return &purse->holds.items[i];
        }
    }
    return NULL;
}

// --- lots ---

static void drop_lot(struct purse *purse, uint32_t at)
{
    purse->lots.count--;
    memmove(purse->lots.items + at, purse->lots.items + at + 1,
            (purse->lots.count - at) * sizeof(*purse->lots.items));
}

// Spendable points of one end are one lot.
static struct purse_lot *find_lot(const struct purse *purse, int64_t ends_ms)
{
    for (uint32_t i = 0; i < purse->lots.count; i++) {
        struct purse_lot *lot = &purse->lots.items[i];
        if (!is_pending(lot) && lot->ends_ms == ends_ms) {
            return lot;
        }
    }
    return NULL;
}

static void add_spendable(struct purse *purse, int64_t ends_ms, int64_t points)
{
    int64_t paid = least(points, purse->deficit);
    purse->deficit -= paid;
    points -= paid;
    struct purse_lot *lot = find_lot(purse, ends_ms);
    if (lot != NULL) {
        lot->points += points;
    } else if (points > 0) {
        add_lot(purse, &(struct purse_lot){.ends_ms = ends_ms, .points = points});
    }
}

static void note_ended(struct purse *purse, int64_t ends_ms, int64_t points)
{
    struct lot_move *ended = find_ended(purse, ends_ms);
    purse->expired += points;
    if (ended != NULL) {
        ended->points += points;
    } else {
        add_move(&purse->ended, ends_ms, points);
    }
}

// Takes of one lot into `moved`.
static int64_t take_from(struct purse *purse, struct purse_lot *lot, int64_t points)
{
    if (lot == NULL || points == 0) {
        return 0;
    }
    int64_t taken = least(points, lot->points);
    add_move(&purse->moved, lot->ends_ms, taken);
    lot->points -= taken;
    if (lot->points == 0) {
        drop_lot(purse, (uint32_t)(lot - purse->lots.items));
    }
    return taken;
}

static struct purse_lot *earliest(const struct purse *purse)
{
    struct purse_lot *first = NULL;
    for (uint32_t i = 0; i < purse->lots.count; i++) {
        struct purse_lot *lot = &purse->lots.items[i];
        if (!is_pending(lot) && (first == NULL || lot->ends_ms < first->ends_ms)) {
            first = lot;
        }
    }
    return first;
}

static int64_t take_earliest(struct purse *purse, int64_t points)
{
    while (points > 0 && earliest(purse) != NULL) {
        points -= take_from(purse, earliest(purse), points);
    }
    return points;
}

// --- time ---

// What becomes spendable first; of several at one instant what came first. Their count: none.
static uint32_t first_pending(const struct purse *purse)
{
    uint32_t first = purse->lots.count;
    for (uint32_t i = 0; i < purse->lots.count; i++) {
        const struct purse_lot *lot = &purse->lots.items[i];
        if (is_pending(lot) && (first == purse->lots.count ||
                                lot->spendable_ms < purse->lots.items[first].spendable_ms)) {
            first = i;
        }
    }
    return first;
}

void purse_settle(struct purse *purse, int64_t at_ms)
{
    CHECK(at_ms >= purse->at_ms);
    purse->at_ms = at_ms;
    for (;;) {
        uint32_t first = first_pending(purse);
        if (first == purse->lots.count || purse->lots.items[first].spendable_ms > at_ms) {
            return;
        }
        struct purse_lot lot = purse->lots.items[first];
        drop_lot(purse, first);
        add_spendable(purse, lot.ends_ms, lot.points);
    }
}

int64_t purse_next(const struct purse *purse, int64_t after_ms)
{
    int64_t at_ms = INSTANT_NEVER;
    for (uint32_t i = 0; i < purse->lots.count; i++) {
        int64_t ends_ms = purse->lots.items[i].ends_ms;
        at_ms = ends_ms > after_ms ? least(at_ms, ends_ms) : at_ms;
    }
    for (uint32_t i = 0; i < purse->holds.count; i++) {
        int64_t lapses_ms = purse->holds.items[i].lapses_ms;
        at_ms = lapses_ms > after_ms ? least(at_ms, lapses_ms) : at_ms;
    }
    return at_ms;
}

const struct purse_hold *purse_lapsed(const struct purse *purse)
{
    for (uint32_t i = 0; i < purse->holds.count; i++) {
        if (purse->holds.items[i].lapses_ms <= purse->at_ms) {
            return &purse->holds.items[i];
        }
    }
    return NULL;
}

int64_t purse_expire(struct purse *purse)
{
    int64_t expired = 0;
    uint32_t i = 0;
    while (i < purse->lots.count) {
        struct purse_lot lot = purse->lots.items[i];
        if (lot.ends_ms > purse->at_ms) {
            i++;
            continue;
        }
        drop_lot(purse, i);
        note_ended(purse, lot.ends_ms, lot.points);
        expired += lot.points;
    }
    return expired;
}

// --- commands ---

void purse_earn(struct purse *purse, const struct purse_lot *lot)
{
    if (lot->ends_ms <= purse->at_ms) {
        note_ended(purse, lot->ends_ms, lot->points);
    } else if (lot->spendable_ms <= purse->at_ms) {
        add_spendable(purse, lot->ends_ms, lot->points);
    } else if (lot->points > 0) {
        add_lot(purse, lot);
    }
}

int64_t purse_spend(struct purse *purse, int64_t points)
{
    purse->moved.count = 0;
    return take_earliest(purse, points);
}

void purse_set_aside(struct purse *purse, const struct purse_hold *hold)
{
    CHECK(purse_spend(purse, hold->points) == 0);
    for (uint32_t i = 0; i < purse->moved.count; i++) {
        const struct lot_move *move = &purse->moved.items[i];
        add_share(purse, &(struct purse_share){hold->request, move->ends_ms, move->points});
    }
    add_hold(purse, hold);
    if (hold->counted) {
        purse_count(purse, hold->day, hold->points);
    }
}

int64_t purse_put_back(struct purse *purse, int64_t ends_ms, int64_t points)
{
    if (ends_ms <= purse->at_ms) {
        note_ended(purse, ends_ms, points);
        return points;
    }
    add_spendable(purse, ends_ms, points);
    return 0;
}

// Splits a hold's shares in `moved`, its first `points`, and `freed`, and takes them out.
static void split_shares(struct purse *purse, uint64_t request, int64_t points)
{
    uint32_t kept = 0;
    purse->moved.count = 0;
    purse->freed.count = 0;
    for (uint32_t i = 0; i < purse->shares.count; i++) {
        struct purse_share share = purse->shares.items[i];
        if (share.request != request) {
            purse->shares.items[kept++] = share;
            continue;
        }
        int64_t taken = least(points, share.points);
        points -= taken;
        add_move(&purse->moved, share.ends_ms, taken);
        add_move(&purse->freed, share.ends_ms, share.points - taken);
    }
    CHECK(points == 0);
    purse->shares.count = kept;
}

int64_t purse_end_hold(struct purse *purse, uint64_t request, int64_t points)
{
    uint32_t at = 0;
    while (purse->holds.items[at].request != request) {
        at++;
        CHECK(at < purse->holds.count);
    }
    struct purse_hold hold = purse->holds.items[at];
    purse->holds.count--;
    memmove(purse->holds.items + at, purse->holds.items + at + 1,
            (purse->holds.count - at) * sizeof(*purse->holds.items));
    split_shares(purse, request, points);
    int64_t expired = 0;
    for (uint32_t i = 0; i < purse->freed.count; i++) {
        const struct lot_move *move = &purse->freed.items[i];
        expired += purse_put_back(purse, move->ends_ms, move->points);
    }
    if (hold.counted) {
        purse_uncount(purse, hold.day, hold.points - points);
    }
    return expired;
}

void purse_count(struct purse *purse, int64_t day, int64_t points)
{
    purse->day_points = (purse->day == day ? purse->day_points : 0) + points;
    purse->day = day;
}

void purse_uncount(struct purse *purse, int64_t day, int64_t points)
{
    purse->day_points -= purse->day == day ? points : 0;
}

static int64_t take_pending(struct purse *purse, uint64_t award, int64_t points)
{
    for (uint32_t i = 0; i < purse->lots.count; i++) {
        struct purse_lot *lot = &purse->lots.items[i];
        if (lot->award == award) {
            int64_t taken = least(points, lot->points);
            lot->points -= taken;
            if (lot->points == 0) {
                drop_lot(purse, i);
            }
            return taken;
        }
    }
    return 0;
}

static int64_t take_ended(struct purse *purse, int64_t ends_ms, int64_t points)
{
    struct lot_move *ended = find_ended(purse, ends_ms);
    int64_t taken = ended == NULL ? 0 : least(points, ended->points);
    if (taken > 0) {
        ended->points -= taken;
        purse->expired -= taken;
    }
    return taken;
}

struct purse_found purse_take_back(struct purse *purse, uint64_t award, int64_t ends_ms,
                                   int64_t points, bool forgive)
{
    struct purse_found found = {.pending = take_pending(purse, award, points)};
    purse->moved.count = 0;
    points -= found.pending;
    points -= take_from(purse, find_lot(purse, ends_ms), points);
    found.expired = take_ended(purse, ends_ms, points);
    points -= found.expired;
    found.missing = take_earliest(purse, points);
    found.others = points - found.missing;
    if (forgive) {
        purse->forgiven += found.missing;
    } else {
        purse->deficit += found.missing;
    }
    return found;
}
