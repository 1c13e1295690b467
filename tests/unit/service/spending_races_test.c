// Two daemons and one member's points, every order of steps: the last points are spent once, a
// reservation ends once, and a request and its reversal leave what they should whichever is first.
// Mutations that read the whole log are among them, with others' records, a compaction or a lost
// cache in the middle.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log.h"
#include "support/service_world.h"

#define TILL "pos/store-1/till-1"
#define OTHER "pos/store-1/till-2"

enum { ORDER_STEPS = 8 };

static struct service_world world;

// One of two requests that race.
struct racer {
    const char *method;
    const char *id;
    const char *fields;
    struct world_answer answer;
};

static const char *sale_of_1000(void)
{
    return "\"sale\": {\"currency\": \"CNY\", \"lines\": [{\"amount_minor\": 100000}]}";
}

static const char *whole_of(const char *original)
{
    return world_text(&world, "\"original_request_id\": \"%s\", \"original_created_at\": \"%s\"",
                      original, world_instant(&world, world.now_ms));
}

static struct racer racer_of(const char *method, const char *fields)
{
    return (struct racer){.method = method, .id = world_id(&world), .fields = fields};
}

static void do_now(const struct racer *racer, const char *member)
{
    struct world_answer answer;
    world_call(&world.daemons[0], TILL, racer->method,
               world_points_text(&world, racer->id, member, racer->fields), &answer);
    assert_string_equal(world_end(&answer), "OK");
}

// A member with 1,000 points whom both daemons know, or have forgotten again.
static const char *new_member(bool cached)
{
    const char *member = world_text(&world, "m-%s", world_id(&world));
    world_enroll(&world, member);
    struct racer sale = racer_of("PointsService/Award", sale_of_1000());
    do_now(&sale, member);
    for (size_t i = 0; i < 2; i++) {
        (void)world_member(&world.daemons[i], member);
        if (!cached) {
            accounts_forget(world.daemons[i].service->accounts);
        }
    }
    return member;
}

// `order` says who steps.
static void race(struct racer racers[2], const char *member, uint32_t order)
{
    static const char *const peers[] = {TILL, OTHER};
    for (size_t i = 0; i < 2; i++) {
        world_ask(&world.daemons[i], peers[i], racers[i].method,
                  world_points_text(&world, racers[i].id, member, racers[i].fields),
                  &racers[i].answer);
    }
    for (uint32_t step = 0; step < ORDER_STEPS; step++) {
        (void)world_step(&world.daemons[order >> step & 1]);
    }
    world_run(&world);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(racers[i].answer.times, 1);
    }
}

// One is OK, the other ends as said; the index of the first.
static size_t assert_one(const struct racer racers[2], const char *reason)
{
    size_t first = strcmp(world_end(&racers[0].answer), "OK") == 0 ? 0 : 1;
    assert_string_equal(world_end(&racers[first].answer), "OK");
    assert_string_equal(world_end(&racers[1 - first].answer), reason);
    return first;
}

static int64_t balance_of(const char *member)
{
    int64_t balance = 0;
    (void)world_verify(&world, member, &balance);
    return balance;
}

static void open_two(void)
{
    service_world_open(&world, 2);
    world_pass(&world, 6000);
}

// --- the last points ---

static void last_points_are_spent_once(void **state)
{
    (void)state;
    static const char *const methods[][2] = {
        {"PointsService/Redeem", "PointsService/Redeem"},
        {"PointsService/Redeem", "PointsService/Reserve"},
        {"PointsService/Reserve", "PointsService/Reserve"},
    };
    open_two();
    for (uint32_t order = 0; order < 1U << ORDER_STEPS; order += 3) {
        for (size_t pair = 0; pair < 3; pair++) {
            const char *member = new_member(order % 2 == 0);
            struct racer racers[] = {racer_of(methods[pair][0], "\"points\": 600"),
                                     racer_of(methods[pair][1], "\"points\": 600")};
            race(racers, member, order);
            (void)assert_one(racers, "INSUFFICIENT_POINTS");
            const Loyalty__V1__GetMemberResponse *read = world_member(&world.daemons[1], member);
            assert_int_equal(read->standing->balance, 400);
        }
    }
    service_world_fini(&world);
}

// --- a reservation's end ---

static void a_reservation_ends_once(void **state)
{
    (void)state;
    static const char *const methods[] = {"PointsService/Capture", "PointsService/Release",
                                          "PointsService/Reverse"};
    static const char *const closed[] = {"HOLD_CAPTURED", "HOLD_RELEASED", "HOLD_RELEASED"};
    static const int64_t left[] = {400, 1000, 1000};
    open_two();
    for (uint32_t order = 0; order < 1U << ORDER_STEPS; order += 3) {
        for (size_t other = 0; other < 3; other++) {
            const char *member = new_member(order % 2 == 0);
            struct racer hold = racer_of("PointsService/Reserve", "\"points\": 600");
            do_now(&hold, member);
            const char *named = world_text(&world, "\"reservation_id\": \"%s\"", hold.id);
            struct racer racers[] = {
                racer_of(methods[0], named),
                racer_of(methods[other], other == 2 ? whole_of(hold.id) : named),
            };
            race(racers, member, order);
            bool both = strcmp(world_end(&racers[0].answer), "OK") == 0 &&
                        strcmp(world_end(&racers[1].answer), "OK") == 0;
            if (other == 2 && both) { // captured, then reversed
                assert_int_equal(balance_of(member), 1000);
                continue;
            }
            size_t first = assert_one(
                racers, closed[strcmp(world_end(&racers[0].answer), "OK") == 0 ? 0 : other]);
            assert_int_equal(balance_of(member), left[first == 0 ? 0 : other]);
        }
    }
    service_world_fini(&world);
}

// --- a request and its reversal ---

static void a_reversal_races_its_original(void **state)
{
    (void)state;
    int buried = 0;
    int reversed = 0;
    open_two();
    for (uint32_t order = 0; order < 1U << ORDER_STEPS; order++) {
        const char *member = new_member(order % 2 == 0);
        struct racer racers[] = {racer_of("PointsService/Award", sale_of_1000()),
                                 racer_of("PointsService/Reverse", "")};
        racers[1].fields = whole_of(racers[0].id);
        race(racers, member, order);
        assert_string_equal(world_end(&racers[1].answer), "OK");
        const Loyalty__V1__ReverseResponse *response =
            (const Loyalty__V1__ReverseResponse *)racers[1].answer.reply;
        if (strcmp(world_end(&racers[0].answer), "OK") == 0) {
            assert_int_equal(response->result,
                             LOYALTY__V1__REVERSE_RESULT__REVERSE_RESULT_REVERSED);
            reversed++;
        } else {
            assert_string_equal(world_end(&racers[0].answer), "REVERSED_BEFORE");
            assert_int_equal(response->result,
                             LOYALTY__V1__REVERSE_RESULT__REVERSE_RESULT_ORIGINAL_NOT_FOUND);
            buried++;
        }
        assert_int_equal(balance_of(member), 1000);
    }
    assert_true(buried > 10 && reversed > 10);
    service_world_fini(&world);
}

static void one_reversal_asked_twice(void **state)
{
    (void)state;
    open_two();
    for (uint32_t order = 0; order < 1U << ORDER_STEPS; order += 3) {
        const char *member = new_member(order % 2 == 0);
        struct racer sale = racer_of("PointsService/Award", sale_of_1000());
        do_now(&sale, member);
        struct racer racers[] = {racer_of("PointsService/Reverse", whole_of(sale.id)),
                                 racer_of("PointsService/Reverse", whole_of(sale.id))};
        bool same = order % 4 < 2;
        racers[1].id = same ? racers[0].id : racers[1].id;
        race(racers, member, order);
        assert_int_equal(racers[0].answer.replayed + racers[1].answer.replayed, same);
        if (same) {
            assert_true(span_equal(racers[0].answer.payload, racers[1].answer.payload));
        }
        assert_int_equal(balance_of(member), 1000);
    }
    service_world_fini(&world);
}

// --- what comes between the reading of the log and the append ---

static void compacted_in_between(const char *member)
{
    world_compact_now(&world, member, world.now_ms);
}

static void sold_in_between(const char *member)
{
    struct racer sale = racer_of("PointsService/Award", sale_of_1000());
    do_now(&sale, member);
}

static void compacted_and_sold_in_between(const char *member)
{
    compacted_in_between(member);
    sold_in_between(member);
    accounts_forget(world.daemons[1].service->accounts);
}

static void the_log_is_read_anew(void **state)
{
    (void)state;
    static void (*const between[])(const char *) = {sold_in_between, compacted_in_between,
                                                    compacted_and_sold_in_between};
    static const int64_t sold[] = {1000, 0, 1000};
    open_two();
    for (size_t i = 0; i < 3; i++) {
        for (uint32_t steps = 0; steps < 3; steps++) {
            const char *member = new_member(true);
            struct racer hold = racer_of("PointsService/Reserve", "\"points\": 600");
            do_now(&hold, member);
            struct racer capture = racer_of(
                "PointsService/Capture",
                world_text(&world, "\"reservation_id\": \"%s\", \"points\": 250", hold.id));
            world_ask(&world.daemons[1], OTHER, capture.method,
                      world_points_text(&world, capture.id, member, capture.fields),
                      &capture.answer);
            for (uint32_t step = 0; step < steps; step++) {
                (void)world_step(&world.daemons[1]);
            }
            between[i](member);
            world_run(&world);
            assert_string_equal(world_end(&capture.answer), "OK");
            const Loyalty__V1__CaptureResponse *response =
                (const Loyalty__V1__CaptureResponse *)capture.answer.reply;
            assert_int_equal(response->freed, 350);
            assert_int_equal(balance_of(member), 750 + sold[i]);
        }
    }
    service_world_fini(&world);
}

int main(void)
{
    log_set_level(LOG_ERROR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(last_points_are_spent_once),    cmocka_unit_test(a_reservation_ends_once),
        cmocka_unit_test(a_reversal_races_its_original), cmocka_unit_test(one_reversal_asked_twice),
        cmocka_unit_test(the_log_is_read_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
