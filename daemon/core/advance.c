// Time passing over an account.
#include "core/advance.h"

#include <string.h>

#include "base/check.h"
#include "core/notice.h"

// What a boundary does to the card. `ended` and `rescored` are parts of the instant's order: card
// ends, re-scoring, and last the IMMEDIATE test if the score rose.
struct boundary {
    int64_t at_ms;
    bool rescore;
    bool rose;
};

static enum status give_card(const struct account *account, struct arena *arena,
                             struct record *record, const struct held_card *card,
                             enum card_cause cause)
{
    CHECK(record->card_count < RECORD_CARDS_MAX);
    struct card *given = &record->cards[record->card_count];
    *given = (struct card){.from_ms = card->from_ms, .until_ms = card->until_ms, .cause = cause};
    TRY(ledger_intern(account, arena, record, card->tier, &given->tier));
    record->card_count++;
    return STATUS_OK;
}

// Whether time does anything to it but pass: a terminal's day and a partner's month just stand, as
// does a membership that has ended.
static bool is_moved_by_time(const struct account *account)
{
    bool moved = account->kind == ACCOUNT_MEMBER || account->kind == ACCOUNT_POOL;
    return moved && account_lives(account);
}

// At most one card ends and one upgrade follows at one instant: after a re-scoring nothing is left
// for the IMMEDIATE test, as a re-scoring gives both kinds.
static enum status cross_card(const struct account *account, const struct program_set *programs,
                              const struct boundary *boundary, struct arena *arena,
                              struct record *record)
{
    if (account->cards.count == 0) {
        return STATUS_OK;
    }
    const struct program_version *version = program_set_at(programs, boundary->at_ms);
    struct holding holding = advance_holding(account);
    bool ends = holding.card.until_ms <= boundary->at_ms;
    if (version == NULL) {
        return ends ? STATUS_NOT_FOUND : STATUS_OK;
    }
    const struct program *latest = advance_latest(programs);
    struct card_test test = {
        .at_ms = boundary->at_ms, .score = account->score, .rescore = boundary->rescore};
    if (ends) {
        enum card_cause cause = advance_end_card(version, latest, &test, &holding);
        TRY(give_card(account, arena, record, &holding.card, cause));
    }
    bool tested = boundary->rescore || boundary->rose;
    if (!tested || !advance_raise(version, latest, &test, &holding)) {
        return STATUS_OK;
    }
    return give_card(account, arena, record, &holding.card,
                     boundary->rescore ? CARD_RESCORE : CARD_IMMEDIATE);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

// The first end of points, spendable or pending. Pending points that will all have paid the deficit
// by then do not end. A hold that lapses meanwhile is a boundary of its own, after which one looks
// anew.
static int64_t next_lot_end(const struct account *account)
{
    int64_t at_ms = account->lots.count > 0 ? account->lots.items[0].ends_ms : INSTANT_NEVER;
    int64_t deficit = account->deficit;
    for (uint32_t i = 0; i < account->pending.count; i++) {
        const struct pending_lot *pending = &account->pending.items[i];
        if (account_pending_pays(pending, &deficit) < pending->points) {
            at_ms = earlier(at_ms, pending->ends_ms);
        }
    }
    return at_ms;
}

static int64_t next_lapse(const struct account *account)
{
    int64_t at_ms = INSTANT_NEVER;
    for (uint32_t i = 0; i < account->holds.count; i++) {
        at_ms = earlier(at_ms, account->holds.items[i].lapses_ms);
    }
    return at_ms;
}

static int64_t card_end(const struct account *account)
{
    return account->cards.count == 0 ? INSTANT_NEVER : account_card(account)->until_ms;
}

static int64_t next_rise(const struct account *account)
{
    for (uint32_t i = 0; i < account->steps.count; i++) {
        if (account->steps.items[i].rise > 0) {
            return account->steps.items[i].at_ms;
        }
    }
    return INSTANT_NEVER;
}

static int64_t last_rise(const struct account *account)
{
    for (uint32_t i = account->steps.count; i > 0; i--) {
        if (account->steps.items[i - 1].rise > 0) {
            return account->steps.items[i - 1].at_ms;
        }
    }
    return account->now_ms;
}

// All points that end at one instant, as one move. Lots of earlier ends cannot be there.
static enum status collect_expired(const struct account *account, int64_t at_ms,
                                   struct arena *arena, struct record_boundary *ret_boundary)
{
    int64_t points = 0;
    if (account->lots.count > 0 && account->lots.items[0].ends_ms == at_ms) {
        points = account->lots.items[0].points;
    }
    for (uint32_t i = 0; i < account->pending.count; i++) {
        const struct pending_lot *pending = &account->pending.items[i];
        points += pending->ends_ms == at_ms ? pending->points : 0;
    }
    if (points == 0) {
        return STATUS_OK;
    }
    struct lot_move *move = arena_alloc(arena, sizeof *move);
    if (move == NULL) {
        return STATUS_NO_MEMORY;
    }
    *move = (struct lot_move){.ends_ms = at_ms, .points = points};
    *ret_boundary = (struct record_boundary){.expired = move, .expired_count = 1};
    return STATUS_OK;
}

// One record for each hold that lapses at this instant, in the order they were made. What it frees
// of a lot that ends right then ends with it, not in the boundary.
static enum status cross_lapses(struct account *account, struct ledger_writer *writer,
                                struct arena *arena, int64_t at_ms)
{
    uint32_t at = 0;
    while (at < account->holds.count) {
        const struct hold *hold = &account->holds.items[at];
        if (hold->lapses_ms != at_ms) {
            at++;
            continue;
        }
        struct record record = {.type = RECORD_LAPSED, .at_ms = at_ms};
        memcpy(record.lapsed.reservation, hold->reservation, sizeof hold->reservation);
        TRY(account_freed(account, hold, 0, arena, &record.lapsed.freed));
        TRY(ledger_emit(writer, account, arena, &record)); // the next hold moves up to `at`
    }
    return STATUS_OK;
}

static enum status cross(struct account *account, struct ledger_writer *writer, struct arena *arena,
                         const struct boundary *boundary)
{
    TRY(account_settle(account, boundary->at_ms));
    TRY(cross_lapses(account, writer, arena, boundary->at_ms));
    struct record record = {.type = RECORD_BOUNDARY, .at_ms = boundary->at_ms};
    TRY(collect_expired(account, boundary->at_ms, arena, &record.boundary));
    TRY(cross_card(account, writer->programs, boundary, arena, &record));
    if (record.boundary.expired_count > 0 || record.card_count > 0) {
        TRY(ledger_emit(writer, account, arena, &record));
    }
    return notice_tell(account, writer, arena);
}

enum status advance(struct account *account, struct ledger_writer *writer, struct arena *arena,
                    int64_t now_ms)
{
    if (!is_moved_by_time(account)) {
        return account_settle(account, now_ms);
    }
    bool carded = account->cards.count > 0; // a pool has no card, so no re-scoring either
    while (account->now_ms < now_ms) {
        int64_t rescore_ms =
            carded ? program_set_next_rescore(writer->programs, account->now_ms, now_ms)
                   : INSTANT_NEVER;
        int64_t rise_ms = next_rise(account);
        int64_t at_ms = earlier(rescore_ms, rise_ms);
        at_ms = earlier(at_ms, next_lot_end(account));
        at_ms = earlier(at_ms, next_lapse(account));
        at_ms = earlier(at_ms, card_end(account));
        at_ms = earlier(at_ms, notice_next(account, writer->programs, now_ms));
        if (at_ms > now_ms) {
            return account_settle(account, now_ms);
        }
        struct boundary boundary = {
            .at_ms = at_ms, .rescore = at_ms == rescore_ms, .rose = at_ms == rise_ms};
        TRY(cross(account, writer, arena, &boundary));
    }
    return STATUS_OK;
}

// Whether time alone may bring a higher card than the one held, whatever days re-scorings are on:
// some score to come reaches one, or versions to come may think otherwise.
static bool may_rise(const struct account *account, const struct program_set *programs,
                     const struct held_card *card)
{
    const struct program_version *last = &programs->versions[programs->count - 1];
    if (program_set_at(programs, account->now_ms) != last) {
        return true;
    }
    int64_t score = account->score;
    int64_t highest = score;
    for (uint32_t i = 0; i < account->steps.count; i++) {
        score += account->steps.items[i].rise - account->steps.items[i].fall;
        highest = score > highest ? score : highest;
    }
    struct card_test test = {.score = highest, .rescore = true};
    return advance_raised(last->program, last->program, card, &test) > 0;
}

// Looks ahead for the first upgrade that only time stands before: walks score steps and
// re-scorings in order up to `until_ms`, where something happens anyway.
static int64_t first_upgrade(const struct account *account, const struct program_set *programs,
                             int64_t until_ms)
{
    if (programs->count == 0 || account->cards.count == 0) {
        return until_ms;
    }
    struct held_card card = advance_card(account, account_card(account));
    if (!may_rise(account, programs, &card)) {
        return until_ms;
    }
    int64_t last_rise_ms = last_rise(account);
    int64_t score = account->score;
    int64_t at_ms = account->now_ms;
    uint32_t step = 0;
    for (;;) {
        int64_t rescore_ms = program_set_next_rescore(programs, at_ms, until_ms);
        int64_t step_ms =
            step < account->steps.count ? account->steps.items[step].at_ms : INSTANT_NEVER;
        at_ms = earlier(rescore_ms, step_ms);
        if (at_ms >= until_ms) {
            return until_ms;
        }
        bool rose = false;
        if (at_ms == step_ms) {
            score += account->steps.items[step].rise - account->steps.items[step].fall;
            rose = account->steps.items[step].rise > 0;
            step++;
        }
        const struct program_version *version = program_set_at(programs, at_ms);
        if (version == NULL || (!rose && at_ms != rescore_ms)) {
            continue;
        }
        struct card_test test = {.score = score, .rescore = at_ms == rescore_ms};
        if (advance_raised(version->program, advance_latest(programs), &card, &test) > 0) {
            return at_ms;
        }
        // What follows can only be lower: no score starts later and no version comes.
        bool last = version == &programs->versions[programs->count - 1];
        if (at_ms == rescore_ms && last && at_ms >= last_rise_ms) {
            return until_ms;
        }
    }
}

int64_t advance_due(const struct account *account, const struct program_set *programs)
{
    if (account_unfinished(account)) {
        return account->now_ms;
    }
    if (!is_moved_by_time(account)) {
        return INSTANT_NEVER;
    }
    int64_t sure_ms = earlier(next_lot_end(account), card_end(account));
    sure_ms = earlier(sure_ms, next_lapse(account));
    sure_ms = earlier(sure_ms, notice_next(account, programs, sure_ms));
    int64_t until_ms = earlier(sure_ms, LIMIT_INSTANT_MAX_MS);
    int64_t upgrade_ms = first_upgrade(account, programs, until_ms);
    return upgrade_ms < until_ms ? upgrade_ms : sure_ms;
}
