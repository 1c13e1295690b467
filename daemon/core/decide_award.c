// Awarding a sale: when it occurred, what it earns under the version and tier of that time, and
// what its score brings. Source: domain.md, "Figures", "Late and offline sales", fine print 1, 3 to
// 5.
#include "base/check.h"
#include "core/advance.h"
#include "core/decide_parts.h"
#include "core/decide_pools.h"

enum { NOON_MS = 12 * 3600 * 1000 };

// A date without a time means 12:00 local, but not after now nor, on the day of enrolment, before
// it.
static int64_t instant_of_date(const struct zone *zone, struct civil_date date, int64_t now_ms,
                               int64_t enrolled_ms)
{
    struct civil_time noon = {.date = date, .ms_of_day = NOON_MS};
    int64_t at_ms = zone_instant(zone, noon);
    int32_t day = civil_to_days(date);
    if (at_ms > now_ms && day == zone_day(zone, now_ms)) {
        at_ms = now_ms;
    }
    if (at_ms < enrolled_ms && day == zone_day(zone, enrolled_ms)) {
        at_ms = enrolled_ms;
    }
    return at_ms;
}

// Settles when the sale occurred, or refuses. `now_ms` is the service's, not the account's: an
// account moved on by a faster clock does not make a sale one from the past.
static enum refusal_reason settle_occurred(const struct account *account, const struct zone *zone,
                                           struct sale *sale, int64_t now_ms)
{
    if (now_ms < account->enrolled_ms) {
        now_ms = account->enrolled_ms; // enrolled by a daemon whose clock is a little ahead
    }
    if (sale->has_date) {
        sale->occurred_ms = instant_of_date(zone, sale->date, now_ms, account->enrolled_ms);
    } else if (!sale->has_occurred) {
        sale->occurred_ms = now_ms;
    }
    if (sale->occurred_ms > now_ms + LIMIT_FUTURE_SALE_MS) {
        return REFUSAL_SALE_FROM_FUTURE;
    }
    if (sale->occurred_ms > now_ms) {
        sale->occurred_ms = now_ms; // at most five minutes ahead occurs now
    }
    if (sale->occurred_ms < account->enrolled_ms) {
        return REFUSAL_SALE_BEFORE_ENROLMENT;
    }
    return REFUSAL_NONE;
}

// How many civil days late a sale may be; one that its member claims afterwards has its own.
static int32_t most_days_late(const struct program *program, const struct sale *sale)
{
    return (int32_t)(sale->attached ? program->attach_days : program->late_days);
}

static int32_t days_late(const struct program_version *version, int64_t occurred_ms, int64_t now_ms)
{
    if (occurred_ms == now_ms) {
        return 0;
    }
    return zone_day(version->zone, now_ms) - zone_day(version->zone, occurred_ms);
}

// What the capped rules have given this member in the sale's day and month.
static enum status rule_usage(const struct decide *decide, const struct program *program,
                              int32_t day, struct earn_usage **ret_usage)
{
    struct earn_usage *usage = NULL;
    for (size_t i = 0; i < program->rule_count; i++) {
        const struct earn_rule *rule = &program->rules[i];
        if (rule->cap_day == 0 && rule->cap_month == 0) {
            continue;
        }
        if (usage == NULL) {
            usage = arena_alloc_array(decide->arena, program->rule_count, sizeof *usage);
        }
        if (usage == NULL) {
            return STATUS_NO_MEMORY;
        }
        uint32_t ref = names_find(&decide->account->names, rule->id);
        if (ref != 0) {
            usage[i].day = account_used_day(decide->account, ref, day);
            usage[i].month = account_used_month(decide->account, ref, day);
        }
    }
    *ret_usage = usage;
    return STATUS_OK;
}

// The tier a sale earns by: that of the card covering it, as known now; a pool's is the base tier.
static int rank_at_sale(const struct decide *decide, const struct program_version *version,
                        int64_t occurred_ms)
{
    const struct program_set *programs = decide->writer->programs;
    const struct account *account = decide->account;
    if (account->cards.count == 0) {
        return 0;
    }
    struct span tier = names_text(&account->names, account_card_at(account, occurred_ms)->tier);
    return advance_rank(version->program, advance_latest(programs), tier);
}

static enum status fill_rules(const struct decide *decide, const struct program *program,
                              const struct earned *earned, struct record *record)
{
    struct record_awarded *awarded = &record->awarded;
    awarded->rules = arena_alloc_array(decide->arena, earned->rule_count, sizeof *awarded->rules);
    if (awarded->rules == NULL) {
        return STATUS_NO_MEMORY;
    }
    awarded->rule_count = earned->rule_count;
    for (size_t i = 0; i < earned->rule_count; i++) {
        const struct earn_rule *rule = &program->rules[earned->rules[i].rule];
        struct rule_points *points = &awarded->rules[i];
        points->points = earned->rules[i].points;
        points->counted = rule->cap_day != 0 || rule->cap_month != 0;
        awarded->counted = awarded->counted || points->counted;
        TRY(ledger_intern(decide->account, decide->arena, record, rule->id, &points->rule));
    }
    return STATUS_OK;
}

static enum status fill_lines(const struct decide *decide, const struct sale *sale,
                              const struct earned *earned, struct record_awarded *awarded)
{
    if (sale->line_count < 2) {
        return STATUS_OK; // one line is the whole sale
    }
    awarded->lines = arena_alloc_array(decide->arena, sale->line_count, sizeof *awarded->lines);
    if (awarded->lines == NULL) {
        return STATUS_NO_MEMORY;
    }
    awarded->line_count = sale->line_count;
    for (size_t i = 0; i < sale->line_count; i++) {
        awarded->lines[i] = (struct line_share){.amount_minor = sale->lines[i].amount_minor,
                                                .points = earned->lines[i].points,
                                                .score = earned->lines[i].score};
    }
    return STATUS_OK;
}

static enum status fill_awarded(const struct decide *decide, const struct award_command *command,
                                const struct program_version *version, const struct earned *earned,
                                struct record *record)
{
    const struct sale *sale = &command->sale;
    struct record_awarded *awarded = &record->awarded;
    *awarded = (struct record_awarded){
        .backfill = command->backfill,
        .version = version->number,
        .occurred_ms = sale->occurred_ms,
        .paid_with_points_minor = sale->paid_with_points_minor,
        .points = earned->points,
        .score = earned->score,
        .lot_ends_ms = earned->lot_ends_ms,
        .spendable_ms = earned->spendable_ms,
        .score_until_ms = earned->score_until_ms,
        .receipt = decide_receipt(&sale->receipt),
        .exchanged = sale->exchanged,
        .attached = sale->attached,
    };
    static_assert(sizeof awarded->exchange_of == sizeof sale->exchange_of, "a request id");
    memcpy(awarded->exchange_of, sale->exchange_of, sizeof awarded->exchange_of);
    TRY(sale_total(sale, &awarded->amount_minor));
    TRY(fill_rules(decide, version->program, earned, record));
    TRY(fill_lines(decide, sale, earned, awarded));
    awarded->day_counted = version->program->guard_member_day != 0;
    awarded->counted = awarded->counted || awarded->day_counted;
    if (awarded->counted) {
        awarded->day = zone_day(version->zone, sale->occurred_ms);
    }
    return decide_unit(decide, record, sale->unit, &awarded->unit);
}

// The guards of the version the sale is judged by, and the bounds of figures.
static enum refusal_reason guard(const struct account *account,
                                 const struct program_version *version, const struct earned *earned,
                                 int32_t day, int64_t *ret_limit)
{
    const struct program *program = version->program;
    *ret_limit = program->guard_sale;
    if (program->guard_sale != 0 && earned->points > program->guard_sale) {
        return REFUSAL_GUARD_SALE;
    }
    *ret_limit = program->guard_member_day;
    if (program->guard_member_day != 0 &&
        account_used_day(account, 0, day) + earned->points > program->guard_member_day) {
        return REFUSAL_GUARD_MEMBER_DAY;
    }
    *ret_limit = LIMIT_POINTS_A_BALANCE;
    // What has ended on arrival is earned and expired: no balance ever has it.
    int64_t kept = earned->lot_ends_ms > account->now_ms ? earned->points : 0;
    if (!decide_in_bounds(account, kept, earned->score)) {
        return REFUSAL_FIGURE_OUT_OF_BOUNDS;
    }
    return REFUSAL_NONE;
}

// A pool has no tiers to reach.
static void drop_score(const struct sale *sale, struct earned *earned)
{
    earned->score = 0;
    for (size_t i = 0; i < sale->line_count; i++) {
        earned->lines[i].score = 0;
    }
}

// What stands before the sale's own record in the same append: who of a pool it is by, or the bonus
// of a member who was brought.
static enum status emit_before(const struct decide *decide, const struct award_command *command,
                               const struct program_version *version, const struct record *record,
                               struct span by)
{
    const struct record_awarded *awarded = &record->awarded;
    TRY(decide_pool_spent(decide, by, 0, zone_day(version->zone, awarded->occurred_ms)));
    if (command->backfill) {
        return STATUS_OK;
    }
    struct referred_sale sale = {
        .version = version,
        .occurred_ms = awarded->occurred_ms,
        .total_minor = awarded->amount_minor,
        .kept = awarded->lot_ends_ms > decide->account->now_ms ? awarded->points : 0,
    };
    return decide_referred(decide, &sale);
}

static enum status award(const struct decide *decide, struct award_command *command,
                         const struct program_version *version, struct span by,
                         struct decision *ret_decision)
{
    struct account *account = decide->account;
    struct sale *sale = &command->sale;
    int32_t day = zone_day(version->zone, sale->occurred_ms);
    struct earn_usage *usage;
    TRY(rule_usage(decide, version->program, day, &usage));
    struct earned earned;
    enum status status =
        earn_compute(version, sale, rank_at_sale(decide, version, sale->occurred_ms), usage,
                     decide->arena, &earned);
    if (status == STATUS_RANGE) {
        return decide_refuse(ret_decision, REFUSAL_FIGURE_OUT_OF_BOUNDS, "sale", 0,
                             LIMIT_POINTS_A_RECORD);
    }
    TRY(status);
    if (account->kind == ACCOUNT_POOL) {
        drop_score(sale, &earned);
    }
    int64_t limit;
    enum refusal_reason reason = guard(account, version, &earned, day, &limit);
    if (reason != REFUSAL_NONE) {
        return decide_refuse(ret_decision, reason, "sale", earned.points, limit);
    }
    struct record record;
    TRY(decide_begin(decide, RECORD_AWARDED, &record));
    TRY(fill_awarded(decide, command, version, &earned, &record));
    struct opening_score score = {
        .from_ms = sale->occurred_ms, .until_ms = earned.score_until_ms, .score = earned.score};
    TRY(decide_cards(decide, &score, earned.score > 0 ? 1 : 0, NULL, &record));
    bool effect = !command->quote && !sale->training;
    if (effect) {
        TRY(emit_before(decide, command, version, &record, by));
    }
    return decide_emit(decide, &record, effect ? OUTCOME_APPLIED : OUTCOME_NOTHING, ret_decision);
}

// Who of a pool buys; a quote needs nobody.
static enum refusal_reason judge_person(const struct account *account,
                                        const struct award_command *command, struct span *ret_by,
                                        const char **ret_field)
{
    struct pool_question question = {.right = POOL_AWARD};
    int64_t left = 0;
    *ret_by = (struct span){0};
    if (command->quote && !command->person.named) {
        return REFUSAL_NONE;
    }
    return decide_pool_may(account, &command->person, &question, ret_by, &left, ret_field);
}

enum status decide_award(const struct decide *decide, struct award_command *command,
                         struct decision *ret_decision)
{
    struct account *account = decide->account;
    const struct program_set *programs = decide->writer->programs;
    if (!decide_is_meant(account) || (command->backfill && account->kind == ACCOUNT_POOL)) {
        return decide_refuse(ret_decision, REFUSAL_UNKNOWN_MEMBER, "member", 0, 0);
    }
    enum refusal_reason reason = decide_may(account, DECIDE_ACTIVE);
    if (reason != REFUSAL_NONE) {
        return decide_refuse(ret_decision, reason, "member", 0, 0);
    }
    struct span by;
    const char *field;
    reason = judge_person(account, command, &by, &field);
    if (reason != REFUSAL_NONE) {
        return decide_refuse(ret_decision, reason, field, 0, 0);
    }
    const struct program_version *current = program_set_at(programs, decide->now_ms);
    if (current == NULL) {
        return decide_refuse(ret_decision, REFUSAL_NO_PROGRAM, "", 0, 0);
    }
    if (!span_equal(command->currency, names_text(&account->names, account->currency))) {
        return decide_refuse(ret_decision, REFUSAL_WRONG_CURRENCY, "sale.currency", 0, 0);
    }
    struct sale *sale = &command->sale;
    reason = settle_occurred(account, current->zone, sale, decide->now_ms);
    if (reason != REFUSAL_NONE) {
        return decide_refuse(ret_decision, reason, "sale.occurred", 0, 0);
    }
    int32_t days_max = most_days_late(current->program, sale);
    if (!command->backfill && days_late(current, sale->occurred_ms, decide->now_ms) > days_max) {
        return decide_refuse(ret_decision, REFUSAL_SALE_TOO_OLD, "sale.occurred", 0, days_max);
    }
    if (command->backfill && sale->occurred_ms < account->now_ms) {
        return decide_refuse(ret_decision, REFUSAL_OUT_OF_ORDER, "sale.occurred", 0, 0);
    }
    const struct program_version *version = program_set_at(programs, sale->occurred_ms);
    if (version == NULL) {
        return decide_refuse(ret_decision, REFUSAL_NO_PROGRAM, "sale.occurred", 0, 0);
    }
    // A backfilled sale is decided at its own time, as if it had been reported then.
    struct decide at = *decide;
    at.now_ms = command->backfill ? sale->occurred_ms : decide->now_ms;
    TRY(advance(account, at.writer, at.arena, decide_now(&at)));
    return award(&at, command, version, by, ret_decision);
}
