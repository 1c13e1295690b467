// Whose logs are compacted, and whose never are.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "jobs/compact.h"
#include "support/receipts_world.h"
#include "support/service_world.h"

enum { BOUND = 1500 };

static struct service_world world;

// Proof stays whole: a terminal's day is walked from its first record.
static void a_terminals_day_is_left_alone(void **state)
{
    (void)state;
    receipts_world_open(&world, 1, "");
    service_world_compact(&world, BOUND);
    world_enroll(&world, "anna");
    const char *day = "@20260110/store-1/till-1";
    for (uint64_t number = 1; world_log(&world, day).len <= 3 * (size_t)BOUND; number++) {
        const char *sale = receipts_award(&world, world_id(&world), "anna", 100, number);
        assert_string_equal(receipts_call(&world, &world.daemons[0], "PointsService/Award", sale),
                            "OK");
        world_pass(&world, COMPACT_PAUSE_MS);
    }
    assert_int_equal(accounts_snapshot_bytes(world_log(&world, day)), 0);
    assert_true(accounts_snapshot_bytes(world_log(&world, "anna")) > 0);
    service_world_fini(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_terminals_day_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
