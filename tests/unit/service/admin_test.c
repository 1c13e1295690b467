// Balances brought over, and past sales posted at their own time: in order, out of order, again.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log.h"
#include "loyalty/v1/admin.pb-c.h"
#include "support/service_world.h"

#define ADMIN "admin/hq"
#define BACKFILL "AdminService/Backfill"
#define OPENING "AdminService/OpeningBalance"

static struct service_world world;
static struct world_daemon *daemon_a;

static int open_world(void **state)
{
    (void)state;
    struct world_answer answer;
    service_world_open(&world, 2);
    daemon_a = &world.daemons[0];
    world_call(daemon_a, ADMIN, "MembersService/Enroll",
               world_text(&world,
                          "{%s, \"member_id\": \"anna\", \"enrolled_at\": "
                          "\"2024-01-15T00:00:00Z\"}",
                          world_mutation(&world, world_id(&world))),
               &answer);
    assert_string_equal(world_end(&answer), "OK");
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    service_world_fini(&world);
    return 0;
}

static const char *end_of(const char *method, const char *text, struct world_answer *answer)
{
    world_call(daemon_a, ADMIN, method, text, answer);
    return world_end(answer);
}

static const char *sale_text(const char *id, const char *day, int64_t amount_minor)
{
    return world_text(&world,
                      "{%s, \"member\": {\"member_id\": \"anna\"}, \"sale\": {\"occurred_date\": "
                      "\"%s\", \"currency\": \"CNY\", \"lines\": [{\"amount_minor\": %lld}]}}",
                      world_mutation(&world, id), day, (long long)amount_minor);
}

static const char *opening_text(const char *id, const char *what)
{
    return world_text(&world, "{%s, \"member\": {\"member_id\": \"anna\"}, %s}",
                      world_mutation(&world, id), what);
}

static void stands(uint64_t records, int64_t balance)
{
    int64_t found = 0;
    assert_int_equal(world_verify(&world, "anna", &found), records);
    assert_int_equal(found, balance);
}

// --- Backfill ---

// History makes what it would have made then: a lot that has ended since, a card of that time.
static void history_is_posted_at_its_own_time(void **state)
{
    (void)state;
    struct world_answer answer;
    assert_string_equal(
        end_of(BACKFILL, sale_text(world_id(&world), "2024-02-01", 250000), &answer), "OK");
    const Loyalty__V1__AwardResponse *award =
        ((Loyalty__V1__BackfillResponse *)answer.reply)->award;
    assert_int_equal(award->points, 2500);
    assert_int_equal(award->standing->balance, 2500);
    assert_string_equal(award->standing->tier_id, "member");
    assert_string_equal(end_of(BACKFILL, sale_text(world_id(&world), "2024-07-01", 10000), &answer),
                        "OK");
    award = ((Loyalty__V1__BackfillResponse *)answer.reply)->award;
    assert_string_equal(award->standing->tier_id, "silver");
    assert_int_equal(award->points, 110);
    const Loyalty__V1__GetMemberResponse *member = world_member(daemon_a, "anna");
    assert_int_equal(member->standing->balance, 0); // by 2026 both have ended
    assert_string_equal(member->standing->tier_id, "silver");
    assert_int_equal(world_award(&world, "anna", 10000)->points, 110);
}

static void out_of_order_is_refused(void **state)
{
    (void)state;
    struct world_answer answer;
    assert_string_equal(end_of(BACKFILL, sale_text(world_id(&world), "2024-02-02", 10000), &answer),
                        "OK");
    const char *late = sale_text(world_id(&world), "2024-02-01", 10000);
    assert_string_equal(end_of(BACKFILL, late, &answer), "OUT_OF_ORDER");
    assert_int_equal(answer.code, LOYALTY__V1__CODE__CODE_FAILED_PRECONDITION);
    assert_string_equal(end_of(BACKFILL, sale_text(world_id(&world), "2024-02-02", 10000), &answer),
                        "OK");
    assert_string_equal(end_of(BACKFILL, sale_text(world_id(&world), "2024-01-14", 10000), &answer),
                        "SALE_BEFORE_ENROLMENT");
    stands(3, 200);
}

// Retries of history are found however late, also where their own day is long out of the horizon.
static void history_again_changes_nothing(void **state)
{
    (void)state;
    const char *texts[6];
    struct world_answer first[6];
    struct world_answer again;
    for (size_t i = 0; i < 6; i++) {
        const char *day = world_text(&world, "2024-02-%02zu", 1 + i / 2); // two a day
        texts[i] = sale_text(world_id(&world), day, 10000 + (int64_t)i);
        assert_string_equal(end_of(BACKFILL, texts[i], &first[i]), "OK");
    }
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < 6; i++) {
            assert_string_equal(end_of(BACKFILL, texts[i], &again), "REPLAYED");
            assert_int_equal(first[i].payload.len, again.payload.len);
            assert_memory_equal(first[i].payload.data, again.payload.data, again.payload.len);
        }
        world_compact_now(&world, "anna", world.now_ms - LIMIT_HORIZON_MS - INT64_C(86400000));
    }
    stands(7, 600);
}

static void backfill_and_award_are_different_requests(void **state)
{
    (void)state;
    struct world_answer answer;
    const char *id = world_id(&world);
    assert_string_equal(end_of(BACKFILL, sale_text(id, "2024-02-01", 10000), &answer), "OK");
    world_call(daemon_a, "pos/store-1/till-1", "PointsService/Award",
               world_award_text(&world, id, "anna", 10000), &answer);
    assert_string_equal(world_end(&answer), "ID_CONFLICT");
}

static void training_history_posts_nothing(void **state)
{
    (void)state;
    struct world_answer answer;
    const char *text = world_text(&world,
                                  "{%s, \"member\": {\"member_id\": \"anna\"}, \"sale\": "
                                  "{\"occurred_date\": \"2024-02-01\", \"training\": true, "
                                  "\"currency\": \"CNY\", \"lines\": [{\"amount_minor\": 700}]}}",
                                  world_mutation(&world, world_id(&world)));
    assert_string_equal(end_of(BACKFILL, text, &answer), "OK");
    assert_int_equal(((Loyalty__V1__BackfillResponse *)answer.reply)->award->points, 7);
    stands(1, 0);
}

static void history_of_nobody(void **state)
{
    (void)state;
    struct world_answer answer;
    const char *text = world_text(&world,
                                  "{%s, \"member\": {\"member_id\": \"nobody\"}, \"sale\": "
                                  "{\"occurred_date\": \"2024-02-01\", \"currency\": \"CNY\"}}",
                                  world_mutation(&world, world_id(&world)));
    assert_string_equal(end_of(BACKFILL, text, &answer), "UNKNOWN_MEMBER");
    assert_string_equal(end_of(BACKFILL,
                               world_text(&world, "{%s, \"member\": {\"member_id\": \"anna\"}}",
                                          world_mutation(&world, world_id(&world))),
                               &answer),
                        "MISSING");
}

// --- OpeningBalance ---

static void a_balance_is_brought_over(void **state)
{
    (void)state;
    struct world_answer first;
    struct world_answer again;
    const char *id = world_id(&world);
    const char *text = opening_text(
        id,
        "\"lots\": [{\"points\": 300, \"expires_on\": \"2026-04-01\"}, {\"points\": 400}], "
        "\"scores\": [{\"score\": 12000, \"from\": \"2025-12-01\", \"until\": \"2026-12-01\"}], "
        "\"card\": {\"tier_id\": \"gold\", \"from\": \"2025-06-01\", \"until\": "
        "\"2027-06-01\"}");
    assert_string_equal(end_of(OPENING, text, &first), "OK");
    const Loyalty__V1__OpeningBalanceResponse *opening =
        (Loyalty__V1__OpeningBalanceResponse *)first.reply;
    assert_int_equal(opening->standing->balance, 700);
    assert_int_equal(opening->standing->score, 12000);
    assert_string_equal(opening->standing->tier_id, "gold");
    const Loyalty__V1__GetMemberResponse *member = world_member(&world.daemons[1], "anna");
    assert_string_equal(member->card->tier_id, "gold");
    assert_int_equal(member->n_lots, 2);
    assert_int_equal(world_award(&world, "anna", 10000)->points, 125);
    world_compact_now(&world, "anna", 0);
    assert_string_equal(end_of(OPENING, text, &again), "REPLAYED");
    assert_memory_equal(first.payload.data, again.payload.data, first.payload.len);
    assert_string_equal(end_of(OPENING, opening_text(id, "\"lots\": [{\"points\": 300}]"), &again),
                        "ID_CONFLICT");
    stands(3, 825);
}

static void a_bad_balance_changes_nothing(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "\"lots\": [{\"points\": -5}]",
        "\"lots\": [{\"points\": 1000000000001}]",
        "\"lots\": [{\"points\": 5, \"expires_on\": \"2026-02-30\"}]",
        "\"scores\": [{\"score\": 5, \"from\": \"2026-05-01\", \"until\": \"2026-04-01\"}]",
        "\"card\": {\"tier_id\": \"nickel\", \"from\": \"2025-06-01\", \"until\": \"2027-06-01\"}",
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct world_answer answer;
        (void)end_of(OPENING, opening_text(world_id(&world), cases[i]), &answer);
        assert_true(answer.code == LOYALTY__V1__CODE__CODE_INVALID_ARGUMENT ||
                    answer.code == LOYALTY__V1__CODE__CODE_FAILED_PRECONDITION);
        assert_true(strlen(answer.message) > 10);
    }
    stands(1, 0);
}

// Past the bound of a balance: refused, and no trace.
static void a_balance_has_a_bound(void **state)
{
    (void)state;
    struct world_answer answer;
    int64_t balance = 0;
    const char *end = "OK";
    uint64_t given = 0;
    while (strcmp(end, "OK") == 0 && given < 2000) {
        end = end_of(OPENING,
                     opening_text(world_id(&world), "\"lots\": [{\"points\": 1000000000000}]"),
                     &answer);
        given++;
    }
    assert_string_equal(end, "FIGURE_OUT_OF_BOUNDS");
    assert_int_equal(world_verify(&world, "anna", &balance), given);
    assert_int_equal(balance, LIMIT_POINTS_A_BALANCE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void)
{
    log_set_level(LOG_ERROR);
    const struct CMUnitTest tests[] = {
        TEST(history_is_posted_at_its_own_time),
        TEST(out_of_order_is_refused),
        TEST(history_again_changes_nothing),
        TEST(backfill_and_award_are_different_requests),
        TEST(training_history_posts_nothing),
        TEST(history_of_nobody),
        TEST(a_balance_is_brought_over),
        TEST(a_bad_balance_changes_nothing),
        TEST(a_balance_has_a_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
