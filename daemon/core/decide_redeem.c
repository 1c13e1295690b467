// Spending points: what is judged, and what they are taken from. A refusal is recorded too: a
// delayed duplicate must not burn points after the customer has paid cash.
#include "core/advance.h"
#include "core/decide_parts.h"
#include "core/decide_pools.h"

// What a day's limit leaves; nothing where a new version has lowered it below what is redeemed.
static int64_t left_today(const struct account *account, const struct program *program, int32_t day)
{
    int64_t redeemed = account->redeem_day == day ? account->redeem_day_points : 0;
    return redeemed < program->redeem_a_day ? program->redeem_a_day - redeemed : 0;
}

// What the program says no to, or REFUSAL_NONE and the points' value.
static enum refusal_reason judge(const struct account *account, const struct program *program,
                                 int32_t day, int64_t points, int64_t *ret_limit,
                                 int64_t *ret_value_minor)
{
    *ret_limit = 0;
    enum refusal_reason reason = decide_may(account, DECIDE_ACTIVE);
    if (reason != REFUSAL_NONE) {
        return reason;
    }
    *ret_limit = program->redeem_minimum;
    if (points < program->redeem_minimum) {
        return REFUSAL_BELOW_MINIMUM;
    }
    *ret_limit = program->redeem_step;
    if (points % program->redeem_step != 0) {
        return REFUSAL_NOT_A_STEP;
    }
    *ret_limit = account->balance;
    if (points > account->balance) {
        return REFUSAL_INSUFFICIENT_POINTS;
    }
    *ret_limit = left_today(account, program, day);
    if (program->redeem_a_day != 0 && points > *ret_limit) {
        return REFUSAL_DAY_LIMIT;
    }
    *ret_limit = LIMIT_AMOUNT_MINOR_MAX;
    enum status status = earn_points_value(program, points, ret_value_minor);
    return status == STATUS_OK ? REFUSAL_NONE : REFUSAL_FIGURE_OUT_OF_BOUNDS;
}

enum status decide_spend(const struct decide *decide, const struct program_version *version,
                         const struct redeem_command *command, struct record *record,
                         struct record_redeemed *taken, bool *ret_taken,
                         struct decision *ret_decision)
{
    const struct account *account = decide->account;
    const struct program *program = version->program;
    int32_t day = zone_day(version->zone, account->now_ms);
    int64_t value_minor = 0;
    struct refusal refusal = {.field = "points", .asked = command->points};
    refusal.reason = judge(account, program, day, command->points, &refusal.limit, &value_minor);
    *ret_taken = refusal.reason == REFUSAL_NONE;
    if (!*ret_taken) {
        return decide_refuse_recorded(decide, record->type, &refusal, ret_decision);
    }
    *taken = (struct record_redeemed){
        .version = version->number,
        .points = command->points,
        .value_minor = value_minor,
        .day = day,
        .counted = program->redeem_a_day != 0,
        .receipt = decide_receipt(&command->receipt),
    };
    // Lots are consumed earliest expiry first; they stand in that order.
    TRY(decide_take_lots(decide, account->lots.items, account->lots.count, command->points, taken));
    return decide_unit(decide, record, command->unit, &taken->unit);
}

// Who of a pool spends. What a pool says no to is remembered, but for what was asked wrongly. False
// when that is the decision.
static enum status judge_person(const struct decide *decide, const struct redeem_command *command,
                                int32_t day, struct span *ret_by, bool *ret_may,
                                struct decision *ret_decision)
{
    struct pool_question question = {.right = POOL_REDEEM, .points = command->points, .day = day};
    struct refusal refusal = {.field = ""};
    refusal.reason = decide_pool_may(decide->account, &command->person, &question, ret_by,
                                     &refusal.limit, &refusal.field);
    *ret_may = refusal.reason == REFUSAL_NONE;
    if (*ret_may) {
        return STATUS_OK;
    }
    if (refusal.reason == REFUSAL_NOT_A_POOL || refusal.reason == REFUSAL_POOL_MEMBER_MISSING) {
        return decide_refuse(ret_decision, refusal.reason, refusal.field, 0, 0);
    }
    refusal.asked = refusal.reason == REFUSAL_POOL_MONTH_LIMIT ? command->points : 0;
    return decide_refuse_recorded(decide, RECORD_REDEEMED, &refusal, ret_decision);
}

enum status decide_redeem(const struct decide *decide, const struct redeem_command *command,
                          struct decision *ret_decision)
{
    const struct program_version *version;
    TRY(decide_open_any(decide, DECIDE_LIVING, &version, ret_decision));
    if (version == NULL) {
        return STATUS_OK;
    }
    int32_t day = zone_day(version->zone, decide->account->now_ms);
    struct span by;
    bool may;
    TRY(judge_person(decide, command, day, &by, &may, ret_decision));
    if (!may) {
        return STATUS_OK;
    }
    struct record record;
    TRY(decide_begin(decide, RECORD_REDEEMED, &record));
    bool taken;
    TRY(decide_spend(decide, version, command, &record, &record.redeemed, &taken, ret_decision));
    if (!taken) {
        return STATUS_OK;
    }
    TRY(decide_pool_spent(decide, by, command->points, day));
    return decide_emit(decide, &record, OUTCOME_APPLIED, ret_decision);
}
