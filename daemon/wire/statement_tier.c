// Why this tier: what counts, what the next re-scoring will see and give, what each tier wants. The
// outlook walks the boundaries up to that re-scoring in the order of core/advance.h (score ends and
// starts, the card ends, re-scoring, the IMMEDIATE test), on what is known now.
#include "wire/statement.h"

#include "base/limits.h"
#include "core/advance.h"
#include "wire/message.h"

enum { PARTS_MAX = 200 };

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

// The card held right after the re-scoring at `rescore_ms`, which lies ahead.
static struct held_card outlook(const struct account *account, const struct program_set *programs,
                                int64_t rescore_ms)
{
    const struct program *latest = programs->versions[programs->count - 1].program;
    const struct card *now = account_card(account);
    struct held_card card = {.tier = names_text(&account->names, now->tier),
                             .from_ms = now->from_ms,
                             .until_ms = now->until_ms};
    int64_t score = account->score;
    int64_t at_ms = account->now_ms;
    uint32_t step = 0;
    while (at_ms < rescore_ms) {
        bool stepped = step < account->steps.count;
        int64_t step_ms = stepped ? account->steps.items[step].at_ms : INSTANT_NEVER;
        at_ms = earlier(rescore_ms, earlier(step_ms, card.until_ms));
        bool rose = false;
        if (at_ms == step_ms) {
            score += account->steps.items[step].rise - account->steps.items[step].fall;
            rose = account->steps.items[step].rise > 0;
            step++;
        }
        const struct program_version *version = program_set_at(programs, at_ms);
        int rank = advance_rank(version->program, latest, card.tier);
        if (card.until_ms <= at_ms) {
            rank = advance_rank_after_end(version, score, rank);
            card = advance_new_card(version, rank, at_ms);
        }
        bool rescored = at_ms == rescore_ms;
        int reached = rose || rescored ? advance_reached(version->program, score, rescored) : 0;
        if (reached > rank) {
            card = advance_upgraded(version, &card, reached, at_ms);
        }
    }
    return card;
}

static enum status fill_outlook(struct arena *arena, const struct account *account,
                                const struct program_set *programs,
                                Loyalty__V1__ExplainTierResponse *response)
{
    int64_t rescore_ms = program_set_next_rescore(programs, account->now_ms, LIMIT_INSTANT_MAX_MS);
    if (rescore_ms == INSTANT_NEVER) {
        return STATUS_OK;
    }
    struct span tier = outlook(account, programs, rescore_ms).tier;
    response->next_rescore_score = account_score_at(account, rescore_ms);
    TRY(replies_instant(arena, rescore_ms, &response->next_rescore_at));
    return replies_text(arena, tier, &response->next_rescore_tier_id);
}

static enum status make_part(struct arena *arena, const struct contribution *contribution,
                             int64_t now_ms, Loyalty__V1__ScorePart **ret_part)
{
    Loyalty__V1__ScorePart *part =
        (Loyalty__V1__ScorePart *)message_new(&loyalty__v1__score_part__descriptor, arena);
    if (part == NULL) {
        return STATUS_NO_MEMORY;
    }
    part->seq = contribution->seq;
    part->score = contribution->score;
    part->counts_now = contribution->from_ms <= now_ms;
    TRY(replies_instant(arena, contribution->from_ms, &part->from));
    TRY(replies_instant(arena, contribution->until_ms, &part->until));
    *ret_part = part;
    return STATUS_OK;
}

static enum status fill_parts(struct arena *arena, const struct account *account,
                              Loyalty__V1__ExplainTierResponse *response)
{
    response->parts = arena_alloc_array(arena, PARTS_MAX, sizeof(Loyalty__V1__ScorePart *));
    if (response->parts == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t i = account->contributions.count; i > 0 && response->n_parts < PARTS_MAX; i--) {
        const struct contribution *contribution = &account->contributions.items[i - 1];
        if (contribution->until_ms <= account->now_ms) {
            continue;
        }
        TRY(make_part(arena, contribution, account->now_ms, &response->parts[response->n_parts]));
        response->n_parts++;
    }
    return STATUS_OK;
}

static const char *given_text(enum upgrade upgrade)
{
    return upgrade == UPGRADE_IMMEDIATE ? "IMMEDIATE" : "AT_RESCORE";
}

static enum status make_progress(struct arena *arena, const struct tier *tier, const char *given,
                                 int64_t score, Loyalty__V1__TierProgress **ret_progress)
{
    Loyalty__V1__TierProgress *progress =
        (Loyalty__V1__TierProgress *)message_new(&loyalty__v1__tier_progress__descriptor, arena);
    if (progress == NULL) {
        return STATUS_NO_MEMORY;
    }
    progress->threshold = tier->threshold;
    progress->missing = tier->threshold > score ? tier->threshold - score : 0;
    TRY(replies_text(arena, tier->id, &progress->tier_id));
    TRY(replies_text(arena, span_of_text(given), &progress->given));
    *ret_progress = progress;
    return STATUS_OK;
}

static enum status fill_tiers(struct arena *arena, const struct program *program, int64_t score,
                              Loyalty__V1__ExplainTierResponse *response)
{
    response->tiers =
        arena_alloc_array(arena, program->tier_count, sizeof(Loyalty__V1__TierProgress *));
    if (response->tiers == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < program->tier_count; i++) {
        const struct tier *tier = &program->tiers[i];
        // The base tier is not given, it is what is left.
        const char *given = i == 0 ? "" : given_text(tier->upgrade);
        TRY(make_progress(arena, tier, given, score, &response->tiers[i]));
    }
    response->n_tiers = program->tier_count;
    return STATUS_OK;
}

enum status statement_tier(struct arena *arena, const struct account *account,
                           const struct program_set *programs,
                           Loyalty__V1__ExplainTierResponse **ret_response)
{
    const struct program_version *version = program_set_at(programs, account->now_ms);
    if (version == NULL) {
        return STATUS_NOT_FOUND;
    }
    Loyalty__V1__ExplainTierResponse *response = (Loyalty__V1__ExplainTierResponse *)message_new(
        &loyalty__v1__explain_tier_response__descriptor, arena);
    if (response == NULL) {
        return STATUS_NO_MEMORY;
    }
    struct replies replies = replies_of_account(account, arena);
    TRY(replies_text(arena, replies.member_id, &response->member_id));
    TRY(replies_instant(arena, account->now_ms, &response->as_of));
    TRY(statement_standing(arena, account, programs, &response->standing));
    TRY(replies_card(&replies, NULL, account_card(account), &response->card));
    TRY(fill_parts(arena, account, response));
    TRY(fill_outlook(arena, account, programs, response));
    TRY(fill_tiers(arena, version->program, account->score, response));
    *ret_response = response;
    return STATUS_OK;
}
