// The replay of late score: what the re-scorings and card ends since would have done with it. Past
// upgrades that were given at once (or by hand) did happen, so the replay meets them again; nothing
// is ever lowered by it, for the caller takes its card only when of higher rank.
#include "core/advance.h"

#include "base/check.h"

struct replay {
    const struct account *account;
    const struct program_set *programs;
    const struct late_score *late;
    const struct program *latest;
    struct holding holding;
    int64_t at_ms;
};

// Score of a past boundary with the late score in it: all that is known now, counted from when it
// began, which is before the boundary: what is reported now was not announced.
static int64_t replay_score(const struct replay *replay, int64_t instant_ms)
{
    int64_t score = account_score_at_boundary(replay->account, instant_ms);
    for (size_t i = 0; i < replay->late->extra_count; i++) {
        const struct opening_score *extra = &replay->late->extra[i];
        if (extra->from_ms < instant_ms && instant_ms < extra->until_ms) {
            score += extra->score;
        }
    }
    return score;
}

// The replay starts where the late score began, but not before the enrolment, nor more than
// LIMIT_REPLAY_DAYS civil days ago.
static int64_t replay_start(const struct replay *replay, int64_t now_ms)
{
    const struct program_version *version = program_set_at(replay->programs, now_ms);
    CHECK(version != NULL && replay->late->extra_count > 0);
    int64_t from_ms = replay->late->extra[0].from_ms;
    for (size_t i = 1; i < replay->late->extra_count; i++) {
        int64_t other_ms = replay->late->extra[i].from_ms;
        from_ms = other_ms < from_ms ? other_ms : from_ms;
    }
    int32_t today = zone_day(version->zone, now_ms);
    int64_t floor_ms = zone_day_start(version->zone, civil_from_days(today - LIMIT_REPLAY_DAYS));
    from_ms = from_ms < floor_ms ? floor_ms : from_ms;
    return from_ms < replay->account->enrolled_ms ? replay->account->enrolled_ms : from_ms;
}

static bool is_met_again(enum card_cause cause)
{
    switch (cause) {
    case CARD_IMMEDIATE:
    case CARD_OPENING:
    case CARD_MERGED:
    case CARD_GRANTED:
    case CARD_REVOKED:
        return true;
    case CARD_ENROLLED:
    case CARD_RESCORE:
    case CARD_END:
    case CARD_LATE_SCORE:
    case CARD_RESUMED:
        break;
    }
    return false;
}

// The earliest card given at once in (after, until], or NULL. One that a back-dated card has taken
// the place of since is not among them: as known now it was never held.
static const struct card *next_given(const struct account *account, int64_t after_ms,
                                     int64_t until_ms)
{
    const struct card *next = NULL;
    for (uint32_t i = 0; i < account->cards.count; i++) {
        const struct card *card = &account->cards.items[i];
        if (is_met_again(card->cause) && card->from_ms > after_ms && card->from_ms <= until_ms &&
            (next == NULL || card->from_ms < next->from_ms) &&
            account_card_at(account, card->from_ms) == card) {
            next = card;
        }
    }
    return next;
}

// One that was revoked whatever its rank.
static void replay_given(struct replay *replay, const struct program_version *version,
                         const struct card *given)
{
    struct held_card card = advance_card(replay->account, given);
    if (given->cause == CARD_REVOKED ||
        advance_takes_place(version->program, replay->latest, &replay->holding.card, &card)) {
        advance_hold(&replay->holding, &card);
    }
}

static int64_t earliest(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

// Crosses the next boundary in (at, now]; false when there is none.
static bool replay_step(struct replay *replay, int64_t now_ms)
{
    int64_t rescore_ms = program_set_next_rescore(replay->programs, replay->at_ms, now_ms);
    const struct card *given = next_given(replay->account, replay->at_ms, now_ms);
    int64_t at_ms = earliest(rescore_ms, replay->holding.card.until_ms);
    at_ms = earliest(at_ms, given == NULL ? INSTANT_NEVER : given->from_ms);
    if (at_ms > now_ms) {
        return false;
    }
    replay->at_ms = at_ms;
    const struct program_version *version = program_set_at(replay->programs, at_ms);
    if (version == NULL) {
        return replay->holding.card.until_ms > at_ms; // an end without rules ends the replay
    }
    struct card_test test = {.at_ms = at_ms, .score = replay_score(replay, at_ms), .rescore = true};
    if (replay->holding.card.until_ms <= at_ms) {
        advance_end_card(version, replay->latest, &test, &replay->holding);
    }
    if (at_ms == rescore_ms) {
        advance_raise(version, replay->latest, &test, &replay->holding);
    }
    if (given != NULL && given->from_ms == at_ms) {
        replay_given(replay, version, given);
    }
    return true;
}

struct held_card advance_replay(const struct account *account, const struct program_set *programs,
                                const struct late_score *late)
{
    struct replay replay = {
        .account = account,
        .programs = programs,
        .late = late,
        .latest = advance_latest(programs),
    };
    replay.at_ms = replay_start(&replay, account->now_ms);
    replay.holding = advance_holding_of(account, account_card_at(account, replay.at_ms));
    while (replay_step(&replay, account->now_ms)) {
    }
    return replay.holding.card;
}
