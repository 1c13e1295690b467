// What sales earn: the figures of the rules' worked examples, then each part by itself: stacking,
// caps, the part paid with points, rounding and shares, bounds.
#include "core/earn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/core/earn_fixture.h"

static void assert_lines(const struct fixture *fixture, size_t count, const int64_t *points,
                         const int64_t *score)
{
    assert_int_equal(fixture->sale.line_count, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(fixture->earned.lines[i].points, points[i]);
        assert_int_equal(fixture->earned.lines[i].score, score[i]);
    }
}

static void assert_rule(const struct fixture *fixture, size_t i, size_t rule, int64_t points)
{
    assert_true(i < fixture->earned.rule_count);
    assert_int_equal(fixture->earned.rules[i].rule, rule);
    assert_int_equal(fixture->earned.rules[i].points, points);
}

static void the_worked_examples(void **state)
{
    struct fixture *fixture = fresh(state);
    add_line(fixture, 9999, "");
    assert_earns(fixture, SILVER, 109, 99);
    fixture->lines[0].amount_minor = 123456; // E1
    assert_earns(fixture, MEMBER, 1234, 1234);
    fixture->lines[0].amount_minor = 90000;
    assert_earns(fixture, MEMBER, 900, 900);
    fixture->lines[0].amount_minor = 10000; // E2
    assert_earns(fixture, SILVER, 110, 100);
    fixture->lines[0].amount_minor = 6000000; // E3
    assert_earns(fixture, SILVER, 66000, 60000);
}

static void points_and_score_end_with_their_periods(void **state)
{
    struct fixture *fixture = fresh(state);
    struct program *program = &fixture->sample.program;
    add_line(fixture, 10000, "");
    fixture->sale.occurred_ms = instant(2025, 3, 17, 12); // E7
    assert_earns(fixture, MEMBER, 100, 100);
    assert_int_equal(fixture->earned.lot_ends_ms, instant(2026, 4, 1, 0));
    assert_int_equal(fixture->earned.score_until_ms, instant(2026, 4, 1, 0));
    assert_int_equal(fixture->earned.spendable_ms, fixture->sale.occurred_ms);
    program->expiry_period = PERIOD_HALF_YEAR;
    program->pending_days = 14;
    program->window = SCORE_CALENDAR;
    program->calendar_period = PERIOD_YEAR;
    assert_earns(fixture, MEMBER, 100, 100);
    assert_int_equal(fixture->earned.lot_ends_ms, instant(2026, 7, 1, 0));
    assert_int_equal(fixture->earned.spendable_ms, instant(2025, 3, 31, 0));
    assert_int_equal(fixture->earned.score_until_ms, instant(2026, 1, 1, 0));
    program->calendar_period = PERIOD_HALF_YEAR;
    assert_earns(fixture, MEMBER, 100, 100);
    assert_int_equal(fixture->earned.score_until_ms, instant(2025, 7, 1, 0));
    program->expiry_months = 0;
    program->window = SCORE_IN_FORCE;
    assert_earns(fixture, MEMBER, 100, 100);
    assert_int_equal(fixture->earned.lot_ends_ms, INSTANT_NEVER);
    assert_int_equal(fixture->earned.score_until_ms, INSTANT_NEVER);
}

static void rounding_is_floor_or_half_up(void **state)
{
    struct fixture *fixture = fresh(state);
    add_line(fixture, 9999, "");
    fixture->sample.program.rounding = ROUNDING_HALF_UP;
    assert_earns(fixture, SILVER, 110, 100);
    fixture->lines[0].amount_minor = 50;
    assert_earns(fixture, MEMBER, 1, 1);
    fixture->lines[0].amount_minor = 49;
    assert_earns(fixture, MEMBER, 0, 0);
    fixture->lines[0].amount_minor = 150;
    assert_earns(fixture, MEMBER, 2, 2);
    fixture->sample.program.rounding = ROUNDING_FLOOR;
    assert_earns(fixture, MEMBER, 1, 1);
}

static void shares_are_by_largest_remainder(void **state)
{
    struct fixture *fixture = fresh(state);
    add_line(fixture, 50, "");
    add_line(fixture, 50, "");
    add_line(fixture, 50, "");
    assert_earns(fixture, MEMBER, 1, 1); // a tie goes to the first
    assert_lines(fixture, 3, (int64_t[]){1, 0, 0}, (int64_t[]){1, 0, 0});
    fixture->lines[1].amount_minor = 149;
    assert_earns(fixture, MEMBER, 2, 2); // 0.50, 1.49, 0.50
    assert_lines(fixture, 3, (int64_t[]){1, 1, 0}, (int64_t[]){1, 1, 0});
    fixture->lines[2].amount_minor = 51;
    assert_earns(fixture, MEMBER, 2, 2); // 0.50, 1.49, 0.51
    assert_lines(fixture, 3, (int64_t[]){0, 1, 1}, (int64_t[]){0, 1, 1});
    fixture->sample.program.rounding = ROUNDING_HALF_UP;
    fixture->lines[1].amount_minor = 150;
    assert_earns(fixture, MEMBER, 3, 3); // 2.51
    assert_lines(fixture, 3, (int64_t[]){1, 1, 1}, (int64_t[]){1, 1, 1});
}

// 1.10 moves the points' remainders, not the score's: 0.55, 1.10, 1.21 and 0.50, 1.00, 1.10.
static void points_and_score_are_shared_apart(void **state)
{
    struct fixture *fixture = fresh(state);
    add_line(fixture, 50, "");
    add_line(fixture, 100, "");
    add_line(fixture, 110, "");
    assert_earns(fixture, SILVER, 2, 2);
    fixture->lines[1].amount_minor = 145; // 0.55, 1.595, 1.21 = 3.355; 0.50, 1.45, 1.10 = 3.05
    assert_earns(fixture, SILVER, 3, 3);
    assert_lines(fixture, 3, (int64_t[]){0, 2, 1}, (int64_t[]){1, 1, 1});
}

static void rates_add_up_or_the_best_counts(void **state)
{
    struct fixture *fixture = fresh(state);
    struct earn_rule *second = rule_of(fixture, 1, EARN_RATE);
    second->rate = (struct rate){.points = 3, .money_minor = 200};
    second->when.categories = (struct span_list){&fixture->sample.category, 1};
    add_line(fixture, 1000, "grocery");
    add_line(fixture, 1000, "toys");
    assert_earns(fixture, MEMBER, 35, 35);
    assert_rule(fixture, 0, 0, 20);
    assert_rule(fixture, 1, 1, 15);
    assert_lines(fixture, 2, (int64_t[]){25, 10}, (int64_t[]){25, 10});
    fixture->sample.program.stack_best = true;
    assert_earns(fixture, MEMBER, 25, 25);
    assert_rule(fixture, 0, 0, 10);
    assert_rule(fixture, 1, 1, 15);
    assert_lines(fixture, 2, (int64_t[]){15, 10}, (int64_t[]){15, 10});
    second->rate = (struct rate){.points = 2, .money_minor = 200}; // no better: the first counts
    assert_earns(fixture, MEMBER, 20, 20);
    assert_int_equal(fixture->earned.rule_count, 1);
}

static void multipliers_multiply_what_the_rates_gave(void **state)
{
    struct fixture *fixture = fresh(state);
    struct earn_rule *twice = rule_of(fixture, 1, EARN_MULTIPLIER);
    twice->multiplier_bp = 20000;
    twice->when.categories = (struct span_list){&fixture->sample.category, 1};
    struct earn_rule *half_more = rule_of(fixture, 2, EARN_MULTIPLIER);
    half_more->multiplier_bp = 15000;
    add_line(fixture, 1000, "grocery");
    add_line(fixture, 4000, "toys");
    assert_earns(fixture, MEMBER, 50 + 10 + 25, 50);
    assert_rule(fixture, 0, 0, 50);
    assert_rule(fixture, 1, 1, 10);
    assert_rule(fixture, 2, 2, 25);
    assert_lines(fixture, 2, (int64_t[]){25, 60}, (int64_t[]){10, 40});
    assert_earns(fixture, GOLD, 106, 50); // 85 x 1.25 = 106.25
    fixture->sample.program.stack_best = true;
    assert_earns(fixture, MEMBER, 75, 50); // the one that gives most, not the largest
    assert_rule(fixture, 1, 2, 25);
    fixture->lines[1].amount_minor = 1000; // 10 and 10: the first
    assert_earns(fixture, MEMBER, 30, 20);
    assert_rule(fixture, 1, 1, 10);
}

static void a_bonus_comes_once_a_sale(void **state)
{
    struct fixture *fixture = fresh(state);
    struct earn_rule *bonus = rule_of(fixture, 1, EARN_BONUS);
    bonus->bonus_points = 50;
    bonus->when.categories = (struct span_list){&fixture->sample.category, 1};
    add_line(fixture, 1000, "toys");
    assert_earns(fixture, MEMBER, 10, 10);
    add_line(fixture, 1000, "grocery");
    add_line(fixture, 3000, "grocery");
    assert_earns(fixture, MEMBER, 100, 50);
    assert_rule(fixture, 1, 1, 50);
    assert_lines(fixture, 3, (int64_t[]){10, 23, 67}, (int64_t[]){10, 10, 30}); // 22.5, 67.5
    assert_earns(fixture, SILVER, 110, 50);
    struct earn_rule *larger = rule_of(fixture, 2, EARN_BONUS);
    larger->bonus_points = 60;
    assert_earns(fixture, MEMBER, 160, 50);
    fixture->sample.program.stack_best = true;
    assert_earns(fixture, MEMBER, 110, 50);
    assert_rule(fixture, 1, 2, 60);
    larger->bonus_points = 50;
    assert_earns(fixture, MEMBER, 100, 50);
    assert_rule(fixture, 1, 1, 50);
}

static void a_bonus_for_a_gift_stands_on_the_gift_s_line(void **state)
{
    struct fixture *fixture = fresh(state);
    struct earn_rule *bonus = rule_of(fixture, 1, EARN_BONUS);
    bonus->bonus_points = 7;
    bonus->when.categories = (struct span_list){&fixture->sample.category, 1};
    add_line(fixture, 1000, "toys");
    add_line(fixture, 0, "grocery");
    add_line(fixture, 0, "grocery");
    assert_earns(fixture, MEMBER, 17, 10);
    assert_lines(fixture, 3, (int64_t[]){10, 7, 0}, (int64_t[]){10, 0, 0});
}

static void a_sale_of_nothing_earns_nothing(void **state)
{
    struct fixture *fixture = fresh(state);
    rule_of(fixture, 1, EARN_BONUS)->bonus_points = 50;
    assert_earns(fixture, MEMBER, 0, 0);
    assert_int_equal(fixture->earned.rule_count, 0);
    assert_int_equal(fixture->earned.lot_ends_ms, instant(2027, 7, 1, 0));
    add_line(fixture, 0, "");
    assert_earns(fixture, MEMBER, 0, 0);
    assert_lines(fixture, 1, (int64_t[]){0}, (int64_t[]){0});
    fixture->sample.program.rule_count = 0;
    fixture->lines[0].amount_minor = 100;
    assert_earns(fixture, MEMBER, 0, 0);
}

static void caps_cut_points_and_not_score(void **state)
{
    struct fixture *fixture = fresh(state);
    struct earn_rule *base = &fixture->sample.rules[0];
    add_line(fixture, 10000, "");
    add_line(fixture, 20000, "");
    base->cap_sale = 150;
    assert_earns(fixture, GOLD, 150, 300); // 375 before
    assert_lines(fixture, 2, (int64_t[]){50, 100}, (int64_t[]){100, 200});
    base->cap_day = 200;
    fixture->usage[0].day = 60;
    assert_earns(fixture, GOLD, 140, 300);
    base->cap_month = 1000;
    fixture->usage[0].month = 999;
    assert_earns(fixture, GOLD, 1, 300);
    fixture->usage[0].month = 1001;
    assert_earns(fixture, GOLD, 0, 300);
    fixture->usage[0].month = 0;
    fixture->usage[0].day = INT64_MAX;
    assert_earns(fixture, GOLD, 0, 300);
    rule_of(fixture, 1, EARN_MULTIPLIER)->multiplier_bp = 20000; // of what was before the cap
    assert_earns(fixture, MEMBER, 300, 300);
    assert_rule(fixture, 0, 1, 300);
}

static void the_part_paid_with_points_does_not_earn(void **state)
{
    struct fixture *fixture = fresh(state);
    rule_of(fixture, 1, EARN_BONUS)->bonus_points = 5;
    add_line(fixture, 10000, "");
    add_line(fixture, 20000, "");
    fixture->sale.paid_with_points_minor = 10000;
    assert_earns(fixture, MEMBER, 205, 200);
    assert_lines(fixture, 2, (int64_t[]){68, 137},
                 (int64_t[]){67, 133}); // 68.3, 136.7; 66.7, 133.3
    fixture->sample.program.points_paid_earns = true;
    assert_earns(fixture, MEMBER, 305, 300);
    fixture->sale.paid_with_points_minor = 30000;
    assert_earns(fixture, MEMBER, 305, 300);
    fixture->sample.program.points_paid_earns = false;
    assert_earns(fixture, MEMBER, 0, 0);
}

static void score_is_a_share_or_nothing(void **state)
{
    struct fixture *fixture = fresh(state);
    add_line(fixture, 9950, "");
    fixture->sample.program.score_share_bp = 5000;
    assert_earns(fixture, MEMBER, 99, 49); // 99.50 / 2 = 49.75
    fixture->sample.program.rounding = ROUNDING_HALF_UP;
    assert_earns(fixture, MEMBER, 100, 50);
    fixture->sample.program.score_share_bp = 0;
    fixture->sample.program.no_score = true;
    assert_earns(fixture, MEMBER, 100, 0);
}

static void figures_out_of_bounds_are_refused(void **state)
{
    struct fixture *fixture = fresh(state);
    struct rate *rate = &fixture->sample.rules[0].rate;
    int64_t total = 0;
    add_line(fixture, LIMIT_AMOUNT_MINOR_MAX, "");
    *rate = (struct rate){.points = 1, .money_minor = 1};
    assert_earns(fixture, MEMBER, LIMIT_POINTS_A_RECORD, LIMIT_POINTS_A_RECORD);
    assert_int_equal(try_earn(fixture, SILVER), STATUS_RANGE);
    *rate = (struct rate){.points = 1000000, .money_minor = 1};
    assert_int_equal(try_earn(fixture, MEMBER), STATUS_RANGE);
    fixture->sample.tiers[0].multiplier_bp = 1000000; // past 128 bits
    fixture->sale.paid_with_points_minor = 1;
    assert_int_equal(try_earn(fixture, MEMBER), STATUS_RANGE);
    add_line(fixture, 1, "");
    assert_int_equal(sale_total(&fixture->sale, &total), STATUS_RANGE);
    assert_int_equal(try_earn(fixture, MEMBER), STATUS_RANGE);
    fixture->lines[0].amount_minor = -1;
    assert_int_equal(sale_total(&fixture->sale, &total), STATUS_RANGE);
    fixture->lines[0].amount_minor = INT64_MAX;
    assert_int_equal(sale_total(&fixture->sale, &total), STATUS_RANGE);
    fixture->lines[0].amount_minor = 100;
    assert_int_equal(sale_total(&fixture->sale, &total), STATUS_OK);
    assert_int_equal(total, 101);
    fixture->sale.paid_with_points_minor = 102;
    assert_int_equal(try_earn(fixture, MEMBER), STATUS_RANGE);
    fixture->sale.paid_with_points_minor = -1;
    assert_int_equal(try_earn(fixture, MEMBER), STATUS_RANGE);
}

static void running_out_of_memory_is_told(void **state)
{
    struct fixture *fixture = fresh(state);
    add_line(fixture, 10000, "");
    struct program_version version = {.program = sample_compile(&fixture->sample, &fixture->arena),
                                      .zone = &SHANGHAI};
    enum status status = STATUS_NO_MEMORY;
    for (size_t cap = 0; status != STATUS_OK; cap += 16) {
        struct arena small;
        arena_init(&small, cap);
        fixture->earned.points = -1;
        status = earn_compute(&version, &fixture->sale, MEMBER, NULL, &small, &fixture->earned);
        assert_true(status == STATUS_NO_MEMORY ? fixture->earned.points == -1
                                               : status == STATUS_OK);
        arena_fini(&small);
    }
    assert_int_equal(fixture->earned.points, 100);
}

static void cumulative_shares_are_floored(void **state)
{
    (void)state;
    assert_int_equal(earn_share_floor(109, 3333, 9999), 36);
    assert_int_equal(earn_share_floor(109, 9999, 9999), 109);
    assert_int_equal(earn_share_floor(109, 0, 9999), 0);
    assert_int_equal(earn_share_floor(INT64_MAX, INT64_MAX - 1, INT64_MAX), INT64_MAX - 1);
    assert_int_equal(earn_share_floor(-7, 1, 2), -4);
}

static void points_have_a_value_if_the_program_says_so(void **state)
{
    struct fixture *fixture = fresh(state);
    struct program *program = &fixture->sample.program;
    int64_t minor = -1;
    program->redeem_value = (struct rate){.points = 3, .money_minor = 100};
    assert_int_equal(earn_points_value(program, 500, &minor), STATUS_OK);
    assert_int_equal(minor, 16666);
    assert_int_equal(earn_points_value(program, 0, &minor), STATUS_OK);
    assert_int_equal(minor, 0);
    assert_int_equal(earn_points_value(program, 30000000000, &minor), STATUS_OK);
    assert_int_equal(minor, LIMIT_AMOUNT_MINOR_MAX);
    assert_int_equal(earn_points_value(program, 30000000001, &minor), STATUS_RANGE);
    assert_int_equal(earn_points_value(program, -1, &minor), STATUS_RANGE);
    assert_int_equal(earn_points_value(program, LIMIT_POINTS_A_RECORD, &minor), STATUS_RANGE);
    assert_int_equal(minor, LIMIT_AMOUNT_MINOR_MAX);
    program->redeem_value = (struct rate){0};
    assert_int_equal(earn_points_value(program, LIMIT_POINTS_A_RECORD, &minor), STATUS_OK);
    assert_int_equal(minor, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_worked_examples),
        cmocka_unit_test(points_and_score_end_with_their_periods),
        cmocka_unit_test(rounding_is_floor_or_half_up),
        cmocka_unit_test(shares_are_by_largest_remainder),
        cmocka_unit_test(points_and_score_are_shared_apart),
        cmocka_unit_test(rates_add_up_or_the_best_counts),
        cmocka_unit_test(multipliers_multiply_what_the_rates_gave),
        cmocka_unit_test(a_bonus_comes_once_a_sale),
        cmocka_unit_test(a_bonus_for_a_gift_stands_on_the_gift_s_line),
        cmocka_unit_test(a_sale_of_nothing_earns_nothing),
        cmocka_unit_test(caps_cut_points_and_not_score),
        cmocka_unit_test(the_part_paid_with_points_does_not_earn),
        cmocka_unit_test(score_is_a_share_or_nothing),
        cmocka_unit_test(figures_out_of_bounds_are_refused),
        cmocka_unit_test(running_out_of_memory_is_told),
        cmocka_unit_test(cumulative_shares_are_floored),
        cmocka_unit_test(points_have_a_value_if_the_program_says_so),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
