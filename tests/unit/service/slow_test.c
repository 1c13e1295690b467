// The slowest requests: kept in order, so many, for so long; told to admins with the member and as
// log lines name it; logged above the bound alone.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "loyalty/v1/monitor.pb-c.h"
#include "service/log_member.h"
#include "service/method.h"
#include "service/slow.h"
#include "support/log_capture.h"
#include "support/service_world.h"

#define TILL "pos/store-1/till-1"

static struct service_world world;

static int open_world(void **state)
{
    (void)state;
    service_world_open(&world, 1);
    world_enroll(&world, "anna");
    slow_set_ms(world.daemons[0].service->slow, 500);
    log_capture_clear();
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    service_world_fini(&world);
    return 0;
}

// A sale that the store lets wait.
static void sell_slowly(int64_t wait_ms)
{
    struct world_answer answer = {0};
    world_ask(&world.daemons[0], TILL, "PointsService/Award",
              world_award_text(&world, world_id(&world), "anna", 1000), &answer);
    world.now_ms += wait_ms;
    world_run(&world);
    assert_string_equal(world_end(&answer), "OK");
    world_pass(&world, LIMIT_LEASE_READ_MS); // the clocks are looked at again
}

static const Loyalty__V1__ListSlowRequestsResponse *list(void)
{
    struct world_answer answer;
    world_call(&world.daemons[0], "admin/hq", "MonitorService/ListSlowRequests", "{}", &answer);
    assert_string_equal(world_end(&answer), "OK");
    return (const Loyalty__V1__ListSlowRequestsResponse *)answer.reply;
}

static void the_slowest_come_first(void **state)
{
    (void)state;
    sell_slowly(200);
    sell_slowly(900);
    sell_slowly(400);
    const Loyalty__V1__ListSlowRequestsResponse *answer = list();
    assert_true(answer->n_requests >= 3);
    static const uint64_t took[] = {900000, 400000, 200000};
    for (size_t i = 0; i < 3; i++) {
        const Loyalty__V1__SlowRequest *one = answer->requests[i];
        char hash[LOG_MEMBER_BYTES];
        log_member(world.daemons[0].service, span_of_text("anna"), hash);
        assert_int_equal(one->micros, took[i]);
        assert_string_equal(one->method, "/loyalty.v1.PointsService/Award");
        assert_string_equal(one->member_id, "anna");
        assert_string_equal(one->member_hash, hash);
        assert_string_equal(one->outcome, "OK");
        assert_string_equal(one->caller, TILL);
    }
}

static void so_many_are_kept(void **state)
{
    (void)state;
    for (int i = 0; i < 2 * SLOW_KEPT; i++) {
        sell_slowly(100 + 10 * i);
    }
    const Loyalty__V1__ListSlowRequestsResponse *answer = list();
    assert_int_equal(answer->n_requests, SLOW_KEPT);
    for (size_t i = 0; i < SLOW_KEPT; i++) {
        assert_int_equal(answer->requests[i]->micros, (100 + 10 * (2 * SLOW_KEPT - 1 - i)) * 1000);
    }
}

static void for_so_long(void **state)
{
    (void)state;
    for (int i = 0; i < SLOW_KEPT; i++) {
        sell_slowly(900);
    }
    world_pass(&world, SLOW_KEPT_MS + 1000);
    assert_int_equal(list()->n_requests, 0);
    sell_slowly(50); // and room is made for it
    assert_int_equal(list()->requests[0]->micros, 50000);
}

static void lines_are_of_those_above_the_bound(void **state)
{
    (void)state;
    char expected[256];
    char hash[LOG_MEMBER_BYTES];
    log_member(world.daemons[0].service, span_of_text("anna"), hash);
    sell_slowly(499);
    assert_int_equal(log_capture_count("slow-request"), 0);
    sell_slowly(500);
    (void)snprintf(expected, sizeof expected,
                   "slow-request method=/loyalty.v1.PointsService/Award micros=500000 outcome=OK "
                   "member_hash=%s caller=" TILL "\n",
                   hash);
    assert_int_equal(log_capture_count(expected), 1);
    assert_int_equal(log_capture_count("anna"), 0);
    slow_set_ms(world.daemons[0].service->slow, 0);
    sell_slowly(900);
    assert_int_equal(log_capture_count("slow-request"), 1);
}

static void names_differ_by_key(void **state)
{
    (void)state;
    char anna[LOG_MEMBER_BYTES];
    char again[LOG_MEMBER_BYTES];
    char bob[LOG_MEMBER_BYTES];
    const struct service *service = world.daemons[0].service;
    log_member(service, span_of_text("anna"), anna);
    log_member(service, span_of_text("anna"), again);
    log_member(service, span_of_text("bob"), bob);
    assert_string_equal(anna, again);
    assert_string_not_equal(anna, bob);
    assert_int_equal(strlen(anna), LOG_MEMBER_BYTES - 1);
    world.keyless = true;
    service_world_restart(&world.daemons[0]);
    log_member(world.daemons[0].service, span_of_text("anna"), again);
    assert_string_not_equal(anna, again);
    log_member(world.daemons[0].service, span_of_text(""), again);
    assert_string_equal(again, "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)
    const struct CMUnitTest tests[] = {
        TEST(the_slowest_come_first),
        TEST(so_many_are_kept),
        TEST(for_so_long),
        TEST(lines_are_of_those_above_the_bound),
        TEST(names_differ_by_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
