// Why this tier: what counts, what the next re-scoring will see and give, what each tier wants.
#include "wire/statement.h"

#include "base/limits.h"
#include "wire/message.h"
#include "wire/statement_outlook.h"

enum { PARTS_MAX = 200 };

static enum status fill_outlook(struct arena *arena, const struct account *account,
                                const struct program_set *programs,
                                Loyalty__V1__ExplainTierResponse *response)
{
    int64_t rescore_ms = program_set_next_rescore(programs, account->now_ms, LIMIT_INSTANT_MAX_MS);
    if (rescore_ms == INSTANT_NEVER) {
        return STATUS_OK;
    }
    struct outlook outlook = statement_outlook(account, programs, rescore_ms);
    response->next_rescore_score = outlook.score;
    TRY(replies_instant(arena, rescore_ms, &response->next_rescore_at));
    return replies_text(arena, outlook.holding.card.tier, &response->next_rescore_tier_id);
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

enum status statement_progress(struct arena *arena, const struct program *program, int64_t score,
                               size_t *ret_count, Loyalty__V1__TierProgress ***ret_tiers)
{
    Loyalty__V1__TierProgress **tiers =
        arena_alloc_array(arena, program->tier_count, sizeof(*tiers));
    if (tiers == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < program->tier_count; i++) {
        const struct tier *tier = &program->tiers[i];
        // The base tier is not given, it is what is left.
        const char *given = i == 0 ? "" : given_text(tier->upgrade);
        TRY(make_progress(arena, tier, given, score, &tiers[i]));
    }
    *ret_tiers = tiers;
    *ret_count = program->tier_count;
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
    TRY(fill_parts(arena, account, response));
    if (account->cards.count > 0 && account_lives(account)) {
        TRY(replies_card(&replies, NULL, account_card(account), &response->card));
        TRY(fill_outlook(arena, account, programs, response));
    }
    TRY(statement_progress(arena, version->program, account->score, &response->n_tiers,
                           &response->tiers));
    *ret_response = response;
    return STATUS_OK;
}
