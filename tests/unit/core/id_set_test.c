// Prints of request ids: a hit may mean nothing, a miss is certain, also after cutting back.
#include "core/account.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { MANY = 1000 };

static uint64_t print_of(uint64_t i)
{
    return i * UINT64_C(0x9e3779b97f4a7c15);
}

static void what_was_added_is_found(void **state)
{
    (void)state;
    struct id_set ids = {0};
    for (uint64_t i = 1; i <= MANY; i++) {
        assert_false(id_set_has(&ids, print_of(i)));
        assert_int_equal(id_set_add(&ids, print_of(i)), STATUS_OK);
        assert_true(id_set_has(&ids, print_of(i)));
    }
    id_set_truncate(&ids, MANY / 2);
    for (uint64_t i = 1; i <= MANY; i++) {
        assert_int_equal(id_set_has(&ids, print_of(i)), i <= MANY / 2);
    }
    id_set_fini(&ids);
}

// A print comes a second time with a second claim on a receipt, or a second tombstone. Whenever the
// table grows in between, cutting back to the first leaves it found.
static void what_was_added_twice_is_found_after_cutting_back_to_once(void **state)
{
    (void)state;
    for (uint64_t others = 0; others < MANY; others += 7) {
        struct id_set ids = {0};
        assert_int_equal(id_set_add(&ids, print_of(1)), STATUS_OK);
        assert_int_equal(id_set_add(&ids, print_of(1)), STATUS_OK);
        for (uint64_t i = 0; i < others; i++) {
            assert_int_equal(id_set_add(&ids, print_of(2 + i)), STATUS_OK);
        }
        id_set_truncate(&ids, 1);
        assert_true(id_set_has(&ids, print_of(1)));
        assert_false(id_set_has(&ids, print_of(2)));
        id_set_truncate(&ids, 0);
        assert_false(id_set_has(&ids, print_of(1)));
        id_set_fini(&ids);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_added_is_found),
        cmocka_unit_test(what_was_added_twice_is_found_after_cutting_back_to_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
