// Exact amounts at the edge of 128 bits, rounding at its edges, and shares that add up whatever the
// weights. A sale whose lines cannot be counted exactly shows the coarse way at work.
#include "core/earn_share.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/core/earn_fixture.h"

static const uint128 LARGEST = ~(uint128)0;

static void what_does_not_fit_is_out_of_range(void **state)
{
    (void)state;
    uint128 result = 5;
    assert_int_equal(exact_multiply(LARGEST, 1, &result), STATUS_OK);
    assert_true(result == LARGEST);
    assert_int_equal(exact_multiply(LARGEST / 2 + 1, 2, &result), STATUS_RANGE);
    assert_int_equal(exact_add(LARGEST, 1, &result), STATUS_RANGE);
    assert_true(result == LARGEST);
    assert_int_equal(exact_add(LARGEST - 1, 1, &result), STATUS_OK);
    assert_int_equal(exact_multiply(LARGEST, 0, &result), STATUS_OK);
    assert_true(result == 0);
}

static void assert_rounds(uint128 exact, uint128 unit, int64_t floored, int64_t half_up)
{
    int64_t whole = -1;
    assert_int_equal(exact_round(exact, unit, ROUNDING_FLOOR, &whole), STATUS_OK);
    assert_int_equal(whole, floored);
    assert_int_equal(exact_round(exact, unit, ROUNDING_HALF_UP, &whole), STATUS_OK);
    assert_int_equal(whole, half_up);
}

static void halves_go_up_and_less_does_not(void **state)
{
    (void)state;
    assert_rounds(0, 7, 0, 0);
    assert_rounds(1, 2, 0, 1);
    assert_rounds(3, 7, 0, 0);
    assert_rounds(4, 7, 0, 1);
    assert_rounds(14, 7, 2, 2);
    assert_rounds(LARGEST / 2, LARGEST, 0, 0);
    assert_rounds(LARGEST / 2 + 1, LARGEST, 0, 1);
    int64_t whole = -1;
    uint128 most = (uint128)LIMIT_POINTS_A_RECORD;
    assert_int_equal(exact_round(most * 2 + 1, 2, ROUNDING_HALF_UP, &whole), STATUS_RANGE);
    assert_int_equal(exact_round((most + 1) * 2, 2, ROUNDING_FLOOR, &whole), STATUS_RANGE);
    assert_int_equal(whole, -1);
    assert_int_equal(exact_round(most * 2 + 1, 2, ROUNDING_FLOOR, &whole), STATUS_OK);
    assert_int_equal(whole, LIMIT_POINTS_A_RECORD);
}

static void assert_parts(uint128 amount, const uint128 *weights, const uint128 *expected)
{
    enum { COUNT = 4 };
    uint128 sums[COUNT] = {100, 100, 100, 100}; // parts are added
    uint128 scratch[COUNT];
    assert_int_equal(share_by_weight(amount, weights, COUNT, scratch, sums), STATUS_OK);
    for (size_t i = 0; i < COUNT; i++) {
        assert_true(sums[i] == expected[i] + 100);
    }
}

static void parts_follow_the_weights(void **state)
{
    (void)state;
    assert_parts(10, (uint128[]){1, 2, 3, 4}, (uint128[]){1, 2, 3, 4});
    assert_parts(7, (uint128[]){1, 1, 1, 1}, (uint128[]){2, 2, 2, 1});
    assert_parts(15, (uint128[]){1, 2, 3, 4}, (uint128[]){2, 3, 4, 6}); // 1.5, 3, 4.5, 6
    assert_parts(17, (uint128[]){1, 2, 3, 4}, (uint128[]){2, 3, 5, 7}); // 1.7, 3.4, 5.1, 6.8
    assert_parts(2, (uint128[]){0, 5, 0, 5}, (uint128[]){0, 1, 0, 1});
    assert_parts(1, (uint128[]){0, 5, 0, 5}, (uint128[]){0, 1, 0, 0});
    assert_parts(9, (uint128[]){0, 0, 0, 0}, (uint128[]){0, 0, 0, 0});
    assert_parts(0, (uint128[]){1, 2, 3, 4}, (uint128[]){0, 0, 0, 0});
    assert_parts(LARGEST - 200, (uint128[]){0, 1, 0, 0}, (uint128[]){0, LARGEST - 200, 0, 0});
}

static void weights_too_large_are_out_of_range(void **state)
{
    (void)state;
    uint128 sums[2] = {0};
    uint128 scratch[2];
    const uint128 weights[2] = {LARGEST / 2, LARGEST / 2};
    assert_int_equal(share_by_weight(LARGEST / 2, weights, 2, scratch, sums), STATUS_RANGE);
    const uint128 beyond[2] = {LARGEST, 1};
    assert_int_equal(share_by_weight(1, beyond, 2, scratch, sums), STATUS_RANGE);
}

// Bonuses over sums of large primes: of one alone the lines can be counted exactly; for more no
// common unit fits, and they are shared in whole units of 10^-10 of a point. Either way they add
// up, and each is within one of what is exact.
static void assert_bonuses_add_up(void **state, size_t bonuses, int64_t paid)
{
    struct fixture *fixture = fresh(state);
    static const int64_t AMOUNTS[] = {99999999977, 99999999947, 99999999943, 99999999929};
    static const char *const CATEGORIES[] = {"a", "b", "c", "d"};
    long double exact[4] = {0};
    for (size_t i = 0; i < 4; i++) {
        add_line(fixture, AMOUNTS[i], CATEGORIES[i]);
        exact[i] = (long double)AMOUNTS[i] / 100;
        fixture->sample.list[i] = span_of_text(CATEGORIES[i]);
    }
    for (size_t b = 0; b < bonuses; b++) {
        struct earn_rule *bonus = rule_of(fixture, b + 1, EARN_BONUS);
        bonus->bonus_points = 1000000007;
        bonus->when.categories = (struct span_list){&fixture->sample.list[b], 2};
        for (size_t i = b; i < b + 2; i++) {
            exact[i] += 1000000007.0L * (long double)AMOUNTS[i] /
                        (long double)(AMOUNTS[b] + AMOUNTS[b + 1]);
        }
    }
    fixture->sale.paid_with_points_minor = paid;
    assert_int_equal(try_earn(fixture, MEMBER), STATUS_OK);
    int64_t points = 0;
    for (size_t i = 0; i < 4; i++) {
        points += fixture->earned.lines[i].points;
        long double over = (long double)fixture->earned.lines[i].points - exact[i];
        assert_true(over < 1.1L && over > -1.1L);
    }
    assert_int_equal(points, fixture->earned.points);
}

static void lines_that_cannot_be_exact_still_add_up(void **state)
{
    for (size_t bonuses = 1; bonuses <= 3; bonuses++) {
        assert_bonuses_add_up(state, bonuses, 0);
        assert_bonuses_add_up(state, bonuses, 1); // a large denominator
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_does_not_fit_is_out_of_range),
        cmocka_unit_test(halves_go_up_and_less_does_not),
        cmocka_unit_test(parts_follow_the_weights),
        cmocka_unit_test(weights_too_large_are_out_of_range),
        cmocka_unit_test(lines_that_cannot_be_exact_still_add_up),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
