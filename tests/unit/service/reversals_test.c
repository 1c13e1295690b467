// Reverse through the whole service: what is taken back of what, parts, retries, and tombstones,
// whichever of a request and its reversal comes first.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log.h"
#include "loyalty/v1/programs.pb-c.h"
#include "support/service_world.h"

#define TILL "pos/store-1/till-1"
#define DAY_MS INT64_C(86400000)

static struct service_world world;
static struct world_answer answer;

// Anna has 1,000 points by the sale `sold`; two daemons know her.
static const char *sold;

static int open_world(void **state)
{
    (void)state;
    service_world_open(&world, 2);
    world_enroll(&world, "anna");
    sold = world_id(&world);
    world_call(&world.daemons[0], TILL, "PointsService/Award",
               world_award_text(&world, sold, "anna", 100000), &answer);
    (void)world_member(&world.daemons[1], "anna");
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    service_world_fini(&world);
    return 0;
}

static const char *call_at(size_t daemon, const char *method, const char *id, const char *fields)
{
    world_call(&world.daemons[daemon], TILL, method, world_points_text(&world, id, "anna", fields),
               &answer);
    return world_end(&answer);
}

static const char *of_original(const char *original, const char *more)
{
    return world_text(&world, "\"original_request_id\": \"%s\", \"original_created_at\": \"%s\"%s",
                      original, world_instant(&world, world.now_ms), more);
}

// Reverses with a new id; fails unless it was applied with this result.
static const Loyalty__V1__ReverseResponse *reverse(const char *original, const char *more,
                                                   int result)
{
    const char *end =
        call_at(0, "PointsService/Reverse", world_id(&world), of_original(original, more));
    assert_string_equal(end, "OK");
    const Loyalty__V1__ReverseResponse *response = (Loyalty__V1__ReverseResponse *)answer.reply;
    assert_int_equal(response->result, result);
    return response;
}

static uint64_t records(void)
{
    int64_t balance = 0;
    return world_verify(&world, "anna", &balance);
}

static int64_t balance(void)
{
    return world_member(&world.daemons[0], "anna")->standing->balance;
}

enum {
    REVERSED = LOYALTY__V1__REVERSE_RESULT__REVERSE_RESULT_REVERSED,
    FURTHER = LOYALTY__V1__REVERSE_RESULT__REVERSE_RESULT_FURTHER_ACTIVITY,
    PREVIOUSLY = LOYALTY__V1__REVERSE_RESULT__REVERSE_RESULT_PREVIOUSLY_REVERSED,
    NOT_FOUND = LOYALTY__V1__REVERSE_RESULT__REVERSE_RESULT_ORIGINAL_NOT_FOUND,
    NOTHING = LOYALTY__V1__REVERSE_RESULT__REVERSE_RESULT_NOTHING_TO_REVERSE,
};

static void a_sale_is_returned_in_parts(void **state)
{
    (void)state;
    const Loyalty__V1__ReverseResponse *part = reverse(sold, ", \"amount_minor\": 33333", REVERSED);
    assert_int_equal(part->points_taken, 333);
    assert_int_equal(part->score, 333);
    assert_int_equal(part->refund_money_minor, 33333);
    assert_int_equal(part->standing->balance, 667);
    assert_string_equal(part->receipt_lines[0], "Points taken back: 333");
    part = reverse(sold, ", \"amount_minor\": 33333", REVERSED);
    assert_int_equal(part->points_taken, 333); // floor(1000 * 66666 / 100000) is 666
    part = reverse(sold, ", \"amount_minor\": 99999", REVERSED);
    assert_int_equal(part->points_taken, 334);
    assert_int_equal(part->amount_minor, 33334);
    assert_int_equal(part->standing->balance, 0);
    assert_int_equal(part->standing->score, 0);
    part = reverse(sold, "", PREVIOUSLY);
    assert_int_equal(part->points_taken, 0);
    assert_int_equal(records(), 6);
}

static void what_was_spent_is_owed(void **state)
{
    (void)state;
    const char *spent = world_id(&world);
    assert_string_equal(call_at(0, "PointsService/Redeem", spent, "\"points\": 700"), "OK");
    const Loyalty__V1__ReverseResponse *response = reverse(sold, "", FURTHER);
    assert_int_equal(response->points_taken, 1000);
    assert_int_equal(response->standing->balance, -700);
    response = reverse(spent, ", \"points\": 200", REVERSED);
    assert_int_equal(response->points_returned, 200);
    assert_int_equal(response->value->minor, 200);
    assert_int_equal(response->standing->balance, -500);
    response = reverse(spent, "", REVERSED);
    assert_int_equal(response->points_returned, 500);
    assert_int_equal(balance(), 0);
    (void)reverse(spent, "", PREVIOUSLY);
}

static void lines_are_returned_once(void **state)
{
    (void)state;
    const char *sale = world_id(&world);
    assert_string_equal(call_at(0, "PointsService/Award", sale,
                                "\"sale\": {\"currency\": \"CNY\", \"lines\": [{\"amount_minor\": "
                                "10000}, {\"amount_minor\": 20000}, {\"amount_minor\": 30000}]}"),
                        "OK");
    const Loyalty__V1__ReverseResponse *part =
        reverse(sale, ", \"lines\": {\"numbers\": [3, 1]}", REVERSED);
    assert_int_equal(part->points_taken, 400);
    assert_int_equal(part->amount_minor, 40000);
    (void)reverse(sale, ", \"lines\": {\"numbers\": [1]}", PREVIOUSLY);
    uint64_t before = records();
    assert_string_equal(call_at(0, "PointsService/Reverse", world_id(&world),
                                of_original(sale, ", \"lines\": {\"numbers\": [2, 4]}")),
                        "LINE_NOT_FOUND");
    assert_int_equal(answer.code, LOYALTY__V1__CODE__CODE_INVALID_ARGUMENT);
    assert_string_equal(
        call_at(0, "PointsService/Reverse", world_id(&world), of_original(sale, ", \"points\": 5")),
        "PART_DOES_NOT_FIT");
    assert_string_equal(answer.field, "points");
    assert_int_equal(records(), before);
    part = reverse(sale, "", REVERSED);
    assert_int_equal(part->points_taken, 200);
    assert_int_equal(balance(), 1000);
}

// A captured reservation is reversed by either id, and both count together.
static void a_capture_is_reversed_by_either_id(void **state)
{
    (void)state;
    const char *hold = world_id(&world);
    const char *capture = world_id(&world);
    assert_string_equal(call_at(0, "PointsService/Reserve", hold, "\"points\": 500"), "OK");
    assert_string_equal(
        call_at(0, "PointsService/Capture", capture,
                world_text(&world, "\"reservation_id\": \"%s\", \"points\": 300", hold)),
        "OK");
    assert_int_equal(reverse(hold, ", \"points\": 100", REVERSED)->points_returned, 100);
    assert_int_equal(reverse(capture, "", REVERSED)->points_returned, 200);
    (void)reverse(hold, "", PREVIOUSLY);
    assert_int_equal(balance(), 1000);
    const char *open = world_id(&world);
    assert_string_equal(call_at(0, "PointsService/Reserve", open, "\"points\": 500"), "OK");
    assert_int_equal(reverse(open, "", REVERSED)->points_returned, 500);
    assert_string_equal(call_at(0, "PointsService/Capture", world_id(&world),
                                world_text(&world, "\"reservation_id\": \"%s\"", open)),
                        "HOLD_RELEASED");
    assert_int_equal(balance(), 1000);
}

static void what_moved_nothing_is_not_reversed(void **state)
{
    (void)state;
    const char *refused = world_id(&world);
    assert_string_equal(call_at(0, "PointsService/Redeem", refused, "\"points\": 5000"),
                        "INSUFFICIENT_POINTS");
    (void)reverse(refused, "", NOTHING);
    const char *far =
        world_text(&world, "\"original_request_id\": \"%s\", \"original_created_at\": \"%s\"", sold,
                   world_instant(&world, world.now_ms - 401 * DAY_MS));
    uint64_t before = records();
    assert_string_equal(call_at(0, "PointsService/Reverse", world_id(&world), far),
                        "ORIGINAL_ARCHIVED");
    assert_int_equal(records(), before);
    world_call(&world.daemons[0], TILL, "PointsService/Reverse",
               world_points_text(&world, world_id(&world), "nobody", of_original(sold, "")),
               &answer);
    assert_string_equal(world_end(&answer), "UNKNOWN_MEMBER");
}

static void a_retry_reverses_once(void **state)
{
    (void)state;
    const char *id = world_id(&world);
    const char *fields = of_original(sold, ", \"amount_minor\": 10000, \"reason\": \"returned\"");
    assert_string_equal(call_at(0, "PointsService/Reverse", id, fields), "OK");
    struct span payload = answer.payload;
    for (size_t daemon = 0; daemon < 2; daemon++) {
        assert_string_equal(call_at(daemon, "PointsService/Reverse", id, fields), "REPLAYED");
        assert_true(span_equal(answer.payload, payload));
    }
    assert_int_equal(balance(), 900);
    assert_int_equal(records(), 3);
}

static const char *outcome_of(size_t daemon, const char *id)
{
    world_call(&world.daemons[daemon], TILL, "PointsService/GetOutcome",
               world_outcome_text(&world, id, "anna"), &answer);
    const Loyalty__V1__GetOutcomeResponse *outcome =
        (Loyalty__V1__GetOutcomeResponse *)answer.reply;
    return outcome->status == LOYALTY__V1__OUTCOME_STATUS__OUTCOME_STATUS_REFUSED
               ? outcome->refusal->reason
           : outcome->status == LOYALTY__V1__OUTCOME_STATUS__OUTCOME_STATUS_APPLIED ? "APPLIED"
                                                                                    : "NOT_SEEN";
}

// Whatever the original would have been, and whichever daemon it comes to: one that has the account
// in its cache from before learns of the tombstone before it writes.
static void a_reversal_that_came_first_stops_its_original(void **state)
{
    (void)state;
    static const char *const methods[] = {"PointsService/Award",   "PointsService/Redeem",
                                          "PointsService/Reserve", "PointsService/Capture",
                                          "PointsService/Release", "PointsService/Reverse"};
    for (size_t i = 0; i < 6; i++) {
        const char *fields[] = {
            "\"sale\": {\"currency\": \"CNY\", \"lines\": [{\"amount_minor\": 100}]}",
            "\"points\": 10",
            "\"points\": 10",
            world_text(&world, "\"reservation_id\": \"%s\"", sold),
            world_text(&world, "\"reservation_id\": \"%s\"", sold),
            of_original(sold, ""),
        };
        const char *original = world_id(&world);
        const char *reversal = world_id(&world);
        (void)world_member(&world.daemons[1], "anna");
        assert_string_equal(outcome_of(1, original), "NOT_SEEN");
        assert_string_equal(
            call_at(0, "PointsService/Reverse", reversal, of_original(original, "")), "OK");
        const Loyalty__V1__ReverseResponse *response = (Loyalty__V1__ReverseResponse *)answer.reply;
        assert_int_equal(response->result, NOT_FOUND);
        if (i % 2 == 1) { // a snapshot knows it as well
            world_compact_now(&world, "anna", world.now_ms - DAY_MS);
        }
        uint64_t before = records();
        for (size_t again = 0; again < 4; again++) {
            assert_string_equal(call_at(1 - again % 2, methods[i], original, fields[i]),
                                "REVERSED_BEFORE");
            assert_int_equal(answer.code, LOYALTY__V1__CODE__CODE_FAILED_PRECONDITION);
            assert_false(answer.replayed);
        }
        assert_string_equal(outcome_of(1, original), "REVERSED_BEFORE");
        assert_string_equal(outcome_of(1, reversal), "APPLIED");
        assert_string_equal(
            call_at(1, "PointsService/Reverse", reversal, of_original(original, "")), "REPLAYED");
        assert_int_equal(records(), before);
    }
    assert_int_equal(balance(), 1000);
}

// A snapshot keeps what a reversal needs, and what was reversed before.
static void compaction_takes_nothing_from_a_reversal(void **state)
{
    (void)state;
    (void)reverse(sold, ", \"amount_minor\": 33333", REVERSED);
    for (int i = 0; i < 2; i++) {
        world_compact_now(&world, "anna", world.now_ms - DAY_MS);
        accounts_forget(world.daemons[0].service->accounts);
    }
    assert_int_equal(reverse(sold, ", \"amount_minor\": 33333", REVERSED)->points_taken, 333);
    assert_int_equal(reverse(sold, "", REVERSED)->points_taken, 334);
    (void)reverse(sold, "", PREVIOUSLY);
}

// Sold without a card: claimed later with the receipt, within the program's days for that.
static void a_sale_is_claimed_afterwards(void **state)
{
    (void)state;
    static const struct {
        int64_t days;
        const char *more;
        const char *end;
    } cases[] = {
        {46, "", "SALE_TOO_OLD"},
        {46, ", \"attached\": true", "OK"},
        {90, ", \"attached\": true", "OK"},
        {91, ", \"attached\": true", "SALE_TOO_OLD"},
    };
    world_call(&world.daemons[0], "admin/root", "ProgramsService/GetProgram", "{}", &answer);
    const char *etag = ((const Loyalty__V1__GetProgramResponse *)answer.reply)->etag;
    const char *program = service_world_program(&world, ", \"attach_days\": {\"days\": 90}");
    world_call(&world.daemons[0], "admin/root", "ProgramsService/PublishProgram",
               world_text(&world,
                          "{%s, \"program\": %s, \"effective_from\": \"%s\", \"etag\": \"%s\"}",
                          world_mutation(&world, world_id(&world)), program,
                          world_instant(&world, world.now_ms + 120000), etag),
               &answer);
    assert_string_equal(world_end(&answer), "OK");
    world.now_ms += 120 * DAY_MS;
    world_pass(&world, LIMIT_LEASE_READ_MS + 1000);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *fields = world_text(
            &world,
            "\"sale\": {\"currency\": \"CNY\", \"lines\": [{\"amount_minor\": 500}], "
            "\"occurred_at\": \"%s\", \"receipt\": {\"number\": \"%zu\", \"business_date\": "
            "\"2026-02-01\"}%s}",
            world_instant(&world, world.now_ms - cases[i].days * DAY_MS), i + 1, cases[i].more);
        assert_string_equal(call_at(0, "PointsService/Award", world_id(&world), fields),
                            cases[i].end);
    }
    assert_int_equal(balance(), 1010);
}

// An exchange: the old goods are returned, the new sale names the return.
static void an_exchange_is_linked(void **state)
{
    (void)state;
    const char *back = world_id(&world);
    assert_string_equal(call_at(0, "PointsService/Reverse", back, of_original(sold, "")), "OK");
    assert_string_equal(
        call_at(0, "PointsService/Award", world_id(&world),
                world_text(&world,
                           "\"sale\": {\"currency\": \"CNY\", \"exchange_of\": \"%s\", "
                           "\"lines\": [{\"amount_minor\": 80000}]}",
                           back)),
        "OK");
    world_call(&world.daemons[0], "backend/crm", "MembersService/ListActivity",
               world_member_text(&world, "anna"), &answer);
    const Loyalty__V1__ListActivityResponse *list =
        (Loyalty__V1__ListActivityResponse *)answer.reply;
    assert_int_equal(list->activities[0]->kind, LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_AWARDED);
    assert_string_equal(list->activities[0]->related_request_id, back);
    assert_int_equal(list->activities[1]->kind, LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_REVERSED);
    assert_string_equal(list->activities[1]->related_request_id, sold);
    assert_int_equal(list->activities[1]->points, -1000);
    assert_int_equal(balance(), 800);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void)
{
    log_set_level(LOG_ERROR);
    const struct CMUnitTest tests[] = {
        TEST(a_sale_is_returned_in_parts),
        TEST(what_was_spent_is_owed),
        TEST(lines_are_returned_once),
        TEST(a_capture_is_reversed_by_either_id),
        TEST(what_moved_nothing_is_not_reversed),
        TEST(a_retry_reverses_once),
        TEST(a_reversal_that_came_first_stops_its_original),
        TEST(compaction_takes_nothing_from_a_reversal),
        TEST(a_sale_is_claimed_afterwards),
        TEST(an_exchange_is_linked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
