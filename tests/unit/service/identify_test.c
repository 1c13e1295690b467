// Identifiers that come, are replaced and go: wherever a daemon stops, the retry of the request
// ends it, no card is blocked, and none finds the wrong member.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log.h"
#include "support/service_world.h"

#define CRM "backend/crm"
#define ADD "MembersService/AddIdentifier"
#define REPLACE "MembersService/ReplaceIdentifier"
#define REMOVE "MembersService/RemoveIdentifier"
#define OLD "card-old"
#define NEW "card-new"

enum { STEPS_MAX = 14 };

static const char first_id[] = "00000000-0000-4000-8000-0000000000aa";
static struct service_world world;

// --- requests ---

static const char *identifier(const char *field, const char *card)
{
    return card == NULL
               ? ""
               : world_text(&world, ", \"%s\": {\"kind\": \"CARD_NUMBER\", \"value\": \"%s\"}",
                            field, card);
}

static const char *change_text(const char *id, const char *member, const char *old, const char *new)
{
    return world_text(&world, "{%s, \"member\": {\"member_id\": \"%s\"}%s%s}",
                      world_mutation(&world, id), member, identifier("old", old),
                      identifier("identifier", new));
}

static const char *change(size_t daemon, const char *method, const char *text)
{
    struct world_answer answer;
    world_call(&world.daemons[daemon], CRM, method, text, &answer);
    return world_end(&answer);
}

static void enrol(const char *member, const char *card)
{
    struct world_answer answer;
    world_call(&world.daemons[0], CRM, "MembersService/Enroll",
               world_enroll_text(&world, world_id(&world), member, card), &answer);
    assert_string_equal(world_end(&answer), "OK");
}

// Whose a card is; the reason where it is nobody's.
static const char *owner_of(size_t daemon, const char *card)
{
    struct world_answer answer;
    world_call(
        &world.daemons[daemon], CRM, "MembersService/GetMember",
        world_text(&world, "{\"member\": {%s}}", identifier("identifier", card) + strlen(", ")),
        &answer);
    return strcmp(world_end(&answer), "OK") == 0
               ? ((const Loyalty__V1__GetMemberResponse *)answer.reply)->member_id
               : answer.reason;
}

// Two daemons, anna with the old card; the first dies after so many of its store calls for the
// change. Whether it was answered by then.
static bool die_after(size_t steps, const char *method, const char *old, const char *new)
{
    struct world_answer answer;
    service_world_open(&world, 2);
    enrol("anna", OLD);
    world_ask(&world.daemons[0], CRM, method, change_text(first_id, "anna", old, new), &answer);
    for (size_t i = 0; i < steps; i++) {
        (void)world_step(&world.daemons[0]);
    }
    service_world_restart(&world.daemons[0]);
    return strcmp(world_end(&answer), "OK") == 0;
}

static bool is_yes(const char *end)
{
    return strcmp(end, "OK") == 0 || strcmp(end, "REPLAYED") == 0;
}

// --- tests ---

static void a_card_is_replaced_wherever_a_daemon_stops(void **state)
{
    (void)state;
    bool done = false;
    for (size_t steps = 0; steps < STEPS_MAX; steps++) {
        int64_t balance;
        done = die_after(steps, REPLACE, OLD, NEW);
        assert_true(is_yes(change(1, REPLACE, change_text(first_id, "anna", OLD, NEW))));
        assert_string_equal(owner_of(0, NEW), "anna");
        assert_string_equal(owner_of(1, OLD), "IDENTIFIER_REPLACED");
        assert_int_equal(world_verify(&world, "anna", &balance), 4); // and one end of each claim
        service_world_fini(&world);
    }
    assert_true(done);
}

// Nobody comes back for anna; bert wants what she gave up, or was about to take.
static void what_is_left_open_blocks_nobody(void **state)
{
    (void)state;
    size_t berts = 0;
    for (size_t steps = 0; steps < STEPS_MAX; steps++) {
        (void)die_after(steps, ADD, NULL, NEW);
        enrol("bert", NULL);
        const char *end = change(1, ADD, change_text(world_id(&world), "bert", NULL, NEW));
        const char *owner = owner_of(0, NEW);
        if (strcmp(end, "OK") == 0) {
            assert_string_equal(owner, "bert");
            berts++;
        } else {
            assert_string_equal(end, "IDENTIFIER_TAKEN");
            assert_string_equal(owner, "anna");
        }
        service_world_fini(&world);
    }
    assert_true(berts > 0 && berts < STEPS_MAX);
}

static void what_is_removed_is_free(void **state)
{
    (void)state;
    bool done = false;
    for (size_t steps = 0; steps < STEPS_MAX; steps++) {
        done = die_after(steps, REMOVE, OLD, NULL);
        assert_true(is_yes(change(1, REMOVE, change_text(first_id, "anna", OLD, NULL))));
        assert_string_equal(owner_of(0, OLD), "UNKNOWN_MEMBER");
        enrol("bert", OLD);
        assert_string_equal(owner_of(1, OLD), "bert");
        // and again, without what was done before
        assert_string_equal(change(0, REMOVE, change_text(first_id, "anna", OLD, NULL)),
                            "REPLAYED");
        assert_string_equal(owner_of(0, OLD), "bert");
        service_world_fini(&world);
    }
    assert_true(done);
}

// Step by step, in every mixture of their steps that begins with some of the one's.
static void two_members_race_for_one_card(void **state)
{
    (void)state;
    for (size_t lead = 0; lead < STEPS_MAX; lead++) {
        struct world_answer answers[2];
        static const char *const MEMBERS[] = {"anna", "bert"};
        service_world_open(&world, 2);
        enrol("anna", NULL);
        enrol("bert", NULL);
        for (size_t i = 0; i < 2; i++) {
            world_ask(&world.daemons[i], CRM, ADD,
                      change_text(world_id(&world), MEMBERS[i], NULL, NEW), &answers[i]);
        }
        for (size_t i = 0; i < lead; i++) {
            (void)world_step(&world.daemons[0]);
        }
        world_run(&world);
        size_t bound = 0;
        for (size_t i = 0; i < 2; i++) {
            const char *end = world_end(&answers[i]);
            const Loyalty__V1__ChangeIdentifiersResponse *response =
                (const Loyalty__V1__ChangeIdentifiersResponse *)answers[i].reply;
            bool has = strcmp(end, "OK") == 0 && !response->unbound;
            assert_true(has || strcmp(end, "OK") == 0 || strcmp(end, "IDENTIFIER_TAKEN") == 0);
            bound += has ? 1 : 0;
            if (has) {
                assert_string_equal(owner_of(0, NEW), MEMBERS[i]);
            }
        }
        assert_int_equal(bound, 1);
        service_world_fini(&world);
    }
}

static void rules_of_identifiers_are_kept(void **state)
{
    (void)state;
    service_world_open(&world, 2);
    enrol("anna", OLD);
    enrol("bert", "card-b");
    assert_string_equal(change(0, ADD, change_text(world_id(&world), "bert", NULL, OLD)),
                        "IDENTIFIER_TAKEN");
    assert_string_equal(change(0, REMOVE, change_text(world_id(&world), "bert", OLD, NULL)),
                        "UNKNOWN_IDENTIFIER");
    assert_string_equal(change(0, REPLACE, change_text(world_id(&world), "bert", OLD, NEW)),
                        "UNKNOWN_IDENTIFIER");
    assert_string_equal(
        change(1, ADD, change_text(world_id(&world), "anna", NULL, "4111111111111111")),
        "PAYMENT_CARD_NUMBER");
    assert_string_equal(owner_of(0, "4111111111111111"), "PAYMENT_CARD_NUMBER");
    assert_string_equal(change(1, ADD, change_text(world_id(&world), "nobody", NULL, NEW)),
                        "UNKNOWN_MEMBER");
    // a replaced card comes back to its member, and finds again
    assert_string_equal(change(0, REPLACE, change_text(first_id, "anna", OLD, NEW)), "OK");
    assert_string_equal(change(1, ADD, change_text(world_id(&world), "anna", NULL, OLD)), "OK");
    assert_string_equal(owner_of(0, OLD), "anna");
    assert_string_equal(change(1, REPLACE, change_text(first_id, "anna", OLD, NEW)), "REPLAYED");
    service_world_fini(&world);
}

// A person who left comes back, with the same card.
static void who_has_left_lets_go(void **state)
{
    (void)state;
    struct world_answer answer;
    service_world_open(&world, 2);
    enrol("anna", OLD);
    world_call(&world.daemons[0], "admin/hq", "MembersService/SetStatus",
               world_text(&world,
                          "{%s, \"member\": {\"member_id\": \"anna\"}, \"status\": \"CLOSED\"}",
                          world_mutation(&world, world_id(&world))),
               &answer);
    assert_string_equal(world_end(&answer), "OK");
    assert_string_equal(owner_of(1, OLD), "anna");
    enrol("anna-2", OLD);
    assert_string_equal(owner_of(1, OLD), "anna-2");
    enrol("bert", NULL);
    assert_string_equal(change(1, ADD, change_text(world_id(&world), "bert", NULL, OLD)),
                        "IDENTIFIER_TAKEN");
    service_world_fini(&world);
}

int main(void)
{
    log_set_level(LOG_ERROR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_card_is_replaced_wherever_a_daemon_stops),
        cmocka_unit_test(what_is_left_open_blocks_nobody),
        cmocka_unit_test(what_is_removed_is_free),
        cmocka_unit_test(two_members_race_for_one_card),
        cmocka_unit_test(rules_of_identifiers_are_kept),
        cmocka_unit_test(who_has_left_lets_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
