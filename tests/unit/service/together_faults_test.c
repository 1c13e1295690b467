// Each answer the store can give to an append of many: it is everybody's where it says something of
// the account, and only theirs whom it is about where it does not.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log.h"
#include "support/crowd.h"

#define TILL "pos/store-1/till-1"

// All are decided anew on what another daemon has written.
static void behind(bool compacted)
{
    struct crowd crowd;
    crowd_open(&crowd);
    crowd_award(&crowd, 0, 10);
    crowd_redeem(&crowd, 1, 250);
    crowd_award(&crowd, 2, 10);
    crowd_let_ahead_land(&crowd);
    if (compacted) {
        world_compact_now(&crowd.world, "anna", 0);
    }
    crowd_other_daemon_awards(&crowd, 50);
    world_run(&crowd.world);
    crowd_told(&crowd, 0, 260);
    crowd_ended(&crowd, 1, "OK"); // by what came in between
    crowd_told(&crowd, 2, 20);
    crowd_closes(&crowd, 7, 20);
}

static void behind_decides_all_anew(void **state)
{
    (void)state;
    behind(false);
}

static void reload_decides_all_anew(void **state)
{
    (void)state;
    behind(true);
}

// What came in between is one of them: it is a replay, the others are done.
static void behind_holds_one_of_them(void **state)
{
    (void)state;
    struct crowd crowd;
    crowd_open(&crowd);
    const char *text = crowd_sale(&crowd, 20);
    struct world_answer there;
    crowd_award(&crowd, 0, 10);
    crowd_ask(&crowd, 1, "PointsService/Award", text);
    crowd_award(&crowd, 2, 10);
    crowd_let_ahead_land(&crowd);
    world_call(crowd.b, TILL, "PointsService/Award", text, &there);
    assert_string_equal(world_end(&there), "OK");
    world_run(&crowd.world);
    crowd_told(&crowd, 0, 230);
    crowd_ended(&crowd, 1, "REPLAYED");
    crowd_same_payload(&there, &crowd.answers[1]);
    crowd_told(&crowd, 2, 240);
    crowd_closes(&crowd, 6, 240);
}

// Somebody is always faster: each has tried as often as it may, and no more.
static void conflicts_come_to_an_end_for_each(void **state)
{
    (void)state;
    struct crowd crowd;
    crowd_open(&crowd);
    crowd_award(&crowd, 0, 10);
    crowd_award(&crowd, 1, 10);
    crowd_let_ahead_land(&crowd);
    int64_t wins = 0;
    while (crowd.answers[0].times == 0 || crowd.answers[1].times == 0) {
        crowd_other_daemon_awards(&crowd, 1);
        wins++;
        assert_in_range(wins, 1, LIMIT_CONFLICT_RETRIES + 1);
        (void)world_step(crowd.a);
        for (int ms = 0; ms < 64; ms++) {
            crowd.world.now_ms++;
            memory_set_now(crowd.a->store, crowd.world.now_ms);
            timers_run(&crowd.a->timers);
        }
    }
    crowd_ended(&crowd, 0, "TOO_MANY_CONFLICTS");
    crowd_ended(&crowd, 1, "TOO_MANY_CONFLICTS");
    crowd_closes(&crowd, 3 + (uint64_t)wins, 200 + wins);
}

// The store's clock is past the deadline of one, which it alone can know: the others land.
static void a_deadline_is_its_own(void **state)
{
    (void)state;
    for (size_t late = 0; late < 3; late++) {
        struct crowd crowd;
        crowd_open(&crowd);
        for (size_t i = 0; i < 3; i++) {
            crowd_award_until(&crowd, i, 10, crowd.world.now_ms + (i == late ? 1000 : 5000));
        }
        crowd_let_ahead_land(&crowd);
        memory_set_now(crowd.a->store, crowd.world.now_ms + 1500);
        memory_run(crowd.a->store);
        for (size_t i = 0; i < 3; i++) {
            crowd_ended(&crowd, i, i == late ? "EXPIRED" : "OK");
        }
        memory_set_now(crowd.a->store, crowd.world.now_ms);
        crowd_closes(&crowd, 5, 220);
    }
}

// Nor does it land with the others, whose deadlines are later.
static void nobody_lands_after_its_deadline(void **state)
{
    (void)state;
    struct crowd crowd;
    crowd_open(&crowd);
    crowd_award_until(&crowd, 0, 10, crowd.world.now_ms + 5000);
    crowd_award_until(&crowd, 1, 10, crowd.world.now_ms + 3000);
    crowd_award_until(&crowd, 2, 10, crowd.world.now_ms + 1000);
    crowd_let_ahead_land(&crowd);
    memory_set_now(crowd.a->store, crowd.world.now_ms + 3500);
    memory_run(crowd.a->store);
    crowd_told(&crowd, 0, 210);
    crowd_ended(&crowd, 1, "EXPIRED");
    crowd_ended(&crowd, 2, "EXPIRED");
    memory_set_now(crowd.a->store, crowd.world.now_ms);
    crowd_closes(&crowd, 4, 210);
}

static void a_clock_is_everybodys(void **state)
{
    (void)state;
    struct crowd crowd;
    crowd_open(&crowd);
    crowd_award(&crowd, 0, 10);
    crowd_award(&crowd, 1, 10);
    crowd_let_ahead_land(&crowd);
    memory_set_now(crowd.a->store, crowd.world.now_ms - 600000);
    world_run(&crowd.world);
    crowd_ended(&crowd, 0, "CLOCK_SKEW");
    crowd_ended(&crowd, 1, "CLOCK_SKEW");
    memory_set_now(crowd.a->store, crowd.world.now_ms);
    crowd_closes(&crowd, 3, 200);
}

// Asked again with their ids, each has the one answer there is.
static void a_failed_append(enum memory_fault fault, const char *first, const char *again)
{
    struct crowd crowd;
    crowd_open(&crowd);
    const char *texts[3];
    for (size_t i = 0; i < 3; i++) {
        texts[i] = crowd_sale(&crowd, 10);
        crowd_ask(&crowd, i, "PointsService/Award", texts[i]);
    }
    crowd_ask(&crowd, 3, "PointsService/Award", texts[1]);
    crowd_let_ahead_land(&crowd);
    crowd_award(&crowd, 4, 10); // waits behind what fails, and is decided on what is there
    memory_fail_next(crowd.a->store, fault);
    world_run(&crowd.world);
    for (size_t i = 0; i < 4; i++) {
        crowd_ended(&crowd, i, first);
    }
    bool written = fault == MEMORY_FAULT_LOST_REPLY;
    crowd_told(&crowd, 4, written ? 240 : 210);
    for (size_t i = 0; i < 3; i++) {
        world_call(crowd.a, TILL, "PointsService/Award", texts[i], &crowd.answers[i]);
        crowd_ended(&crowd, i, again);
    }
    crowd_closes(&crowd, 7, 240);
}

static void unavailable_is_definite(void **state)
{
    (void)state;
    a_failed_append(MEMORY_FAULT_BEFORE, "STORE_UNAVAILABLE", "OK");
}

static void unknown_that_was_not_written(void **state)
{
    (void)state;
    a_failed_append(MEMORY_FAULT_LOST_ASK, "OUTCOME_UNKNOWN", "OK");
}

static void unknown_that_was_written(void **state)
{
    (void)state;
    a_failed_append(MEMORY_FAULT_LOST_REPLY, "OUTCOME_UNKNOWN", "REPLAYED");
}

int main(void)
{
    log_set_level((enum log_level)(LOG_ERROR + 1));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(behind_decides_all_anew),
        cmocka_unit_test(reload_decides_all_anew),
        cmocka_unit_test(behind_holds_one_of_them),
        cmocka_unit_test(conflicts_come_to_an_end_for_each),
        cmocka_unit_test(a_deadline_is_its_own),
        cmocka_unit_test(nobody_lands_after_its_deadline),
        cmocka_unit_test(a_clock_is_everybodys),
        cmocka_unit_test(unavailable_is_definite),
        cmocka_unit_test(unknown_that_was_not_written),
        cmocka_unit_test(unknown_that_was_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
