// Two members become one, over two logs: wherever a daemon stops, whatever call fails, and whoever
// merges them the other way round at the same moment, no point is lost or there twice, and what the
// merged member was asked before is answered as it was.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/log.h"
#include "support/lives.h"

#define CARD "4711-0815"
#define MERGE "MembersService/Merge"
#define AWARD "PointsService/Award"

enum { STEPS_MAX = 14, ORDER_STEPS = 12, ORDERS = 1 << ORDER_STEPS };

static struct service_world world;
static const char *const both[] = {"anna", "bert"};
static const char *annas_sale; // and what it was answered
static struct world_answer annas_answer;

static void sell(size_t daemon, const char *member, int64_t amount_minor, const char *end)
{
    const char *text = world_award_text(&world, world_id(&world), member, amount_minor);
    assert_string_equal(life_call(&world.daemons[daemon], LIFE_TILL, AWARD, text, NULL), end);
}

// Anna has 100 points, bert 30.
static int open_world(void **state)
{
    (void)state;
    service_world_open(&world, 2);
    const char *text = world_enroll_text(&world, world_id(&world), "anna", CARD);
    assert_string_equal(
        life_call(&world.daemons[0], "backend/crm", "MembersService/Enroll", text, NULL), "OK");
    world_enroll(&world, "bert");
    annas_sale = world_award_text(&world, world_id(&world), "anna", 10000);
    assert_string_equal(life_call(&world.daemons[0], LIFE_TILL, AWARD, annas_sale, &annas_answer),
                        "OK");
    sell(1, "bert", 3000, "OK");
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    service_world_fini(&world);
    return 0;
}

static const Loyalty__V1__GetMemberResponse *member(size_t daemon, const char *text)
{
    static struct world_answer answer;
    assert_string_equal(
        life_call(&world.daemons[daemon], "backend/crm", "MembersService/GetMember", text, &answer),
        "OK");
    return (const Loyalty__V1__GetMemberResponse *)answer.reply;
}

static const char *by_card_text(const char *card)
{
    return world_text(&world,
                      "{\"member\": {\"identifier\": {\"kind\": \"CARD_NUMBER\", "
                      "\"value\": \"%s\"}}}",
                      card);
}

// Anna is bert now, with the points of both.
static void check_merged(size_t daemon)
{
    struct world_answer again;
    assert_int_equal(life_status(&world, "anna"), MEMBER_MERGED);
    assert_false(life_is_unfinished(&world, "anna"));
    assert_int_equal(life_points(&world, both, 1), 0);
    assert_int_equal(life_points(&world, both, 2), 130);
    const Loyalty__V1__GetMemberResponse *shown = member(daemon, world_member_text(&world, "anna"));
    assert_string_equal(shown->member_id, "bert");
    assert_int_equal(shown->standing->balance, 130);
    assert_string_equal(shown->merged_from, "anna");
    shown = member(daemon, by_card_text(CARD));
    assert_string_equal(shown->member_id, "bert");
    assert_string_equal(life_call(&world.daemons[daemon], LIFE_TILL, AWARD, annas_sale, &again),
                        "REPLAYED");
    assert_int_equal(again.payload.len, annas_answer.payload.len);
    assert_memory_equal(again.payload.data, annas_answer.payload.data, again.payload.len);
}

static void the_merged_log_answers_its_old_ids_then_redirects(void **state)
{
    (void)state;
    struct world_answer first;
    struct world_answer again;
    const char *id = world_id(&world);
    const char *text = life_merge_text(&world, id, "anna", "bert");
    assert_string_equal(life_call(&world.daemons[0], LIFE_ADMIN, MERGE, text, &first), "OK");
    const Loyalty__V1__MergeResponse *told = (const Loyalty__V1__MergeResponse *)first.reply;
    assert_int_equal(told->points, 100);
    assert_int_equal(told->score, 100);
    assert_string_equal(told->into, "bert");
    check_merged(0);
    check_merged(1);
    assert_string_equal(life_call(&world.daemons[1], LIFE_ADMIN, MERGE, text, &again), "REPLAYED");
    assert_int_equal(first.payload.len, again.payload.len);
    assert_memory_equal(first.payload.data, again.payload.data, first.payload.len);
    // What is new goes on with bert, also what needs the whole log.
    sell(1, "anna", 5000, "OK");
    const char *sale = world_id(&world);
    const char *redeem = world_redeem_text(&world, sale, "anna", 80);
    assert_string_equal(
        life_call(&world.daemons[0], LIFE_TILL, "PointsService/Redeem", redeem, NULL), "OK");
    const char *fields = world_text(&world,
                                    "\"original_request_id\": \"%s\", \"original_created_at\": "
                                    "\"%s\", \"reason\": \"return\"",
                                    sale, world_instant(&world, world.now_ms));
    const char *reverse = world_points_text(&world, world_id(&world), "anna", fields);
    assert_string_equal(
        life_call(&world.daemons[1], LIFE_TILL, "PointsService/Reverse", reverse, NULL), "OK");
    assert_int_equal(life_points(&world, both, 2), 180);
    // Merging them once more is merging bert with himself.
    text = life_merge_text(&world, world_id(&world), "anna", "bert");
    assert_string_equal(life_call(&world.daemons[1], LIFE_ADMIN, MERGE, text, NULL), "SAME_MEMBER");
}

static const char *reverse_of(const char *member_id, size_t daemon, const char *original,
                              const char *rest)
{
    const char *fields = world_text(&world,
                                    "\"original_request_id\": \"%s\", \"original_created_at\": "
                                    "\"%s\", \"reason\": \"return\"%s",
                                    original, world_instant(&world, world.now_ms), rest);
    const char *text = world_points_text(&world, world_id(&world), member_id, fields);
    return life_until_definite(&world.daemons[daemon], LIFE_TILL, "PointsService/Reverse", text,
                               NULL);
}

static const char *reverse(size_t daemon, const char *original, const char *rest)
{
    return reverse_of("anna", daemon, original, rest);
}

static int64_t score_of(const char *id)
{
    struct account account;
    life_fold(&world, id, &account);
    int64_t score = account.score;
    account_fini(&account);
    return score;
}

// What was sold to anna is returned when she is bert: he gives the points back, and the score.
static void what_was_before_is_taken_back_from_the_other(void **state)
{
    (void)state;
    const char *sale = world_id(&world);
    const char *spent = world_id(&world);
    const char *text = world_award_text(&world, sale, "anna", 5000);
    assert_string_equal(life_call(&world.daemons[0], LIFE_TILL, AWARD, text, NULL), "OK");
    text = world_redeem_text(&world, spent, "anna", 120);
    assert_string_equal(life_call(&world.daemons[0], LIFE_TILL, "PointsService/Redeem", text, NULL),
                        "OK");
    text = life_merge_text(&world, world_id(&world), "anna", "bert");
    assert_string_equal(life_call(&world.daemons[0], LIFE_ADMIN, MERGE, text, NULL), "OK");
    assert_int_equal(life_points(&world, both, 2), 60);
    assert_int_equal(score_of("bert"), 180);
    assert_string_equal(reverse(1, sale, ", \"amount_minor\": 2000"), "OK");
    world_run(&world);
    assert_int_equal(life_points(&world, both + 1, 1), 40);
    assert_int_equal(score_of("bert"), 160);
    assert_string_equal(reverse(0, sale, ""), "OK"); // the rest of it
    assert_string_equal(reverse(1, sale, ""), "OK"); // nothing is left
    world_run(&world);
    assert_int_equal(life_points(&world, both + 1, 1), 10);
    assert_int_equal(score_of("bert"), 130);
    assert_string_equal(reverse(0, spent, ""), "OK");
    world_run(&world);
    assert_int_equal(life_points(&world, both, 1), 0);
    assert_int_equal(life_points(&world, both + 1, 1), 130);
    assert_false(life_is_unfinished(&world, "anna"));
}

// The same by bert's own card: his log does not know the sale, that of whom he took over does.
static void what_was_before_is_found_by_the_other(void **state)
{
    (void)state;
    const char *sale = world_id(&world);
    const char *unknown = world_id(&world);
    const char *text = world_award_text(&world, sale, "anna", 5000);
    assert_string_equal(life_call(&world.daemons[0], LIFE_TILL, AWARD, text, NULL), "OK");
    world_enroll(&world, "carl");
    static const char *const merged[] = {"carl", "anna"};
    for (size_t i = 0; i < 2; i++) {
        text = life_merge_text(&world, world_id(&world), merged[i], "bert");
        assert_string_equal(life_call(&world.daemons[0], LIFE_ADMIN, MERGE, text, NULL), "OK");
    }
    struct world_answer answer;
    text = world_outcome_text(&world, sale, "bert");
    assert_string_equal(
        life_call(&world.daemons[1], LIFE_TILL, "PointsService/GetOutcome", text, &answer), "OK");
    assert_int_equal(((const Loyalty__V1__GetOutcomeResponse *)answer.reply)->status,
                     LOYALTY__V1__OUTCOME_STATUS__OUTCOME_STATUS_APPLIED);
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(reverse_of("bert", i, sale, ""), "OK");
        world_run(&world);
        assert_int_equal(life_points(&world, both + 1, 1), 130);
    }
    assert_int_equal(score_of("bert"), 130);
    // One that nobody knows is remembered by bert, and refused when it comes, to whomever.
    assert_string_equal(reverse_of("bert", 0, unknown, ""), "OK");
    text = world_award_text(&world, unknown, "anna", 5000);
    assert_string_equal(life_call(&world.daemons[1], LIFE_TILL, AWARD, text, NULL),
                        "REVERSED_BEFORE");
}

// Wherever a daemon stops in that, it is done once.
static void a_return_is_passed_on_once(void **state)
{
    static const char sale[] = "00000000-0000-4000-8000-0000000000aa";
    for (int fault = MEMORY_FAULT_NONE; fault <= MEMORY_FAULT_LOST_REPLY; fault++) {
        for (size_t steps = 0; steps < STEPS_MAX; steps++) {
            service_world_fini(&world);
            (void)open_world(state);
            const char *text = world_award_text(&world, sale, "anna", 5000);
            assert_string_equal(life_call(&world.daemons[0], LIFE_TILL, AWARD, text, NULL), "OK");
            text = life_merge_text(&world, world_id(&world), "anna", "bert");
            assert_string_equal(life_call(&world.daemons[0], LIFE_ADMIN, MERGE, text, NULL), "OK");
            const char *fields = world_text(
                &world, "\"original_request_id\": \"%s\", \"original_created_at\": \"%s\"", sale,
                world_instant(&world, world.now_ms));
            text = world_points_text(&world, world_id(&world), "anna", fields);
            struct world_answer answer;
            world_ask(&world.daemons[0], LIFE_TILL, "PointsService/Reverse", text, &answer);
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
            (void)life_until_definite(&world.daemons[1], LIFE_TILL, "PointsService/Reverse", text,
                                      NULL);
            // Whoever next writes to anna's log ends what is open there.
            assert_string_equal(reverse(1, "00000000-0000-4000-8000-0000000000bb", ""), "OK");
            assert_string_equal(reverse(1, sale, ""), "OK");
            world_run(&world);
            assert_int_equal(life_points(&world, both, 2), 130);
            assert_false(life_is_unfinished(&world, "anna"));
        }
    }
}

// The card of who was merged is lost: it is replaced in that log, whoever is named.
static void a_merged_members_card_is_replaced(void **state)
{
    (void)state;
    const char *text = life_merge_text(&world, world_id(&world), "anna", "bert");
    assert_string_equal(life_call(&world.daemons[0], LIFE_ADMIN, MERGE, text, NULL), "OK");
    static const char *const cards[] = {CARD, "4711-0816", "4711-0817"};
    for (size_t i = 0; i < 2; i++) {
        text = world_points_text(
            &world, world_id(&world), both[1 - i],
            world_text(&world,
                       "\"old\": {\"kind\": \"CARD_NUMBER\", \"value\": \"%s\"}, "
                       "\"identifier\": {\"kind\": \"CARD_NUMBER\", \"value\": \"%s\"}",
                       cards[i], cards[i + 1]));
        static const char *const ends[] = {"OK", "REPLAYED"};
        for (size_t j = 0; j < 2; j++) {
            assert_string_equal(life_call(&world.daemons[j], "backend/crm",
                                          "MembersService/ReplaceIdentifier", text, NULL),
                                ends[j]);
        }
        text = by_card_text(cards[i]);
        assert_string_equal(
            life_call(&world.daemons[i], "backend/crm", "MembersService/GetMember", text, NULL),
            "IDENTIFIER_REPLACED");
        assert_string_equal(member(i, by_card_text(cards[i + 1]))->member_id, "bert");
    }
}

static void who_cannot_be_merged(void **state)
{
    (void)state;
    static const struct {
        const char *from;
        const char *into;
        const char *end;
    } cases[] = {
        {"anna", "anna", "SAME_MEMBER"},      {"anna", "nobody", "UNKNOWN_MEMBER"},
        {"nobody", "bert", "UNKNOWN_MEMBER"}, {"anna", "closed", "CLOSED"},
        {"closed", "bert", "CLOSED"},
    };
    world_enroll(&world, "closed");
    const char *text = life_status_text(&world, world_id(&world), "closed", "MEMBER_STATUS_CLOSED");
    assert_string_equal(
        life_call(&world.daemons[0], LIFE_ADMIN, "MembersService/SetStatus", text, NULL), "OK");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        text = life_merge_text(&world, world_id(&world), cases[i].from, cases[i].into);
        assert_string_equal(life_call(&world.daemons[1], LIFE_ADMIN, MERGE, text, NULL),
                            cases[i].end);
    }
    assert_int_equal(life_points(&world, both, 2), 130);
}

// --- wherever it stops ---

// One call fails, or the daemon dies, after so many steps. Whether the request was done by then.
static bool stop_after(size_t steps, int fault, const char *text)
{
    struct world_answer answer;
    world_ask(&world.daemons[0], LIFE_ADMIN, MERGE, text, &answer);
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
    assert_int_equal(answer.times, 1);
    return strcmp(world_end(&answer), "OK") == 0;
}

static void wherever_it_stops_a_retry_ends_it(void **state)
{
    size_t done = 0;
    for (int fault = MEMORY_FAULT_NONE; fault <= MEMORY_FAULT_LOST_REPLY; fault++) {
        for (size_t steps = 0; steps < STEPS_MAX; steps++) {
            service_world_fini(&world);
            (void)open_world(state);
            const char *text = life_merge_text(&world, world_id(&world), "anna", "bert");
            bool told = stop_after(steps, fault, text);
            done += told ? 1 : 0;
            if (told) {
                check_merged(1);
            }
            const char *end = life_until_definite(&world.daemons[1], LIFE_ADMIN, MERGE, text, NULL);
            assert_true(strcmp(end, "REPLAYED") == 0 || (!told && strcmp(end, "OK") == 0));
            check_merged(0);
            check_merged(1);
        }
    }
    assert_true(done > 3 && done < (size_t)(4 * STEPS_MAX));
}

// Nobody asks for the merge again: who next asks for either of them makes it go on.
static void wherever_it_stops_who_comes_next_ends_it(void **state)
{
    size_t left = 0;
    for (size_t steps = 0; steps < STEPS_MAX; steps++) {
        service_world_fini(&world);
        (void)open_world(state);
        (void)stop_after(steps, MEMORY_FAULT_NONE,
                         life_merge_text(&world, world_id(&world), "anna", "bert"));
        bool merging = life_status(&world, "anna") == MEMBER_MERGED;
        left += life_is_unfinished(&world, "anna") ? 1 : 0;
        const char *text = world_award_text(&world, world_id(&world), "anna", 2000);
        assert_string_equal(life_until_definite(&world.daemons[1], LIFE_TILL, AWARD, text, NULL),
                            "OK");
        world_run(&world);
        assert_int_equal(life_status(&world, "anna"), merging ? MEMBER_MERGED : MEMBER_ACTIVE);
        assert_false(life_is_unfinished(&world, "anna"));
        assert_int_equal(life_points(&world, both, 1), merging ? 0 : 120);
        assert_int_equal(life_points(&world, both, 2), 150);
    }
    assert_true(left >= 2);
}

// Bert ends before he has taken anna's points: she has them again.
static void what_cannot_be_taken_is_given_back(void **state)
{
    size_t back = 0;
    for (size_t steps = 0; steps < STEPS_MAX; steps++) {
        struct world_answer answer;
        service_world_fini(&world);
        (void)open_world(state);
        bool suspended = steps % 2 == 1;
        const char *text =
            life_status_text(&world, world_id(&world), "anna", "MEMBER_STATUS_SUSPENDED");
        if (suspended) {
            assert_string_equal(
                life_call(&world.daemons[0], LIFE_ADMIN, "MembersService/SetStatus", text, NULL),
                "OK");
        }
        text = life_merge_text(&world, world_id(&world), "anna", "bert");
        world_ask(&world.daemons[0], LIFE_ADMIN, MERGE, text, &answer);
        for (size_t i = 0; i < steps; i++) {
            (void)world_step(&world.daemons[0]);
        }
        const char *close =
            life_status_text(&world, world_id(&world), "bert", "MEMBER_STATUS_CLOSED");
        assert_string_equal(life_until_definite(&world.daemons[1], LIFE_ADMIN,
                                                "MembersService/SetStatus", close, NULL),
                            "OK");
        world_run(&world);
        const char *end = life_until_definite(&world.daemons[1], LIFE_ADMIN, MERGE, text, NULL);
        bool merged = life_status(&world, "anna") == MEMBER_MERGED;
        assert_string_equal(end, merged ? "REPLAYED" : "CLOSED");
        assert_false(life_is_unfinished(&world, "anna"));
        assert_int_equal(life_points(&world, both, 1), merged ? 0 : 100);
        assert_int_equal(life_points(&world, both, 2), merged ? 0 : 100);
        if (!merged) {
            back++;
            sell(0, "anna", 1000, suspended ? "NOT_ACTIVE" : "OK");
        }
        if (!merged && !suspended) {
            assert_int_equal(world_member(&world.daemons[1], "anna")->standing->balance, 110);
        }
    }
    assert_true(back >= 2 && back < STEPS_MAX);
}

// --- at the same moment ---

// Two requests at two daemons, whose steps come in this order.
static void race(const char *first, const char *second, uint32_t order,
                 struct world_answer answers[2])
{
    world_ask(&world.daemons[0], LIFE_ADMIN, MERGE, first, &answers[0]);
    world_ask(&world.daemons[1], LIFE_ADMIN, MERGE, second, &answers[1]);
    for (uint32_t step = 0; step < ORDER_STEPS; step++) {
        (void)world_step(&world.daemons[order >> step & 1]);
    }
    world_run(&world);
    world_pass(&world, 1000);
}

static void each_into_the_other(void **state)
{
    size_t one = 0;
    size_t none = 0;
    for (uint32_t order = 0; order < ORDERS; order += 7) {
        struct world_answer answers[2];
        service_world_fini(&world);
        (void)open_world(state);
        const char *texts[] = {life_merge_text(&world, world_id(&world), "anna", "bert"),
                               life_merge_text(&world, world_id(&world), "bert", "anna")};
        race(texts[0], texts[1], order, answers);
        for (size_t i = 0; i < 2; i++) {
            (void)life_until_definite(&world.daemons[i], LIFE_ADMIN, MERGE, texts[i], NULL);
        }
        world_run(&world);
        bool anna = life_status(&world, "anna") == MEMBER_MERGED;
        bool bert = life_status(&world, "bert") == MEMBER_MERGED;
        assert_false(anna && bert);
        assert_false(life_is_unfinished(&world, "anna") || life_is_unfinished(&world, "bert"));
        assert_int_equal(life_points(&world, both, 2), 130);
        *(anna || bert ? &one : &none) += 1;
    }
    printf("%zu times one of them, %zu times none\n", one, none);
    assert_true(one > 0);
}

// One merge at two daemons at once, as a retry makes it: done once.
static void two_daemons_do_one_merge(void **state)
{
    for (uint32_t order = 0; order < ORDERS; order += 7) {
        struct world_answer answers[2];
        service_world_fini(&world);
        (void)open_world(state);
        const char *text = life_merge_text(&world, world_id(&world), "anna", "bert");
        race(text, text, order, answers);
        for (size_t i = 0; i < 2; i++) {
            assert_string_equal(
                life_until_definite(&world.daemons[i], LIFE_ADMIN, MERGE, text, NULL), "REPLAYED");
        }
        check_merged(order & 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_merged_log_answers_its_old_ids_then_redirects,
                                        open_world, close_world),
        cmocka_unit_test_setup_teardown(what_was_before_is_taken_back_from_the_other, open_world,
                                        close_world),
        cmocka_unit_test_setup_teardown(what_was_before_is_found_by_the_other, open_world,
                                        close_world),
        cmocka_unit_test_setup_teardown(a_return_is_passed_on_once, open_world, close_world),
        cmocka_unit_test_setup_teardown(a_merged_members_card_is_replaced, open_world, close_world),
        cmocka_unit_test_setup_teardown(who_cannot_be_merged, open_world, close_world),
        cmocka_unit_test_setup_teardown(wherever_it_stops_a_retry_ends_it, open_world, close_world),
        cmocka_unit_test_setup_teardown(wherever_it_stops_who_comes_next_ends_it, open_world,
                                        close_world),
        cmocka_unit_test_setup_teardown(what_cannot_be_taken_is_given_back, open_world,
                                        close_world),
        cmocka_unit_test_setup_teardown(each_into_the_other, open_world, close_world),
        cmocka_unit_test_setup_teardown(two_daemons_do_one_merge, open_world, close_world),
    };
    log_set_level(LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
