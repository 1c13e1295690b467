// bench/keys.h: each kind's members come as often as its formula says, and the same seed gives the
// same ones.
#include "bench/keys.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { MEMBERS = 1000, DRAWS = 1000000, HEAD = 50 };

static uint32_t counts[MEMBERS];

static void count_draws(enum bench_keys_kind kind, uint64_t seed, struct bench_keys *ret_keys)
{
    memset(counts, 0, sizeof counts);
    bench_keys_init(ret_keys, kind, MEMBERS, seed);
    for (uint32_t i = 0; i < DRAWS; i++) {
        uint32_t member = bench_keys_next(ret_keys);
        assert_true(member < MEMBERS);
        counts[member]++;
    }
}

// Within five standard deviations of what is expected.
static void check_count(uint32_t count, double expected)
{
    assert_true(fabs(count - expected) < 5 * sqrt(expected));
}

static void test_zipf_head(void **state)
{
    (void)state;
    struct bench_keys keys;
    double sum = 0;
    for (uint32_t rank = 1; rank <= MEMBERS; rank++) {
        sum += pow(rank, -BENCH_ZIPF_EXPONENT);
    }
    for (uint64_t seed = 1; seed <= 3; seed++) {
        count_draws(BENCH_KEYS_ZIPF, seed, &keys);
        for (uint32_t rank = 1; rank <= HEAD; rank++) {
            check_count(counts[bench_keys_member_of(&keys, rank - 1)],
                        DRAWS * pow(rank, -BENCH_ZIPF_EXPONENT) / sum);
        }
        check_count(counts[bench_keys_member_of(&keys, MEMBERS - 1)],
                    DRAWS * pow(MEMBERS, -BENCH_ZIPF_EXPONENT) / sum);
    }
}

static void test_scramble_is_a_permutation(void **state)
{
    (void)state;
    for (uint32_t members = 1; members <= MEMBERS; members += 37) {
        struct bench_keys keys;
        bench_keys_init(&keys, BENCH_KEYS_ZIPF, members, members);
        memset(counts, 0, sizeof counts);
        for (uint32_t rank = 0; rank < members; rank++) {
            counts[bench_keys_member_of(&keys, rank)]++;
        }
        for (uint32_t member = 0; member < members; member++) {
            assert_int_equal(counts[member], 1);
        }
    }
}

static void test_uniform(void **state)
{
    (void)state;
    struct bench_keys keys;
    count_draws(BENCH_KEYS_UNIFORM, 7, &keys);
    for (uint32_t member = 0; member < MEMBERS; member++) {
        check_count(counts[member], (double)DRAWS / MEMBERS);
    }
}

static void test_round(void **state)
{
    (void)state;
    struct bench_keys keys;
    bench_keys_init(&keys, BENCH_KEYS_ROUND, 3, 9);
    for (uint32_t i = 0; i < 9; i++) {
        assert_int_equal(bench_keys_next(&keys), i % 3);
    }
}

static void test_one_member(void **state)
{
    (void)state;
    for (int kind = BENCH_KEYS_ROUND; kind <= BENCH_KEYS_ZIPF; kind++) {
        struct bench_keys keys;
        bench_keys_init(&keys, (enum bench_keys_kind)kind, 1, 5);
        for (uint32_t i = 0; i < 100; i++) {
            assert_int_equal(bench_keys_next(&keys), 0);
        }
    }
}

static void test_seed_decides(void **state)
{
    (void)state;
    for (int kind = BENCH_KEYS_UNIFORM; kind <= BENCH_KEYS_ZIPF; kind++) {
        struct bench_keys a;
        struct bench_keys same;
        struct bench_keys other;
        bench_keys_init(&a, (enum bench_keys_kind)kind, MEMBERS, 42);
        bench_keys_init(&same, (enum bench_keys_kind)kind, MEMBERS, 42);
        bench_keys_init(&other, (enum bench_keys_kind)kind, MEMBERS, 43);
        uint32_t differing = 0;
        for (uint32_t i = 0; i < 1000; i++) {
            uint32_t member = bench_keys_next(&a);
            assert_int_equal(member, bench_keys_next(&same));
            differing += member != bench_keys_next(&other);
        }
        assert_true(differing > 500);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zipf_head),  cmocka_unit_test(test_scramble_is_a_permutation),
        cmocka_unit_test(test_uniform),    cmocka_unit_test(test_round),
        cmocka_unit_test(test_one_member), cmocka_unit_test(test_seed_decides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
