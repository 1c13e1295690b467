// Every status has a name of its own; a number that is none has one too.
#include "base/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static void every_status_has_its_own_name(void **state)
{
    (void)state;
    for (int a = STATUS_OK; a <= STATUS_IO; a++) {
        assert_true(strlen(status_name((enum status)a)) > 1);
        for (int b = STATUS_OK; b < a; b++) {
            assert_string_not_equal(status_name((enum status)a), status_name((enum status)b));
        }
    }
    assert_string_equal(status_name(STATUS_NO_MEMORY), "NO_MEMORY");
}

static void a_stray_number_has_a_name(void **state)
{
    (void)state;
    assert_string_equal(status_name((enum status)77), "STATUS_OUT_OF_RANGE");
}

static enum status tried(enum status outcome, int *ret_reached)
{
    TRY(outcome);
    *ret_reached = 1;
    return STATUS_OK;
}

static void try_returns_a_failure_at_once(void **state)
{
    (void)state;
    int reached = 0;
    assert_int_equal(tried(STATUS_RANGE, &reached), STATUS_RANGE);
    assert_int_equal(reached, 0);
    assert_int_equal(tried(STATUS_OK, &reached), STATUS_OK);
    assert_int_equal(reached, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_its_own_name),
        cmocka_unit_test(a_stray_number_has_a_name),
        cmocka_unit_test(try_returns_a_failure_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
