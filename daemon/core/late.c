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
    struct held_card card;
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

// The earliest card given at once in (after, until], or NULL. One that a back-dated card has taken
// the place of since is not among them: as known now it was never held.
static const struct card *next_given(const struct account *account, int64_t after_ms,
                                     int64_t until_ms)
{
    const struct card *next = NULL;
    for (uint32_t i = 0; i < account->cards.count; i++) {
        const struct card *card = &account->cards.items[i];
        bool given = card->cause == CARD_IMMEDIATE || card->cause == CARD_OPENING ||
                     card->cause == CARD_MERGED;
        if (given && card->from_ms > after_ms && card->from_ms <= until_ms &&
            (next == NULL || card->from_ms < next->from_ms) &&
            account_card_at(account, card->from_ms) == card) {
            next = card;
        }
    }
    return next;
}

static int replay_rank(const struct replay *replay, const struct program *program, struct span tier)
{
    return advance_rank(program, replay->latest, tier);
}

static void replay_end(struct replay *replay, const struct program_version *version, int64_t score)
{
    int old_rank = replay_rank(replay, version->program, replay->card.tier);
    int rank = advance_rank_after_end(version, score, old_rank);
    replay->card = advance_new_card(version, rank, replay->at_ms);
}

static void replay_rescore(struct replay *replay, const struct program_version *version,
                           int64_t score)
{
    int rank = replay_rank(replay, version->program, replay->card.tier);
    int reached = advance_reached(version->program, score, true);
    if (reached > rank) {
        replay->card = advance_upgraded(version, &replay->card, reached, replay->at_ms);
    }
}

static void replay_given(struct replay *replay, const struct program_version *version,
                         const struct card *given)
{
    struct span tier = names_text(&replay->account->names, given->tier);
    int rank = replay_rank(replay, version->program, replay->card.tier);
    if (replay_rank(replay, version->program, tier) > rank) {
        replay->card = (struct held_card){
            .tier = tier, .from_ms = given->from_ms, .until_ms = given->until_ms};
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
    int64_t at_ms = earliest(rescore_ms, replay->card.until_ms);
    at_ms = earliest(at_ms, given == NULL ? INSTANT_NEVER : given->from_ms);
    if (at_ms > now_ms) {
        return false;
    }
    replay->at_ms = at_ms;
    const struct program_version *version = program_set_at(replay->programs, at_ms);
    if (version == NULL) {
        return replay->card.until_ms > at_ms; // an end without rules ends the replay
    }
    int64_t score = replay_score(replay, at_ms);
    if (replay->card.until_ms <= at_ms) {
        replay_end(replay, version, score);
    }
    if (at_ms == rescore_ms) {
        replay_rescore(replay, version, score);
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
        .latest = programs->versions[programs->count - 1].program,
    };
    replay.at_ms = replay_start(&replay, account->now_ms);
    const struct card *start = account_card_at(account, replay.at_ms);
    replay.card = (struct held_card){.tier = names_text(&account->names, start->tier),
                                     .from_ms = start->from_ms,
                                     .until_ms = start->until_ms};
    while (replay_step(&replay, account->now_ms)) {
    }
    return replay.card;
}
