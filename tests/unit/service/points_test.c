// Award and Redeem through the whole service: what a sale gives, what is spent, and that bad input
// gets a clear answer and changes nothing.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log.h"
#include "support/service_world.h"

#define TILL "pos/store-1/till-1"
#define DAY_MS INT64_C(86400000)

static struct service_world world;

static int open_world(void **state)
{
    (void)state;
    service_world_open(&world, 1);
    world_enroll(&world, "anna");
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    service_world_fini(&world);
    return 0;
}

static const char *sale_of(const char *fields)
{
    return world_text(&world, "{%s, \"member\": {\"member_id\": \"anna\"}, \"sale\": {%s}}",
                      world_mutation(&world, world_id(&world)), fields);
}

static const char *award(const char *peer, const char *fields, struct world_answer *answer)
{
    world_call(&world.daemons[0], peer, "PointsService/Award", sale_of(fields), answer);
    return world_end(answer);
}

static void leap(int64_t ms)
{
    world.now_ms += ms - LIMIT_LEASE_READ_MS;
    world_pass(&world, LIMIT_LEASE_READ_MS);
}

static void a_sale_is_awarded(void **state)
{
    (void)state;
    const Loyalty__V1__AwardResponse *first = world_award(&world, "anna", 123456);
    assert_string_equal(first->member_id, "anna");
    assert_int_equal(first->points, 1234);
    assert_int_equal(first->score, 1234);
    assert_int_equal(first->seq, 2);
    assert_int_equal(first->program_version, 1);
    assert_string_equal(first->by_rule[0]->rule_id, "base");
    assert_string_equal(first->standing->tier_id, "member");
    assert_string_equal(first->standing->next_tier_id, "silver");
    assert_int_equal(first->standing->missing_to_next, 766);
    assert_string_equal(first->receipt_lines[0], "Points earned: 1,234");
    const Loyalty__V1__GetMemberResponse *member = world_member(&world.daemons[0], "anna");
    assert_int_equal(member->standing->balance, 1234);
    assert_int_equal(member->seq, 2);
    int64_t balance = 0;
    assert_int_equal(world_verify(&world, "anna", &balance), 2);
    assert_int_equal(balance, 1234);
}

// Lots are spent earliest expiry first; what has ended is not there to be spent.
static void points_are_spent_from_what_ends_first(void **state)
{
    (void)state;
    struct world_answer answer;
    (void)world_award(&world, "anna", 30000);
    leap(60 * DAY_MS);
    (void)world_award(&world, "anna", 40000);
    leap(280 * DAY_MS);
    world_call(&world.daemons[0], TILL, "PointsService/Redeem",
               world_redeem_text(&world, world_id(&world), "anna", 500), &answer);
    assert_string_equal(world_end(&answer), "OK");
    const Loyalty__V1__RedeemResponse *redeem = (Loyalty__V1__RedeemResponse *)answer.reply;
    assert_int_equal(redeem->n_taken, 2);
    assert_int_equal(redeem->taken[0]->points, 300);
    assert_int_equal(redeem->taken[1]->points, 200);
    assert_int_equal(redeem->value->minor, 500);
    assert_string_equal(redeem->value->currency, "CNY");
    assert_int_equal(redeem->standing->balance, 200);
    leap(120 * DAY_MS); // the second lot ends too
    world_call(&world.daemons[0], TILL, "PointsService/Redeem",
               world_redeem_text(&world, world_id(&world), "anna", 1), &answer);
    assert_string_equal(world_end(&answer), "INSUFFICIENT_POINTS");
    int64_t balance = 0;
    assert_int_equal(world_verify(&world, "anna", &balance), 6); // the boundary, and the refusal
    assert_int_equal(balance, 0);
}

static void bad_sales_change_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *fields;
        const char *reason;
        const char *field;
    } cases[] = {
        {"\"currency\": \"USD\"", "WRONG_CURRENCY", "sale.currency"},
        {"\"lines\": []", "MISSING", "sale.currency"},
        {"\"currency\": \"cny\"", "BAD_CURRENCY", "sale.currency"},
        {"\"currency\": \"CNY\", \"lines\": [{\"amount_minor\": -1}]", "NEGATIVE_AMOUNT",
         "sale.lines[0].amount_minor"},
        {"\"currency\": \"CNY\", \"lines\": [{\"amount_minor\": 1}, {\"amount_minor\": "
         "1000000000001}]",
         "AMOUNT_OUT_OF_BOUNDS", "sale.lines[1].amount_minor"},
        {"\"currency\": \"CNY\", \"lines\": [{\"amount_minor\": 9223372036854775807}]",
         "AMOUNT_OUT_OF_BOUNDS", "sale.lines[0].amount_minor"},
        {"\"currency\": \"CNY\", \"occurred_at\": \"2026-01-10T00:05:00.001Z\"", "SALE_FROM_FUTURE",
         "sale.occurred"},
        {"\"currency\": \"CNY\", \"occurred_at\": \"2026-01-09T23:59:59Z\"",
         "SALE_BEFORE_ENROLMENT", "sale.occurred"},
        {"\"currency\": \"CNY\", \"occurred_date\": \"2026-02-29\"", "BAD_DATE",
         "sale.occurred_date"},
        {"\"currency\": \"CNY\", \"unit\": \"store-2/till-1\"", "WRONG_UNIT", "sale.unit"},
        {"\"currency\": \"CNY\", \"unit\": \"store-1/till-11\"", "WRONG_UNIT", "sale.unit"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct world_answer answer;
        if (strcmp(award(TILL, cases[i].fields, &answer), cases[i].reason) != 0) {
            fail_msg("%s: %s, not %s", cases[i].fields, world_end(&answer), cases[i].reason);
        }
        assert_string_equal(answer.field, cases[i].field);
        assert_true(strlen(answer.message) > 10);
        assert_false(answer.replayed);
    }
    int64_t balance = 0;
    assert_int_equal(world_verify(&world, "anna", &balance), 1);
}

static void bad_redemptions(void **state)
{
    (void)state;
    static const struct {
        int64_t points;
        const char *reason;
        uint64_t records; // refusals of the rules are remembered
    } cases[] = {
        {0, "POINTS_OUT_OF_BOUNDS", 1},
        {-5, "POINTS_OUT_OF_BOUNDS", 1},
        {INT64_C(1000000000001), "POINTS_OUT_OF_BOUNDS", 1},
        {1, "INSUFFICIENT_POINTS", 2},
        {INT64_C(1000000000000), "INSUFFICIENT_POINTS", 3},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct world_answer answer;
        int64_t balance = 0;
        world_call(&world.daemons[0], TILL, "PointsService/Redeem",
                   world_redeem_text(&world, world_id(&world), "anna", cases[i].points), &answer);
        assert_string_equal(world_end(&answer), cases[i].reason);
        assert_string_equal(answer.field, "points");
        assert_int_equal(world_verify(&world, "anna", &balance), cases[i].records);
    }
}

// A store's concentrator may sell for its tills, and the records say where it was.
static void a_unit_below_ones_own(void **state)
{
    (void)state;
    struct world_answer answer;
    assert_string_equal(
        award("pos/store-1", "\"currency\": \"CNY\", \"unit\": \"store-1/till-7\"", &answer), "OK");
    assert_string_equal(award(TILL, "\"currency\": \"CNY\", \"unit\": \"store-1/till-1\"", &answer),
                        "OK");
    int64_t balance = 0;
    assert_int_equal(world_verify(&world, "anna", &balance), 3);
}

// A late sale that a re-scoring would have seen brings its tier at once (E9), dated from then.
static void a_late_sale_brings_its_card(void **state)
{
    (void)state;
    struct world_answer answer;
    leap(INT64_C(1780588800000) - world.now_ms); // 2026-06-04 16:00 UTC
    assert_string_equal(award(TILL,
                              "\"occurred_date\": \"2026-05-30\", \"currency\": \"CNY\", "
                              "\"lines\": [{\"amount_minor\": 250000}]",
                              &answer),
                        "OK");
    const Loyalty__V1__AwardResponse *late = (Loyalty__V1__AwardResponse *)answer.reply;
    assert_int_equal(late->points, 2500);
    assert_string_equal(late->new_card->tier_id, "silver");
    assert_int_equal(late->new_card->from->seconds, 1780243200);
    assert_int_equal(late->new_card->cause, LOYALTY__V1__CARD_CAUSE__CARD_CAUSE_LATE_SCORE);
    assert_string_equal(award(TILL,
                              "\"occurred_date\": \"2026-04-20\", \"currency\": \"CNY\", "
                              "\"lines\": [{\"amount_minor\": 100}]",
                              &answer),
                        "SALE_TOO_OLD");
    assert_int_equal(answer.code, LOYALTY__V1__CODE__CODE_FAILED_PRECONDITION);
}

static void without_a_program_nothing_goes(void **state)
{
    (void)state;
    struct world_answer answer;
    struct service_world empty;
    service_world_init(&empty, false);
    world_call(&empty.daemons[0], "backend/crm", "MembersService/Enroll",
               world_enroll_text(&empty, world_id(&empty), "anna", NULL), &answer);
    assert_string_equal(world_end(&answer), "NO_PROGRAM");
    world_call(&empty.daemons[0], TILL, "PointsService/Award",
               world_award_text(&empty, world_id(&empty), "anna", 100), &answer);
    assert_string_equal(world_end(&answer), "UNKNOWN_MEMBER");
    service_world_fini(&empty);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void)
{
    log_set_level(LOG_ERROR);
    const struct CMUnitTest tests[] = {
        TEST(a_sale_is_awarded),
        TEST(points_are_spent_from_what_ends_first),
        TEST(bad_sales_change_nothing),
        TEST(bad_redemptions),
        TEST(a_unit_below_ones_own),
        TEST(a_late_sale_brings_its_card),
        TEST(without_a_program_nothing_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
