// A document becomes a program: every part is checked, each mistake reported with its path, and
// what was left out gets its default. The order of the problems is that of the document. Compiling
// a compiled program again finds and changes nothing. Bounds are those of the comments in
// loyalty/v1/program.proto and of base/limits.h. Whether the zone exists is not known here.
#include <stdbool.h>

#include "core/program.h"
#include "core/program_check.h"

enum {
    MONTHS_MAX = 1200,
    DAYS_MAX = 400,
    HOLD_SECONDS_MAX = DAYS_MAX * 86400,
    HOLD_SECONDS_DEFAULT = 900,
    CURRENCY_LETTERS = 3,
};

static bool is_currency(struct span text)
{
    if (text.len != CURRENCY_LETTERS) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < 'A' || text.data[i] > 'Z') {
            return false;
        }
    }
    return true;
}

static enum status check_head(const struct program *program, struct program_problems *problems)
{
    TRY(check_id(problems, "", "id", program->id));
    if (program->zone_name.len == 0 || program->zone_name.len > LIMIT_NAME_BYTES) {
        TRY(program_problem_add(problems, "zone",
                                "is not a zone's name; must be one like Asia/Shanghai"));
    }
    if (!is_currency(program->currency)) {
        TRY(program_problem_add(problems, "currency",
                                "is not a code of ISO 4217; must be three capital letters"));
    }
    return STATUS_OK;
}

static enum status check_rescores(struct program *program, struct program_problems *problems)
{
    bool fits = false;
    TRY(check_count(problems, "", "rescore", program->rescore_count, LIMIT_RESCORES_A_YEAR, &fits));
    int32_t latest = 0; // month x 100 + day
    for (size_t i = 0; fits && i < program->rescore_count; i++) {
        struct rescore_date *date = &program->rescores[i];
        const char *reason = NULL;
        if (civil_parse_month_day(date->text, &date->month, &date->day) != STATUS_OK) {
            reason = "is not a day of every year; must be MM-DD, and not 02-29";
        } else if (date->month * 100 + date->day <= latest) {
            reason = "is not after the date before it; must rise, each date once";
        } else {
            latest = date->month * 100 + date->day;
            continue;
        }
        TRY(program_problem_add(problems, arena_printf(problems->arena, "rescore[%zu]", i),
                                reason));
    }
    return STATUS_OK;
}

static enum status check_card_rules(const struct program *program,
                                    struct program_problems *problems)
{
    if ((program->unmapped & UNMAPPED_VALIDITY_ON_UPGRADE) != 0) {
        TRY(program_problem_add(problems, "validity_on_upgrade",
                                "unknown value; must be RESTART or KEEP"));
    }
    if ((program->unmapped & UNMAPPED_ON_CARD_END) != 0) {
        TRY(program_problem_add(problems, "on_card_end",
                                "unknown value; must be TO_SCORE or ONE_DOWN"));
    }
    return STATUS_OK;
}

static enum status check_score(struct program *program, struct program_problems *problems)
{
    switch (program->window) {
    case SCORE_IN_FORCE:
        return STATUS_OK;
    case SCORE_ROLLING:
        return check_range(problems, "score", "rolling_months", program->rolling_months, 1,
                           MONTHS_MAX);
    case SCORE_CALENDAR:
        if (program->calendar_period == PERIOD_HALF_YEAR ||
            program->calendar_period == PERIOD_YEAR) {
            return STATUS_OK;
        }
        return program_problem_add(problems, "score.calendar",
                                   program->calendar_period == PERIOD_MONTH
                                       ? "is unspecified; must be HALF_YEAR or YEAR"
                                       : "unknown value; must be HALF_YEAR or YEAR");
    case SCORE_UNSPECIFIED:
        if (program->no_score) {
            program->window = SCORE_IN_FORCE;
            return STATUS_OK;
        }
        return program_problem_add(problems, "score",
                                   "has no window; must have in_force, rolling_months or calendar");
    default:
        return program_problem_add(problems, "score",
                                   "unknown value; must have in_force, rolling_months or calendar");
    }
}

static enum status check_points(const struct program *program, struct program_problems *problems)
{
    TRY(check_range(problems, "points", "expiry_months", program->expiry_months, 0, MONTHS_MAX));
    switch (program->expiry_period) {
    case PERIOD_MONTH:
    case PERIOD_HALF_YEAR:
    case PERIOD_YEAR:
        break;
    default:
        TRY(program_problem_add(problems, "points.expiry_to_end_of",
                                "unknown value; must be MONTH, HALF_YEAR or YEAR"));
    }
    return check_range(problems, "points", "pending_days", program->pending_days, 0, DAYS_MAX);
}

static enum status check_redeem(struct program *program, struct program_problems *problems)
{
    if (program->redeem_minimum == 0) {
        program->redeem_minimum = 1;
    }
    if (program->redeem_step == 0) {
        program->redeem_step = 1;
    }
    if (program->hold_seconds == 0) {
        program->hold_seconds = HOLD_SECONDS_DEFAULT;
    }
    TRY(check_range(problems, "redeem", "minimum_points", program->redeem_minimum, 1,
                    LIMIT_POINTS_A_RECORD));
    TRY(check_range(problems, "redeem", "step_points", program->redeem_step, 1,
                    LIMIT_POINTS_A_RECORD));
    TRY(check_range(problems, "redeem", "maximum_a_day", program->redeem_a_day, 0,
                    LIMIT_POINTS_A_BALANCE));
    if (program->redeem_value.points != 0 || program->redeem_value.money_minor != 0) {
        TRY(check_rate(problems, "redeem", "value", &program->redeem_value));
    }
    TRY(check_range(problems, "redeem", "hold_seconds", program->hold_seconds, 1,
                    HOLD_SECONDS_MAX));
    return check_range(problems, "redeem", "offline_floor_points", program->offline_floor, 0,
                       LIMIT_POINTS_A_RECORD);
}

static enum status check_limits(const struct program *program, struct program_problems *problems)
{
    if ((program->unmapped & UNMAPPED_NEGATIVE_BALANCE) != 0) {
        TRY(program_problem_add(problems, "negative_balance",
                                "unknown value; must be ALLOW or CLAMP"));
    }
    TRY(check_range(problems, "late_days", "days", program->late_days, 0, DAYS_MAX));
    TRY(check_range(problems, "attach_days", "days", program->attach_days, 0, DAYS_MAX));
    TRY(check_range(problems, "guards", "points_a_sale", program->guard_sale, 0,
                    LIMIT_POINTS_A_BALANCE));
    TRY(check_range(problems, "guards", "points_a_member_day", program->guard_member_day, 0,
                    LIMIT_POINTS_A_BALANCE));
    return check_range(problems, "guards", "points_a_terminal_day", program->guard_terminal_day, 0,
                       LIMIT_POINTS_A_BALANCE);
}

enum status program_compile(struct program *program, struct program_problems *problems)
{
    TRY(check_head(program, problems));
    TRY(check_rescores(program, problems));
    TRY(check_tiers(program, problems));
    TRY(check_card_rules(program, problems));
    TRY(check_earn(program, problems));
    TRY(check_score(program, problems));
    TRY(check_points(program, problems));
    TRY(check_redeem(program, problems));
    TRY(check_limits(program, problems));
    TRY(check_perks(program, problems));
    return check_members(program, problems);
}

static enum status check_same(struct program_problems *problems, const char *path,
                              struct span before, struct span after)
{
    if (span_equal(before, after)) {
        return STATUS_OK;
    }
    return program_problem_add(problems, path,
                               arena_printf(problems->arena,
                                            "has changed; must stay '%.*s' in every version",
                                            (int)before.len, (const char *)before.data));
}

enum status program_check_successor(const struct program *old, const struct program *successor,
                                    struct program_problems *problems)
{
    TRY(check_same(problems, "id", old->id, successor->id));
    TRY(check_same(problems, "zone", old->zone_name, successor->zone_name));
    TRY(check_same(problems, "currency", old->currency, successor->currency));
    int highest = -1;
    for (size_t rank = 0; rank < old->tier_count; rank++) {
        struct span id = old->tiers[rank].id;
        int now = program_tier_rank(successor, id);
        const char *what = NULL;
        if (now < 0) {
            what = "is missing; must stay in every version";
        } else if (now < highest) {
            what = "has another place; must stay in the same order";
        } else if (rank == 0 && now > 0) {
            what = "is not the first any more; must stay the base tier";
        }
        highest = now > highest ? now : highest;
        if (what == NULL) {
            continue;
        }
        TRY(program_problem_add(
            problems, "tiers",
            arena_printf(problems->arena, "'%.*s' %s", (int)id.len, (const char *)id.data, what)));
    }
    return STATUS_OK;
}
