// The earning rules of a program: each has one effect within its bounds and a condition that can
// hold. The rates' common denominator is found here: exact sums of a sale are counted in fractions
// of it, so it is bounded to keep them within 128 bits.
#include "core/program_check.h"

#include <stdbool.h>

enum {
    COMMON_DENOMINATOR_MAX = 1000000,
    MULTIPLIER_BP_MIN = 10001,
    MULTIPLIER_BP_MAX = 1000000,
    HOURS_A_DAY = 24,
    DAYS_A_WEEK = 7,
};

// An end of the interval of days: `ret_day` is written when there is one and it is a date.
static enum status check_date(struct program_problems *problems, const char *prefix,
                              const char *field, struct span text, int32_t *ret_day)
{
    struct civil_date date = {0};
    if (text.len == 0) {
        return STATUS_OK;
    }
    if (civil_parse_date(text, &date) != STATUS_OK) {
        return check_report(problems, prefix, field,
                            "is not a date; must be YYYY-MM-DD, 1900-01-01 to 2200-12-31");
    }
    *ret_day = civil_to_days(date);
    return STATUS_OK;
}

static enum status check_days(struct condition *condition, const char *prefix,
                              struct program_problems *problems)
{
    condition->from_day = INT32_MIN;
    condition->until_day = INT32_MAX;
    TRY(check_date(problems, prefix, "from", condition->from, &condition->from_day));
    TRY(check_date(problems, prefix, "until", condition->until, &condition->until_day));
    if (condition->from_day < condition->until_day) {
        return STATUS_OK;
    }
    return check_report(problems, prefix, "until",
                        "is not after from; must be later, the day itself does not count");
}

static enum status check_weekday(struct condition *condition, size_t i, const char *prefix,
                                 struct program_problems *problems)
{
    int32_t weekday = condition->weekdays[i];
    const char *reason = NULL;
    if (weekday == 0) {
        reason = "is unspecified; must be MONDAY to SUNDAY";
    } else if (weekday < 1 || weekday > DAYS_A_WEEK) {
        reason = "unknown value; must be MONDAY to SUNDAY";
    } else if ((condition->weekday_mask & (1 << (weekday - 1))) != 0) {
        reason = "is given twice; must stand once";
    } else {
        condition->weekday_mask = (uint8_t)(condition->weekday_mask | (1 << (weekday - 1)));
        return STATUS_OK;
    }
    const char *entry = arena_printf(problems->arena, "weekdays[%zu]", i);
    return entry == NULL ? STATUS_NO_MEMORY : check_report(problems, prefix, entry, reason);
}

static enum status check_weekdays(struct condition *condition, const char *prefix,
                                  struct program_problems *problems)
{
    condition->weekday_mask = 0;
    bool fits = false;
    TRY(check_count(problems, prefix, "weekdays", condition->weekday_count, LIMIT_RULE_LIST,
                    &fits));
    for (size_t i = 0; fits && i < condition->weekday_count; i++) {
        TRY(check_weekday(condition, i, prefix, problems));
    }
    return STATUS_OK;
}

static enum status check_hours(const struct condition *condition, const char *prefix,
                               struct program_problems *problems)
{
    if (condition->from_hour == 0 && condition->until_hour == 0) {
        return STATUS_OK;
    }
    if (condition->until_hour > HOURS_A_DAY) {
        return check_range(problems, prefix, "until_hour", condition->until_hour, 1, HOURS_A_DAY);
    }
    if (condition->from_hour < condition->until_hour) {
        return STATUS_OK;
    }
    return check_report(
        problems, prefix, "until_hour",
        arena_printf(problems->arena, "is %u; must be above from_hour, which is %u, and at most 24",
                     (unsigned)condition->until_hour, (unsigned)condition->from_hour));
}

enum status check_condition(const struct program *program, struct condition *condition,
                            const char *prefix, struct program_problems *problems)
{
    TRY(check_names(problems, prefix, "stores", &condition->stores, "/"));
    TRY(check_names(problems, prefix, "channels", &condition->channels, ""));
    TRY(check_names(problems, prefix, "categories", &condition->categories, ""));
    TRY(check_tier_ids(problems, prefix, "tiers", program, &condition->tiers));
    TRY(check_weekdays(condition, prefix, problems));
    TRY(check_hours(condition, prefix, problems));
    TRY(check_range(problems, prefix, "minimum_spend_minor", condition->minimum_spend_minor, 0,
                    LIMIT_AMOUNT_MINOR_MAX));
    return check_days(condition, prefix, problems);
}

static int64_t common_multiple(int64_t a, int64_t b)
{
    int64_t divisor = a;
    int64_t rest = b;
    while (rest != 0) {
        int64_t next = divisor % rest;
        divisor = rest;
        rest = next;
    }
    return a / divisor * b;
}

static enum status check_rule_rate(struct program *program, const struct rate *rate,
                                   const char *prefix, struct program_problems *problems)
{
    size_t before = problems->count;
    TRY(check_rate(problems, prefix, "rate", rate));
    if (problems->count != before) {
        return STATUS_OK;
    }
    int64_t multiple = common_multiple(program->rate_denominator, rate->money_minor);
    if (multiple <= COMMON_DENOMINATOR_MAX) {
        program->rate_denominator = multiple;
        return STATUS_OK;
    }
    return check_report(problems, prefix, "rate.money_minor",
                        arena_printf(problems->arena,
                                     "the least common multiple of this and the rates before is "
                                     "%lld; must be at most %d",
                                     (long long)multiple, COMMON_DENOMINATOR_MAX));
}

static enum status check_effect(struct program *program, const struct earn_rule *rule,
                                const char *prefix, struct program_problems *problems)
{
    switch (rule->kind) {
    case EARN_RATE:
        return check_rule_rate(program, &rule->rate, prefix, problems);
    case EARN_MULTIPLIER:
        return check_range(problems, prefix, "multiplier_bp", rule->multiplier_bp,
                           MULTIPLIER_BP_MIN, MULTIPLIER_BP_MAX);
    case EARN_BONUS:
        return check_range(problems, prefix, "bonus_points", rule->bonus_points, 1,
                           LIMIT_POINTS_A_RECORD);
    case EARN_UNSPECIFIED:
        return check_report(problems, prefix, "",
                            "has no effect; must have rate, multiplier_bp or bonus_points");
    default:
        return check_report(problems, prefix, "",
                            "unknown value; must have rate, multiplier_bp or bonus_points");
    }
}

static enum status check_rule(struct program *program, size_t index,
                              struct program_problems *problems)
{
    struct earn_rule *rule = &program->rules[index];
    const char *prefix = arena_printf(problems->arena, "earn.rules[%zu]", index);
    const char *when = arena_printf(problems->arena, "earn.rules[%zu].when", index);
    if (prefix == NULL || when == NULL) {
        return STATUS_NO_MEMORY;
    }
    TRY(check_condition(program, &rule->when, when, problems));
    TRY(check_effect(program, rule, prefix, problems));
    TRY(check_range(problems, prefix, "cap_sale", rule->cap_sale, 0, LIMIT_POINTS_A_BALANCE));
    TRY(check_range(problems, prefix, "cap_day", rule->cap_day, 0, LIMIT_POINTS_A_BALANCE));
    return check_range(problems, prefix, "cap_month", rule->cap_month, 0, LIMIT_POINTS_A_BALANCE);
}

static enum status check_rules(struct program *program, struct program_problems *problems)
{
    bool fits = false;
    TRY(check_count(problems, "earn", "rules", program->rule_count, LIMIT_EARN_RULES, &fits));
    if (!fits) {
        return STATUS_OK;
    }
    struct span ids[LIMIT_EARN_RULES];
    for (size_t i = 0; i < program->rule_count; i++) {
        ids[i] = program->rules[i].id;
        TRY(check_rule(program, i, problems));
    }
    return check_ids(problems, "earn.rules", ids, program->rule_count);
}

enum status check_earn(struct program *program, struct program_problems *problems)
{
    program->rate_denominator = 1;
    program->asks_birth_month = false;
    TRY(check_rules(program, problems));
    for (size_t i = 0; i < program->rule_count; i++) {
        program->asks_birth_month |= program->rules[i].when.birthday_month;
    }
    if ((program->unmapped & UNMAPPED_STACKING) != 0) {
        TRY(program_problem_add(problems, "earn.stacking", "unknown value; must be SUM or BEST"));
    }
    if (program->rounding != ROUNDING_FLOOR && program->rounding != ROUNDING_HALF_UP) {
        TRY(program_problem_add(problems, "earn.rounding",
                                "unknown value; must be FLOOR or HALF_UP"));
    }
    if (!program->no_score) {
        if (program->score_share_bp == 0) {
            program->score_share_bp = BASIS_POINTS;
        }
        return check_range(problems, "earn", "score_share_bp", program->score_share_bp, 1,
                           BASIS_POINTS);
    }
    if (program->score_share_bp == 0) {
        return STATUS_OK;
    }
    return program_problem_add(problems, "earn.score_share_bp",
                               "says that sales give score, no_score that they give none; must "
                               "be absent beside no_score");
}
