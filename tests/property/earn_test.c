// earn_compute against the rules written down once more, slowly: every amount a reduced fraction,
// every rule and line by itself, no common unit. Programs and sales are random and small, so that
// fractions fit; LOYALTY_SEED repeats a run. Everything must be equal: points, score, their shares
// by rule and by line.
#include "core/earn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "unit/core/program_sample.h"

enum { ARENA_BYTES = 1 << 20, ROUNDS = 40000, RULES = 5, LINES = 4, RANK = 1 };

typedef unsigned __int128 wide;

// --- exact fractions ---
struct fraction {
    wide numerator;
    wide denominator;
};

static bool overflowed; // in the round at hand

static wide times(wide a, wide b)
{
    wide product = 0;
    overflowed |= __builtin_mul_overflow(a, b, &product);
    return product;
}

static struct fraction fraction(wide numerator, wide denominator)
{
    wide a = numerator;
    wide b = denominator;
    while (b != 0) {
        wide rest = a % b;
        a = b;
        b = rest;
    }
    return (struct fraction){numerator / a, denominator / a};
}

static struct fraction multiply(struct fraction a, struct fraction b)
{
    struct fraction c = fraction(a.numerator, b.denominator);
    struct fraction d = fraction(b.numerator, a.denominator);
    return (struct fraction){times(c.numerator, d.numerator), times(c.denominator, d.denominator)};
}

static struct fraction plus(struct fraction a, struct fraction b)
{
    wide left = times(a.numerator, b.denominator);
    wide right = times(b.numerator, a.denominator);
    return fraction(left + right, times(a.denominator, b.denominator));
}

static bool less(struct fraction a, struct fraction b)
{
    return times(a.numerator, b.denominator) < times(b.numerator, a.denominator);
}

static struct fraction remainder_of(struct fraction a)
{
    return fraction(a.numerator % a.denominator, a.denominator);
}

static int64_t rounded(struct fraction a, enum rounding rounding)
{
    wide whole = a.numerator / a.denominator;
    wide rest = a.numerator % a.denominator;
    bool up = rounding == ROUNDING_HALF_UP && rest * 2 >= a.denominator;
    return (int64_t)whole + (up ? 1 : 0);
}

// Shares of `total` by largest remainder.
static void largest_remainder(const struct fraction *exact, size_t count, int64_t total,
                              int64_t *ret_shares)
{
    bool given[RULES + LINES] = {false};
    for (size_t i = 0; i < count; i++) {
        ret_shares[i] = (int64_t)(exact[i].numerator / exact[i].denominator);
        total -= ret_shares[i];
    }
    for (; total > 0; total--) {
        size_t best = count;
        for (size_t i = 0; i < count; i++) {
            if (!given[i] &&
                (best == count || less(remainder_of(exact[best]), remainder_of(exact[i])))) {
                best = i;
            }
        }
        given[best] = true;
        ret_shares[best]++;
    }
}

// --- the rules once more ---
struct expected {
    struct fraction part[RULES][LINES]; // tier and cap included
    struct fraction base[LINES];
    struct fraction rule[RULES];
    struct fraction line[LINES];
    int64_t points;
    int64_t score;
    int64_t rule_points[RULES];
    int64_t line_points[LINES];
    int64_t line_score[LINES];
    struct fraction line_score_exact[LINES];
};

static const struct fraction ZERO = {0, 1};

static bool takes_line(const struct earn_rule *rule, const struct sale_line *line)
{
    return rule->when.categories.count == 0 ||
           span_equal(rule->when.categories.items[0], line->category);
}

static void expect_rates(const struct program *program, const struct sale *sale,
                         struct fraction earning, struct expected *expected)
{
    for (size_t l = 0; l < sale->line_count; l++) {
        size_t best = RULES;
        for (size_t r = 0; r < program->rule_count; r++) {
            const struct earn_rule *rule = &program->rules[r];
            if (rule->kind != EARN_RATE || !takes_line(rule, &sale->lines[l])) {
                continue;
            }
            struct fraction rate = fraction((wide)rule->rate.points, (wide)rule->rate.money_minor);
            struct fraction amount = fraction((wide)sale->lines[l].amount_minor, 1);
            struct fraction gain = multiply(multiply(amount, earning), rate);
            if (program->stack_best && best < RULES && !less(expected->part[best][l], gain)) {
                continue;
            }
            if (program->stack_best && best < RULES) {
                expected->part[best][l] = ZERO;
            }
            best = r;
            expected->part[r][l] = gain;
        }
        for (size_t r = 0; r < program->rule_count; r++) {
            expected->base[l] = plus(expected->base[l], expected->part[r][l]);
        }
    }
}

static void expect_multiplier(const struct earn_rule *rule, size_t r, const struct sale *sale,
                              struct expected *expected)
{
    for (size_t l = 0; l < sale->line_count; l++) {
        if (takes_line(rule, &sale->lines[l])) {
            struct fraction extra = fraction(rule->multiplier_bp - BASIS_POINTS, BASIS_POINTS);
            expected->part[r][l] = multiply(expected->base[l], extra);
        }
    }
}

static void expect_bonus(const struct earn_rule *rule, size_t r, const struct sale *sale,
                         struct expected *expected)
{
    int64_t matching = 0;
    size_t first = LINES;
    for (size_t l = 0; l < sale->line_count; l++) {
        if (takes_line(rule, &sale->lines[l])) {
            matching += sale->lines[l].amount_minor;
            first = first == LINES ? l : first;
        }
    }
    if (first < LINES && matching == 0) {
        expected->part[r][first] = fraction((wide)rule->bonus_points, 1);
    }
    for (size_t l = 0; l < sale->line_count && matching > 0; l++) {
        if (takes_line(rule, &sale->lines[l])) {
            struct fraction share = fraction((wide)sale->lines[l].amount_minor, (wide)matching);
            expected->part[r][l] = multiply(share, fraction((wide)rule->bonus_points, 1));
        }
    }
}

static struct fraction rule_sum(const struct expected *expected, size_t r)
{
    struct fraction sum = ZERO;
    for (size_t l = 0; l < LINES; l++) {
        sum = plus(sum, expected->part[r][l]);
    }
    return sum;
}

static void scale_rule(struct expected *expected, size_t r, struct fraction factor)
{
    for (size_t l = 0; l < LINES; l++) {
        expected->part[r][l] = multiply(expected->part[r][l], factor);
    }
}

static void expect_best(const struct program *program, enum earn_kind kind,
                        struct expected *expected)
{
    size_t best = RULES;
    for (size_t r = 0; r < program->rule_count; r++) {
        if (program->rules[r].kind == kind &&
            (best == RULES || less(rule_sum(expected, best), rule_sum(expected, r)))) {
            best = r;
        }
    }
    for (size_t r = 0; r < program->rule_count; r++) {
        if (program->rules[r].kind == kind && r != best) {
            scale_rule(expected, r, ZERO);
        }
    }
}

static void expect_cap(const struct earn_rule *rule, const struct earn_usage *used, size_t r,
                       struct expected *expected)
{
    int64_t most = rule->cap_sale > 0 ? rule->cap_sale : INT64_MAX;
    if (rule->cap_day > 0 && rule->cap_day - used->day < most) {
        most = rule->cap_day - used->day;
    }
    if (rule->cap_month > 0 && rule->cap_month - used->month < most) {
        most = rule->cap_month - used->month;
    }
    struct fraction sum = rule_sum(expected, r);
    struct fraction limit = fraction(most > 0 ? (wide)most : 0, 1);
    if (less(limit, sum)) {
        scale_rule(expected, r, multiply(limit, fraction(sum.denominator, sum.numerator)));
    }
}

static void expect_parts(const struct program *program, const struct sale *sale, int64_t total,
                         struct expected *expected)
{
    int64_t paid = program->points_paid_earns ? 0 : sale->paid_with_points_minor;
    if (paid == total) {
        return; // nothing of the sale earns
    }
    expect_rates(program, sale, fraction((wide)(total - paid), (wide)total), expected);
    for (size_t r = 0; r < program->rule_count; r++) {
        if (program->rules[r].kind == EARN_MULTIPLIER) {
            expect_multiplier(&program->rules[r], r, sale, expected);
        } else if (program->rules[r].kind == EARN_BONUS) {
            expect_bonus(&program->rules[r], r, sale, expected);
        }
    }
    if (program->stack_best) {
        expect_best(program, EARN_MULTIPLIER, expected);
        expect_best(program, EARN_BONUS, expected);
    }
}

static void expect(const struct program *program, const struct sale *sale,
                   const struct earn_usage *usage, struct expected *expected)
{
    struct fraction tier = fraction(program->tiers[RANK].multiplier_bp, BASIS_POINTS);
    struct fraction share = fraction(program->score_share_bp, BASIS_POINTS);
    struct fraction sum = ZERO;
    struct fraction score = ZERO;
    int64_t total = 0;
    for (size_t l = 0; l < LINES; l++) {
        total += l < sale->line_count ? sale->lines[l].amount_minor : 0;
        expected->base[l] = expected->line[l] = ZERO;
        for (size_t r = 0; r < RULES; r++) {
            expected->part[r][l] = ZERO;
        }
    }
    expect_parts(program, sale, total, expected);
    for (size_t r = 0; r < program->rule_count; r++) {
        scale_rule(expected, r, tier);
        expect_cap(&program->rules[r], &usage[r], r, expected);
        expected->rule[r] = rule_sum(expected, r);
        sum = plus(sum, expected->rule[r]);
        for (size_t l = 0; l < sale->line_count; l++) {
            expected->line[l] = plus(expected->line[l], expected->part[r][l]);
        }
    }
    for (size_t l = 0; l < sale->line_count; l++) {
        expected->line_score_exact[l] = multiply(expected->base[l], share);
        score = plus(score, expected->line_score_exact[l]);
    }
    expected->points = rounded(sum, program->rounding);
    expected->score = rounded(score, program->rounding);
    if (!overflowed) {
        largest_remainder(expected->rule, program->rule_count, expected->points,
                          expected->rule_points);
        largest_remainder(expected->line, sale->line_count, expected->points,
                          expected->line_points);
        largest_remainder(expected->line_score_exact, sale->line_count, expected->score,
                          expected->line_score);
    }
}

// --- random programs and sales ---
static uint64_t random_state;

static int64_t draw(int64_t below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (int64_t)((random_state >> 11) % (uint64_t)below);
}

static const char *const CATEGORIES[] = {"grocery", "toys"};

static void draw_rule(struct sample *sample, size_t r)
{
    static const char *const IDS[RULES] = {"a", "b", "c", "d", "e"};
    struct earn_rule *rule = &sample->rules[r];
    *rule = (struct earn_rule){
        .id = span_of_text(IDS[r]),
        .kind = r == 0 ? EARN_RATE : (enum earn_kind)(1 + draw(3)),
        .rate = {.points = 1 + draw(6), .money_minor = 1 + draw(6)},
        .multiplier_bp = (uint32_t)(10000 + 1250 * (1 + draw(12))),
        .bonus_points = 1 + draw(30),
        .cap_sale = draw(3) > 0 ? 0 : 1 + draw(20),
        .cap_day = draw(4) > 0 ? 0 : 1 + draw(40),
        .cap_month = draw(4) > 0 ? 0 : 1 + draw(60),
    };
    if (draw(3) == 0) {
        sample->list[r] = span_of_text(CATEGORIES[draw(2)]);
        rule->when.categories = (struct span_list){&sample->list[r], 1};
    }
}

static void draw_program(struct sample *sample)
{
    sample_init(sample);
    struct program *program = &sample->program;
    program->rule_count = (size_t)(1 + draw(RULES));
    for (size_t r = 0; r < program->rule_count; r++) {
        draw_rule(sample, r);
    }
    program->stack_best = draw(2) == 0;
    program->rounding = draw(2) == 0 ? ROUNDING_FLOOR : ROUNDING_HALF_UP;
    program->points_paid_earns = draw(4) == 0;
    program->score_share_bp = (uint32_t)(2500 * (1 + draw(4)));
    program->tiers[RANK].multiplier_bp = (uint32_t)(2500 * (1 + draw(8)));
}

static void draw_sale(struct sale *sale, struct sale_line *lines, struct earn_usage *usage)
{
    *sale = (struct sale){.lines = lines, .line_count = (size_t)(1 + draw(LINES))};
    int64_t total = 0;
    for (size_t l = 0; l < sale->line_count; l++) {
        lines[l].amount_minor = draw(8) == 0 ? 0 : draw(40);
        lines[l].category = span_of_text(CATEGORIES[draw(2)]);
        total += lines[l].amount_minor;
    }
    if (draw(3) == 0) {
        sale->paid_with_points_minor = draw(total + 1);
    }
    for (size_t r = 0; r < RULES; r++) {
        usage[r] = (struct earn_usage){.day = draw(30), .month = draw(60)};
    }
}

// --- the comparison ---
static void assert_expected(const struct program *program, const struct sale *sale,
                            const struct earned *earned, const struct expected *expected)
{
    assert_int_equal(earned->points, expected->points);
    assert_int_equal(earned->score, expected->score);
    size_t given = 0;
    for (size_t r = 0; r < program->rule_count; r++) {
        if (expected->rule_points[r] > 0) {
            assert_true(given < earned->rule_count);
            assert_int_equal(earned->rules[given].rule, r);
            assert_int_equal(earned->rules[given].points, expected->rule_points[r]);
            given++;
        }
    }
    assert_int_equal(given, earned->rule_count);
    for (size_t l = 0; l < sale->line_count; l++) {
        assert_int_equal(earned->lines[l].score, expected->line_score[l]);
        assert_int_equal(earned->lines[l].points, expected->line_points[l]);
    }
}

static void a_sale_earns_what_the_rules_say(void **state)
{
    (void)state;
    static struct sample sample;
    static const struct zone_step steps[] = {{0, 0}};
    static const struct zone zone = {steps, 1};
    struct arena arena;
    int skipped = 0;
    arena_init(&arena, ARENA_BYTES);
    for (int round = 0; round < ROUNDS; round++) {
        struct sale sale;
        struct sale_line lines[LINES];
        struct earn_usage usage[RULES];
        struct earned earned;
        struct expected expected = {.points = 0};
        arena_reset(&arena);
        draw_program(&sample);
        draw_sale(&sale, lines, usage);
        struct program_version version = {
            .number = 1, .program = sample_compile(&sample, &arena), .zone = &zone};
        assert_int_equal(earn_compute(&version, &sale, RANK, usage, &arena, &earned), STATUS_OK);
        overflowed = false;
        expect(version.program, &sale, usage, &expected);
        if (overflowed) {
            skipped++;
            continue;
        }
        assert_expected(version.program, &sale, &earned, &expected);
    }
    arena_fini(&arena);
    print_message("%d rounds, %d too large for fractions\n", ROUNDS, skipped);
    assert_true(skipped < ROUNDS / 100);
}

int main(void)
{
    const char *seed = getenv("LOYALTY_SEED");
    random_state = seed != NULL ? strtoull(seed, NULL, 10) : (uint64_t)time(NULL);
    random_state |= 1;
    print_message("LOYALTY_SEED=%llu\n", (unsigned long long)random_state);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sale_earns_what_the_rules_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
