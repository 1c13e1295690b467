// What becomes of a card: the tests that raise it, its end, and what goes on behind a complimentary
// one. Asked by time itself, by its look-ahead, by the replay of late score and by decisions alike.
#include "core/advance.h"

static int tier_reached(const struct program *program, int64_t score, bool at_rescore)
{
    for (size_t rank = program->tier_count; rank-- > 1;) {
        const struct tier *tier = &program->tiers[rank];
        if (score >= tier->threshold && (at_rescore || tier->upgrade == UPGRADE_IMMEDIATE)) {
            return (int)rank;
        }
    }
    return 0;
}

int advance_rank(const struct program *program, const struct program *later, struct span tier)
{
    int rank = program_tier_rank(program, tier);
    if (rank >= 0 || later == NULL) {
        return rank < 0 ? 0 : rank;
    }
    for (int below = program_tier_rank(later, tier) - 1; below > 0; below--) {
        rank = program_tier_rank(program, later->tiers[below].id);
        if (rank >= 0) {
            return rank;
        }
    }
    return 0;
}

const struct program *advance_latest(const struct program_set *programs)
{
    return programs->count == 0 ? NULL : programs->versions[programs->count - 1].program;
}

// --- cards ---

struct held_card advance_new_card(const struct program_version *version, int rank, int64_t from_ms)
{
    const struct tier *tier = &version->program->tiers[rank];
    int64_t until_ms = INSTANT_NEVER;
    if (rank > 0) {
        until_ms = zone_add_months(version->zone, from_ms, (int32_t)tier->validity_months);
    }
    return (struct held_card){.tier = tier->id, .from_ms = from_ms, .until_ms = until_ms};
}

// RESTART, or KEEP where the version says so: of a card that was earned.
static struct held_card upgraded(const struct program_version *version, const struct held_card *old,
                                 int rank, int64_t from_ms)
{
    struct held_card card = advance_new_card(version, rank, from_ms);
    bool keeps = version->program->keep_validity_on_upgrade && !old->complimentary;
    if (keeps && old->until_ms != INSTANT_NEVER) {
        card.until_ms = old->until_ms;
    }
    return card;
}

struct held_card advance_card(const struct account *account, const struct card *card)
{
    return (struct held_card){.tier = names_text(&account->names, card->tier),
                              .from_ms = card->from_ms,
                              .until_ms = card->until_ms,
                              .complimentary = card->cause == CARD_GRANTED};
}

struct holding advance_holding_of(const struct account *account, const struct card *card)
{
    return (struct holding){.card = advance_card(account, card),
                            .covered = advance_card(account, account_card_covered(account, card))};
}

struct holding advance_holding(const struct account *account)
{
    return advance_holding_of(account, account_card(account));
}

void advance_hold(struct holding *holding, const struct held_card *card)
{
    holding->card = *card;
    if (!card->complimentary) {
        holding->covered = *card;
    }
}

// --- what is tested ---

// A higher tier, or of a complimentary card its own, earned.
static bool is_raised(const struct held_card *held, int held_rank, bool complimentary, int rank)
{
    bool earned = held->complimentary && !complimentary && rank == held_rank && rank > 0;
    return rank > held_rank || earned;
}

bool advance_takes_place(const struct program *program, const struct program *latest,
                         const struct held_card *held, const struct held_card *other)
{
    return is_raised(held, advance_rank(program, latest, held->tier), other->complimentary,
                     advance_rank(program, latest, other->tier));
}

int advance_raised(const struct program *program, const struct program *latest,
                   const struct held_card *held, const struct card_test *test)
{
    int reached = tier_reached(program, test->score, test->rescore);
    return is_raised(held, advance_rank(program, latest, held->tier), false, reached) ? reached : 0;
}

bool advance_raise(const struct program_version *version, const struct program *latest,
                   const struct card_test *test, struct holding *holding)
{
    int rank = advance_raised(version->program, latest, &holding->card, test);
    if (rank == 0) {
        return false;
    }
    struct held_card card = upgraded(version, &holding->card, rank, test->at_ms);
    advance_hold(holding, &card);
    return true;
}

// --- its end ---

// The score's tier, or where the version says ONE_DOWN that or one below the old, whichever is
// higher.
static int rank_after_end(const struct program_version *version, int score_rank, int old_rank)
{
    bool down = version->program->one_down_on_card_end && old_rank - 1 > score_rank;
    return down ? old_rank - 1 : score_rank;
}

enum card_cause advance_end_card(const struct program_version *version,
                                 const struct program *latest, const struct card_test *test,
                                 struct holding *holding)
{
    const struct program *program = version->program;
    const struct held_card *covered = &holding->covered;
    int score_rank = program_tier_of_score(program, test->score);
    if (holding->card.complimentary && covered->until_ms > test->at_ms &&
        advance_rank(program, latest, covered->tier) >= score_rank) {
        holding->card = *covered;
        holding->card.from_ms = test->at_ms;
        holding->covered = holding->card;
        return CARD_RESUMED;
    }
    int old_rank = advance_rank(program, latest, holding->card.tier);
    struct held_card card =
        advance_new_card(version, rank_after_end(version, score_rank, old_rank), test->at_ms);
    advance_hold(holding, &card);
    return CARD_END;
}
