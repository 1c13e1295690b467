// A balance brought over from another system: points by expiry, score by end, and the card.
#include "base/check.h"
#include "core/advance.h"
#include "core/decide_parts.h"

static enum status fill_lots(const struct decide *decide, const struct program_version *version,
                             const struct opening_command *command, struct record_opening *opening)
{
    opening->lots = arena_alloc_array(decide->arena, command->lot_count, sizeof *opening->lots);
    if (opening->lots == NULL) {
        return STATUS_NO_MEMORY;
    }
    opening->lot_count = command->lot_count;
    for (size_t i = 0; i < command->lot_count; i++) {
        const struct opening_item *item = &command->lots[i];
        opening->lots[i] = (struct lot_move){
            .ends_ms = item->has_until ? zone_day_start(version->zone, item->until) : INSTANT_NEVER,
            .points = item->points_or_score,
        };
    }
    return STATUS_OK;
}

static enum status fill_scores(const struct decide *decide, const struct program_version *version,
                               const struct opening_command *command,
                               struct record_opening *opening)
{
    opening->scores =
        arena_alloc_array(decide->arena, command->score_count, sizeof *opening->scores);
    if (opening->scores == NULL) {
        return STATUS_NO_MEMORY;
    }
    opening->score_count = command->score_count;
    for (size_t i = 0; i < command->score_count; i++) {
        const struct opening_item *item = &command->scores[i];
        opening->scores[i] = (struct opening_score){
            .from_ms = item->has_from ? zone_day_start(version->zone, item->from)
                                      : decide->account->now_ms,
            .until_ms =
                item->has_until ? zone_day_start(version->zone, item->until) : INSTANT_NEVER,
            .score = item->points_or_score,
        };
    }
    return STATUS_OK;
}

// The first part that does not fit, as a refusal; REFUSAL_NONE when all do.
static enum refusal_reason judge(const struct account *account,
                                 const struct record_opening *opening, const char **ret_field)
{
    int64_t points = 0;
    int64_t score = 0;
    *ret_field = "lots";
    for (size_t i = 0; i < opening->lot_count; i++) {
        points += opening->lots[i].points;
        if (opening->lots[i].ends_ms <= account->now_ms) {
            return REFUSAL_BAD_INTERVAL;
        }
    }
    *ret_field = "scores";
    for (size_t i = 0; i < opening->score_count; i++) {
        score += opening->scores[i].score;
        if (opening->scores[i].until_ms <= opening->scores[i].from_ms) {
            return REFUSAL_BAD_INTERVAL;
        }
    }
    *ret_field = "";
    bool one_record = points <= LIMIT_POINTS_A_RECORD && score <= LIMIT_POINTS_A_RECORD;
    return one_record && decide_in_bounds(account, points, score) ? REFUSAL_NONE
                                                                  : REFUSAL_FIGURE_OUT_OF_BOUNDS;
}

static enum refusal_reason opening_card(const struct decide *decide,
                                        const struct program_version *version,
                                        const struct opening_command *command,
                                        struct held_card *ret_card)
{
    int rank = program_tier_rank(version->program, command->card_tier);
    if (rank < 0) {
        return REFUSAL_UNKNOWN_TIER;
    }
    const struct opening_item *dates = &command->card;
    int64_t now_ms = decide->account->now_ms;
    struct held_card card = {
        .tier = version->program->tiers[rank].id,
        .from_ms = dates->has_from ? zone_day_start(version->zone, dates->from) : now_ms,
        .until_ms = dates->has_until ? zone_day_start(version->zone, dates->until) : INSTANT_NEVER,
    };
    bool ends = card.until_ms != INSTANT_NEVER;
    if (card.from_ms > now_ms || card.until_ms <= now_ms || ends != (rank > 0)) {
        return REFUSAL_BAD_INTERVAL;
    }
    *ret_card = card;
    return REFUSAL_NONE;
}

static enum status post(const struct decide *decide, const struct program_version *version,
                        const struct opening_command *command, struct record *record,
                        struct decision *ret_decision)
{
    struct held_card card;
    if (command->has_card) {
        enum refusal_reason reason = opening_card(decide, version, command, &card);
        if (reason != REFUSAL_NONE) {
            return decide_refuse(ret_decision, reason, "card", 0, 0);
        }
        TRY(decide_give(decide, record, &card, CARD_OPENING));
    }
    TRY(decide_cards(decide, record->opening.scores, record->opening.score_count,
                     command->has_card ? &card : NULL, record));
    return decide_emit(decide, record, OUTCOME_APPLIED, ret_decision);
}

enum status decide_opening(const struct decide *decide, const struct opening_command *command,
                           struct decision *ret_decision)
{
    struct account *account = decide->account;
    CHECK(command->lot_count <= LIMIT_OPENING_ITEMS);
    CHECK(command->score_count <= LIMIT_OPENING_ITEMS);
    const struct program_version *version;
    TRY(decide_open(decide, &version, ret_decision));
    if (version == NULL) {
        return STATUS_OK;
    }
    struct record record;
    TRY(decide_begin(decide, RECORD_OPENING, &record));
    TRY(fill_lots(decide, version, command, &record.opening));
    TRY(fill_scores(decide, version, command, &record.opening));
    const char *field;
    enum refusal_reason reason = judge(account, &record.opening, &field);
    if (reason != REFUSAL_NONE) {
        return decide_refuse(ret_decision, reason, field, 0, LIMIT_POINTS_A_BALANCE);
    }
    return post(decide, version, command, &record, ret_decision);
}
