// Receipts count once whatever the order and whatever dies: every store call between a claim in the
// terminal's day and the member's record fails, every order of two daemons' steps is taken, and a
// terminal's guard never lets a point too much pass.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/log.h"
#include "support/receipts_world.h"

#define TILL "pos/store-1/till-1"
#define AWARD "PointsService/Award"
// A claim's life and what is waited beyond it.
#define CLAIM_MS (LIMIT_REQUEST_MS + 2000)

enum { ORDER_STEPS = 10, ORDERS = 1 << ORDER_STEPS };

static struct service_world world;

static int open_members(const char *extra)
{
    receipts_world_open(&world, 2, extra);
    world_enroll(&world, "anna");
    world_enroll(&world, "bert");
    return 0;
}

static int open_world(void **state)
{
    (void)state;
    return open_members("");
}

static int close_world(void **state)
{
    (void)state;
    service_world_fini(&world);
    return 0;
}

// Each store call of a sale fails in each way, or the daemon dies before it; then the till asks
// again and a rival asks for the same receipt, in either order.
struct crash {
    size_t step;
    enum memory_fault fault; // NONE: the daemon dies
    bool rival_first;
    bool late; // the rival comes when the claim is over
};

static const char *until_definite(struct world_daemon *daemon, const char *json)
{
    for (size_t i = 0; i < 20; i++) {
        const char *end = receipts_call(&world, daemon, AWARD, json);
        bool open = strcmp(end, "RECEIPT_BUSY") == 0 || strcmp(end, "STORE_UNAVAILABLE") == 0 ||
                    strcmp(end, "OUTCOME_UNKNOWN") == 0;
        if (!open) {
            return end;
        }
        world_pass(&world, 1000);
    }
    fail_msg("no definite answer to %s", json);
    return "";
}

static bool is_yes(const char *end)
{
    return strcmp(end, "OK") == 0 || strcmp(end, "REPLAYED") == 0;
}

// Whether the sale still made store calls at that step.
static bool crash_once(const struct crash *crash)
{
    static uint64_t number = 100;
    number++;
    struct world_daemon *daemon = &world.daemons[0];
    const char *sale = receipts_award(&world, world_id(&world), "anna", 10000, number);
    const char *rival = receipts_award(&world, world_id(&world), "bert", 3000, number);
    int64_t before = receipts_balance(&world, "anna") + receipts_balance(&world, "bert");
    struct world_answer answer;
    world_ask(daemon, TILL, AWARD, sale, &answer);
    bool going = answer.times == 0;
    for (size_t i = 0; going && i < crash->step; i++) {
        going = world_step(daemon) && answer.times == 0;
    }
    if (crash->fault == MEMORY_FAULT_NONE) {
        service_world_restart(daemon);
    } else if (going) {
        memory_fail_next(daemon->store, crash->fault);
    }
    world_run(&world);
    bool told = answer.times == 1 && answer.code == LOYALTY__V1__CODE__CODE_UNSPECIFIED;
    if (crash->late) {
        world_pass(&world, CLAIM_MS + 1000);
    }
    const char *rival_end = "";
    if (crash->rival_first) {
        rival_end = until_definite(&world.daemons[1], rival);
    }
    const char *sale_end = until_definite(&world.daemons[0], sale);
    if (!crash->rival_first) {
        rival_end = until_definite(&world.daemons[1], rival);
    }
    assert_true(is_yes(sale_end) != is_yes(rival_end));
    assert_true(!told || is_yes(sale_end));
    int64_t given = is_yes(sale_end) ? 100 : 30;
    assert_int_equal(receipts_balance(&world, "anna") + receipts_balance(&world, "bert") - before,
                     given);
    return going;
}

static void every_crash_point(void **state)
{
    (void)state;
    static const enum memory_fault faults[] = {MEMORY_FAULT_NONE, MEMORY_FAULT_BEFORE,
                                               MEMORY_FAULT_LOST_ASK, MEMORY_FAULT_LOST_REPLY};
    size_t points = 0;
    for (size_t i = 0; i < 16; i++) {
        struct crash crash = {
            .fault = faults[i % 4], .rival_first = (i & 4) != 0, .late = (i & 8) != 0};
        while (crash_once(&crash)) {
            crash.step++;
            points++;
        }
    }
    int64_t counted = receipts_total(&world, RECEIPT_AWARD).points;
    printf("%zu crash points\n", points);
    assert_true(points >= (size_t)48);
    assert_int_equal(counted, receipts_balance(&world, "anna") + receipts_balance(&world, "bert"));
}

// --- at the same moment ---

// Two requests at two daemons that step in this order.
static void race(const char *first, const char *second, uint32_t order,
                 struct world_answer answers[2])
{
    const char *texts[] = {first, second};
    for (size_t i = 0; i < 2; i++) {
        world_ask(&world.daemons[i], TILL, AWARD, texts[i], &answers[i]);
    }
    for (uint32_t step = 0; step < ORDER_STEPS; step++) {
        (void)world_step(&world.daemons[order >> step & 1]);
    }
    world_run(&world);
}

static void two_counters_one_receipt(void **state)
{
    (void)state;
    uint32_t busy = 0;
    for (uint32_t order = 0; order < ORDERS; order++) {
        uint64_t number = 1000 + order;
        const char *texts[] = {receipts_award(&world, world_id(&world), "anna", 100, number),
                               receipts_award(&world, world_id(&world), "bert", 100, number)};
        struct world_answer answers[2];
        race(texts[0], texts[1], order, answers);
        const char *ends[] = {world_end(&answers[0]), world_end(&answers[1])};
        busy += strcmp(ends[0], "RECEIPT_BUSY") == 0 || strcmp(ends[1], "RECEIPT_BUSY") == 0;
        assert_true(is_yes(ends[0]) != is_yes(ends[1]));
        size_t loser = is_yes(ends[0]) ? 1 : 0;
        assert_string_equal(until_definite(&world.daemons[loser], texts[loser]), "RECEIPT_COUNTED");
    }
    assert_true(busy > 0);
    receipts_stand(&world, RECEIPT_AWARD, ORDERS, ORDERS, ORDERS * INT64_C(100));
    assert_int_equal(receipts_balance(&world, "anna") + receipts_balance(&world, "bert"), ORDERS);
}

static void a_guard_holds_in_every_order(void **state)
{
    (void)state;
    uint32_t yes = 0;
    for (uint32_t order = 0; order < ORDERS; order += 5) {
        service_world_fini(&world);
        (void)open_members(", \"guards\": {\"points_a_terminal_day\": 100}");
        struct world_answer answers[2];
        race(receipts_award(&world, world_id(&world), "anna", 6000, 1),
             receipts_award(&world, world_id(&world), "bert", 6000, 2), order, answers);
        uint32_t passed = (uint32_t)is_yes(world_end(&answers[0])) + is_yes(world_end(&answers[1]));
        assert_int_equal(passed, 1);
        assert_int_equal(receipts_balance(&world, "anna") + receipts_balance(&world, "bert"), 60);
        receipts_stand(&world, RECEIPT_AWARD, 1, 60, 6000);
        yes += passed;
    }
    assert_true(yes > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_crash_point, open_world, close_world),
        cmocka_unit_test_setup_teardown(two_counters_one_receipt, open_world, close_world),
        cmocka_unit_test_setup_teardown(a_guard_holds_in_every_order, open_world, close_world),
    };
    log_set_level(LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
