// Growth of the typed arrays up to a bound, and that a refused push changes nothing.
#include "base/vec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct pair {
    int64_t points;
    uint8_t kind;
};

static void elements_stay_in_order_while_it_grows(void **state)
{
    (void)state;
    VEC(struct pair) pairs = {0};
    for (uint32_t i = 0; i < 1000; i++) {
        assert_int_equal(vec_reserve_one(&pairs, 1000), STATUS_OK);
        pairs.items[pairs.count++] = (struct pair){.points = i, .kind = (uint8_t)i};
    }
    for (uint32_t i = 0; i < 1000; i++) {
        assert_int_equal(pairs.items[i].points, i);
    }
    assert_in_range(pairs.capacity, 1000, 1000);
    vec_fini(&pairs);
    assert_null(pairs.items);
    assert_int_equal(pairs.count + pairs.capacity, 0);
}

static void growth_doubles_from_four(void **state)
{
    (void)state;
    VEC(int) numbers = {0};
    assert_int_equal(vec_reserve_one(&numbers, 100), STATUS_OK);
    assert_int_equal(numbers.capacity, 4);
    numbers.count = 4;
    assert_int_equal(vec_reserve_one(&numbers, 100), STATUS_OK);
    assert_int_equal(numbers.capacity, 8);
    vec_fini(&numbers);
}

static void a_full_one_refuses_and_stays(void **state)
{
    (void)state;
    VEC(int) numbers = {0};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(vec_reserve_one(&numbers, 3), STATUS_OK);
        numbers.items[numbers.count++] = i;
    }
    int *before = numbers.items;
    assert_int_equal(vec_reserve_one(&numbers, 3), STATUS_TOO_LARGE);
    assert_ptr_equal(numbers.items, before);
    assert_int_equal(numbers.count, 3);
    assert_int_equal(numbers.capacity, 3);
    assert_int_equal(numbers.items[2], 2);
    vec_fini(&numbers);
}

static void fini_of_an_empty_one_and_twice_is_fine(void **state)
{
    (void)state;
    VEC(int) numbers = {0};
    vec_fini(&numbers);
    vec_fini(&numbers);
    assert_int_equal(vec_reserve_one(&numbers, 0), STATUS_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_stay_in_order_while_it_grows),
        cmocka_unit_test(growth_doubles_from_four),
        cmocka_unit_test(a_full_one_refuses_and_stays),
        cmocka_unit_test(fini_of_an_empty_one_and_twice_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
