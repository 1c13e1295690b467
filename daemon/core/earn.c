// What a sale earns. Every amount is exact until the one rounding at the end: it is counted in
// units of 1 / (rate_denominator x whole x 10^4 x 10^4) of a point, where whole / 1 is the reduced
// denominator of the sale's share not paid with points and the two 10^4 are those of a multiplier
// and of the tier's. In order:
//
//     base of a line     the rates that match it (with stack_best, of each line the best one)
//     exact of a rule    what it gives, x the tier's multiplier; multipliers from the base
//     caps               cut each rule's exact amount; the base and so the score stay as they were
//     points, score      the sum, rounded once; then shares by rule and by line
//
// A rule's amount goes to the lines by what it came from: of a rate and a bonus by the amounts of
// the lines it takes, of a multiplier by their base. Where a cap or a bonus does not divide evenly,
// the lines are counted in finer units in which it does; only where those would not fit in 128 bits
// are the parts whole units, by largest remainder.
#include "core/earn.h"

#include "base/check.h"
#include "core/earn_match.h"
#include "core/earn_share.h"

static const size_t NO_RULE = SIZE_MAX;

struct work {
    const struct program *program;
    const struct sale *sale;
    const struct earn_usage *usage; // may be NULL
    struct situation situation;
    uint128 tier_bp;
    bool *holds;     // a rule: its condition, but for the categories
    uint128 earning; // earning / whole: the part of the sale that earns
    uint128 whole;
    uint128 unit;      // units a point
    uint128 *base;     // a line: in 1 / rate_denominator, as if all of it earned
    size_t *best_rate; // a line: the rate that counts, with stack_best
    uint128 *exact;    // a rule: in units
    uint128 *line_sum; // a line: in units
    uint128 *weights;  // a line: of the rule looked at
    uint128 *scratch;  // a line or a rule
    int64_t *shares;   // a line or a rule
};

enum status sale_total(const struct sale *sale, int64_t *ret_total_minor)
{
    int64_t total = 0;
    for (size_t i = 0; i < sale->line_count; i++) {
        int64_t amount = sale->lines[i].amount_minor;
        if (amount < 0 || amount > LIMIT_AMOUNT_MINOR_MAX - total) {
            return STATUS_RANGE;
        }
        total += amount;
    }
    *ret_total_minor = total;
    return STATUS_OK;
}

static uint128 common_divisor(uint128 a, uint128 b)
{
    if (a == b) {
        return a;
    }
    while (b != 0) {
        uint128 rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

// One run of memory for all, zeroed for the sums of lines.
static enum status work_alloc(struct work *work, struct arena *arena)
{
    size_t lines = work->sale->line_count;
    size_t rules = work->program->rule_count;
    size_t more = lines > rules ? lines : rules;
    size_t exact_bytes = (3 * lines + rules + more) * sizeof(*work->exact);
    size_t other_bytes = lines * sizeof(*work->best_rate) + more * sizeof(*work->shares) +
                         rules * sizeof(*work->holds);
    uint128 *room = arena_alloc(arena, exact_bytes + other_bytes);
    if (room == NULL) {
        return STATUS_NO_MEMORY;
    }
    work->base = room;
    work->line_sum = work->base + lines;
    work->weights = work->line_sum + lines;
    work->exact = work->weights + lines;
    work->scratch = work->exact + rules;
    work->best_rate = (size_t *)(work->scratch + more);
    work->shares = (int64_t *)(work->best_rate + lines);
    work->holds = (bool *)(work->shares + more);
    return STATUS_OK;
}

// The part of the sale that earns, and the unit that follows from it.
static void work_scale(struct work *work, int64_t total)
{
    int64_t earning = total;
    if (!work->program->points_paid_earns) {
        earning -= work->sale->paid_with_points_minor;
    }
    uint128 divisor = common_divisor((uint128)total, (uint128)earning);
    work->earning = (uint128)earning / divisor;
    work->whole = (uint128)total / divisor;
    work->unit =
        (uint128)work->program->rate_denominator * work->whole * BASIS_POINTS * BASIS_POINTS;
}

// What one minor unit of money gives by a rate, in 1 / rate_denominator.
static uint128 rate_factor(const struct program *program, const struct rate *rate)
{
    return (uint128)rate->points * (uint128)(program->rate_denominator / rate->money_minor);
}

// The base of one line. No sum here can overflow: 10^12 x 10^6 x 10^6 x LIMIT_EARN_RULES.
static void line_base(struct work *work, size_t line)
{
    const struct program *program = work->program;
    const struct sale_line *sold = &work->sale->lines[line];
    uint128 factor_sum = 0;
    uint128 factor_best = 0;
    work->best_rate[line] = NO_RULE;
    for (size_t r = 0; r < program->rule_count; r++) {
        const struct earn_rule *rule = &program->rules[r];
        if (rule->kind != EARN_RATE || !work->holds[r] ||
            !condition_takes_line(&rule->when, sold)) {
            continue;
        }
        uint128 factor = rate_factor(program, &rule->rate);
        factor_sum += factor;
        if (factor > factor_best) {
            factor_best = factor;
            work->best_rate[line] = r;
        }
    }
    work->base[line] =
        (uint128)sold->amount_minor * (program->stack_best ? factor_best : factor_sum);
}

// The weights of the lines that a rule, whose condition holds, gets its amount from; their sum is
// returned. Of lines without a price the first has it all.
static uint128 rule_weights(const struct work *work, size_t r)
{
    const struct earn_rule *rule = &work->program->rules[r];
    size_t first_taken = NO_RULE;
    uint128 sum = 0;
    for (size_t line = 0; line < work->sale->line_count; line++) {
        const struct sale_line *sold = &work->sale->lines[line];
        work->weights[line] = 0;
        bool beaten =
            rule->kind == EARN_RATE && work->program->stack_best && work->best_rate[line] != r;
        if (beaten || !condition_takes_line(&rule->when, sold)) {
            continue;
        }
        first_taken = first_taken == NO_RULE ? line : first_taken;
        work->weights[line] =
            rule->kind == EARN_MULTIPLIER ? work->base[line] : (uint128)sold->amount_minor;
        sum += work->weights[line];
    }
    if (sum == 0 && rule->kind == EARN_BONUS && first_taken != NO_RULE) {
        work->weights[first_taken] = 1;
        sum = 1;
    }
    return sum;
}

// What a rule gives, the tier's multiplier included, before caps.
static enum status rule_exact(const struct work *work, size_t r, uint128 *ret_exact)
{
    const struct earn_rule *rule = &work->program->rules[r];
    *ret_exact = 0;
    uint128 exact = work->holds[r] ? rule_weights(work, r) : 0;
    if (exact == 0) {
        return STATUS_OK;
    }
    if (rule->kind == EARN_BONUS) {
        exact = work->unit / BASIS_POINTS;
        TRY(exact_multiply(exact, (uint128)rule->bonus_points, &exact));
        return exact_multiply(exact, work->tier_bp, ret_exact);
    }
    uint128 factor = rule->kind == EARN_MULTIPLIER
                         ? (uint128)(rule->multiplier_bp - BASIS_POINTS)
                         : rate_factor(work->program, &rule->rate) * BASIS_POINTS;
    TRY(exact_multiply(exact, factor, &exact));
    TRY(exact_multiply(exact, work->earning, &exact));
    return exact_multiply(exact, work->tier_bp, ret_exact);
}

// Of one kind leaves only the rule that gives most, the first of equals.
static void keep_best(struct work *work, enum earn_kind kind)
{
    size_t best = NO_RULE;
    for (size_t r = 0; r < work->program->rule_count; r++) {
        if (work->program->rules[r].kind != kind) {
            continue;
        }
        if (best == NO_RULE || work->exact[r] > work->exact[best]) {
            if (best != NO_RULE) {
                work->exact[best] = 0;
            }
            best = r;
        } else {
            work->exact[r] = 0;
        }
    }
}

static int64_t lesser(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

// What is left of a cap.
static int64_t cap_left(int64_t cap, int64_t used)
{
    return used <= 0 ? cap : cap - lesser(used, cap);
}

// The most a rule may still give, in points; INT64_MAX without caps.
static int64_t rule_allowance(const struct work *work, size_t r)
{
    const struct earn_rule *rule = &work->program->rules[r];
    struct earn_usage none = {0};
    const struct earn_usage *used = work->usage == NULL ? &none : &work->usage[r];
    int64_t allowance = rule->cap_sale > 0 ? rule->cap_sale : INT64_MAX;
    if (rule->cap_day > 0) {
        allowance = lesser(allowance, cap_left(rule->cap_day, used->day));
    }
    if (rule->cap_month > 0) {
        allowance = lesser(allowance, cap_left(rule->cap_month, used->month));
    }
    return allowance;
}

static void rule_cap(struct work *work, size_t r)
{
    const struct earn_rule *rule = &work->program->rules[r];
    uint128 most = 0;
    if (rule->cap_sale == 0 && rule->cap_day == 0 && rule->cap_month == 0) {
        return;
    }
    // A bound too large to be counted in units is none.
    if (exact_multiply((uint128)rule_allowance(work, r), work->unit, &most) == STATUS_OK &&
        work->exact[r] > most) {
        work->exact[r] = most;
    }
}

// The exact amounts of all rules, and their sum.
static enum status gather(struct work *work, uint128 *ret_sum)
{
    size_t rules = work->program->rule_count;
    for (size_t r = 0; r < rules; r++) {
        work->holds[r] = condition_holds(&work->program->rules[r].when, &work->situation);
    }
    for (size_t line = 0; line < work->sale->line_count; line++) {
        line_base(work, line);
    }
    for (size_t r = 0; r < rules; r++) {
        TRY(rule_exact(work, r, &work->exact[r]));
    }
    if (work->program->stack_best) {
        keep_best(work, EARN_MULTIPLIER);
        keep_best(work, EARN_BONUS);
    }
    uint128 sum = 0;
    for (size_t r = 0; r < rules; r++) {
        rule_cap(work, r);
        TRY(exact_add(sum, work->exact[r], &sum));
    }
    *ret_sum = sum;
    return STATUS_OK;
}

// The points by rule; those that gave none are left out.
static enum status share_rules(const struct work *work, struct arena *arena, struct earned *earned)
{
    size_t rules = work->program->rule_count;
    earned->rules = arena_alloc_array(arena, rules, sizeof(*earned->rules));
    if (earned->rules == NULL) {
        return STATUS_NO_MEMORY;
    }
    share_whole(work->exact, rules, work->unit, earned->points, work->scratch, work->shares);
    for (size_t r = 0; r < rules; r++) {
        if (work->shares[r] > 0) {
            earned->rules[earned->rule_count] =
                (struct earned_rule){.rule = r, .points = work->shares[r]};
            earned->rule_count++;
        }
    }
    return STATUS_OK;
}

// How many times finer than in units the rules' parts by line are whole numbers; 1 when the amounts
// would not fit then, and the parts are rounded to whole units.
static uint128 line_fineness(const struct work *work, int64_t points)
{
    uint128 fineness = 1;
    uint128 largest = work->unit * ((uint128)points + 1);
    for (size_t r = 0; r < work->program->rule_count; r++) {
        if (work->exact[r] == 0) {
            continue;
        }
        uint128 weight_sum = rule_weights(work, r);
        uint128 missing = weight_sum / common_divisor(weight_sum, work->exact[r]);
        uint128 fits = 0;
        missing /= common_divisor(fineness, missing);
        if (exact_multiply(fineness, missing, &fineness) != STATUS_OK ||
            exact_multiply(fineness, largest, &fits) != STATUS_OK) {
            return 1;
        }
    }
    return fineness;
}

// The points by line. A single line has them all.
static enum status share_lines(struct work *work, struct earned *earned)
{
    size_t lines = work->sale->line_count;
    if (lines == 1) {
        earned->lines[0].points = earned->points;
        return STATUS_OK;
    }
    uint128 fineness = line_fineness(work, earned->points);
    for (size_t r = 0; r < work->program->rule_count; r++) {
        if (work->exact[r] == 0) {
            continue;
        }
        rule_weights(work, r);
        TRY(share_by_weight(work->exact[r] * fineness, work->weights, lines, work->scratch,
                            work->line_sum));
    }
    share_whole(work->line_sum, lines, work->unit * fineness, earned->points, work->scratch,
                work->shares);
    for (size_t line = 0; line < lines; line++) {
        earned->lines[line].points = work->shares[line];
    }
    return STATUS_OK;
}

// The score, and its shares by line: of the base alone.
static enum status share_score(struct work *work, struct earned *earned)
{
    size_t lines = work->sale->line_count;
    uint128 unit = (uint128)work->program->rate_denominator * work->whole * BASIS_POINTS;
    uint128 sum = 0;
    for (size_t line = 0; line < lines; line++) {
        uint128 *exact = &work->line_sum[line];
        TRY(exact_multiply(work->base[line], work->program->score_share_bp, exact));
        TRY(exact_multiply(*exact, work->earning, exact));
        TRY(exact_add(sum, *exact, &sum));
    }
    TRY(exact_round(sum, unit, work->program->rounding, &earned->score));
    share_whole(work->line_sum, lines, unit, earned->score, work->scratch, work->shares);
    for (size_t line = 0; line < lines; line++) {
        earned->lines[line].score = work->shares[line];
    }
    return STATUS_OK;
}

int64_t earn_score_end(const struct program_version *version, struct civil_date date)
{
    const struct program *program = version->program;
    switch (program->window) {
    case SCORE_ROLLING:
        return zone_period_end_after(version->zone, date, (int32_t)program->rolling_months,
                                     PERIOD_MONTH);
    case SCORE_CALENDAR:
        return zone_period_end_after(version->zone, date, 0, program->calendar_period);
    default:
        return INSTANT_NEVER;
    }
}

void earn_points_instants(const struct program_version *version, int64_t at_ms, int32_t local_day,
                          int64_t *ret_lot_ends_ms, int64_t *ret_spendable_ms)
{
    const struct program *program = version->program;
    const struct zone *zone = version->zone;
    *ret_lot_ends_ms = INSTANT_NEVER;
    if (program->expiry_months > 0) {
        *ret_lot_ends_ms =
            zone_period_end_after(zone, civil_from_days(local_day), (int32_t)program->expiry_months,
                                  program->expiry_period);
    }
    *ret_spendable_ms = at_ms;
    if (program->pending_days > 0) {
        int32_t day = local_day + (int32_t)program->pending_days;
        *ret_spendable_ms = zone_day_start(zone, civil_from_days(day));
    }
}

// When the points end, when they can be spent, and until when the score counts.
static void set_instants(const struct program_version *version, int64_t occurred_ms,
                         int32_t local_day, struct earned *earned)
{
    const struct program *program = version->program;
    struct civil_date date = civil_from_days(local_day);
    earn_points_instants(version, occurred_ms, local_day, &earned->lot_ends_ms,
                         &earned->spendable_ms);
    if (program->window == SCORE_ROLLING && program->rolling_months == program->expiry_months &&
        program->expiry_period == PERIOD_MONTH) {
        earned->score_until_ms = earned->lot_ends_ms; // often so, and an end costs a search
    } else {
        earned->score_until_ms = earn_score_end(version, date);
    }
}

// The figures of a sale of which some part earns.
static enum status set_figures(struct work *work, int64_t total, struct arena *arena,
                               struct earned *earned)
{
    uint128 sum = 0;
    TRY(work_alloc(work, arena));
    work_scale(work, total);
    TRY(gather(work, &sum));
    TRY(exact_round(sum, work->unit, work->program->rounding, &earned->points));
    TRY(share_rules(work, arena, earned));
    TRY(share_lines(work, earned));
    return work->program->no_score ? STATUS_OK : share_score(work, earned);
}

enum status earn_compute(const struct program_version *version, const struct sale *sale, int rank,
                         const struct earn_usage *usage, struct arena *arena,
                         struct earned *ret_earned)
{
    const struct program *program = version->program;
    CHECK(rank >= 0 && (size_t)rank < program->tier_count);
    int64_t total = 0;
    TRY(sale_total(sale, &total));
    if (sale->paid_with_points_minor < 0 || sale->paid_with_points_minor > total) {
        return STATUS_RANGE;
    }
    struct earned earned = {0};
    earned.lines = arena_alloc_array(arena, sale->line_count, sizeof(*earned.lines));
    if (earned.lines == NULL) {
        return STATUS_NO_MEMORY;
    }
    struct day_time local = zone_day_time(version->zone, sale->occurred_ms);
    set_instants(version, sale->occurred_ms, local.day, &earned);
    bool earns = program->points_paid_earns || sale->paid_with_points_minor < total;
    if (total > 0 && earns) {
        struct work work = {
            .program = program,
            .sale = sale,
            .usage = usage,
            .tier_bp = program->tiers[rank].multiplier_bp,
        };
        situation_init(&work.situation, program, sale, local, total, rank);
        TRY(set_figures(&work, total, arena, &earned));
    }
    *ret_earned = earned;
    return STATUS_OK;
}

int64_t earn_share_floor(int64_t amount, int64_t part, int64_t whole)
{
    CHECK(whole > 0 && part >= 0 && part <= whole);
    __int128 product = (__int128)amount * part;
    __int128 quotient = product / whole;
    return (int64_t)(product % whole < 0 ? quotient - 1 : quotient);
}

enum status earn_points_value(const struct program *program, int64_t points, int64_t *ret_minor)
{
    const struct rate *value = &program->redeem_value;
    if (points < 0) {
        return STATUS_RANGE;
    }
    if (value->points == 0) {
        *ret_minor = 0;
        return STATUS_OK;
    }
    __int128 minor = (__int128)points * value->money_minor / value->points;
    if (minor > LIMIT_AMOUNT_MINOR_MAX) {
        return STATUS_RANGE;
    }
    *ret_minor = (int64_t)minor;
    return STATUS_OK;
}
