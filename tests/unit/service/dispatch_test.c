// The entry of all calls: time running out before and after something was sent, too much at once,
// and the end: each call is answered exactly once, whatever happens.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/log.h"
#include "net/identity.h"
#include "service/bounds.h"
#include "service/dispatch.h"
#include "support/random_club.h"
#include "support/service_world.h"
#include "wire/message.h"

#define TILL "pos/store-1/till-1"

static uint64_t seed;

static void note_reason(void *context, const struct dispatch_origin *origin,
                        const struct dispatch_reply *reply)
{
    (void)origin;
    assert_non_null(reply->error);
    snprintf(context, LIMIT_TEXT_BYTES, "%s", reply->error->reason);
}

// The time a client granted may have passed before the call came to be judged.
static void out_of_time_is_expired(void **state)
{
    (void)state;
    struct service_world world;
    service_world_open(&world, 1);
    static const struct identity till = {.role = "pos", .unit = "store-1/till-1"};
    char reason[LIMIT_TEXT_BYTES] = "";
    struct dispatch_call call = {
        .peer = &till,
        .method = span_of_text("/loyalty.v1.ClockService/GetClock"),
        .out_of_time = true,
        .on_reply = note_reason,
        .context = reason,
    };
    dispatch_call(world.daemons[0].service, &call);
    assert_string_equal(reason, "EXPIRED");
    call.method = span_of_text("/loyalty.v1.AdminService/Backfill");
    dispatch_call(world.daemons[0].service, &call);
    assert_string_equal(reason, "ROLE_NOT_ALLOWED"); // told first
    service_world_fini(&world);
}

// --- time ---

static void ask_sale(struct service_world *world, const char *deadline, uint32_t timeout_ms,
                     struct world_answer *answer)
{
    const char *sale =
        world_text(world,
                   "{\"mutation\": {\"request_id\": \"%s\", \"created_at\": \"%s\"%s}, "
                   "\"member\": {\"member_id\": \"anna\"}, \"sale\": {\"currency\": "
                   "\"CNY\", \"lines\": [{\"amount_minor\": 5000}]}}",
                   world_id(world), world_instant(world, world->now_ms), deadline);
    world_ask_bytes(&world->daemons[0], TILL, "/loyalty.v1.PointsService/Award",
                    world_bytes(world, "PointsService/Award", sale), timeout_ms, answer);
}

static void open_with_anna(struct service_world *world)
{
    service_world_open(world, 1);
    world_enroll(world, "anna");
    (void)world_award(world, "anna", 10000);
}

// The shorter of the client's patience, the mutation's deadline and ten seconds counts.
static void the_shortest_time_counts(void **state)
{
    (void)state;
    static const struct {
        int64_t deadline_ms; // 0: none
        uint32_t timeout_ms;
        int64_t ends_ms;
    } cases[] = {
        {0, 0, 10000}, {0, 50000, 10000}, {0, 700, 700},
        {900, 0, 900}, {900, 700, 700},   {30000, 0, 10000},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct service_world world;
        struct world_answer answer;
        int64_t balance = 0;
        open_with_anna(&world);
        const char *deadline =
            cases[i].deadline_ms == 0
                ? ""
                : world_text(&world, ", \"deadline\": \"%s\"",
                             world_instant(&world, world.now_ms + cases[i].deadline_ms));
        ask_sale(&world, deadline, cases[i].timeout_ms, &answer);
        world.daemons[0].cut = true;
        world_pass(&world, cases[i].ends_ms - 1);
        assert_string_equal(world_end(&answer), "NONE");
        world_pass(&world, 1);
        assert_string_equal(world_end(&answer), "OUTCOME_UNKNOWN");
        world_pass(&world, 1);
        world.daemons[0].cut = false;
        world_run(&world);
        assert_int_equal(answer.times, 1);
        assert_int_equal(world_verify(&world, "anna", &balance), 2); // it never landed
        service_world_fini(&world);
    }
}

static void a_deadline_of_the_past_is_not_begun(void **state)
{
    (void)state;
    struct service_world world;
    struct world_answer answer;
    open_with_anna(&world);
    const char *deadline =
        world_text(&world, ", \"deadline\": \"%s\"", world_instant(&world, world.now_ms));
    ask_sale(&world, deadline, 0, &answer);
    assert_string_equal(world_end(&answer), "EXPIRED");
    assert_int_equal(answer.code, LOYALTY__V1__CODE__CODE_UNAVAILABLE);
    service_world_fini(&world);
}

// The store's clock is known only as well as the last head that was read. One that came late makes
// a deadline look farther off than it is; the store is told the deadline itself.
static void a_late_head_moves_no_deadline(void **state)
{
    (void)state;
    struct service_world world;
    struct world_answer answer;
    int64_t balance = 0;
    open_with_anna(&world);
    struct world_daemon *daemon = &world.daemons[0];
    memory_set_now(daemon->store, world.now_ms - 1500); // read then, answered now
    lease_kick(daemon->service->lease);
    world_run_daemon(daemon);
    memory_set_now(daemon->store, world.now_ms);
    accounts_forget(daemon->service->accounts);
    lease_kick(daemon->service->lease);
    const char *deadline =
        world_text(&world, ", \"deadline\": \"%s\"", world_instant(&world, world.now_ms + 100));
    ask_sale(&world, deadline, 0, &answer);
    assert_true(world_step(daemon)); // the head, in time
    assert_true(world_step(daemon)); // the load; the append is made
    daemon->cut = true;
    world_pass(&world, 200);
    daemon->cut = false;
    world_run(&world);
    assert_string_equal(world_end(&answer), "EXPIRED");
    assert_int_equal(world_verify(&world, "anna", &balance), 2);
    service_world_fini(&world);
}

// A read has no outcome to be in doubt about.
static void a_read_that_ran_out_of_time(void **state)
{
    (void)state;
    struct service_world world;
    struct world_answer answer;
    open_with_anna(&world);
    world_ask(&world.daemons[0], TILL, "MembersService/GetMember",
              world_member_text(&world, "anna"), &answer);
    world.daemons[0].cut = true;
    world_pass(&world, LIMIT_REQUEST_MS);
    assert_string_equal(world_end(&answer), "EXPIRED");
    world.daemons[0].cut = false;
    world_run(&world);
    assert_int_equal(answer.times, 1);
    service_world_fini(&world);
}

// Setting the clock is not asked twice for nothing: it may have happened.
static void a_clock_set_late_is_in_doubt(void **state)
{
    (void)state;
    struct service_world world;
    struct world_answer answer;
    service_world_init(&world, true);
    world_ask(&world.daemons[0], "admin/hq", "ClockService/SetClock",
              "{\"now\": \"2026-02-01T00:00:00Z\"}", &answer);
    (void)world_step(&world.daemons[0]); // the head
    world.daemons[0].cut = true;
    world_pass(&world, LIMIT_REQUEST_MS);
    assert_string_equal(world_end(&answer), "OUTCOME_UNKNOWN");
    service_world_fini(&world);
}

// --- too much at once ---

// So many members that no account's queue is the bound that is met.
enum { CROWD_MEMBERS = SERVICE_REQUESTS / LIMIT_ACCOUNT_QUEUE + 1, CROWD = SERVICE_REQUESTS };

static void the_queue_of_an_account_is_bounded(void **state)
{
    (void)state;
    struct service_world world;
    open_with_anna(&world);
    struct world_answer *answers = calloc(LIMIT_ACCOUNT_QUEUE + 1, sizeof(*answers));
    assert_non_null(answers);
    for (size_t i = 0; i <= LIMIT_ACCOUNT_QUEUE; i++) {
        ask_sale(&world, "", 0, &answers[i]);
    }
    const struct world_answer *last = &answers[LIMIT_ACCOUNT_QUEUE];
    assert_string_equal(world_end(last), "OVERLOADED");
    assert_int_equal(last->code, LOYALTY__V1__CODE__CODE_UNAVAILABLE);
    world_run(&world);
    int64_t points = 100;
    for (size_t i = 0; i < LIMIT_ACCOUNT_QUEUE; i++) {
        assert_string_equal(world_end(&answers[i]), "OK");
        const Loyalty__V1__AwardResponse *award = (Loyalty__V1__AwardResponse *)answers[i].reply;
        assert_int_equal(award->seq, 3 + i); // in the order they came
        points += award->points;
    }
    int64_t balance = 0;
    assert_int_equal(world_verify(&world, "anna", &balance), 2 + LIMIT_ACCOUNT_QUEUE);
    assert_int_equal(balance, points);
    free(answers);
    service_world_fini(&world);
}

static void requests_in_hand_are_bounded(void **state)
{
    (void)state;
    struct service_world world;
    struct span reads[CROWD_MEMBERS];
    service_world_open(&world, 1);
    for (size_t i = 0; i < CROWD_MEMBERS; i++) {
        const char *member = world_text(&world, "m-%zu", i);
        world_enroll(&world, member);
        reads[i] =
            world_bytes(&world, "MembersService/GetMember", world_member_text(&world, member));
    }
    struct world_answer *answers = calloc(CROWD + 1, sizeof(*answers));
    assert_non_null(answers);
    for (size_t i = 0; i <= CROWD; i++) {
        world_ask_bytes(&world.daemons[0], TILL, "/loyalty.v1.MembersService/GetMember",
                        reads[i % CROWD_MEMBERS], 0, &answers[i]);
    }
    assert_string_equal(world_end(&answers[CROWD]), "OVERLOADED");
    assert_int_equal(service_in_hand(world.daemons[0].service), CROWD);
    world_run(&world);
    for (size_t i = 0; i < CROWD; i++) {
        assert_string_equal(world_end(&answers[i]), "OK");
    }
    assert_int_equal(service_in_hand(world.daemons[0].service), 0);
    free(answers);
    service_world_fini(&world);
}

// --- the end ---

enum { LOAD = 150, STOP_ROUNDS = 60 };

static const char *any_request(struct service_world *world, struct random *random,
                               const char **ret_peer, const char **ret_method)
{
    static const char *const members[] = {"anna", "bert", "nobody"};
    const char *member = members[random_below(random, 3)];
    const char *id = world_id(world);
    *ret_peer = TILL;
    switch (random_below(random, 7)) {
    case 0:
        *ret_peer = "backend/crm";
        *ret_method = "MembersService/Enroll";
        return world_enroll_text(world, id, world_text(world, "new-%s", id + 30),
                                 world_text(world, "card-%d", (int)random_below(random, 5)));
    case 1:
        *ret_method = "PointsService/Redeem";
        return world_redeem_text(world, id, member, 10);
    case 2:
        *ret_peer = "backend/app";
        *ret_method = "MembersService/ListActivity";
        return world_member_text(world, member);
    case 3:
        *ret_peer = "admin/hq";
        *ret_method = "AdminService/VerifyAccounts";
        return world_text(world, "{\"partition\": %d}",
                          (int)random_below(random, WORLD_PARTITIONS));
    case 4:
        *ret_peer = "admin/hq";
        *ret_method = "ProgramsService/PublishProgram";
        return world_text(world,
                          "{%s, \"program\": %s, \"effective_from\": \"2027-01-01T00:00:00Z\"}",
                          world_mutation(world, id), service_world_program(world, ""));
    case 5:
        *ret_method = "MembersService/GetMember";
        return world_text(world,
                          "{\"member\": {\"identifier\": {\"kind\": \"CARD_NUMBER\", \"value\": "
                          "\"card-%d\"}}}",
                          (int)random_below(random, 5));
    default:
        *ret_method = "PointsService/Award";
        return world_award_text(world, id, member, 10000);
    }
}

static void stopped_under_load(uint64_t round, bool sandbox)
{
    struct service_world world;
    struct random random = random_of(seed, round);
    struct world_answer answers[LOAD];
    service_world_init(&world, sandbox);
    service_world_compact(&world, 300);
    service_world_publish(&world);
    (void)service_world_add(&world);
    world_enroll(&world, "anna");
    world_enroll(&world, "bert");
    for (size_t i = 0; i < LOAD; i++) {
        const char *peer;
        const char *method;
        const char *text = any_request(&world, &random, &peer, &method);
        world_ask(&world.daemons[random_below(&random, 2)], peer, method, text, &answers[i]);
        for (int64_t steps = random_below(&random, 3); steps > 0; steps--) {
            (void)world_step(&world.daemons[random_below(&random, 2)]);
        }
    }
    service_stop(world.daemons[0].service);
    struct world_answer late;
    world_ask(&world.daemons[0], TILL, "ClockService/GetClock", "{}", &late);
    assert_string_equal(world_end(&late), "OVERLOADED");
    service_world_restart(&world.daemons[0]);
    service_world_restart(&world.daemons[1]);
    for (size_t i = 0; i < LOAD; i++) {
        assert_int_equal(answers[i].times, 1);
    }
    int64_t balance = 0;
    (void)world_verify(&world, "anna", &balance);
    (void)world_verify(&world, "bert", &balance);
    service_world_fini(&world);
}

static void a_stop_under_load_answers_everything_once(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < STOP_ROUNDS; round++) {
        stopped_under_load(round, round % 3 == 0);
    }
}

int main(void)
{
    log_set_level(LOG_ERROR);
    seed = random_seed("dispatch");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(out_of_time_is_expired),
        cmocka_unit_test(the_shortest_time_counts),
        cmocka_unit_test(a_deadline_of_the_past_is_not_begun),
        cmocka_unit_test(a_late_head_moves_no_deadline),
        cmocka_unit_test(a_read_that_ran_out_of_time),
        cmocka_unit_test(a_clock_set_late_is_in_doubt),
        cmocka_unit_test(the_queue_of_an_account_is_bounded),
        cmocka_unit_test(requests_in_hand_are_bounded),
        cmocka_unit_test(a_stop_under_load_answers_everything_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
