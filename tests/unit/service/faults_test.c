// Each answer the store can give to a mutation, once, and what the client is told; then the same
// request again: the totals are exact, and where it had been written the answer is the stored one.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log.h"
#include "support/service_world.h"

#define TILL "pos/store-1/till-1"

// A member with 100 points whom two daemons have in their caches, and a sale of 50 points to come.
struct scene {
    struct service_world world;
    struct world_daemon *a;
    struct world_daemon *b;
    const char *id;
    const char *sale;
    struct world_answer first;
    struct world_answer again;
};

static void scene_open(struct scene *scene)
{
    *scene = (struct scene){0};
    struct service_world *world = &scene->world;
    service_world_open(world, 2);
    scene->a = &world->daemons[0];
    scene->b = &world->daemons[1];
    world_enroll(world, "anna");
    (void)world_award(world, "anna", 10000);
    (void)world_member(scene->a, "anna");
    (void)world_member(scene->b, "anna");
    scene->id = world_id(world);
    scene->sale = world_award_text(world, scene->id, "anna", 5000);
}

static void sell(struct scene *scene, struct world_answer *answer)
{
    world_call(scene->a, TILL, "PointsService/Award", scene->sale, answer);
}

static void other_daemon_awards(struct scene *scene, int64_t amount_minor)
{
    struct world_answer answer;
    world_call(scene->b, TILL, "PointsService/Award",
               world_award_text(&scene->world, world_id(&scene->world), "anna", amount_minor),
               &answer);
    assert_string_equal(world_end(&answer), "OK");
}

static void stands(struct scene *scene, uint64_t records, int64_t balance)
{
    int64_t found = 0;
    assert_int_equal(world_verify(&scene->world, "anna", &found), records);
    assert_int_equal(found, balance);
}

static void same_payload(const struct world_answer *a, const struct world_answer *b)
{
    assert_true(a->payload.len > 0);
    assert_int_equal(a->payload.len, b->payload.len);
    assert_memory_equal(a->payload.data, b->payload.data, a->payload.len);
}

static int64_t balance_told(const struct world_answer *answer)
{
    return ((const Loyalty__V1__AwardResponse *)answer->reply)->standing->balance;
}

// --- definite answers that are not the last word ---

static void behind_is_folded_and_decided_anew(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    other_daemon_awards(&scene, 20000);
    sell(&scene, &scene.first);
    assert_string_equal(world_end(&scene.first), "OK");
    assert_int_equal(balance_told(&scene.first), 350);
    sell(&scene, &scene.again);
    assert_string_equal(world_end(&scene.again), "REPLAYED");
    same_payload(&scene.first, &scene.again);
    stands(&scene, 4, 350);
    service_world_fini(&scene.world);
}

static void reload_is_loaded_and_decided_anew(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    world_compact_now(&scene.world, "anna", 0);
    other_daemon_awards(&scene, 20000);
    sell(&scene, &scene.first);
    assert_string_equal(world_end(&scene.first), "OK");
    assert_int_equal(balance_told(&scene.first), 350);
    world_compact_now(&scene.world, "anna", 0);
    sell(&scene, &scene.again);
    assert_string_equal(world_end(&scene.again), "REPLAYED");
    same_payload(&scene.first, &scene.again);
    stands(&scene, 4, 350);
    service_world_fini(&scene.world);
}

// More than a suffix has come in between: the whole log is read.
static void far_behind_is_loaded(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    while (world_log(&scene.world, "anna").len < LIMIT_SUFFIX_BYTES + 4096) {
        other_daemon_awards(&scene, 100);
    }
    int64_t before = world_member(scene.b, "anna")->standing->balance;
    sell(&scene, &scene.first);
    assert_string_equal(world_end(&scene.first), "OK");
    assert_int_equal(balance_told(&scene.first), before + 50);
    service_world_fini(&scene.world);
}

// A request that another daemon answered meanwhile is found behind, not done again.
static void behind_holds_the_very_request(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    world_call(scene.b, TILL, "PointsService/Award", scene.sale, &scene.first);
    assert_string_equal(world_end(&scene.first), "OK");
    sell(&scene, &scene.again);
    assert_string_equal(world_end(&scene.again), "REPLAYED");
    same_payload(&scene.first, &scene.again);
    stands(&scene, 3, 150);
    service_world_fini(&scene.world);
}

// The store's clock is set back, which only the store can know: it refuses.
static void clock_refuses_and_writes_nothing(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    world_ask(scene.a, TILL, "PointsService/Award", scene.sale, &scene.first);
    memory_set_now(scene.a->store, scene.world.now_ms - 600000);
    world_run(&scene.world);
    assert_string_equal(world_end(&scene.first), "CLOCK_SKEW");
    assert_int_equal(scene.first.code, LOYALTY__V1__CODE__CODE_UNAVAILABLE);
    stands(&scene, 2, 100);
    memory_set_now(scene.a->store, scene.world.now_ms);
    world_pass(&scene.world, 6000);
    sell(&scene, &scene.again);
    assert_string_equal(world_end(&scene.again), "OK");
    stands(&scene, 3, 150);
    service_world_fini(&scene.world);
}

// The append reaches the store after the client was told that the outcome is open: it does not
// land.
static void expired_never_lands(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    world_ask(scene.a, TILL, "PointsService/Award", scene.sale, &scene.first);
    scene.a->cut = true;
    world_pass(&scene.world, LIMIT_REQUEST_MS);
    assert_string_equal(world_end(&scene.first), "OUTCOME_UNKNOWN");
    world_pass(&scene.world, 1000);
    scene.a->cut = false;
    world_run(&scene.world);
    stands(&scene, 2, 100);
    world_pass(&scene.world, 6000);
    sell(&scene, &scene.again);
    assert_string_equal(world_end(&scene.again), "OK");
    stands(&scene, 3, 150);
    service_world_fini(&scene.world);
}

// The last millisecond is still good.
static void in_time_lands(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    world_ask(scene.a, TILL, "PointsService/Award", scene.sale, &scene.first);
    scene.a->cut = true;
    world_pass(&scene.world, LIMIT_REQUEST_MS - 1);
    assert_string_equal(world_end(&scene.first), "NONE");
    scene.a->cut = false;
    world_run(&scene.world);
    assert_string_equal(world_end(&scene.first), "OK");
    stands(&scene, 3, 150);
    service_world_fini(&scene.world);
}

// Nothing had been sent yet when its time was over: a definite answer, and nothing is sent later.
static void expired_before_anything_was_sent(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    accounts_forget(scene.a->service->accounts);
    world_ask(scene.a, TILL, "PointsService/Award", scene.sale, &scene.first);
    scene.a->cut = true;
    world_pass(&scene.world, LIMIT_REQUEST_MS);
    assert_string_equal(world_end(&scene.first), "EXPIRED");
    assert_int_equal(scene.first.code, LOYALTY__V1__CODE__CODE_UNAVAILABLE);
    scene.a->cut = false;
    world_run(&scene.world);
    stands(&scene, 2, 100);
    service_world_fini(&scene.world);
}

// --- calls that fail ---

static void a_failed_append(enum memory_fault fault, const char *first, const char *again)
{
    struct scene scene;
    scene_open(&scene);
    memory_fail_next(scene.a->store, fault);
    sell(&scene, &scene.first);
    assert_string_equal(world_end(&scene.first), first);
    stands(&scene, fault == MEMORY_FAULT_LOST_REPLY ? 3 : 2,
           fault == MEMORY_FAULT_LOST_REPLY ? 150 : 100);
    sell(&scene, &scene.again);
    assert_string_equal(world_end(&scene.again), again);
    assert_int_equal(balance_told(&scene.again), 150);
    stands(&scene, 3, 150);
    struct world_answer third;
    world_call(scene.b, TILL, "PointsService/Award", scene.sale, &third);
    assert_string_equal(world_end(&third), "REPLAYED");
    same_payload(&scene.again, &third);
    service_world_fini(&scene.world);
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

// A refused append leaves the account in the cache as it was: the next one is decided on it at
// once, and its own append is all that is asked of the store.
static void what_was_not_written_is_undone(void **state)
{
    (void)state;
    enum { BEFORE, CLOCK, EXPIRED, CASES };
    for (int what = 0; what < CASES; what++) {
        struct scene scene;
        scene_open(&scene);
        world_ask(scene.a, TILL, "PointsService/Award", scene.sale, &scene.first);
        if (what == BEFORE) {
            memory_fail_next(scene.a->store, MEMORY_FAULT_BEFORE);
        } else {
            int64_t off_ms = what == CLOCK ? -600000 : 600000;
            memory_set_now(scene.a->store, scene.world.now_ms + off_ms);
        }
        assert_true(memory_step(scene.a->store));
        memory_set_now(scene.a->store, scene.world.now_ms);
        assert_int_equal(scene.first.code, LOYALTY__V1__CODE__CODE_UNAVAILABLE);
        while (memory_step(scene.a->store)) { // a head, where the clock was at fault
        }
        world_ask(scene.a, TILL, "PointsService/Award", scene.sale, &scene.again);
        assert_true(memory_step(scene.a->store));
        assert_string_equal(world_end(&scene.again), "OK");
        stands(&scene, 3, 150);
        service_world_fini(&scene.world);
    }
}

// Of a load, a tail check, and the whole log for the id: nothing was done, and the next one works.
static void failed_reads_are_definite(void **state)
{
    (void)state;
    for (int fault = MEMORY_FAULT_BEFORE; fault <= MEMORY_FAULT_LOST_REPLY; fault++) {
        struct scene scene;
        scene_open(&scene);
        accounts_forget(scene.a->service->accounts);
        memory_fail_next(scene.a->store, (enum memory_fault)fault);
        sell(&scene, &scene.first);
        assert_string_equal(world_end(&scene.first), "STORE_UNAVAILABLE");
        sell(&scene, &scene.again);
        assert_string_equal(world_end(&scene.again), "OK");
        memory_fail_next(scene.a->store, (enum memory_fault)fault);
        sell(&scene, &scene.again);
        assert_string_equal(world_end(&scene.again), "STORE_UNAVAILABLE");
        memory_fail_next(scene.a->store, (enum memory_fault)fault);
        world_call(scene.a, "backend/app", "MembersService/GetMember",
                   world_member_text(&scene.world, "anna"), &scene.again);
        assert_string_equal(world_end(&scene.again), "STORE_UNAVAILABLE");
        stands(&scene, 3, 150);
        service_world_fini(&scene.world);
    }
}

// What follows a failed append in the same account's queue is decided on what is really there.
static void the_queue_behind_a_failed_append(void **state)
{
    (void)state;
    for (int fault = MEMORY_FAULT_BEFORE; fault <= MEMORY_FAULT_LOST_REPLY; fault++) {
        struct scene scene;
        scene_open(&scene);
        struct world_answer redeem;
        world_ask(scene.a, TILL, "PointsService/Award", scene.sale, &scene.first);
        world_ask(scene.a, TILL, "PointsService/Redeem",
                  world_redeem_text(&scene.world, world_id(&scene.world), "anna", 150), &redeem);
        memory_fail_next(scene.a->store, (enum memory_fault)fault);
        world_run(&scene.world);
        bool written = fault == MEMORY_FAULT_LOST_REPLY;
        assert_string_equal(world_end(&redeem), written ? "OK" : "INSUFFICIENT_POINTS");
        stands(&scene, written ? 4 : 3, written ? 0 : 100);
        service_world_fini(&scene.world);
    }
}

// --- refusals are remembered ---

static void a_refused_redemption_stays_refused(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    const char *redeem = world_redeem_text(&scene.world, world_id(&scene.world), "anna", 120);
    memory_fail_next(scene.a->store, MEMORY_FAULT_LOST_REPLY);
    world_call(scene.a, TILL, "PointsService/Redeem", redeem, &scene.first);
    assert_string_equal(world_end(&scene.first), "OUTCOME_UNKNOWN");
    sell(&scene, &scene.first); // now there would be enough
    world_call(scene.a, TILL, "PointsService/Redeem", redeem, &scene.first);
    assert_string_equal(world_end(&scene.first), "INSUFFICIENT_POINTS");
    assert_true(scene.first.replayed);
    assert_int_equal(scene.first.code, LOYALTY__V1__CODE__CODE_FAILED_PRECONDITION);
    world_compact_now(&scene.world, "anna", 0);
    world_call(scene.b, TILL, "PointsService/Redeem", redeem, &scene.again);
    assert_string_equal(world_end(&scene.again), "INSUFFICIENT_POINTS");
    assert_true(scene.again.replayed);
    assert_string_equal(scene.again.message, scene.first.message);
    assert_string_equal(scene.again.field, "points");
    stands(&scene, 4, 150);
    service_world_fini(&scene.world);
}

int main(void)
{
    log_set_level(LOG_ERROR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(behind_is_folded_and_decided_anew),
        cmocka_unit_test(reload_is_loaded_and_decided_anew),
        cmocka_unit_test(far_behind_is_loaded),
        cmocka_unit_test(behind_holds_the_very_request),
        cmocka_unit_test(clock_refuses_and_writes_nothing),
        cmocka_unit_test(expired_never_lands),
        cmocka_unit_test(in_time_lands),
        cmocka_unit_test(expired_before_anything_was_sent),
        cmocka_unit_test(unavailable_is_definite),
        cmocka_unit_test(unknown_that_was_not_written),
        cmocka_unit_test(unknown_that_was_written),
        cmocka_unit_test(what_was_not_written_is_undone),
        cmocka_unit_test(failed_reads_are_definite),
        cmocka_unit_test(the_queue_behind_a_failed_append),
        cmocka_unit_test(a_refused_redemption_stays_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
