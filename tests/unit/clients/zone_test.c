// When a civil day begins, over changes of summer time and midnights that do not exist.
#include "ctl/zone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/calendar.h"

static int64_t day_start(int32_t year, int32_t month, int32_t day)
{
    return zone_day_start_ms(civil_to_days((struct civil_date){year, month, day}));
}

static void days_of_new_york(void **state)
{
    (void)state;
    assert_true(zone_use("America/New_York"));
    // 1997-01-01T00:00:00-05:00 and 1998-06-30T00:00:00-04:00
    assert_int_equal(day_start(1997, 1, 1), INT64_C(852094800000));
    assert_int_equal(day_start(1998, 6, 30), INT64_C(899179200000));
    // The days of change themselves: 1997-04-06 and 1997-10-26 begin before it.
    assert_int_equal(day_start(1997, 4, 6), INT64_C(860302800000));
    assert_int_equal(day_start(1997, 4, 7), INT64_C(860302800000) + 23 * INT64_C(3600000));
    assert_int_equal(day_start(1997, 10, 27) - day_start(1997, 10, 26), 25 * INT64_C(3600000));
}

static void days_of_shanghai(void **state)
{
    (void)state;
    assert_true(zone_use("Asia/Shanghai"));
    assert_int_equal(day_start(2026, 6, 1), INT64_C(1780243200000));
}

static void a_midnight_that_does_not_exist(void **state)
{
    (void)state;
    // On 2018-11-04 clocks went from 00:00 to 01:00: 2018-11-04T01:00:00-02:00 comes first.
    assert_true(zone_use("America/Sao_Paulo"));
    assert_int_equal(day_start(2018, 11, 4), INT64_C(1541300400000));
}

static void unknown_zones_are_refused(void **state)
{
    (void)state;
    assert_false(zone_use("America/Gotham"));
    assert_false(zone_use(""));
    assert_false(zone_use("/etc/localtime"));
    assert_false(zone_use("../zoneinfo/UTC"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_of_new_york),
        cmocka_unit_test(days_of_shanghai),
        cmocka_unit_test(a_midnight_that_does_not_exist),
        cmocka_unit_test(unknown_zones_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
