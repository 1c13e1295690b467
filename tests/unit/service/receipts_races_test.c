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
#include "loyalty/v1/tills.pb-c.h"
#include "support/random_club.h"
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
    assert_true(points >= (size_t)32);
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

// A card that comes between the claim and the sale makes it worth more than was claimed: that is
// claimed first, and the guard is asked again.
static void more_than_claimed_is_claimed_first(void **state)
{
    (void)state;
    static const struct {
        const char *program;
        const char *end;
        int64_t points;
    } cases[] = {
        {", \"guards\": {\"points_a_terminal_day\": 120}", "GUARD_TERMINAL_DAY", 0},
        {", \"guards\": {\"points_a_terminal_day\": 150}", "OK", 150},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct world_daemon *daemon = &world.daemons[0];
        struct world_answer answer;
        struct world_answer opened;
        service_world_fini(&world);
        (void)open_members(cases[i].program);
        world_ask(daemon, TILL, AWARD, receipts_award(&world, world_id(&world), "anna", 10000, 1),
                  &answer);
        while (receipts_records(&world) == 0) {
            assert_true(world_step(daemon));
        }
        world_call(&world.daemons[1], "admin/hq", "AdminService/OpeningBalance",
                   world_text(&world,
                              "{%s, \"member\": {\"member_id\": \"anna\"}, \"scores\": "
                              "[{\"score\": 60000}]}",
                              world_mutation(&world, world_id(&world))),
                   &opened);
        assert_string_equal(world_end(&opened), "OK");
        world_run_daemon(daemon);
        assert_string_equal(world_end(&answer), cases[i].end);
        assert_int_equal(receipts_balance(&world, "anna"), cases[i].points);
        assert_true(receipts_total(&world, RECEIPT_AWARD).points >= cases[i].points);
    }
}

// --- anything may happen ---

enum {
    RUN_ROUNDS = 12,
    RUN_ACTIONS = 1500,
    RUN_DAEMONS = 3,
    RUN_INTENTS = 40,
    RUN_NUMBERS = 12,
    RUN_CALLS = 16,
    RUN_GUARD = 400,
};

// A sale under one of few receipts; its points are its amount in yuan.
struct intent {
    const char *json;
    const char *member;
    uint64_t number;
    int64_t points;
    bool yes;
};

struct run {
    struct random random;
    struct intent intents[RUN_INTENTS];
    struct {
        struct world_answer answer;
        struct intent *intent; // NULL: a reconciliation
        bool used;
    } calls[RUN_CALLS];
    size_t applied;
    size_t again;
};

static struct world_daemon *any_daemon(struct run *run)
{
    return &world.daemons[random_below(&run->random, RUN_DAEMONS)];
}

static void make_intents(struct run *run)
{
    for (size_t i = 0; i < RUN_INTENTS; i++) {
        struct intent *intent = &run->intents[i];
        intent->member = random_once_in(&run->random, 2) ? "anna" : "bert";
        intent->number = 1 + (uint64_t)random_below(&run->random, RUN_NUMBERS);
        intent->points = 1 + random_below(&run->random, 120);
        intent->json = receipts_award(&world, world_id(&world), intent->member,
                                      100 * intent->points, intent->number);
    }
}

static void take_answers(struct run *run)
{
    for (size_t i = 0; i < RUN_CALLS; i++) {
        if (!run->calls[i].used || run->calls[i].answer.times == 0) {
            continue;
        }
        struct intent *intent = run->calls[i].intent;
        run->calls[i].used = false;
        assert_int_equal(run->calls[i].answer.times, 1);
        if (intent != NULL && is_yes(world_end(&run->calls[i].answer))) {
            intent->yes = true;
            run->applied++;
        }
    }
}

static void ask_at_random(struct run *run)
{
    size_t i = (size_t)random_below(&run->random, RUN_CALLS);
    if (run->calls[i].used) {
        return;
    }
    struct world_daemon *daemon = any_daemon(run);
    run->calls[i].used = true;
    run->calls[i].intent = NULL;
    if (random_once_in(&run->random, 12)) {
        world_ask(daemon, TILL, "TillsService/Reconcile",
                  receipts_reconcile(&world, world_id(&world), ""), &run->calls[i].answer);
        return;
    }
    run->calls[i].intent = &run->intents[random_below(&run->random, RUN_INTENTS)];
    world_ask(daemon, TILL, AWARD, run->calls[i].intent->json, &run->calls[i].answer);
}

static void let_time_pass(int64_t ms)
{
    world.now_ms += ms;
    memory_set_now(world.daemons[0].store, world.now_ms);
    for (size_t i = 0; i < RUN_DAEMONS; i++) {
        timers_run(&world.daemons[i].timers);
    }
}

static void act_at_random(struct run *run)
{
    int64_t chance = random_below(&run->random, 100);
    if (chance < 60) {
        (void)world_step(any_daemon(run));
    } else if (chance < 85) {
        ask_at_random(run);
    } else if (chance < 91) {
        memory_fail_next(any_daemon(run)->store,
                         MEMORY_FAULT_BEFORE + (enum memory_fault)random_below(&run->random, 3));
    } else if (chance < 92) {
        service_world_restart(any_daemon(run));
    } else {
        let_time_pass(random_below(&run->random, random_once_in(&run->random, 4) ? 9000 : 300));
    }
    take_answers(run);
}

// What members have is what the sales said yes to gave, one a receipt, and never past the guard.
static void judge_run(struct run *run)
{
    int64_t given = 0;
    bool counted[RUN_NUMBERS + 1] = {false};
    for (size_t i = 0; i < RUN_INTENTS; i++) {
        struct intent *intent = &run->intents[i];
        bool yes = is_yes(until_definite(any_daemon(run), intent->json));
        assert_true(yes || !intent->yes);
        assert_false(yes && counted[intent->number]);
        counted[intent->number] = counted[intent->number] || yes;
        given += yes ? intent->points : 0;
        run->again += yes;
    }
    assert_int_equal(receipts_balance(&world, "anna") + receipts_balance(&world, "bert"), given);
    assert_in_range(given, 0, RUN_GUARD);
}

static void judge_day(struct run *run)
{
    world_pass(&world, CLAIM_MS + 1000);
    int64_t given = receipts_balance(&world, "anna") + receipts_balance(&world, "bert");
    const char *book = world_text(&world,
                                  ", \"totals\": [{\"operation\": \"AWARD\", \"count\": %zu, "
                                  "\"points\": %lld, \"amount_minor\": %lld}]",
                                  run->again, (long long)given, 100 * (long long)given);
    struct world_answer answer;
    world_call(any_daemon(run), TILL, "TillsService/Reconcile",
               receipts_reconcile(&world, world_id(&world), book), &answer);
    assert_string_equal(world_end(&answer), "OK");
    assert_true(((const Loyalty__V1__ReconcileResponse *)answer.reply)->closed);
    receipts_stand(&world, RECEIPT_AWARD, run->again, given, 100 * given);
}

static void random_runs(void **state)
{
    (void)state;
    uint64_t seed = random_seed("receipts");
    size_t applied = 0;
    for (uint64_t round = 0; round < RUN_ROUNDS; round++) {
        struct run run = {.random = random_of(seed, round)};
        receipts_world_open(&world, RUN_DAEMONS,
                            ", \"guards\": {\"points_a_terminal_day\": 400, "
                            "\"points_a_member_day\": 300}");
        world_enroll(&world, "anna");
        world_enroll(&world, "bert");
        make_intents(&run);
        for (int i = 0; i < RUN_ACTIONS; i++) {
            act_at_random(&run);
            int64_t given = receipts_balance(&world, "anna") + receipts_balance(&world, "bert");
            assert_in_range(given, 0, RUN_GUARD);
        }
        world_pass(&world, CLAIM_MS);
        take_answers(&run);
        judge_run(&run);
        judge_day(&run);
        applied += run.applied;
        service_world_fini(&world);
    }
    printf("%zu sales in %d runs\n", applied, RUN_ROUNDS);
    assert_true(applied > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_crash_point, open_world, close_world),
        cmocka_unit_test_setup_teardown(two_counters_one_receipt, open_world, close_world),
        cmocka_unit_test_setup_teardown(a_guard_holds_in_every_order, open_world, close_world),
        cmocka_unit_test_setup_teardown(more_than_claimed_is_claimed_first, open_world,
                                        close_world),
        cmocka_unit_test(random_runs),
    };
    log_set_level(LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
