// Receipts count once: two requests, two tills, two daemons, whatever dies between the claim in the
// terminal's day and the member's record; and a terminal's guard never lets a point too much pass.
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
#define REDEEM "PointsService/Redeem"
#define REVERSE "PointsService/Reverse"
#define GUARD ", \"guards\": {\"points_a_terminal_day\": 100}"
// A claim's life and what is waited beyond it.
#define CLAIM_MS (LIMIT_REQUEST_MS + 2000)

enum { NUMBER = 17, ORDER_STEPS = 10 };

static struct service_world world;

static int open_world(void **state)
{
    (void)state;
    receipts_world_open(&world, 2, "");
    world_enroll(&world, "anna");
    world_enroll(&world, "bert");
    return 0;
}

static int open_guarded(void **state)
{
    (void)state;
    receipts_world_open(&world, 2, GUARD);
    world_enroll(&world, "anna");
    world_enroll(&world, "bert");
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    service_world_fini(&world);
    return 0;
}

static const char *call(struct world_daemon *daemon, const char *method, const char *json)
{
    struct world_answer *answer = arena_alloc(&world.arena, sizeof(*answer));
    assert_non_null(answer);
    world_call(daemon, TILL, method, json, answer);
    return world_end(answer);
}

static int64_t balance_of(const char *member)
{
    int64_t balance = 0;
    (void)world_verify(&world, member, &balance);
    return balance;
}

static void day_stands(enum receipt_operation operation, uint64_t count, int64_t points,
                       int64_t amount_minor)
{
    struct receipt_total total = receipts_total(&world, operation);
    assert_int_equal(total.count, count);
    assert_int_equal(total.points, points);
    assert_int_equal(total.amount_minor, amount_minor);
}

static uint64_t day_records(void)
{
    struct account day;
    receipts_fold(&world, &day);
    uint64_t records = day.seq;
    account_fini(&day);
    return records;
}

// --- one after the other ---

static void a_receipt_counts_once(void **state)
{
    (void)state;
    struct world_daemon *daemon = &world.daemons[0];
    const char *first = receipts_award(&world, world_id(&world), "anna", 10000, NUMBER);
    assert_string_equal(call(daemon, AWARD, first), "OK");
    assert_int_equal(day_records(), 2); // the day's first record, and the claim
    assert_string_equal(call(daemon, AWARD, first), "REPLAYED");
    assert_string_equal(
        call(daemon, AWARD, receipts_award(&world, world_id(&world), "bert", 10000, NUMBER)),
        "RECEIPT_COUNTED");
    assert_string_equal(
        call(daemon, AWARD, receipts_award(&world, world_id(&world), "anna", 10000, NUMBER)),
        "RECEIPT_COUNTED");
    assert_int_equal(day_records(), 2);
    assert_string_equal(
        call(daemon, AWARD, receipts_award(&world, world_id(&world), "bert", 5000, NUMBER + 1)),
        "OK");
    assert_int_equal(day_records(), 3);
    // What pays for a sale may have the sale's receipt.
    assert_string_equal(
        call(daemon, REDEEM, receipts_redeem(&world, world_id(&world), "anna", 30, NUMBER)), "OK");
    assert_string_equal(
        call(daemon, REDEEM, receipts_redeem(&world, world_id(&world), "bert", 30, NUMBER)),
        "RECEIPT_COUNTED");
    day_stands(RECEIPT_AWARD, 2, 150, 15000);
    day_stands(RECEIPT_REDEEM, 1, 30, 0);
    assert_int_equal(balance_of("anna"), 70);
    assert_int_equal(balance_of("bert"), 50);
}

// Another terminal, another day and a concentrator's terminals have their own numbers.
static void receipts_are_of_a_terminal_and_a_day(void **state)
{
    (void)state;
    static const struct {
        const char *peer;
        const char *more;
    } cases[] = {
        {TILL, ""},
        {"pos/store-1/till-2", ""},
        {TILL, "\"unit\": \"store-1/till-1/drawer\","},
        {"pos/store-1", "\"unit\": \"store-1/till-3\","},
        {"pos/store-1", ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct world_answer answer;
        world_call(&world.daemons[0], cases[i].peer, AWARD,
                   world_text(&world,
                              "{%s, \"member\": {\"member_id\": \"anna\"}, \"sale\": {%s "
                              "\"currency\": \"CNY\", \"lines\": [{\"amount_minor\": 100}], "
                              "\"receipt\": {\"number\": 17, \"business_date\": \"2026-01-10\"}}}",
                              world_mutation(&world, world_id(&world)), cases[i].more),
                   &answer);
        assert_string_equal(world_end(&answer), "OK");
    }
    // The concentrator's word for a terminal is the terminal's own.
    struct world_answer answer;
    world_call(&world.daemons[0], "pos/store-1/till-3", AWARD,
               receipts_award(&world, world_id(&world), "anna", 100, NUMBER), &answer);
    assert_string_equal(world_end(&answer), "RECEIPT_COUNTED");
    assert_string_equal(answer.field, "sale.receipt");
}

// A unit that is too long for an id has its day under a hash.
static void long_units_have_days(void **state)
{
    (void)state;
    const char *peer = world_text(&world, "pos/%0100d/till", 7);
    struct world_answer answer;
    world_call(&world.daemons[0], peer, AWARD,
               receipts_award(&world, world_id(&world), "anna", 100, NUMBER), &answer);
    assert_string_equal(world_end(&answer), "OK");
    world_call(&world.daemons[0], peer, AWARD,
               receipts_award(&world, world_id(&world), "anna", 100, NUMBER), &answer);
    assert_string_equal(world_end(&answer), "RECEIPT_COUNTED");
}

static void what_has_no_effect_claims_nothing(void **state)
{
    (void)state;
    struct world_daemon *daemon = &world.daemons[0];
    assert_string_equal(
        call(daemon, AWARD, receipts_award(&world, world_id(&world), "nobody", 100, NUMBER)),
        "UNKNOWN_MEMBER");
    assert_string_equal(
        call(daemon, REDEEM, receipts_redeem(&world, world_id(&world), "anna", 5, NUMBER)),
        "INSUFFICIENT_POINTS");
    assert_string_equal(
        call(daemon, AWARD, world_award_text(&world, world_id(&world), "anna", 10000)), "OK");
    const char *training = world_text(
        &world,
        "{%s, \"member\": {\"member_id\": \"anna\"}, \"sale\": {\"currency\": \"CNY\", "
        "\"training\": true, \"receipt\": {\"number\": 17, \"business_date\": \"2026-01-10\"}}}",
        world_mutation(&world, world_id(&world)));
    assert_string_equal(call(daemon, AWARD, training), "OK");
    assert_int_equal(day_records(), 0);
}

static void business_dates_are_of_about_now(void **state)
{
    (void)state;
    static const struct {
        const char *date;
        const char *end;
    } cases[] = {
        {"2026-01-11", "OK"},          {"2026-01-12", "BAD_RECEIPT"}, {"2024-12-03", "OK"},
        {"2024-12-02", "BAD_RECEIPT"}, {"2200-12-31", "BAD_RECEIPT"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *sale = world_text(
            &world,
            "{%s, \"member\": {\"member_id\": \"anna\"}, \"sale\": {\"currency\": \"CNY\", "
            "\"receipt\": {\"number\": 17, \"business_date\": \"%s\"}}}",
            world_mutation(&world, world_id(&world)), cases[i].date);
        assert_string_equal(call(&world.daemons[0], AWARD, sale), cases[i].end);
    }
}

// --- returns ---

static void returns_count_by_what_they_take_back(void **state)
{
    (void)state;
    struct world_daemon *daemon = &world.daemons[0];
    const char *a = world_id(&world);
    const char *b = world_id(&world);
    assert_string_equal(call(daemon, AWARD, receipts_award(&world, a, "anna", 10000, 1)), "OK");
    assert_string_equal(call(daemon, AWARD, receipts_award(&world, b, "anna", 5000, 2)), "OK");
    // Two sales come back under one return's receipt, each once.
    assert_string_equal(
        call(daemon, REVERSE, receipts_return(&world, world_id(&world), "anna", a, 4000, 3)), "OK");
    assert_string_equal(
        call(daemon, REVERSE, receipts_return(&world, world_id(&world), "anna", b, 5000, 3)), "OK");
    assert_string_equal(
        call(daemon, REVERSE, receipts_return(&world, world_id(&world), "anna", a, 4000, 3)),
        "RECEIPT_COUNTED");
    day_stands(RECEIPT_REVERSE_AWARD, 2, 90, 9000);
    assert_int_equal(balance_of("anna"), 60);
    // What finds nothing is applied and counts for nothing.
    assert_string_equal(
        call(daemon, REVERSE, receipts_return(&world, world_id(&world), "anna", b, 5000, 4)), "OK");
    assert_string_equal(
        call(daemon, REVERSE,
             receipts_return(&world, world_id(&world), "anna", world_id(&world), 5000, 5)),
        "OK");
    day_stands(RECEIPT_REVERSE_AWARD, 2, 90, 9000);
}

// --- what dies on the way ---

// The claim is made, then the daemon dies.
static void die_after_claim(const char *json)
{
    struct world_daemon *daemon = &world.daemons[0];
    struct world_answer *answer = arena_alloc(&world.arena, sizeof(*answer));
    assert_non_null(answer);
    world_ask(daemon, TILL, AWARD, json, answer);
    while (day_records() == 0) {
        assert_true(world_step(daemon));
    }
    service_world_restart(daemon);
}

static void a_lost_tills_receipt_is_taken_over(void **state)
{
    (void)state;
    const char *lost = receipts_award(&world, world_id(&world), "anna", 10000, NUMBER);
    const char *other = receipts_award(&world, world_id(&world), "bert", 3000, NUMBER);
    die_after_claim(lost);
    assert_string_equal(call(&world.daemons[1], AWARD, other), "RECEIPT_BUSY");
    world_pass(&world, CLAIM_MS - 1000);
    assert_string_equal(call(&world.daemons[1], AWARD, other), "RECEIPT_BUSY");
    world_pass(&world, 2000);
    day_stands(RECEIPT_AWARD, 1, 100, 10000); // until then it counts what might still come
    assert_string_equal(call(&world.daemons[1], AWARD, other), "OK");
    day_stands(RECEIPT_AWARD, 1, 30, 3000);
    assert_string_equal(call(&world.daemons[0], AWARD, lost), "RECEIPT_COUNTED");
    assert_int_equal(balance_of("anna"), 0);
    assert_int_equal(balance_of("bert"), 30);
}

static void the_same_request_goes_on_with_its_claim(void **state)
{
    (void)state;
    const char *lost = receipts_award(&world, world_id(&world), "anna", 10000, NUMBER);
    die_after_claim(lost);
    world_pass(&world, CLAIM_MS + 1000);
    assert_string_equal(call(&world.daemons[1], AWARD, lost), "OK");
    assert_string_equal(call(&world.daemons[0], AWARD,
                             receipts_award(&world, world_id(&world), "bert", 3000, NUMBER)),
                        "RECEIPT_COUNTED");
    day_stands(RECEIPT_AWARD, 1, 100, 10000);
    assert_int_equal(balance_of("anna"), 100);
}

// A reversal that came first has buried the request: nobody waits for it.
static void a_buried_request_holds_no_receipt(void **state)
{
    (void)state;
    const char *id = world_id(&world);
    die_after_claim(receipts_award(&world, id, "anna", 10000, NUMBER));
    assert_string_equal(call(&world.daemons[1], REVERSE,
                             receipts_return(&world, world_id(&world), "anna", id, 10000, NUMBER)),
                        "OK");
    assert_string_equal(call(&world.daemons[1], AWARD,
                             receipts_award(&world, world_id(&world), "bert", 3000, NUMBER)),
                        "OK");
    day_stands(RECEIPT_AWARD, 1, 30, 3000);
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
        const char *end = call(daemon, AWARD, json);
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
    int64_t before = balance_of("anna") + balance_of("bert");
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
    assert_int_equal(balance_of("anna") + balance_of("bert") - before, given);
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
    assert_true(points >= 16 * 3);
    assert_int_equal(counted, balance_of("anna") + balance_of("bert"));
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
    for (uint32_t order = 0; order < 1U << ORDER_STEPS; order++) {
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
    day_stands(RECEIPT_AWARD, 1U << ORDER_STEPS, 1 << ORDER_STEPS, 100 << ORDER_STEPS);
    assert_int_equal(balance_of("anna") + balance_of("bert"), 1 << ORDER_STEPS);
}

// --- the guard ---

static void a_terminals_guard_is_exact(void **state)
{
    (void)state;
    struct world_daemon *daemon = &world.daemons[0];
    const char *sixty = receipts_award(&world, world_id(&world), "anna", 6000, 1);
    assert_string_equal(call(daemon, AWARD, sixty), "OK");
    const char *over = receipts_award(&world, world_id(&world), "bert", 4100, 2);
    assert_string_equal(call(daemon, AWARD, over), "GUARD_TERMINAL_DAY");
    assert_string_equal(
        call(daemon, AWARD, receipts_award(&world, world_id(&world), "bert", 4000, 2)), "OK");
    assert_string_equal(
        call(daemon, AWARD, receipts_award(&world, world_id(&world), "bert", 100, 3)),
        "GUARD_TERMINAL_DAY");
    assert_string_equal(
        call(daemon, AWARD, receipts_award(&world, world_id(&world), "bert", 99, 3)), "OK");
    assert_string_equal(call(daemon, AWARD, sixty), "REPLAYED");
    day_stands(RECEIPT_AWARD, 3, 100, 10099);
    // Without a receipt nothing could be counted.
    struct world_answer answer;
    world_call(daemon, TILL, AWARD, world_award_text(&world, world_id(&world), "anna", 100),
               &answer);
    assert_string_equal(world_end(&answer), "MISSING");
    assert_string_equal(answer.field, "sale.receipt");
    assert_int_equal(answer.code, LOYALTY__V1__CODE__CODE_INVALID_ARGUMENT);
}

static void a_guard_holds_in_every_order(void **state)
{
    (void)state;
    uint32_t yes = 0;
    for (uint32_t order = 0; order < 1U << ORDER_STEPS; order += 5) {
        service_world_fini(&world);
        (void)open_guarded(NULL);
        struct world_answer answers[2];
        race(receipts_award(&world, world_id(&world), "anna", 6000, 1),
             receipts_award(&world, world_id(&world), "bert", 6000, 2), order, answers);
        uint32_t passed = (uint32_t)is_yes(world_end(&answers[0])) + is_yes(world_end(&answers[1]));
        assert_int_equal(passed, 1);
        assert_int_equal(balance_of("anna") + balance_of("bert"), 60);
        day_stands(RECEIPT_AWARD, 1, 60, 6000);
        yes += passed;
    }
    assert_true(yes > 100);
}

// --- decided otherwise than claimed ---

// Steps a request of the first daemon until the day's claim is there; then others go first.
static void claim_then(const char *method, const char *json, struct world_answer *answer,
                       const char *other)
{
    struct world_daemon *daemon = &world.daemons[0];
    uint64_t records = day_records();
    world_ask(daemon, TILL, method, json, answer);
    while (day_records() == records) {
        assert_true(world_step(daemon));
    }
    struct world_answer others;
    world_call(&world.daemons[1], "pos/store-2/till-9", strstr(other, "\"sale\"") ? AWARD : REDEEM,
               other, &others);
    assert_string_equal(world_end(&others), "OK");
    world_run(&world);
}

static void points_gone_meanwhile_void_the_claim(void **state)
{
    (void)state;
    (void)world_award(&world, "anna", 10000);
    struct world_answer answer;
    claim_then(REDEEM, receipts_redeem(&world, world_id(&world), "anna", 80, NUMBER), &answer,
               world_redeem_text(&world, world_id(&world), "anna", 70));
    assert_string_equal(world_end(&answer), "INSUFFICIENT_POINTS");
    day_stands(RECEIPT_REDEEM, 0, 0, 0);
    // The receipt is free again.
    assert_string_equal(call(&world.daemons[1], REDEEM,
                             receipts_redeem(&world, world_id(&world), "anna", 20, NUMBER)),
                        "OK");
    day_stands(RECEIPT_REDEEM, 1, 20, 0);
}

static int open_capped(void **state)
{
    (void)state;
    receipts_world_open(&world, 2, ", \"guards\": {\"points_a_member_day\": 100}");
    world_enroll(&world, "anna");
    return 0;
}

static void a_refusal_after_the_claim_voids_it(void **state)
{
    (void)state;
    struct world_answer answer;
    claim_then(AWARD, receipts_award(&world, world_id(&world), "anna", 8000, NUMBER), &answer,
               world_award_text(&world, world_id(&world), "anna", 5000));
    assert_string_equal(world_end(&answer), "GUARD_MEMBER_DAY");
    day_stands(RECEIPT_AWARD, 0, 0, 0);
    assert_string_equal(call(&world.daemons[1], AWARD,
                             receipts_award(&world, world_id(&world), "anna", 2000, NUMBER)),
                        "OK");
    day_stands(RECEIPT_AWARD, 1, 20, 2000);
}

static void fewer_points_than_claimed_are_settled(void **state)
{
    (void)state;
    // A return by amount takes what is left; another takes most of it first.
    const char *id = world_id(&world);
    struct world_daemon *daemon = &world.daemons[0];
    assert_string_equal(call(daemon, AWARD, receipts_award(&world, id, "anna", 10000, 1)), "OK");
    struct world_answer answer;
    uint64_t records = day_records();
    world_ask(daemon, TILL, REVERSE, receipts_return(&world, world_id(&world), "anna", id, 8000, 2),
              &answer);
    while (day_records() == records) {
        assert_true(world_step(daemon));
    }
    day_stands(RECEIPT_REVERSE_AWARD, 1, 80, 8000);
    assert_string_equal(call(&world.daemons[1], REVERSE,
                             receipts_return(&world, world_id(&world), "anna", id, 7000, 3)),
                        "OK");
    world_run(&world);
    assert_string_equal(world_end(&answer), "OK");
    day_stands(RECEIPT_REVERSE_AWARD, 2, 100, 10000);
    assert_int_equal(balance_of("anna"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_receipt_counts_once, open_world, close_world),
        cmocka_unit_test_setup_teardown(receipts_are_of_a_terminal_and_a_day, open_world,
                                        close_world),
        cmocka_unit_test_setup_teardown(long_units_have_days, open_world, close_world),
        cmocka_unit_test_setup_teardown(what_has_no_effect_claims_nothing, open_world, close_world),
        cmocka_unit_test_setup_teardown(business_dates_are_of_about_now, open_world, close_world),
        cmocka_unit_test_setup_teardown(returns_count_by_what_they_take_back, open_world,
                                        close_world),
        cmocka_unit_test_setup_teardown(a_lost_tills_receipt_is_taken_over, open_world,
                                        close_world),
        cmocka_unit_test_setup_teardown(the_same_request_goes_on_with_its_claim, open_world,
                                        close_world),
        cmocka_unit_test_setup_teardown(a_buried_request_holds_no_receipt, open_world, close_world),
        cmocka_unit_test_setup_teardown(every_crash_point, open_world, close_world),
        cmocka_unit_test_setup_teardown(two_counters_one_receipt, open_world, close_world),
        cmocka_unit_test_setup_teardown(a_terminals_guard_is_exact, open_guarded, close_world),
        cmocka_unit_test_setup_teardown(a_guard_holds_in_every_order, open_guarded, close_world),
        cmocka_unit_test_setup_teardown(points_gone_meanwhile_void_the_claim, open_world,
                                        close_world),
        cmocka_unit_test_setup_teardown(a_refusal_after_the_claim_voids_it, open_capped,
                                        close_world),
        cmocka_unit_test_setup_teardown(fewer_points_than_claimed_are_settled, open_world,
                                        close_world),
    };
    log_set_level(LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
