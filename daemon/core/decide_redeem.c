// Spending points at once. A refusal is recorded too: a delayed duplicate must not burn points
// after the customer has paid cash.
#include "core/advance.h"
#include "core/decide_parts.h"

static enum status refuse_recorded(const struct decide *decide, enum refusal_reason reason,
                                   int64_t asked, int64_t limit, struct decision *ret_decision)
{
    struct record record;
    TRY(decide_begin(decide, RECORD_REFUSED, &record));
    record.refused = (struct record_refused){
        .method = RECORD_REDEEMED, .reason = (uint32_t)reason, .asked = asked, .limit = limit};
    TRY(decide_emit(decide, &record, OUTCOME_REFUSED_RECORDED, ret_decision));
    ret_decision->refusal =
        (struct refusal){.reason = reason, .field = "points", .asked = asked, .limit = limit};
    return STATUS_OK;
}

// Lots are consumed earliest expiry first; they stand in that order.
static enum status take_lots(const struct decide *decide, int64_t points,
                             struct record_redeemed *redeemed)
{
    const struct account *account = decide->account;
    redeemed->lots = arena_alloc_array(decide->arena, account->lots.count, sizeof *redeemed->lots);
    if (redeemed->lots == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t i = 0; points > 0; i++) {
        const struct lot *lot = &account->lots.items[i];
        int64_t taken = points < lot->points ? points : lot->points;
        redeemed->lots[redeemed->lot_count] =
            (struct lot_move){.ends_ms = lot->ends_ms, .points = taken};
        redeemed->lot_count++;
        points -= taken;
    }
    return STATUS_OK;
}

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

enum status decide_redeem(const struct decide *decide, const struct redeem_command *command,
                          struct decision *ret_decision)
{
    struct account *account = decide->account;
    if (!account_exists(account)) {
        return decide_refuse(ret_decision, REFUSAL_UNKNOWN_MEMBER, "member", 0, 0);
    }
    TRY(advance(account, decide->writer, decide->arena, decide_now(decide)));
    const struct program_version *version =
        program_set_at(decide->writer->programs, account->now_ms);
    if (version == NULL) {
        return decide_refuse(ret_decision, REFUSAL_NO_PROGRAM, "", 0, 0);
    }
    const struct program *program = version->program;
    int32_t day = civil_to_days(zone_date(version->zone, account->now_ms));
    int64_t limit;
    int64_t value_minor = 0;
    enum refusal_reason reason =
        judge(account, program, day, command->points, &limit, &value_minor);
    if (reason != REFUSAL_NONE) {
        return refuse_recorded(decide, reason, command->points, limit, ret_decision);
    }
    struct record record;
    TRY(decide_begin(decide, RECORD_REDEEMED, &record));
    record.redeemed = (struct record_redeemed){
        .version = version->number,
        .points = command->points,
        .value_minor = value_minor,
        .day = day,
        .counted = program->redeem_a_day != 0,
        .receipt = {.number = command->receipt.number,
                    .business_day = command->receipt.business_day},
    };
    TRY(take_lots(decide, command->points, &record.redeemed));
    TRY(decide_unit(decide, &record, command->unit, &record.redeemed.unit));
    return decide_emit(decide, &record, OUTCOME_APPLIED, ret_decision);
}
