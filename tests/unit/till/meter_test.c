// Quantiles of waiting times, right to a step of the histogram.
#include "till/meter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_near(int64_t found, int64_t expected)
{
    assert_in_range(found, expected, expected + expected / METER_STEPS + 1);
}

static void quantiles_are_near(void **state)
{
    (void)state;
    struct meter meter = {0};
    assert_int_equal(meter_quantile_us(&meter, 500), 0);
    for (int64_t us = 1; us <= 100000; us++) {
        meter_answer(&meter, LOYALTY_TILL_APPLIED, us);
    }
    assert_near(meter_quantile_us(&meter, 500), 50000);
    assert_near(meter_quantile_us(&meter, 990), 99000);
    assert_near(meter_quantile_us(&meter, 1000), 100000);
    assert_near(meter_quantile_us(&meter, 1), 100);
}

static void each_wait_is_in_its_bucket(void **state)
{
    (void)state;
    for (int64_t us = 0; us < (int64_t)1 << 22; us += 1 + us / 50) {
        struct meter meter = {0};
        meter_answer(&meter, LOYALTY_TILL_REFUSED, us);
        assert_near(meter_quantile_us(&meter, 1000), us);
    }
}

static void what_is_out_of_range_is_kept(void **state)
{
    (void)state;
    struct meter meter = {0};
    meter_answer(&meter, LOYALTY_TILL_APPLIED, -5);
    meter_answer(&meter, LOYALTY_TILL_APPLIED, INT64_MAX);
    assert_int_equal(meter.wait_count, 2);
    assert_int_equal(meter_quantile_us(&meter, 500), 0);
    assert_true(meter_quantile_us(&meter, 1000) > 1000000);
}

static void offline_answers_have_no_wait(void **state)
{
    (void)state;
    struct meter meter = {0};
    meter_answer(&meter, LOYALTY_TILL_ACCEPTED_OFFLINE, 1500000);
    assert_int_equal(meter_answers(&meter), 1);
    assert_int_equal(meter.wait_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_near),
        cmocka_unit_test(each_wait_is_in_its_bucket),
        cmocka_unit_test(what_is_out_of_range_is_kept),
        cmocka_unit_test(offline_answers_have_no_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
