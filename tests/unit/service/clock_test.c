// The test clock of a sandbox: read before each request by every daemon, set forward only;
// elsewhere there is none.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log.h"
#include "loyalty/v1/clock.pb-c.h"
#include "support/service_world.h"

#define ADMIN "admin/hq"
#define TILL "pos/store-1/till-1"

static struct service_world world;

static const char *set_clock(size_t daemon, const char *now, struct world_answer *answer)
{
    world_call(&world.daemons[daemon], ADMIN, "ClockService/SetClock",
               world_text(&world, "{\"now\": \"%s\"}", now), answer);
    return world_end(answer);
}

static const Loyalty__V1__GetClockResponse *get_clock(size_t daemon)
{
    struct world_answer answer;
    world_call(&world.daemons[daemon], "partner/lounge", "ClockService/GetClock", "{}", &answer);
    assert_string_equal(world_end(&answer), "OK");
    return (const Loyalty__V1__GetClockResponse *)answer.reply;
}

static void sandbox_open(void)
{
    service_world_init(&world, true);
    service_world_publish(&world);
    (void)service_world_add(&world);
}

static const char *sale_text(const char *created_at)
{
    return world_text(&world,
                      "{\"mutation\": {\"request_id\": \"%s\", \"created_at\": \"%s\"}, "
                      "\"member\": {\"member_id\": \"anna\"}, \"sale\": {\"currency\": \"CNY\", "
                      "\"lines\": [{\"amount_minor\": 250000}]}}",
                      world_id(&world), created_at);
}

// Set on one daemon, it is the other's now at the very next request.
static void both_daemons_follow_at_once(void **state)
{
    (void)state;
    struct world_answer answer;
    sandbox_open();
    assert_int_equal(get_clock(0)->now->seconds,
                     WORLD_START_MS / 1000); // none stands: the real one
    assert_true(get_clock(0)->sandbox);
    assert_string_equal(set_clock(0, "2026-01-10T00:00:00Z", &answer), "OK");
    world_enroll(&world, "anna");
    assert_string_equal(set_clock(0, "2026-05-31T15:59:59.999Z", &answer), "OK");
    world_call(&world.daemons[1], TILL, "PointsService/Award", sale_text("2026-05-31T15:59:59Z"),
               &answer);
    assert_string_equal(world_end(&answer), "OK");
    const Loyalty__V1__AwardResponse *award = (Loyalty__V1__AwardResponse *)answer.reply;
    assert_int_equal(award->recorded_at->seconds, 1780243199);
    assert_string_equal(world_member(&world.daemons[1], "anna")->standing->tier_id, "member");
    assert_string_equal(set_clock(1, "2026-05-31T16:00:00Z", &answer), "OK");
    assert_int_equal(((Loyalty__V1__SetClockResponse *)answer.reply)->now->seconds, 1780243200);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(get_clock(i)->now->seconds, 1780243200);
        const char *tier = world_member(&world.daemons[i], "anna")->standing->tier_id;
        assert_string_equal(tier, "silver");
    }
    service_world_fini(&world);
}

static void it_only_goes_forward(void **state)
{
    (void)state;
    struct world_answer answer;
    sandbox_open();
    assert_string_equal(set_clock(0, "2026-03-01T00:00:00Z", &answer), "OK");
    assert_string_equal(set_clock(1, "2026-02-28T23:59:59.999Z", &answer), "CLOCK_BACKWARDS");
    assert_int_equal(answer.code, LOYALTY__V1__CODE__CODE_FAILED_PRECONDITION);
    assert_string_equal(set_clock(1, "2026-03-01T00:00:00Z", &answer), "OK");
    world_call(&world.daemons[0], ADMIN, "ClockService/SetClock", "{}", &answer);
    assert_string_equal(world_end(&answer), "MISSING");
    world_pass(&world, 3600000); // nor by itself
    assert_int_equal(get_clock(0)->now->seconds, 1772323200);
    service_world_fini(&world);
}

// A request's age is by the test clock too; a machine's own clock does not matter.
static void ages_are_by_the_test_clock(void **state)
{
    (void)state;
    struct world_answer answer;
    sandbox_open();
    assert_string_equal(set_clock(0, "2026-01-10T00:00:00Z", &answer), "OK");
    world_enroll(&world, "anna");
    assert_string_equal(set_clock(0, "2030-01-10T00:00:00Z", &answer), "OK");
    world.daemons[1].clock_offset_ms = 86400000;
    world_pass(&world, LIMIT_LEASE_READ_MS);
    world_call(&world.daemons[1], TILL, "PointsService/Award", sale_text("2026-01-10T00:00:00Z"),
               &answer);
    assert_string_equal(world_end(&answer), "TOO_OLD");
    world_call(&world.daemons[1], TILL, "PointsService/Award", sale_text("2030-01-10T00:05:00Z"),
               &answer);
    assert_string_equal(world_end(&answer), "OK");
    world_call(&world.daemons[1], TILL, "PointsService/Award",
               sale_text("2030-01-10T00:05:00.001Z"), &answer);
    assert_string_equal(world_end(&answer), "FROM_THE_FUTURE");
    service_world_fini(&world);
}

static void a_head_that_cannot_be_read(void **state)
{
    (void)state;
    struct world_answer answer;
    sandbox_open();
    world_enroll(&world, "anna");
    memory_fail_next(world.daemons[0].store, MEMORY_FAULT_BEFORE);
    world_call(&world.daemons[0], TILL, "PointsService/Award", sale_text("2026-01-10T00:00:00Z"),
               &answer);
    assert_string_equal(world_end(&answer), "STORE_UNAVAILABLE");
    int64_t balance = 0;
    assert_int_equal(world_verify(&world, "anna", &balance), 1);
    service_world_fini(&world);
}

// The answer to setting it is lost: in doubt, and asking again is harmless.
static void a_lost_answer(void **state)
{
    (void)state;
    struct world_answer answer;
    sandbox_open();
    for (int fault = MEMORY_FAULT_BEFORE; fault <= MEMORY_FAULT_LOST_REPLY; fault++) {
        const char *now = world_text(&world, "2026-0%d-01T00:00:00Z", 2 + fault);
        world_ask(&world.daemons[0], ADMIN, "ClockService/SetClock",
                  world_text(&world, "{\"now\": \"%s\"}", now), &answer);
        (void)world_step(&world.daemons[0]); // the head
        memory_fail_next(world.daemons[0].store, (enum memory_fault)fault);
        world_run(&world);
        assert_string_equal(world_end(&answer),
                            fault == MEMORY_FAULT_BEFORE ? "STORE_UNAVAILABLE" : "OUTCOME_UNKNOWN");
        assert_string_equal(set_clock(0, now, &answer), "OK");
    }
    service_world_fini(&world);
}

static void elsewhere_there_is_none(void **state)
{
    (void)state;
    struct world_answer answer;
    service_world_open(&world, 1);
    assert_string_equal(set_clock(0, "2030-01-01T00:00:00Z", &answer), "NOT_A_SANDBOX");
    assert_false(get_clock(0)->sandbox);
    assert_int_equal(get_clock(0)->now->seconds, world.now_ms / 1000);
    world_call(&world.daemons[0], TILL, "ClockService/SetClock",
               "{\"now\": \"2030-01-01T00:00:00Z\"}", &answer);
    assert_string_equal(world_end(&answer), "ROLE_NOT_ALLOWED");
    service_world_fini(&world);
}

int main(void)
{
    log_set_level(LOG_ERROR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_daemons_follow_at_once),
        cmocka_unit_test(it_only_goes_forward),
        cmocka_unit_test(ages_are_by_the_test_clock),
        cmocka_unit_test(a_head_that_cannot_be_read),
        cmocka_unit_test(a_lost_answer),
        cmocka_unit_test(elsewhere_there_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
