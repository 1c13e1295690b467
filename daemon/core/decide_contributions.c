// Deciding what partners report of their contributions.
#include "core/decide_contributions.h"

#include "base/check.h"
#include "core/decide_parts.h"

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

// The interval it counts in, as asked for and cut by the window.
static struct opening_score score_of(const struct program_version *version, int64_t now_ms,
                                     const struct contribution_command *command)
{
    struct opening_score score = {
        .from_ms = now_ms, .until_ms = INSTANT_NEVER, .score = command->score};
    struct civil_date from = zone_date(version->zone, now_ms);
    if (command->has_from) {
        from = command->from;
        score.from_ms = zone_day_start(version->zone, from);
    }
    if (command->has_until) {
        score.until_ms = zone_day_start(version->zone, command->until);
    }
    score.until_ms = earlier(score.until_ms, earn_score_end(version, from));
    return score;
}

enum status decide_contribution(const struct decide *decide,
                                const struct contribution_command *command,
                                struct decision *ret_decision)
{
    const struct account *account = decide->account;
    CHECK(command->score >= 1 && command->score <= LIMIT_POINTS_A_RECORD);
    const struct program_version *version;
    TRY(decide_open(decide, &version, ret_decision));
    if (version == NULL) {
        return STATUS_OK;
    }
    if (account_reported(account, command->key) != NULL) {
        return decide_refuse(ret_decision, REFUSAL_CONTRIBUTION_EXISTS, "contribution_id", 0, 0);
    }
    struct opening_score score = score_of(version, account->now_ms, command);
    if (score.until_ms <= score.from_ms) {
        return decide_refuse(ret_decision, REFUSAL_BAD_INTERVAL, "until", 0, 0);
    }
    if (!decide_in_bounds(account, 0, score.score)) {
        return decide_refuse(ret_decision, REFUSAL_FIGURE_OUT_OF_BOUNDS, "score", 0,
                             LIMIT_POINTS_A_BALANCE);
    }
    struct record record;
    TRY(decide_begin(decide, RECORD_CONTRIBUTED, &record));
    record.contributed = (struct record_contributed){
        .from_ms = score.from_ms, .until_ms = score.until_ms, .score = score.score};
    memcpy(record.contributed.key, command->key, sizeof record.contributed.key);
    TRY(decide_cards(decide, &score, 1, NULL, &record));
    return decide_emit(decide, &record, OUTCOME_APPLIED, ret_decision);
}

// Moves the account on and finds the contribution; NULL when the decision is a refusal already.
static enum status find(const struct decide *decide, const uint8_t *key,
                        const struct reported **ret_reported, struct decision *ret_decision)
{
    *ret_reported = NULL;
    const struct program_version *version;
    TRY(decide_open(decide, &version, ret_decision));
    if (version == NULL) {
        return STATUS_OK;
    }
    *ret_reported = account_reported(decide->account, key);
    return *ret_reported != NULL
               ? STATUS_OK
               : decide_refuse(ret_decision, REFUSAL_UNKNOWN_CONTRIBUTION, "contribution_id", 0, 0);
}

// Where a part that is taken away at the earliest stops counting.
static int64_t first_instant(const struct decide *decide, const struct reported *reported)
{
    return later(decide->account->now_ms, reported->from_ms);
}

// Of what was taken by hand before, nothing is taken again.
static enum status take(const struct decide *decide, const uint8_t *key,
                        struct record_contribution_reduced *reduced, struct decision *ret_decision)
{
    const struct account *account = decide->account;
    int64_t left = account_score_left(account, account_reported(account, key)->seq,
                                      reduced->from_ms, reduced->until_ms);
    reduced->score = reduced->score < left ? reduced->score : left;
    struct record record;
    TRY(decide_begin(decide, RECORD_CONTRIBUTION_REDUCED, &record));
    memcpy(reduced->key, key, sizeof reduced->key);
    record.contribution_reduced = *reduced;
    return decide_emit(decide, &record, OUTCOME_APPLIED, ret_decision);
}

enum status decide_reduction(const struct decide *decide, const struct reduction_command *command,
                             struct decision *ret_decision)
{
    CHECK(command->score >= 1);
    const struct reported *reported;
    TRY(find(decide, command->key, &reported, ret_decision));
    if (reported == NULL) {
        return STATUS_OK;
    }
    int64_t from_ms = first_instant(decide, reported);
    int64_t left = from_ms < reported->until_ms ? reported->score : 0; // of what is over, nothing
    if (command->score > left) {
        return decide_refuse(ret_decision, REFUSAL_REDUCED_TOO_FAR, "score", command->score, left);
    }
    struct record_contribution_reduced reduced = {
        .change = CONTRIBUTION_CUT,
        .score = command->score,
        .from_ms = from_ms,
        .until_ms = reported->until_ms,
        .left_score = left - command->score,
        .left_from_ms = reported->from_ms,
        .left_until_ms = reported->until_ms,
    };
    return take(decide, command->key, &reduced, ret_decision);
}

enum status decide_contribution_end(const struct decide *decide,
                                    const struct contribution_end_command *command,
                                    struct decision *ret_decision)
{
    CHECK(command->change != CONTRIBUTION_CUT);
    const struct reported *reported;
    TRY(find(decide, command->key, &reported, ret_decision));
    if (reported == NULL) {
        return STATUS_OK;
    }
    int64_t ends_ms = first_instant(decide, reported);
    if (command->has_on) {
        const struct zone *zone =
            program_set_at(decide->writer->programs, decide->account->now_ms)->zone;
        ends_ms = later(ends_ms, zone_day_start(zone, command->on));
    }
    bool changes = ends_ms < reported->until_ms;
    ends_ms = earlier(ends_ms, reported->until_ms);
    bool counted = ends_ms > reported->from_ms;
    struct record_contribution_reduced reduced = {
        .change = command->change,
        .score = changes ? reported->score : 0,
        .from_ms = ends_ms,
        .until_ms = reported->until_ms,
        .left_score = counted ? reported->score : 0,
        .left_from_ms = reported->from_ms,
        .left_until_ms = ends_ms,
    };
    return take(decide, command->key, &reduced, ret_decision);
}
