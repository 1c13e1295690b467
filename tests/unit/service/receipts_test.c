// Receipts, one case at a time: what counts once, under which terminal and day, what is taken over
// after a crash, what a guard lets pass, and what is decided otherwise than it was claimed.
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

enum { NUMBER = 17 };

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

// --- one after the other ---

static void a_receipt_counts_once(void **state)
{
    (void)state;
    struct world_daemon *daemon = &world.daemons[0];
    const char *first = receipts_award(&world, world_id(&world), "anna", 10000, NUMBER);
    assert_string_equal(receipts_call(&world, daemon, AWARD, first), "OK");
    assert_int_equal(receipts_records(&world), 2); // the day's first record, and the claim
    assert_string_equal(receipts_call(&world, daemon, AWARD, first), "REPLAYED");
    assert_string_equal(
        receipts_call(&world, daemon, AWARD,
                      receipts_award(&world, world_id(&world), "bert", 10000, NUMBER)),
        "RECEIPT_COUNTED");
    assert_string_equal(
        receipts_call(&world, daemon, AWARD,
                      receipts_award(&world, world_id(&world), "anna", 10000, NUMBER)),
        "RECEIPT_COUNTED");
    assert_int_equal(receipts_records(&world), 2);
    assert_string_equal(
        receipts_call(&world, daemon, AWARD,
                      receipts_award(&world, world_id(&world), "bert", 5000, NUMBER + 1)),
        "OK");
    assert_int_equal(receipts_records(&world), 3);
    // What pays for a sale may have the sale's receipt.
    assert_string_equal(
        receipts_call(&world, daemon, REDEEM,
                      receipts_redeem(&world, world_id(&world), "anna", 30, NUMBER)),
        "OK");
    assert_string_equal(
        receipts_call(&world, daemon, REDEEM,
                      receipts_redeem(&world, world_id(&world), "bert", 30, NUMBER)),
        "RECEIPT_COUNTED");
    receipts_stand(&world, RECEIPT_AWARD, 2, 150, 15000);
    receipts_stand(&world, RECEIPT_REDEEM, 1, 30, 0);
    assert_int_equal(receipts_balance(&world, "anna"), 70);
    assert_int_equal(receipts_balance(&world, "bert"), 50);
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
        receipts_call(&world, daemon, AWARD,
                      receipts_award(&world, world_id(&world), "nobody", 100, NUMBER)),
        "UNKNOWN_MEMBER");
    assert_string_equal(receipts_call(&world, daemon, REDEEM,
                                      receipts_redeem(&world, world_id(&world), "anna", 5, NUMBER)),
                        "INSUFFICIENT_POINTS");
    assert_string_equal(receipts_call(&world, daemon, AWARD,
                                      world_award_text(&world, world_id(&world), "anna", 10000)),
                        "OK");
    const char *training = world_text(
        &world,
        "{%s, \"member\": {\"member_id\": \"anna\"}, \"sale\": {\"currency\": \"CNY\", "
        "\"training\": true, \"receipt\": {\"number\": 17, \"business_date\": \"2026-01-10\"}}}",
        world_mutation(&world, world_id(&world)));
    assert_string_equal(receipts_call(&world, daemon, AWARD, training), "OK");
    assert_int_equal(receipts_records(&world), 0);
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
        assert_string_equal(receipts_call(&world, &world.daemons[0], AWARD, sale), cases[i].end);
    }
}

// --- returns ---

static void returns_count_by_what_they_take_back(void **state)
{
    (void)state;
    struct world_daemon *daemon = &world.daemons[0];
    const char *a = world_id(&world);
    const char *b = world_id(&world);
    assert_string_equal(
        receipts_call(&world, daemon, AWARD, receipts_award(&world, a, "anna", 10000, 1)), "OK");
    assert_string_equal(
        receipts_call(&world, daemon, AWARD, receipts_award(&world, b, "anna", 5000, 2)), "OK");
    // Two sales come back under one return's receipt, each once.
    assert_string_equal(
        receipts_call(&world, daemon, REVERSE,
                      receipts_return(&world, world_id(&world), "anna", a, 4000, 3)),
        "OK");
    assert_string_equal(
        receipts_call(&world, daemon, REVERSE,
                      receipts_return(&world, world_id(&world), "anna", b, 5000, 3)),
        "OK");
    assert_string_equal(
        receipts_call(&world, daemon, REVERSE,
                      receipts_return(&world, world_id(&world), "anna", a, 4000, 3)),
        "RECEIPT_COUNTED");
    receipts_stand(&world, RECEIPT_REVERSE_AWARD, 2, 90, 9000);
    assert_int_equal(receipts_balance(&world, "anna"), 60);
    // What finds nothing is applied and counts for nothing.
    assert_string_equal(
        receipts_call(&world, daemon, REVERSE,
                      receipts_return(&world, world_id(&world), "anna", b, 5000, 4)),
        "OK");
    assert_string_equal(
        receipts_call(&world, daemon, REVERSE,
                      receipts_return(&world, world_id(&world), "anna", world_id(&world), 5000, 5)),
        "OK");
    receipts_stand(&world, RECEIPT_REVERSE_AWARD, 2, 90, 9000);
}

// --- what dies on the way ---

// The claim is made, then the daemon dies.
static void die_after_claim(const char *json)
{
    struct world_daemon *daemon = &world.daemons[0];
    struct world_answer *answer = arena_alloc(&world.arena, sizeof(*answer));
    assert_non_null(answer);
    world_ask(daemon, TILL, AWARD, json, answer);
    while (receipts_records(&world) == 0) {
        assert_true(world_step(daemon));
    }
    service_world_restart(daemon);
}

// Under a test clock business dates and records are of its time, claims lapse by the store's.
static void a_sandbox_has_receipts(void **state)
{
    (void)state;
    struct world_answer answer;
    service_world_init(&world, true);
    service_world_publish(&world);
    (void)service_world_add(&world);
    world_call(&world.daemons[0], "admin/hq", "ClockService/SetClock",
               "{\"now\": \"2026-01-10T12:00:00Z\"}", &answer);
    assert_string_equal(world_end(&answer), "OK");
    world_enroll(&world, "anna");
    world_enroll(&world, "bert");
    die_after_claim(receipts_award(&world, world_id(&world), "anna", 10000, NUMBER));
    const char *other = receipts_award(&world, world_id(&world), "bert", 3000, NUMBER);
    assert_string_equal(receipts_call(&world, &world.daemons[1], AWARD, other), "RECEIPT_BUSY");
    world_pass(&world, CLAIM_MS + 1000);
    assert_string_equal(receipts_call(&world, &world.daemons[1], AWARD, other), "OK");
    receipts_stand(&world, RECEIPT_AWARD, 1, 30, 3000);
    world_call(&world.daemons[0], "admin/hq", "ClockService/SetClock",
               "{\"now\": \"2028-01-10T12:00:00Z\"}", &answer);
    assert_string_equal(receipts_call(&world, &world.daemons[1], AWARD, other), "TOO_OLD");
    service_world_fini(&world);
}

static void a_lost_tills_receipt_is_taken_over(void **state)
{
    (void)state;
    const char *lost = receipts_award(&world, world_id(&world), "anna", 10000, NUMBER);
    const char *other = receipts_award(&world, world_id(&world), "bert", 3000, NUMBER);
    die_after_claim(lost);
    assert_string_equal(receipts_call(&world, &world.daemons[1], AWARD, other), "RECEIPT_BUSY");
    world_pass(&world, CLAIM_MS - 1000);
    assert_string_equal(receipts_call(&world, &world.daemons[1], AWARD, other), "RECEIPT_BUSY");
    world_pass(&world, 2000);
    receipts_stand(&world, RECEIPT_AWARD, 1, 100,
                   10000); // until then it counts what might still come
    assert_string_equal(receipts_call(&world, &world.daemons[1], AWARD, other), "OK");
    receipts_stand(&world, RECEIPT_AWARD, 1, 30, 3000);
    assert_string_equal(receipts_call(&world, &world.daemons[0], AWARD, lost), "RECEIPT_COUNTED");
    assert_int_equal(receipts_balance(&world, "anna"), 0);
    assert_int_equal(receipts_balance(&world, "bert"), 30);
}

static void the_same_request_goes_on_with_its_claim(void **state)
{
    (void)state;
    const char *lost = receipts_award(&world, world_id(&world), "anna", 10000, NUMBER);
    die_after_claim(lost);
    world_pass(&world, CLAIM_MS + 1000);
    assert_string_equal(receipts_call(&world, &world.daemons[1], AWARD, lost), "OK");
    assert_string_equal(
        receipts_call(&world, &world.daemons[0], AWARD,
                      receipts_award(&world, world_id(&world), "bert", 3000, NUMBER)),
        "RECEIPT_COUNTED");
    receipts_stand(&world, RECEIPT_AWARD, 1, 100, 10000);
    assert_int_equal(receipts_balance(&world, "anna"), 100);
}

// A reversal that came first has buried the request: nobody waits for it.
static void a_buried_request_holds_no_receipt(void **state)
{
    (void)state;
    const char *id = world_id(&world);
    die_after_claim(receipts_award(&world, id, "anna", 10000, NUMBER));
    assert_string_equal(
        receipts_call(&world, &world.daemons[1], REVERSE,
                      receipts_return(&world, world_id(&world), "anna", id, 10000, NUMBER)),
        "OK");
    assert_string_equal(
        receipts_call(&world, &world.daemons[1], AWARD,
                      receipts_award(&world, world_id(&world), "bert", 3000, NUMBER)),
        "OK");
    receipts_stand(&world, RECEIPT_AWARD, 1, 30, 3000);
}

// --- the guard ---

static void a_terminals_guard_is_exact(void **state)
{
    (void)state;
    struct world_daemon *daemon = &world.daemons[0];
    const char *sixty = receipts_award(&world, world_id(&world), "anna", 6000, 1);
    assert_string_equal(receipts_call(&world, daemon, AWARD, sixty), "OK");
    const char *over = receipts_award(&world, world_id(&world), "bert", 4100, 2);
    assert_string_equal(receipts_call(&world, daemon, AWARD, over), "GUARD_TERMINAL_DAY");
    assert_string_equal(receipts_call(&world, daemon, AWARD,
                                      receipts_award(&world, world_id(&world), "bert", 4000, 2)),
                        "OK");
    assert_string_equal(receipts_call(&world, daemon, AWARD,
                                      receipts_award(&world, world_id(&world), "bert", 100, 3)),
                        "GUARD_TERMINAL_DAY");
    assert_string_equal(receipts_call(&world, daemon, AWARD,
                                      receipts_award(&world, world_id(&world), "bert", 99, 3)),
                        "OK");
    assert_string_equal(receipts_call(&world, daemon, AWARD, sixty), "REPLAYED");
    receipts_stand(&world, RECEIPT_AWARD, 3, 100, 10099);
    // Without a receipt nothing could be counted.
    struct world_answer answer;
    world_call(daemon, TILL, AWARD, world_award_text(&world, world_id(&world), "anna", 100),
               &answer);
    assert_string_equal(world_end(&answer), "MISSING");
    assert_string_equal(answer.field, "sale.receipt");
    assert_int_equal(answer.code, LOYALTY__V1__CODE__CODE_INVALID_ARGUMENT);
}

// --- decided otherwise than claimed ---

// Steps a request of the first daemon until the day's claim is there; then others go first.
static void claim_then(const char *method, const char *json, struct world_answer *answer,
                       const char *other)
{
    struct world_daemon *daemon = &world.daemons[0];
    uint64_t records = receipts_records(&world);
    world_ask(daemon, TILL, method, json, answer);
    while (receipts_records(&world) == records) {
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
    receipts_stand(&world, RECEIPT_REDEEM, 0, 0, 0);
    // The receipt is free again.
    assert_string_equal(
        receipts_call(&world, &world.daemons[1], REDEEM,
                      receipts_redeem(&world, world_id(&world), "anna", 20, NUMBER)),
        "OK");
    receipts_stand(&world, RECEIPT_REDEEM, 1, 20, 0);
}

static int open_capped(void **state)
{
    (void)state;
    receipts_world_open(&world, 3, ", \"guards\": {\"points_a_member_day\": 100}");
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
    receipts_stand(&world, RECEIPT_AWARD, 0, 0, 0);
    assert_string_equal(
        receipts_call(&world, &world.daemons[1], AWARD,
                      receipts_award(&world, world_id(&world), "anna", 2000, NUMBER)),
        "OK");
    receipts_stand(&world, RECEIPT_AWARD, 1, 20, 2000);
}

// Steps a daemon until the day has another record.
static void step_to_claim(struct world_daemon *daemon)
{
    uint64_t records = receipts_records(&world);
    while (receipts_records(&world) == records) {
        assert_true(world_step(daemon));
    }
}

// Two attempts of one request, both under its claim: one is told no, which leaves no trace, then
// the other is told yes. So the no may not void what the yes stands on.
static void a_no_does_not_void_anothers_claim(void **state)
{
    (void)state;
    const char *sale = receipts_award(&world, world_id(&world), "anna", 8000, NUMBER);
    const char *other = world_id(&world);
    struct world_answer first;
    struct world_answer second;
    world_ask(&world.daemons[0], TILL, AWARD, sale, &first);
    step_to_claim(&world.daemons[0]);
    world_ask(&world.daemons[1], TILL, AWARD, sale, &second);
    step_to_claim(&world.daemons[1]);
    assert_string_equal(receipts_call(&world, &world.daemons[2], AWARD,
                                      world_award_text(&world, other, "anna", 5000)),
                        "OK");
    world_run_daemon(&world.daemons[1]);
    assert_string_equal(world_end(&second), "GUARD_MEMBER_DAY");
    assert_string_equal(
        receipts_call(&world, &world.daemons[2], REVERSE,
                      receipts_return(&world, world_id(&world), "anna", other, 5000, NUMBER + 1)),
        "OK");
    world_run_daemon(&world.daemons[0]);
    assert_string_equal(world_end(&first), "OK");
    receipts_stand(&world, RECEIPT_AWARD, 1, 80, 8000);
    assert_int_equal(receipts_balance(&world, "anna"), 80);
}

static void fewer_points_than_claimed_are_settled(void **state)
{
    (void)state;
    // A return by amount takes what is left; another takes most of it first.
    const char *id = world_id(&world);
    struct world_daemon *daemon = &world.daemons[0];
    assert_string_equal(
        receipts_call(&world, daemon, AWARD, receipts_award(&world, id, "anna", 10000, 1)), "OK");
    struct world_answer answer;
    uint64_t records = receipts_records(&world);
    world_ask(daemon, TILL, REVERSE, receipts_return(&world, world_id(&world), "anna", id, 8000, 2),
              &answer);
    while (receipts_records(&world) == records) {
        assert_true(world_step(daemon));
    }
    receipts_stand(&world, RECEIPT_REVERSE_AWARD, 1, 80, 8000);
    assert_string_equal(
        receipts_call(&world, &world.daemons[1], REVERSE,
                      receipts_return(&world, world_id(&world), "anna", id, 7000, 3)),
        "OK");
    world_run(&world);
    assert_string_equal(world_end(&answer), "OK");
    receipts_stand(&world, RECEIPT_REVERSE_AWARD, 2, 100, 10000);
    assert_int_equal(receipts_balance(&world, "anna"), 0);
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
        cmocka_unit_test(a_sandbox_has_receipts),
        cmocka_unit_test_setup_teardown(a_lost_tills_receipt_is_taken_over, open_world,
                                        close_world),
        cmocka_unit_test_setup_teardown(the_same_request_goes_on_with_its_claim, open_world,
                                        close_world),
        cmocka_unit_test_setup_teardown(a_buried_request_holds_no_receipt, open_world, close_world),
        cmocka_unit_test_setup_teardown(a_terminals_guard_is_exact, open_guarded, close_world),
        cmocka_unit_test_setup_teardown(points_gone_meanwhile_void_the_claim, open_world,
                                        close_world),
        cmocka_unit_test_setup_teardown(a_refusal_after_the_claim_voids_it, open_capped,
                                        close_world),
        cmocka_unit_test_setup_teardown(a_no_does_not_void_anothers_claim, open_capped,
                                        close_world),
        cmocka_unit_test_setup_teardown(fewer_points_than_claimed_are_settled, open_world,
                                        close_world),
    };
    log_set_level(LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
