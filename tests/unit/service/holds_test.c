// Reserve, Capture and Release through the whole service: figures, retries, and what is said of a
// reservation that is not open any more.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log.h"
#include "support/service_world.h"

#define TILL "pos/store-1/till-1"
#define HOLD_MS INT64_C(900000)

static struct service_world world;
static struct world_answer answer;

// Anna has 1,000 points.
static int open_world(void **state)
{
    (void)state;
    service_world_open(&world, 1);
    world_enroll(&world, "anna");
    (void)world_award(&world, "anna", 100000);
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    service_world_fini(&world);
    return 0;
}

static const char *call(const char *method, const char *id, const char *fields)
{
    world_call(&world.daemons[0], TILL, method, world_points_text(&world, id, "anna", fields),
               &answer);
    return world_end(&answer);
}

static const char *of_reservation(const char *id, const char *more)
{
    return world_text(&world, "\"reservation_id\": \"%s\"%s", id, more);
}

// Reserves and gives the id.
static const char *reserve(int64_t points)
{
    const char *id = world_id(&world);
    assert_string_equal(call("PointsService/Reserve", id,
                             world_text(&world, "\"points\": %lld", (long long)points)),
                        "OK");
    return id;
}

static uint64_t records(void)
{
    int64_t balance = 0;
    return world_verify(&world, "anna", &balance);
}

static void assert_standing(int64_t balance, int64_t held)
{
    const Loyalty__V1__GetMemberResponse *member = world_member(&world.daemons[0], "anna");
    assert_int_equal(member->standing->balance, balance);
    assert_int_equal(member->standing->held, held);
}

static void a_part_is_captured_and_the_rest_is_free(void **state)
{
    (void)state;
    const char *id = reserve(500);
    const Loyalty__V1__ReserveResponse *held = (Loyalty__V1__ReserveResponse *)answer.reply;
    assert_string_equal(held->member_id, "anna");
    assert_int_equal(held->points, 500);
    assert_int_equal(held->value->minor, 500);
    assert_int_equal(held->n_held, 1);
    assert_int_equal(held->lapses_at->seconds, (world.now_ms + HOLD_MS) / 1000);
    assert_int_equal(held->standing->balance, 500);
    assert_int_equal(held->standing->held, 500);
    assert_standing(500, 500);
    assert_string_equal(call("PointsService/Redeem", world_id(&world), "\"points\": 501"),
                        "INSUFFICIENT_POINTS");
    assert_string_equal(
        call("PointsService/Capture", world_id(&world), of_reservation(id, ", \"points\": 300")),
        "OK");
    const Loyalty__V1__CaptureResponse *capture = (Loyalty__V1__CaptureResponse *)answer.reply;
    assert_int_equal(capture->points, 300);
    assert_int_equal(capture->value->minor, 300);
    assert_int_equal(capture->freed, 200);
    assert_int_equal(capture->expired, 0);
    assert_int_equal(capture->taken[0]->points, 300);
    assert_int_equal(capture->standing->balance, 700);
    assert_string_equal(capture->receipt_lines[0], "Points redeemed: 300");
    assert_standing(700, 0);
}

static void a_release_gives_all_back(void **state)
{
    (void)state;
    const char *id = reserve(500);
    assert_string_equal(call("PointsService/Release", world_id(&world), of_reservation(id, "")),
                        "OK");
    const Loyalty__V1__ReleaseResponse *release = (Loyalty__V1__ReleaseResponse *)answer.reply;
    assert_int_equal(release->freed, 500);
    assert_int_equal(release->expired, 0);
    assert_standing(1000, 0);
}

// Refused captures are remembered, refused releases leave nothing.
static void a_reservation_ends_once(void **state)
{
    (void)state;
    static const struct {
        const char *method;
        const char *reason;
    } ends[] = {{"PointsService/Capture", "HOLD_CAPTURED"},
                {"PointsService/Release", "HOLD_RELEASED"}};
    for (size_t i = 0; i < 2; i++) {
        const char *id = reserve(100);
        assert_string_equal(call(ends[i].method, world_id(&world), of_reservation(id, "")), "OK");
        uint64_t before = records();
        for (size_t j = 0; j < 2; j++) {
            assert_string_equal(call(ends[j].method, world_id(&world), of_reservation(id, "")),
                                ends[i].reason);
            assert_string_equal(answer.field, "reservation_id");
            assert_int_equal(answer.code, LOYALTY__V1__CODE__CODE_FAILED_PRECONDITION);
        }
        assert_int_equal(records(), before + 1);
    }
    assert_standing(900, 0);
}

static void a_hold_lapses_by_itself(void **state)
{
    (void)state;
    const char *id = reserve(500);
    const Loyalty__V1__GetMemberResponse *member = world_member(&world.daemons[0], "anna");
    assert_int_equal(member->next_change_at->seconds, (world.now_ms + HOLD_MS) / 1000);
    world_pass(&world, HOLD_MS - 1);
    assert_standing(500, 500);
    world_pass(&world, 1);
    assert_standing(1000, 0);
    const char *late = world_id(&world);
    assert_string_equal(call("PointsService/Capture", late, of_reservation(id, "")), "HOLD_LAPSED");
    struct world_answer first = answer;
    uint64_t before = records(); // enrolled, awarded, held, lapsed, refused
    assert_int_equal(before, 5);
    assert_string_equal(call("PointsService/Capture", late, of_reservation(id, "")), "HOLD_LAPSED");
    assert_true(answer.replayed);
    assert_string_equal(answer.message, first.message);
    assert_string_equal(call("PointsService/Release", world_id(&world), of_reservation(id, "")),
                        "HOLD_LAPSED");
    assert_int_equal(records(), before);
    assert_standing(1000, 0);
}

static void what_is_asked_must_be_held(void **state)
{
    (void)state;
    const char *id = reserve(500);
    uint64_t before = records();
    const char *award = world_id(&world);
    assert_string_equal(
        call("PointsService/Capture", world_id(&world), of_reservation(world_id(&world), "")),
        "HOLD_NOT_FOUND");
    assert_int_equal(answer.code, LOYALTY__V1__CODE__CODE_NOT_FOUND);
    assert_string_equal(
        call("PointsService/Release", world_id(&world), of_reservation(world_id(&world), "")),
        "HOLD_NOT_FOUND");
    assert_int_equal(records(), before);
    world_call(&world.daemons[0], TILL, "PointsService/Award",
               world_award_text(&world, award, "anna", 100), &answer);
    assert_string_equal(call("PointsService/Capture", world_id(&world), of_reservation(award, "")),
                        "HOLD_NOT_FOUND"); // it is a sale
    assert_int_equal(records(), before + 1);
    const char *too_much = world_id(&world);
    for (int i = 0; i < 2; i++) {
        assert_string_equal(
            call("PointsService/Capture", too_much, of_reservation(id, ", \"points\": 501")),
            "HOLD_TOO_SMALL");
        assert_string_equal(answer.field, "points");
        assert_int_equal(answer.replayed, i == 1);
    }
    assert_int_equal(records(), before + 2);
    assert_standing(501, 500); // it can still be captured
    assert_string_equal(
        call("PointsService/Capture", world_id(&world), of_reservation(id, ", \"points\": 500")),
        "OK");
}

// Each retry is answered by the first answer's bytes, whatever has happened since, and so is who
// asks what became of it.
static void retries_are_answered_alike(void **state)
{
    (void)state;
    static const char *const methods[] = {"PointsService/Reserve", "PointsService/Capture",
                                          "PointsService/Reserve", "PointsService/Release"};
    static const int replies[] = {7, 8, 7, 9};
    const char *ids[4];
    const char *fields[4];
    struct span payloads[4];
    for (size_t i = 0; i < 4; i++) {
        ids[i] = world_id(&world);
        fields[i] = i % 2 == 0 ? "\"points\": 200" : of_reservation(ids[i - 1], "");
        assert_string_equal(call(methods[i], ids[i], fields[i]), "OK");
        payloads[i] = answer.payload;
    }
    uint64_t before = records();
    for (int again = 0; again < 2; again++) {
        accounts_forget(world.daemons[0].service->accounts);
        for (size_t i = 0; i < 4; i++) {
            assert_string_equal(call(methods[i], ids[i], fields[i]), "REPLAYED");
            assert_true(span_equal(answer.payload, payloads[i]));
            world_call(&world.daemons[0], TILL, "PointsService/GetOutcome",
                       world_outcome_text(&world, ids[i], "anna"), &answer);
            const Loyalty__V1__GetOutcomeResponse *outcome =
                (Loyalty__V1__GetOutcomeResponse *)answer.reply;
            assert_int_equal(outcome->status, LOYALTY__V1__OUTCOME_STATUS__OUTCOME_STATUS_APPLIED);
            assert_int_equal(outcome->reply_case, replies[i]);
        }
    }
    assert_string_equal(call(methods[0], ids[0], "\"points\": 201"), "ID_CONFLICT");
    assert_string_equal(call(methods[1], ids[0], fields[1]), "ID_CONFLICT");
    assert_int_equal(records(), before);
    assert_standing(800, 0);
}

// A store's concentrator acts for the tills below it, and for nobody else.
static void a_concentrator_acts_for_its_tills(void **state)
{
    (void)state;
    static const struct {
        const char *peer;
        const char *unit;
        const char *end;
    } cases[] = {
        {"pos/store-7", "store-7/till-2", "OK"},
        {"pos/store-7", "store-8", "WRONG_UNIT"},
        {"pos/store-7", "store-8/till-2", "WRONG_UNIT"},
        {"pos/store-7", "store-77/till-2", "WRONG_UNIT"},
        {"pos/store-7/till-1", "store-7/till-2", "WRONG_UNIT"},
        {"pos/store-7/till-1", "store-7", "WRONG_UNIT"},
    };
    const char *held = reserve(100);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *fields[] = {
            "\"points\": 10",
            of_reservation(held, ""),
            of_reservation(held, ""),
            world_text(&world, "\"original_request_id\": \"%s\", \"original_created_at\": \"%s\"",
                       held, world_instant(&world, world.now_ms)),
        };
        static const char *const methods[] = {"Reserve", "Capture", "Release", "Reverse"};
        for (size_t j = 0; j < 4; j++) {
            const char *text = world_text(&world, "%s, \"unit\": \"%s\"", fields[j], cases[i].unit);
            world_call(&world.daemons[0], cases[i].peer,
                       world_text(&world, "PointsService/%s", methods[j]),
                       world_points_text(&world, world_id(&world), "anna", text), &answer);
            const char *end = world_end(&answer);
            bool wrong = strcmp(end, "WRONG_UNIT") == 0;
            assert_int_equal(wrong, strcmp(cases[i].end, "WRONG_UNIT") == 0);
            assert_true(!wrong || strcmp(answer.field, "unit") == 0);
        }
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void)
{
    log_set_level(LOG_ERROR);
    const struct CMUnitTest tests[] = {
        TEST(a_part_is_captured_and_the_rest_is_free),
        TEST(a_release_gives_all_back),
        TEST(a_reservation_ends_once),
        TEST(a_hold_lapses_by_itself),
        TEST(what_is_asked_must_be_held),
        TEST(retries_are_answered_alike),
        TEST(a_concentrator_acts_for_its_tills),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
