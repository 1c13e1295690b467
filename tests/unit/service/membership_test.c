// A membership is suspended, reinstated, closed and erased: what may be done to it then, what is
// told of it, and that its ledger still holds together.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log.h"
#include "support/lives.h"

#define CARD "4711-0815"
#define SET_STATUS "MembersService/SetStatus"
#define ERASE "MembersService/Erase"

enum { STEPS_MAX = 14 };

static struct service_world world;

static int open_world(void **state)
{
    (void)state;
    service_world_open(&world, 2);
    const char *text = world_enroll_text(&world, world_id(&world), "anna", CARD);
    assert_string_equal(
        life_call(&world.daemons[0], "backend/crm", "MembersService/Enroll", text, NULL), "OK");
    (void)world_award(&world, "anna", 10000);
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    service_world_fini(&world);
    return 0;
}

static const char *till(size_t daemon, const char *method, const char *json)
{
    return life_call(&world.daemons[daemon], LIFE_TILL, method, json, NULL);
}

static const char *award(size_t daemon)
{
    return till(daemon, "PointsService/Award",
                world_award_text(&world, world_id(&world), "anna", 5000));
}

static const char *set_status(const char *status, struct world_answer *answer)
{
    return life_call(&world.daemons[0], LIFE_ADMIN, SET_STATUS,
                     life_status_text(&world, world_id(&world), "anna", status), answer);
}

static const char *reverse(const char *original)
{
    const char *fields = world_text(&world,
                                    "\"original_request_id\": \"%s\", \"original_created_at\": "
                                    "\"%s\", \"reason\": \"return\"",
                                    original, world_instant(&world, world.now_ms));
    return till(1, "PointsService/Reverse",
                world_points_text(&world, world_id(&world), "anna", fields));
}

static void suspended_and_reinstated(void **state)
{
    (void)state;
    struct world_answer answer;
    assert_string_equal(set_status("MEMBER_STATUS_ACTIVE", NULL), "STATUS_UNCHANGED");
    assert_string_equal(set_status("MEMBER_STATUS_SUSPENDED", &answer), "OK");
    const Loyalty__V1__SetStatusResponse *told =
        (const Loyalty__V1__SetStatusResponse *)answer.reply;
    assert_int_equal(told->status, LOYALTY__V1__MEMBER_STATUS__MEMBER_STATUS_SUSPENDED);
    assert_string_equal(award(1), "NOT_ACTIVE");
    const char *redeem = world_redeem_text(&world, world_id(&world), "anna", 50);
    assert_string_equal(till(1, "PointsService/Redeem", redeem), "NOT_ACTIVE");
    assert_string_equal(set_status("MEMBER_STATUS_SUSPENDED", NULL), "STATUS_UNCHANGED");
    assert_string_equal(set_status("MEMBER_STATUS_ACTIVE", NULL), "OK");
    // The no was remembered: a duplicate must not burn points after the customer has paid.
    assert_string_equal(till(0, "PointsService/Redeem", redeem), "NOT_ACTIVE");
    assert_string_equal(award(1), "OK");
    assert_int_equal(world_member(&world.daemons[0], "anna")->standing->balance, 150);
}

static void a_closed_one_forfeits_what_it_has(void **state)
{
    (void)state;
    struct world_answer answer;
    const char *spent = world_id(&world);
    const char *held = world_id(&world);
    assert_string_equal(
        till(0, "PointsService/Redeem", world_redeem_text(&world, spent, "anna", 30)), "OK");
    const char *reserve = world_points_text(&world, held, "anna", "\"points\": 10");
    assert_string_equal(till(0, "PointsService/Reserve", reserve), "OK");
    assert_string_equal(set_status("MEMBER_STATUS_CLOSED", NULL), "HOLDS_OPEN");
    const char *release = world_points_text(&world, world_id(&world), "anna",
                                            world_text(&world, "\"reservation_id\": \"%s\"", held));
    assert_string_equal(till(0, "PointsService/Release", release), "OK");
    assert_string_equal(set_status("MEMBER_STATUS_CLOSED", &answer), "OK");
    assert_int_equal(((const Loyalty__V1__SetStatusResponse *)answer.reply)->forfeited, 70);
    assert_string_equal(award(0), "CLOSED");
    assert_string_equal(set_status("MEMBER_STATUS_ACTIVE", NULL), "CLOSED");
    // Points that come back to an ended membership are forfeited at once.
    assert_string_equal(reverse(spent), "OK");
    struct account account;
    life_fold(&world, "anna", &account);
    assert_int_equal(account.balance, 0);
    assert_int_equal(account.expired, 100);
    assert_int_equal(account.given_back, 30);
    account_fini(&account);
    world_pass(&world, 1000);
    assert_int_equal(world_member(&world.daemons[1], "anna")->standing->balance, 0);
}

static const char *owner_of_card(size_t daemon)
{
    struct world_answer answer;
    const char *text = "{\"member\": {\"identifier\": {\"kind\": \"CARD_NUMBER\", \"value\": "
                       "\"" CARD "\"}}}";
    const char *end =
        life_call(&world.daemons[daemon], "backend/crm", "MembersService/GetMember", text, &answer);
    return strcmp(end, "OK") == 0
               ? ((const Loyalty__V1__GetMemberResponse *)answer.reply)->member_id
               : end;
}

static void check_erased(void)
{
    int64_t balance = 0;
    assert_string_equal(owner_of_card(0), "UNKNOWN_MEMBER");
    assert_string_equal(owner_of_card(1), "UNKNOWN_MEMBER");
    (void)world_verify(&world, "anna", &balance);
    assert_int_equal(balance, 0);
    assert_int_equal(life_status(&world, "anna"), MEMBER_ERASED);
    assert_false(life_is_unfinished(&world, "anna"));
}

static void an_erased_one_is_found_by_nothing(void **state)
{
    (void)state;
    struct world_answer first;
    struct world_answer again;
    const char *text = life_erase_text(&world, world_id(&world), "anna");
    assert_string_equal(life_call(&world.daemons[0], LIFE_ADMIN, ERASE, text, &first), "OK");
    check_erased();
    assert_string_equal(life_call(&world.daemons[1], LIFE_ADMIN, ERASE, text, &again), "REPLAYED");
    assert_int_equal(first.payload.len, again.payload.len);
    assert_memory_equal(first.payload.data, again.payload.data, first.payload.len);
    assert_string_equal(award(1), "CLOSED");
    // The card is free for whoever comes.
    text = world_enroll_text(&world, world_id(&world), "bert", CARD);
    assert_string_equal(
        life_call(&world.daemons[1], "backend/crm", "MembersService/Enroll", text, NULL), "OK");
    assert_string_equal(owner_of_card(0), "bert");
}

// Who was merged into the one that is forgotten is the same person.
static void an_erasure_goes_on_to_who_was_merged(void **state)
{
    (void)state;
    const char *text = world_enroll_text(&world, world_id(&world), "bert", NULL);
    assert_string_equal(
        life_call(&world.daemons[1], "backend/crm", "MembersService/Enroll", text, NULL), "OK");
    text = life_merge_text(&world, world_id(&world), "anna", "bert");
    assert_string_equal(
        life_call(&world.daemons[0], LIFE_ADMIN, "MembersService/Merge", text, NULL), "OK");
    assert_string_equal(owner_of_card(1), "bert");
    text = life_erase_text(&world, world_id(&world), "bert");
    assert_string_equal(life_call(&world.daemons[1], LIFE_ADMIN, ERASE, text, NULL), "OK");
    world_run(&world);
    assert_int_equal(life_status(&world, "bert"), MEMBER_ERASED);
    check_erased();
}

// Wherever the daemon stops, a retry at another ends it.
static void an_erasure_ends_wherever_it_was_left(void **state)
{
    size_t done = 0;
    for (int fault = MEMORY_FAULT_NONE; fault <= MEMORY_FAULT_LOST_REPLY; fault++) {
        for (size_t steps = 0; steps < STEPS_MAX; steps++) {
            struct world_answer answer;
            struct world_answer again;
            service_world_fini(&world);
            (void)open_world(state);
            const char *text = life_erase_text(&world, world_id(&world), "anna");
            world_ask(&world.daemons[0], LIFE_ADMIN, ERASE, text, &answer);
            for (size_t i = 0; i < steps; i++) {
                (void)world_step(&world.daemons[0]);
            }
            if (fault == MEMORY_FAULT_NONE) {
                service_world_restart(&world.daemons[0]);
            } else {
                memory_fail_next(world.daemons[0].store, (enum memory_fault)fault);
                world_run(&world);
                memory_fail_next(world.daemons[0].store, MEMORY_FAULT_NONE);
            }
            bool told = strcmp(world_end(&answer), "OK") == 0;
            done += told ? 1 : 0;
            if (told) {
                check_erased();
            }
            const char *end =
                life_until_definite(&world.daemons[1], LIFE_ADMIN, ERASE, text, &again);
            assert_true(strcmp(end, "REPLAYED") == 0 || (!told && strcmp(end, "OK") == 0));
            check_erased();
        }
    }
    assert_true(done > 3 && done < (size_t)(4 * STEPS_MAX));
}

int main(void)
{
    log_set_level(LOG_ERROR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(suspended_and_reinstated, open_world, close_world),
        cmocka_unit_test_setup_teardown(a_closed_one_forfeits_what_it_has, open_world, close_world),
        cmocka_unit_test_setup_teardown(an_erased_one_is_found_by_nothing, open_world, close_world),
        cmocka_unit_test_setup_teardown(an_erasure_goes_on_to_who_was_merged, open_world,
                                        close_world),
        cmocka_unit_test_setup_teardown(an_erasure_ends_wherever_it_was_left, open_world,
                                        close_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
