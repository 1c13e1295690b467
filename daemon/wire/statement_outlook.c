// The outlook walks the boundaries ahead in the order of core/advance.h: score ends and starts, the
// card ends, re-scoring, the IMMEDIATE test.
#include "wire/statement_outlook.h"

#include "base/limits.h"
#include "wire/message.h"
#include "wire/replies.h"

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

struct outlook statement_outlook(const struct account *account, const struct program_set *programs,
                                 int64_t until_ms)
{
    const struct program *latest = advance_latest(programs);
    struct outlook ahead = {.holding = advance_holding(account), .score = account->score};
    int64_t at_ms = account->now_ms;
    uint32_t step = 0;
    while (at_ms < until_ms) {
        bool stepped = step < account->steps.count;
        int64_t step_ms = stepped ? account->steps.items[step].at_ms : INSTANT_NEVER;
        int64_t rescore_ms = program_set_next_rescore(programs, at_ms, until_ms);
        at_ms =
            earlier(earlier(until_ms, rescore_ms), earlier(step_ms, ahead.holding.card.until_ms));
        bool rose = false;
        if (at_ms == step_ms) {
            ahead.score += account->steps.items[step].rise - account->steps.items[step].fall;
            rose = account->steps.items[step].rise > 0;
            step++;
        }
        const struct program_version *version = program_set_at(programs, at_ms);
        bool rescored = at_ms == rescore_ms;
        struct card_test test = {.at_ms = at_ms, .score = ahead.score, .rescore = rescored};
        if (ahead.holding.card.until_ms <= at_ms) {
            advance_end_card(version, latest, &test, &ahead.holding);
        }
        if (rose || rescored) {
            advance_raise(version, latest, &test, &ahead.holding);
        }
    }
    return ahead;
}

static enum status forecast_rescore(struct arena *arena, const struct account *account,
                                    const struct program_set *programs,
                                    Loyalty__V1__TierForecast *forecast)
{
    int64_t at_ms = program_set_next_rescore(programs, account->now_ms, LIMIT_INSTANT_MAX_MS);
    if (at_ms == INSTANT_NEVER) {
        return STATUS_OK;
    }
    struct outlook outlook = statement_outlook(account, programs, at_ms);
    forecast->next_rescore_score = outlook.score;
    TRY(replies_instant(arena, at_ms, &forecast->next_rescore_at));
    return replies_text(arena, outlook.holding.card.tier, &forecast->next_rescore_tier_id);
}

// What the tier held wants at the card's end, by the version in force then.
static int64_t missing_to_keep(const struct program_set *programs, int64_t at_ms, struct span tier,
                               int64_t score)
{
    const struct program_version *version = program_set_at(programs, at_ms);
    int rank = program_tier_rank(version->program, tier);
    int64_t threshold = rank < 0 ? 0 : version->program->tiers[rank].threshold;
    return threshold > score ? threshold - score : 0;
}

static enum status forecast_card_end(struct arena *arena, const struct account *account,
                                     const struct program_set *programs,
                                     Loyalty__V1__TierForecast *forecast)
{
    struct held_card card = advance_card(account, account_card(account));
    if (card.until_ms == INSTANT_NEVER) {
        return STATUS_OK;
    }
    struct outlook outlook = statement_outlook(account, programs, card.until_ms);
    forecast->card_end_score = outlook.score;
    forecast->missing_to_keep = missing_to_keep(programs, card.until_ms, card.tier, outlook.score);
    TRY(replies_instant(arena, card.until_ms, &forecast->card_ends_at));
    return replies_text(arena, outlook.holding.card.tier, &forecast->card_end_tier_id);
}

enum status statement_forecast(struct arena *arena, const struct account *account,
                               const struct program_set *programs,
                               Loyalty__V1__TierForecast **ret_forecast)
{
    *ret_forecast = NULL;
    if (account->cards.count == 0 || !account_lives(account)) {
        return STATUS_OK;
    }
    Loyalty__V1__TierForecast *forecast =
        (Loyalty__V1__TierForecast *)message_new(&loyalty__v1__tier_forecast__descriptor, arena);
    if (forecast == NULL) {
        return STATUS_NO_MEMORY;
    }
    TRY(forecast_rescore(arena, account, programs, forecast));
    TRY(forecast_card_end(arena, account, programs, forecast));
    *ret_forecast = forecast;
    return STATUS_OK;
}
