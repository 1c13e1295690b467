// What waits for one account goes along: an append is under way, mutations queue behind it, and
// when it has landed they are decided on top of each other for the next. Each has its own record
// and answer, in the order they came; who cannot be decided so keeps its place.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/log.h"
#include "service/event.h"
#include "support/crowd.h"

#define TILL "pos/store-1/till-1"

static void those_that_wait_are_one_append(void **state)
{
    (void)state;
    struct crowd crowd;
    crowd_open(&crowd);
    uint64_t before = crowd_appends(&crowd);
    for (size_t i = 0; i < 4; i++) {
        crowd_award(&crowd, i, 10);
    }
    crowd_let_ahead_land(&crowd);
    for (size_t i = 0; i < 4; i++) {
        crowd_ended(&crowd, i, "NONE"); // decided, but not yet durable
    }
    world_run(&crowd.world);
    assert_int_equal(crowd_appends(&crowd), before + 2);
    for (size_t i = 0; i < 4; i++) {
        crowd_told(&crowd, i, 210 + 10 * (int64_t)i);
    }
    crowd_closes(&crowd, 7, 240);
}

// The first of it is done, the second is its replay, the third has another content.
static void an_id_comes_again_behind_itself(void **state)
{
    (void)state;
    struct crowd crowd;
    crowd_open(&crowd);
    uint64_t before = crowd_appends(&crowd);
    const char *id = world_id(&crowd.world);
    const char *text = world_award_text(&crowd.world, id, "anna", 1000);
    crowd_award(&crowd, 0, 10);
    crowd_ask(&crowd, 1, "PointsService/Award", text);
    crowd_award(&crowd, 2, 10);
    crowd_ask(&crowd, 3, "PointsService/Award", text);
    crowd_ask(&crowd, 4, "PointsService/Award", world_award_text(&crowd.world, id, "anna", 2000));
    crowd_award(&crowd, 5, 10);
    crowd_let_ahead_land(&crowd);
    crowd_ended(&crowd, 3, "NONE"); // not before its record is durable
    crowd_ended(&crowd, 4, "NONE");
    world_run(&crowd.world);
    assert_int_equal(crowd_appends(&crowd), before + 2);
    crowd_told(&crowd, 1, 220);
    crowd_ended(&crowd, 3, "REPLAYED");
    crowd_same_payload(&crowd.answers[1], &crowd.answers[3]);
    crowd_ended(&crowd, 4, "ID_CONFLICT");
    crowd_told(&crowd, 5, 240);
    crowd_closes(&crowd, 7, 240);
}

// An id that was answered long ago is looked for in the log, in its place.
static void an_id_of_old_comes_again(void **state)
{
    (void)state;
    struct crowd crowd;
    crowd_open(&crowd);
    struct world_answer first;
    const char *old = crowd_sale(&crowd, 30);
    world_call(crowd.a, TILL, "PointsService/Award", old, &first);
    crowd_award(&crowd, 0, 10);
    crowd_award(&crowd, 1, 10);
    crowd_ask(&crowd, 2, "PointsService/Award", old);
    crowd_award(&crowd, 3, 10);
    world_run(&crowd.world);
    crowd_told(&crowd, 1, 250);
    crowd_ended(&crowd, 2, "REPLAYED");
    crowd_same_payload(&first, &crowd.answers[2]);
    crowd_told(&crowd, 3, 260);
    crowd_closes(&crowd, 7, 260);
}

// One leaves no trace, one leaves its record; the others are not touched by it.
static void refusals_in_the_middle(void **state)
{
    (void)state;
    struct crowd crowd;
    crowd_open(&crowd);
    uint64_t before = crowd_appends(&crowd);
    crowd_award(&crowd, 0, 10);
    crowd_ask(
        &crowd, 1, "PointsService/Award",
        world_text(&crowd.world,
                   "{%s, \"member\": {\"member_id\": \"anna\"}, \"sale\": {\"currency\": \"EUR\", "
                   "\"lines\": [{\"amount_minor\": 100}]}}",
                   world_mutation(&crowd.world, world_id(&crowd.world))));
    crowd_redeem(&crowd, 2, 10000);
    crowd_redeem(&crowd, 3, 200); // without the one before it there are only so many
    crowd_award(&crowd, 4, 5);
    crowd_let_ahead_land(&crowd);
    crowd_ended(&crowd, 1, "NONE");
    world_run(&crowd.world);
    assert_int_equal(crowd_appends(&crowd), before + 2);
    crowd_told(&crowd, 0, 210);
    crowd_ended(&crowd, 1, "WRONG_CURRENCY");
    crowd_ended(&crowd, 2, "INSUFFICIENT_POINTS");
    crowd_ended(&crowd, 3, "OK");
    crowd_told(&crowd, 4, 15);
    crowd_closes(&crowd, 7, 15);
}

// --- who does not go along ---

// Mutations pass a read that waits: it tells of all of them, when they have landed, and costs them
// no append of their own. One that came twice, before it and behind it, is done once.
static void a_read_lets_others_pass(void **state)
{
    (void)state;
    struct crowd crowd;
    crowd_open(&crowd);
    uint64_t before = crowd_appends(&crowd);
    const char *again =
        world_award_text(&crowd.world, world_id(&crowd.world), "anna", 1000); // 10 points
    crowd_ask(&crowd, 0, "PointsService/Award", again);
    world_ask(crowd.a, "backend/app", "MembersService/GetMember",
              world_member_text(&crowd.world, "anna"), &crowd.answers[1]);
    crowd_award(&crowd, 2, 10);
    world_ask(crowd.a, "backend/app", "MembersService/GetMember",
              world_member_text(&crowd.world, "anna"), &crowd.answers[3]);
    crowd_ask(&crowd, 4, "PointsService/Award", again);
    crowd_award(&crowd, 5, 10);
    crowd_let_ahead_land(&crowd);
    crowd_ended(&crowd, 1, "NONE"); // not of what may still be lost
    world_run(&crowd.world);
    assert_int_equal(crowd_appends(&crowd), before + 2);
    crowd_told(&crowd, 0, 210);
    crowd_told(&crowd, 2, 220);
    crowd_ended(&crowd, 4, "REPLAYED");
    crowd_told(&crowd, 5, 230);
    for (size_t i = 1; i < 4; i += 2) {
        crowd_ended(&crowd, i, "OK");
        const Loyalty__V1__GetMemberResponse *reply = (const void *)crowd.answers[i].reply;
        assert_int_equal(reply->standing->balance, 230);
    }
    crowd_closes(&crowd, 6, 230);
}

// One look at the store serves all reads that waited when it was made, and so does a sale that
// landed.
static void reads_look_together(void **state)
{
    (void)state;
    struct crowd crowd;
    crowd_open(&crowd);
    const char *text = world_member_text(&crowd.world, "anna");
    for (size_t i = 0; i < CROWD; i++) {
        crowd_ask(&crowd, i, "MembersService/GetMember", text);
    }
    crowd_let_ahead_land(&crowd); // which was sent before any of them came
    size_t steps = 0;
    while (memory_step(crowd.a->store)) {
        steps++;
    }
    assert_int_equal(steps, 1);
    for (size_t i = 0; i < CROWD; i++) {
        crowd_ended(&crowd, i, "OK");
        const Loyalty__V1__GetMemberResponse *reply = (const void *)crowd.answers[i].reply;
        assert_int_equal(reply->standing->balance, 200);
    }
    for (size_t i = 0; i < 3; i++) {
        crowd_award(&crowd, i, 10);
    }
    crowd_ask(&crowd, 3, "MembersService/GetMember", text);
    for (steps = 0; memory_step(crowd.a->store); steps++) {
    }
    assert_int_equal(steps, 2); // two appends
    crowd_ended(&crowd, 3, "OK");
    const Loyalty__V1__GetMemberResponse *reply = (const void *)crowd.answers[3].reply;
    assert_int_equal(reply->standing->balance, 230);
    crowd_closes(&crowd, 6, 230);
}

// What takes something back reads the whole log, in its place: the very sale before it too.
static void a_reversal_keeps_its_place(void **state)
{
    (void)state;
    struct crowd crowd;
    crowd_open(&crowd);
    const char *id = world_id(&crowd.world);
    const char *at = world_instant(&crowd.world, crowd.world.now_ms);
    crowd_ask(&crowd, 0, "PointsService/Award", world_award_text(&crowd.world, id, "anna", 3000));
    crowd_award(&crowd, 1, 10);
    crowd_ask(
        &crowd, 2, "PointsService/Reverse",
        world_points_text(&crowd.world, world_id(&crowd.world), "anna",
                          world_text(&crowd.world,
                                     "\"original_request_id\": \"%s\", \"original_created_at\": "
                                     "\"%s\"",
                                     id, at)));
    crowd_award(&crowd, 3, 10);
    world_run(&crowd.world);
    crowd_told(&crowd, 1, 240);
    crowd_ended(&crowd, 2, "OK");
    crowd_told(&crowd, 3, 220);
    crowd_closes(&crowd, 7, 220);
}

// An account's first sale may wait behind its enrolment.
static void behind_an_enrolment(void **state)
{
    (void)state;
    struct crowd crowd;
    crowd_open(&crowd);
    struct world_answer enrolled;
    const char *id = world_id(&crowd.world);
    world_ask(crowd.a, "backend/crm", "MembersService/Enroll",
              world_enroll_text(&crowd.world, id, "bert", NULL), &enrolled);
    for (size_t i = 0; i < 2; i++) {
        crowd_ask(&crowd, i, "PointsService/Award",
                  world_award_text(&crowd.world, world_id(&crowd.world), "bert", 1000));
    }
    world_run(&crowd.world);
    assert_string_equal(world_end(&enrolled), "OK");
    crowd_told(&crowd, 1, 20);
    int64_t balance = 0;
    assert_int_equal(world_verify(&crowd.world, "bert", &balance), 3);
    assert_int_equal(balance, 20);
    crowd_closes(&crowd, 3, 200);
}

// --- bounds ---

static void a_crowd_is_cut_by_number(void **state)
{
    (void)state;
    enum { MANY = 3 * LIMIT_ATTEMPT_TASKS + 1 };
    static struct world_answer answers[MANY];
    struct crowd crowd;
    crowd_open(&crowd);
    uint64_t before = crowd_appends(&crowd);
    for (size_t i = 0; i < MANY; i++) {
        world_ask(crowd.a, TILL, "PointsService/Award", crowd_sale(&crowd, 1), &answers[i]);
    }
    world_run(&crowd.world);
    for (size_t i = 0; i < MANY; i++) {
        assert_string_equal(world_end(&answers[i]), "OK");
    }
    assert_int_equal(crowd_appends(&crowd), before + 1 + 4);
    crowd_closes(&crowd, 3 + MANY, 200 + MANY);
}

// A sale of as many lines as there may be.
static const char *long_sale(struct crowd *crowd)
{
    char *lines = arena_alloc_array(&crowd->world.arena, LIMIT_SALE_LINES, 32);
    size_t len = 0;
    for (int i = 0; i < LIMIT_SALE_LINES; i++) {
        static const char line[] = "{\"amount_minor\": 1000000000}, ";
        memcpy(lines + len, line, sizeof(line));
        len += sizeof(line) - 1;
    }
    lines[len - 2] = '\0';
    return world_text(&crowd->world,
                      "{%s, \"member\": {\"member_id\": \"anna\"}, \"sale\": {\"currency\": "
                      "\"CNY\", \"lines\": [%s]}}",
                      world_mutation(&crowd->world, world_id(&crowd->world)), lines);
}

static void a_crowd_is_cut_by_bytes(void **state)
{
    (void)state;
    enum { MANY = 40 };
    static struct world_answer answers[MANY];
    struct crowd crowd;
    crowd_open(&crowd);
    uint64_t before = crowd_appends(&crowd);
    for (size_t i = 0; i < MANY; i++) {
        world_ask(crowd.a, TILL, "PointsService/Award", long_sale(&crowd), &answers[i]);
    }
    world_run(&crowd.world);
    for (size_t i = 0; i < MANY; i++) {
        assert_string_equal(world_end(&answers[i]), "OK");
    }
    uint32_t partition = (uint32_t)(hash_fnv1a(span_of_text("anna")) % WORLD_PARTITIONS);
    assert_in_range(crowd_appends(&crowd), before + 3, before + MANY / 2);
    size_t most = 0;
    for (uint64_t i = before; i < crowd_appends(&crowd); i++) {
        struct event event;
        struct span bytes = memory_event(crowd.a->store, partition, i);
        assert_int_equal(event_decode(bytes, &event), STATUS_OK);
        most = event.records.len > most ? event.records.len : most;
    }
    assert_in_range(most, LIMIT_ATTEMPT_BYTES / 2, LIMIT_ATTEMPT_BYTES);
    int64_t balance = 0;
    assert_int_equal(world_verify(&crowd.world, "anna", &balance), 3 + MANY);
    service_world_fini(&crowd.world);
}

int main(void)
{
    log_set_level((enum log_level)(LOG_ERROR + 1));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(those_that_wait_are_one_append),
        cmocka_unit_test(an_id_comes_again_behind_itself),
        cmocka_unit_test(an_id_of_old_comes_again),
        cmocka_unit_test(refusals_in_the_middle),
        cmocka_unit_test(a_read_lets_others_pass),
        cmocka_unit_test(reads_look_together),
        cmocka_unit_test(a_reversal_keeps_its_place),
        cmocka_unit_test(behind_an_enrolment),
        cmocka_unit_test(a_crowd_is_cut_by_number),
        cmocka_unit_test(a_crowd_is_cut_by_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
