// When ends are told. An end's notice is at 00:00 of the civil day so many days before its own, so
// later ends are never told earlier, and only ends within a day of that distance need their date.
#include "core/notice.h"

#include "base/check.h"

// A version, and the part of the time looked at in which it is in force: (after, until].
struct stretch {
    const struct program_version *version;
    int64_t after_ms;
    int64_t until_ms;
};

static bool asks_for_any(const struct program_version *version)
{
    const struct notices *notices = &version->program->notices;
    return notices->points_days > 0 || notices->card_days > 0;
}

// The next version from `at` on that asks for notices somewhere in (after, until]; false when there
// is none.
static bool next_stretch(const struct program_set *set, size_t *at, int64_t after_ms,
                         int64_t until_ms, struct stretch *ret_stretch)
{
    for (; *at < set->count; (*at)++) {
        const struct program_version *version = &set->versions[*at];
        struct stretch stretch = {version, after_ms, until_ms};
        if (stretch.after_ms < version->effective_from_ms) {
            stretch.after_ms = version->effective_from_ms - 1;
        }
        if (*at + 1 < set->count && until_ms >= version[1].effective_from_ms) {
            stretch.until_ms = version[1].effective_from_ms - 1;
        }
        if (asks_for_any(version) && stretch.after_ms < stretch.until_ms &&
            !zone_is_one_day(version->zone, stretch.after_ms, stretch.until_ms)) {
            *ret_stretch = stretch;
            (*at)++;
            return true;
        }
    }
    return false;
}

static int64_t told_at(const struct zone *zone, uint32_t days, int64_t end_ms)
{
    int32_t day = zone_day(zone, end_ms) - (int32_t)days;
    return zone_day_start(zone, civil_from_days(day));
}

// When an end is told within the stretch; INSTANT_NEVER when it is not.
static int64_t told_in(const struct stretch *stretch, uint32_t days, int64_t end_ms)
{
    // A day and what offsets may differ, either way.
    int64_t distance_ms = ((int64_t)days - 2) * DAY_MS;
    if (days == 0 || end_ms == INSTANT_NEVER || end_ms <= stretch->after_ms + distance_ms) {
        return INSTANT_NEVER;
    }
    int64_t at_ms = told_at(stretch->version->zone, days, end_ms);
    bool inside = at_ms > stretch->after_ms && at_ms <= stretch->until_ms;
    return inside ? at_ms : INSTANT_NEVER;
}

static int64_t next_of_lots(const struct account *account, const struct stretch *stretch)
{
    uint32_t days = stretch->version->program->notices.points_days;
    for (uint32_t i = 0; i < account->lots.count; i++) {
        int64_t ends_ms = account->lots.items[i].ends_ms;
        if (ends_ms <= account->points_noticed_ms) {
            continue;
        }
        int64_t at_ms = told_in(stretch, days, ends_ms);
        bool too_far = (ends_ms - stretch->until_ms) / DAY_MS > (int64_t)days + 2;
        if (at_ms != INSTANT_NEVER || too_far) {
            return at_ms;
        }
    }
    return INSTANT_NEVER;
}

// Those that will all have paid the deficit by then are not told.
static int64_t next_of_pending(const struct account *account, const struct stretch *stretch)
{
    uint32_t days = stretch->version->program->notices.points_days;
    int64_t next_ms = INSTANT_NEVER;
    int64_t deficit = account->deficit;
    for (uint32_t i = 0; i < account->pending.count; i++) {
        const struct pending_lot *pending = &account->pending.items[i];
        int64_t paid = account_pending_pays(pending, &deficit);
        if (pending->ends_ms <= account->points_noticed_ms) {
            continue;
        }
        int64_t at_ms = told_in(stretch, days, pending->ends_ms);
        bool left = paid < pending->points || at_ms < pending->spendable_ms;
        next_ms = left && at_ms < next_ms ? at_ms : next_ms;
    }
    return next_ms;
}

static int64_t next_of_card(const struct account *account, const struct stretch *stretch)
{
    if (account->cards.count == 0) {
        return INSTANT_NEVER; // a pool
    }
    if (account->cards.count == 0 || account_card(account)->until_ms == account->card_noticed_ms) {
        return INSTANT_NEVER;
    }
    const struct card *card = account_card(account);
    int64_t at_ms = told_in(stretch, stretch->version->program->notices.card_days, card->until_ms);
    return at_ms > card->from_ms ? at_ms : INSTANT_NEVER;
}

static int64_t earliest(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t notice_next(const struct account *account, const struct program_set *programs,
                    int64_t until_ms)
{
    size_t at = 0;
    struct stretch stretch;
    while (next_stretch(programs, &at, account->now_ms, until_ms, &stretch)) {
        int64_t next_ms =
            earliest(next_of_lots(account, &stretch), next_of_card(account, &stretch));
        next_ms = earliest(next_ms, next_of_pending(account, &stretch));
        if (next_ms != INSTANT_NEVER) {
            return next_ms;
        }
    }
    return INSTANT_NEVER;
}

// --- telling ---

// All points whose end is told at this instant. `due_ms` is the last of their ends.
struct telling {
    struct stretch instant; // a stretch of one
    int64_t after_ms;       // ends up to here were told before
    int64_t due_ms;
    int64_t points;
};

static void tell_lot(struct telling *telling, int64_t ends_ms, int64_t points)
{
    uint32_t days = telling->instant.version->program->notices.points_days;
    if (ends_ms <= telling->after_ms ||
        told_in(&telling->instant, days, ends_ms) == INSTANT_NEVER) {
        return;
    }
    telling->points += points;
    telling->due_ms = ends_ms > telling->due_ms ? ends_ms : telling->due_ms;
}

static enum status tell_points(struct account *account, const struct stretch *instant,
                               struct ledger_writer *writer, struct arena *arena)
{
    struct telling telling = {.instant = *instant, .after_ms = account->points_noticed_ms};
    for (uint32_t i = 0; i < account->lots.count; i++) {
        tell_lot(&telling, account->lots.items[i].ends_ms, account->lots.items[i].points);
    }
    for (uint32_t i = 0; i < account->pending.count; i++) {
        tell_lot(&telling, account->pending.items[i].ends_ms, account->pending.items[i].points);
    }
    if (telling.points == 0) {
        return STATUS_OK;
    }
    struct record record = {.type = RECORD_NOTICED,
                            .at_ms = account->now_ms,
                            .noticed = {.kind = NOTICE_POINTS_EXPIRING,
                                        .due_ms = telling.due_ms,
                                        .points = telling.points}};
    return ledger_emit(writer, account, arena, &record);
}

enum status notice_tell(struct account *account, struct ledger_writer *writer, struct arena *arena)
{
    const struct program_version *version = program_set_at(writer->programs, account->now_ms);
    if (version == NULL || !asks_for_any(version)) {
        return STATUS_OK;
    }
    struct stretch instant = {version, account->now_ms - 1, account->now_ms};
    TRY(tell_points(account, &instant, writer, arena));
    if (next_of_card(account, &instant) == INSTANT_NEVER) {
        return STATUS_OK;
    }
    struct record record = {
        .type = RECORD_NOTICED,
        .at_ms = account->now_ms,
        .noticed = {.kind = NOTICE_CARD_ENDING, .due_ms = account_card(account)->until_ms}};
    return ledger_emit(writer, account, arena, &record);
}
