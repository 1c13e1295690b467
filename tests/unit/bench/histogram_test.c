// bench/histogram.h: what it says of percentiles is what a sorted array of the same values says, to
// three digits.
#include "bench/histogram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SAMPLES = 19997 }; // a prime: ranks are no whole numbers

static const uint32_t percentiles[] = {0, 1000, 50000, 90000, 99000, 99900, 99990, 100000};

static struct histogram histogram;
static int64_t values[SAMPLES];

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

// Never below the exact value, and above it by less than one in a thousand.
static void check_against_array(void)
{
    histogram_init(&histogram);
    for (uint32_t i = 0; i < SAMPLES; i++) {
        histogram_add(&histogram, values[i]);
    }
    qsort(values, SAMPLES, sizeof values[0], compare);
    for (size_t i = 0; i < sizeof(percentiles) / sizeof(percentiles[0]); i++) {
        uint64_t rank = ((uint64_t)SAMPLES * percentiles[i] + 99999) / 100000;
        int64_t exact = values[rank == 0 ? 0 : rank - 1];
        int64_t said = histogram_percentile(&histogram, percentiles[i]);
        assert_true(said >= exact);
        assert_true(said <= exact + exact / 1000);
    }
}

static void test_same_as_sorted_array(void **state)
{
    (void)state;
    uint64_t random = 1;
    for (uint32_t bits = 4; bits <= 36; bits += 4) {
        for (uint32_t i = 0; i < SAMPLES; i++) {
            random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            values[i] = (int64_t)(random >> (64 - bits));
        }
        check_against_array();
    }
}

// Each bucket's ends, where a mistake by one would show.
static void test_ends_of_buckets(void **state)
{
    (void)state;
    for (uint32_t bits = 1; bits <= 36; bits++) {
        for (int64_t offset = -2; offset <= 2; offset++) {
            int64_t value = (INT64_C(1) << bits) + offset;
            histogram_init(&histogram);
            histogram_add(&histogram, value);
            histogram_add(&histogram, HISTOGRAM_MAX_NS);
            int64_t said = histogram_percentile(&histogram, 50000);
            int64_t least = value < 0 ? 0 : value;
            assert_true(said >= least && said <= least + least / 1000);
        }
    }
}

static void test_maximum_is_exact(void **state)
{
    (void)state;
    histogram_init(&histogram);
    assert_int_equal(histogram_percentile(&histogram, 50000), 0);
    histogram_add(&histogram, 1234567);
    assert_int_equal(histogram_percentile(&histogram, 100000), 1234567);
    assert_int_equal(histogram_percentile(&histogram, 1000), 1234567);
}

static void test_outliers_are_counted(void **state)
{
    (void)state;
    histogram_init(&histogram);
    histogram_add(&histogram, -5);
    histogram_add(&histogram, 3 * HISTOGRAM_MAX_NS);
    assert_int_equal(histogram.count, 2);
    assert_int_equal(histogram.max_ns, 3 * HISTOGRAM_MAX_NS);
    assert_int_equal(histogram_percentile(&histogram, 50000), 0);
    assert_true(histogram_percentile(&histogram, 100000) >= HISTOGRAM_MAX_NS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_as_sorted_array),
        cmocka_unit_test(test_ends_of_buckets),
        cmocka_unit_test(test_maximum_is_exact),
        cmocka_unit_test(test_outliers_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
