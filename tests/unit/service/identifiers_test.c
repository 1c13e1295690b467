// Cards and phones: bound by steps over several keys of the store, each of which may be the last
// one a daemon does. Wherever it stops, the card is nobody's or finds its member, and a retry ends
// it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/log.h"
#include "core/ledger.h"
#include "service/identifiers.h"
#include "support/club.h"
#include "support/random_club.h"
#include "support/service_world.h"

#define CRM "backend/crm"
#define ENROLL "MembersService/Enroll"
#define CARD "4711-0815"

static uint64_t seed;
static struct service_world world;

static const char *enroll(size_t daemon, const char *id, const char *member, const char *card,
                          struct world_answer *answer)
{
    world_call(&world.daemons[daemon], CRM, ENROLL, world_enroll_text(&world, id, member, card),
               answer);
    return world_end(answer);
}

static const Loyalty__V1__EnrollResponse *enrolled(const struct world_answer *answer)
{
    assert_int_equal(answer->code, LOYALTY__V1__CODE__CODE_UNSPECIFIED);
    return (const Loyalty__V1__EnrollResponse *)answer->reply;
}

static const char *by_card_text(const char *card)
{
    return world_text(&world,
                      "{\"member\": {\"identifier\": {\"kind\": \"CARD_NUMBER\", \"value\": "
                      "\"%s\"}}}",
                      card);
}

// Whose a card is; the reason where it is nobody's.
static const char *owner_of(size_t daemon, const char *card)
{
    struct world_answer answer;
    world_call(&world.daemons[daemon], CRM, "MembersService/GetMember", by_card_text(card),
               &answer);
    return strcmp(world_end(&answer), "OK") == 0
               ? ((const Loyalty__V1__GetMemberResponse *)answer.reply)->member_id
               : answer.reason;
}

static uint64_t records_of(const char *member)
{
    int64_t balance = 0;
    return world_log(&world, member).len == 0 ? 0 : world_verify(&world, member, &balance);
}

// Whether obligations of the member are open.
static bool is_open(const char *member)
{
    struct account account;
    struct arena arena;
    struct store_account place = world_place(member);
    account_init(&account);
    arena_init(&arena, 1 << 20);
    assert_int_equal(ledger_fold(&account, world_log(&world, member), place.id, place.partition,
                                 club_chain_hash, &arena, NULL),
                     STATUS_OK);
    bool open = identifiers_open(&account) != NULL;
    account_fini(&account);
    arena_fini(&arena);
    return open;
}

// --- the ordinary way ---

static void a_card_finds_its_member(void **state)
{
    (void)state;
    struct world_answer answer;
    service_world_open(&world, 2);
    const char *id = world_id(&world);
    assert_string_equal(enroll(0, id, "anna", CARD, &answer), "OK");
    assert_int_equal(enrolled(&answer)->n_unbound, 0);
    assert_int_equal(records_of("anna"), 2);
    assert_string_equal(owner_of(0, CARD), "anna");
    assert_string_equal(owner_of(1, CARD), "anna");
    assert_string_equal(owner_of(1, "4711-0816"), "UNKNOWN_MEMBER");
    world_enroll(&world, "bert");
    assert_string_equal(owner_of(0, CARD), "anna");
    assert_string_equal(world_member(&world.daemons[0], "bert")->member_id, "bert");
    struct world_answer again;
    assert_string_equal(enroll(1, id, "anna", CARD, &again), "REPLAYED");
    assert_memory_equal(answer.payload.data, again.payload.data, answer.payload.len);
    assert_int_equal(records_of("anna"), 2);
    struct span log = world_log(&world, "anna");
    assert_null(memmem(log.data, log.len, CARD, strlen(CARD)));
    world_call(&world.daemons[1], "pos/store-1/till-1", "PointsService/Redeem",
               world_text(&world, "{%s, \"points\": 5, %s",
                          world_mutation(&world, world_id(&world)), by_card_text(CARD) + 1),
               &answer);
    assert_string_equal(world_end(&answer), "INSUFFICIENT_POINTS");
    service_world_fini(&world);
}

static void a_card_of_another_refuses_the_enrolment(void **state)
{
    (void)state;
    struct world_answer answer;
    service_world_open(&world, 2);
    assert_string_equal(enroll(0, world_id(&world), "anna", CARD, &answer), "OK");
    for (size_t daemon = 0; daemon < 2; daemon++) {
        assert_string_equal(enroll(daemon, world_id(&world), "bert", CARD, &answer),
                            "IDENTIFIER_TAKEN");
        assert_string_equal(answer.field, "identifiers");
        assert_int_equal(records_of("bert"), 0);
    }
    assert_string_equal(enroll(0, world_id(&world), "bert", "other", &answer), "OK");
    assert_string_equal(owner_of(0, CARD), "anna");
    assert_string_equal(enroll(0, world_id(&world), "bert", CARD, &answer), "ALREADY_ENROLLED");
    service_world_fini(&world);
}

static void without_a_key_there_are_none(void **state)
{
    (void)state;
    struct world_answer answer;
    service_world_open(&world, 1);
    world.keyless = true;
    service_world_restart(&world.daemons[0]);
    assert_string_equal(enroll(0, world_id(&world), "anna", CARD, &answer), "NO_IDENTIFIER_KEY");
    assert_string_equal(enroll(0, world_id(&world), "anna", NULL, &answer), "OK");
    assert_string_equal(owner_of(0, CARD), "NO_IDENTIFIER_KEY");
    service_world_fini(&world);
}

static void as_many_as_a_member_may_have(void **state)
{
    (void)state;
    struct world_answer answer;
    service_world_open(&world, 1);
    char list[1024] = "";
    for (int i = 0; i <= LIMIT_IDENTIFIERS; i++) {
        const char *text =
            world_text(&world, "{%s, \"member_id\": \"anna\", \"identifiers\": [%s]}",
                       world_mutation(&world, world_id(&world)), list);
        world_call(&world.daemons[0], CRM, ENROLL, text, &answer);
        assert_string_equal(world_end(&answer), i == 0 ? "OK" : "ALREADY_ENROLLED");
        size_t used = strlen(list);
        snprintf(list + used, sizeof(list) - used, "%s{\"kind\": \"BARCODE\", \"value\": \"b-%d\"}",
                 i == 0 ? "" : ", ", i);
    }
    const char *text = world_text(&world, "{%s, \"member_id\": \"bert\", \"identifiers\": [%s]}",
                                  world_mutation(&world, world_id(&world)), list);
    world_call(&world.daemons[0], CRM, ENROLL, text, &answer);
    assert_int_equal(answer.code, LOYALTY__V1__CODE__CODE_INVALID_ARGUMENT);
    *strrchr(list, '{') = '\0';
    *strrchr(list, ',') = '\0';
    text = world_text(&world, "{%s, \"member_id\": \"bert\", \"identifiers\": [%s]}",
                      world_mutation(&world, world_id(&world)), list);
    world_call(&world.daemons[0], CRM, ENROLL, text, &answer);
    assert_string_equal(world_end(&answer), "OK");
    assert_int_equal(records_of("bert"), 1 + LIMIT_IDENTIFIERS);
    service_world_fini(&world);
}

// --- where a daemon may stop ---

enum { STEPS_MAX = 10 };

// The first daemon dies after so many of its store calls; returns whether it was done by then.
static bool die_after(size_t steps, const char *id)
{
    struct world_answer answer;
    service_world_open(&world, 2);
    world_ask(&world.daemons[0], CRM, ENROLL, world_enroll_text(&world, id, "anna", CARD), &answer);
    for (size_t i = 0; i < steps; i++) {
        (void)world_step(&world.daemons[0]);
    }
    service_world_restart(&world.daemons[0]);
    assert_int_equal(answer.times, 1);
    return strcmp(world_end(&answer), "OK") == 0;
}

static void wherever_it_stops_a_retry_ends_it(void **state)
{
    (void)state;
    bool done = false;
    for (size_t steps = 0; steps < STEPS_MAX; steps++) {
        struct world_answer answer;
        static const char id[] = "00000000-0000-4000-8000-0000000000aa";
        done = die_after(steps, id);
        bool opened = world_log(&world, "anna").len > 0;
        assert_string_equal(enroll(1, id, "anna", CARD, &answer), opened ? "REPLAYED" : "OK");
        assert_int_equal(enrolled(&answer)->n_unbound, 0);
        assert_int_equal(records_of("anna"), 2);
        assert_string_equal(owner_of(0, CARD), "anna");
        service_world_fini(&world);
    }
    assert_true(done);
}

// Nobody comes back for anna: the card is bert's, or anna has it and can be found by it.
static void wherever_it_stops_the_card_is_not_blocked(void **state)
{
    (void)state;
    size_t berts = 0;
    size_t annas = 0;
    for (size_t steps = 0; steps < STEPS_MAX; steps++) {
        struct world_answer answer;
        static const char id[] = "00000000-0000-4000-8000-0000000000aa";
        (void)die_after(steps, id);
        const char *end = enroll(1, world_id(&world), "bert", CARD, &answer);
        if (strcmp(end, "OK") == 0) {
            assert_int_equal(enrolled(&answer)->n_unbound, 0);
            assert_string_equal(owner_of(0, CARD), "bert");
            assert_string_equal(enroll(0, id, "anna", CARD, &answer),
                                records_of("anna") == 0 ? "IDENTIFIER_TAKEN" : "REPLAYED");
            berts++;
        } else {
            assert_string_equal(end, "IDENTIFIER_TAKEN");
            assert_string_equal(owner_of(0, CARD), "anna");
            assert_string_equal(enroll(0, id, "anna", CARD, &answer), "REPLAYED");
            assert_int_equal(enrolled(&answer)->n_unbound, 0);
            annas++;
        }
        service_world_fini(&world);
    }
    assert_true(berts > 0 && annas > 0);
}

// Whoever next writes to the member finishes what was left.
static void wherever_it_stops_the_next_write_ends_it(void **state)
{
    (void)state;
    size_t finished = 0;
    for (size_t steps = 0; steps < STEPS_MAX; steps++) {
        (void)die_after(steps, "00000000-0000-4000-8000-0000000000aa");
        if (world_log(&world, "anna").len > 0) {
            struct world_answer answer;
            finished += is_open("anna") ? 1 : 0;
            world_call(&world.daemons[1], "pos/store-1/till-1", "PointsService/Award",
                       world_award_text(&world, world_id(&world), "anna", 10000), &answer);
            assert_string_equal(world_end(&answer), "OK");
            assert_false(is_open("anna"));
            assert_string_equal(owner_of(0, CARD), "anna");
        }
        service_world_fini(&world);
    }
    assert_true(finished >= 2);
}

// A call that fails, at each step: the answer says so, and the retry ends it.
static void whatever_fails_a_retry_ends_it(void **state)
{
    (void)state;
    size_t doubts = 0;
    for (int fault = MEMORY_FAULT_BEFORE; fault <= MEMORY_FAULT_LOST_REPLY; fault++) {
        for (size_t steps = 0; steps < STEPS_MAX; steps++) {
            struct world_answer answer;
            service_world_open(&world, 2);
            const char *id = world_id(&world);
            const char *text = world_enroll_text(&world, id, "anna", CARD);
            world_ask(&world.daemons[0], CRM, ENROLL, text, &answer);
            for (size_t i = 0; i < steps; i++) {
                (void)world_step(&world.daemons[0]);
            }
            memory_fail_next(world.daemons[0].store, (enum memory_fault)fault);
            world_run(&world);
            assert_int_equal(answer.times, 1);
            assert_true(answer.code == LOYALTY__V1__CODE__CODE_UNSPECIFIED ||
                        answer.code == LOYALTY__V1__CODE__CODE_UNAVAILABLE ||
                        answer.code == LOYALTY__V1__CODE__CODE_UNKNOWN);
            doubts += answer.code == LOYALTY__V1__CODE__CODE_UNKNOWN ? 1 : 0;
            if (answer.code == LOYALTY__V1__CODE__CODE_UNAVAILABLE) {
                assert_int_equal(records_of("anna"), 0);
            }
            memory_fail_next(world.daemons[0].store, MEMORY_FAULT_NONE);
            world_call(&world.daemons[0], CRM, ENROLL, text, &answer);
            assert_int_equal(enrolled(&answer)->n_unbound, 0);
            assert_int_equal(records_of("anna"), 2);
            assert_string_equal(owner_of(1, CARD), "anna");
            service_world_fini(&world);
        }
    }
    assert_true(doubts > 5);
}

// --- races ---

static void check_race(const struct world_answer answers[2], const char *const ids[2])
{
    static const char *const members[2] = {"anna", "bert"};
    size_t with_card = 0;
    for (size_t i = 0; i < 2; i++) {
        struct world_answer again;
        const char *end = world_end(&answers[i]);
        if (strcmp(end, "IDENTIFIER_TAKEN") == 0) {
            assert_int_equal(records_of(members[i]), 0);
            continue;
        }
        assert_string_equal(end, "OK");
        size_t unbound = enrolled(&answers[i])->n_unbound;
        with_card += unbound == 0 ? 1 : 0;
        assert_string_equal(enroll(1 - i, ids[i], members[i], CARD, &again), "REPLAYED");
        assert_int_equal(answers[i].payload.len, again.payload.len);
        assert_memory_equal(answers[i].payload.data, again.payload.data, again.payload.len);
        assert_int_equal(records_of(members[i]), 2);
        assert_int_equal(strcmp(owner_of(i, CARD), members[i]) == 0, unbound == 0);
    }
    assert_int_equal(with_card, 1);
}

// Two members, one card, two daemons: one has it, the other is told so; each retry says the same.
static void two_members_race_for_one_card(void **state)
{
    (void)state;
    size_t lost = 0;
    for (uint64_t round = 0; round < 300; round++) {
        struct random random = random_of(seed, round);
        struct world_answer answers[2];
        service_world_open(&world, 2);
        const char *const ids[2] = {world_id(&world), world_id(&world)};
        for (size_t i = 0; i < 2; i++) {
            world_ask(&world.daemons[i], CRM, ENROLL,
                      world_enroll_text(&world, ids[i], i == 0 ? "anna" : "bert", CARD),
                      &answers[i]);
        }
        for (int step = 0; step < 24; step++) {
            (void)world_step(&world.daemons[random_below(&random, 2)]);
        }
        world_run(&world);
        for (size_t i = 0; i < 2; i++) {
            bool ok = answers[i].code == LOYALTY__V1__CODE__CODE_UNSPECIFIED;
            lost += ok ? enrolled(&answers[i])->n_unbound : 0;
        }
        check_race(answers, ids);
        service_world_fini(&world);
    }
    assert_true(lost > 10);
}

// The same enrolment on two daemons at once: one member, one binding, two identical answers.
static void one_enrolment_twice_at_once(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < 200; round++) {
        struct random random = random_of(seed + 1, round);
        struct world_answer answers[2];
        service_world_open(&world, 2);
        const char *text = world_enroll_text(&world, world_id(&world), "anna", CARD);
        for (size_t i = 0; i < 2; i++) {
            world_ask(&world.daemons[i], CRM, ENROLL, text, &answers[i]);
        }
        for (int step = 0; step < 24; step++) {
            (void)world_step(&world.daemons[random_below(&random, 2)]);
        }
        world_pass(&world, 1000);
        assert_int_equal(enrolled(&answers[0])->n_unbound + enrolled(&answers[1])->n_unbound, 0);
        assert_int_equal(answers[0].replayed + answers[1].replayed, 1);
        assert_memory_equal(answers[0].payload.data, answers[1].payload.data,
                            answers[0].payload.len);
        assert_int_equal(records_of("anna"), 2);
        assert_string_equal(owner_of(0, CARD), "anna");
        service_world_fini(&world);
    }
}

// --- keys that nobody stands behind ---

static void on_claimed(void *context, const struct store_reply *reply)
{
    *(bool *)context = reply->result == STORE_OK;
}

// Claims the card for a member whose log does not list it, as a lost write would leave it.
static void claim_for(const char *member, const char *take_over_from)
{
    struct service *service = world.daemons[0].service;
    struct identifier identifier;
    struct identifier_value value = {.kind =
                                         LOYALTY__V1__IDENTIFIER_KIND__IDENTIFIER_KIND_CARD_NUMBER,
                                     .value = span_of_text(CARD)};
    identifiers_key(service, &value, &identifier);
    struct identifier_place place = identifiers_place(service, &identifier);
    bool claimed = false;
    store_claim(world.daemons[0].store, place.partition, identifier_place_key(&place),
                span_of_text(member), span_of_text(take_over_from), on_claimed, &claimed);
    world_run(&world);
    assert_true(claimed);
}

static void a_key_nobody_stands_behind_is_taken_over(void **state)
{
    (void)state;
    static const char *const ghosts[] = {"ghost", "bert"};
    for (size_t i = 0; i < 2; i++) {
        struct world_answer answer;
        service_world_open(&world, 2);
        world_enroll(&world, "bert");
        claim_for(ghosts[i], "");
        assert_string_equal(owner_of(0, CARD), "UNKNOWN_MEMBER");
        world_call(&world.daemons[0], "pos/store-1/till-1", "PointsService/Redeem",
                   world_text(&world, "{%s, \"points\": 5, %s",
                              world_mutation(&world, world_id(&world)), by_card_text(CARD) + 1),
                   &answer);
        assert_string_equal(world_end(&answer), "UNKNOWN_MEMBER");
        assert_string_equal(enroll(1, world_id(&world), "anna", CARD, &answer), "OK");
        assert_int_equal(enrolled(&answer)->n_unbound, 0);
        assert_string_equal(owner_of(0, CARD), "anna");
        assert_int_equal(records_of("bert"), 1);
        service_world_fini(&world);
    }
}

// What a member has lost is not his, whatever the key says.
static void what_was_lost_is_not_found(void **state)
{
    (void)state;
    struct world_answer bert;
    struct world_answer anna;
    service_world_open(&world, 2);
    world_ask(&world.daemons[1], CRM, ENROLL,
              world_enroll_text(&world, world_id(&world), "bert", CARD), &bert);
    (void)world_step(&world.daemons[1]); // nobody's, he sees
    assert_string_equal(enroll(0, world_id(&world), "anna", CARD, &anna), "OK");
    world_run(&world);
    assert_string_equal(world_end(&bert), "OK");
    assert_int_equal(enrolled(&bert)->n_unbound, 1);
    assert_int_equal(enrolled(&bert)->unbound[0],
                     LOYALTY__V1__IDENTIFIER_KIND__IDENTIFIER_KIND_CARD_NUMBER);
    assert_string_equal(owner_of(1, CARD), "anna");
    claim_for("bert", "anna");
    assert_string_equal(owner_of(1, CARD), "UNKNOWN_MEMBER");
    service_world_fini(&world);
}

// More enrolments at once than there are jobs for: the rest are told to ask again, and can.
static void more_at_once_than_there_are_jobs(void **state)
{
    (void)state;
    enum { MANY = 300 };
    static struct world_answer answers[MANY];
    const char *texts[MANY];
    service_world_open(&world, 1);
    for (int i = 0; i < MANY; i++) {
        texts[i] = world_enroll_text(&world, world_id(&world), world_text(&world, "m-%d", i),
                                     world_text(&world, "card-%d", i));
        world_ask(&world.daemons[0], CRM, ENROLL, texts[i], &answers[i]);
    }
    world_run(&world);
    size_t doubts = 0;
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(answers[i].times, 1);
        doubts += strcmp(world_end(&answers[i]), "OUTCOME_UNKNOWN") == 0 ? 1 : 0;
        world_call(&world.daemons[0], CRM, ENROLL, texts[i], &answers[i]);
        assert_string_equal(world_end(&answers[i]), "REPLAYED");
        assert_string_equal(owner_of(0, world_text(&world, "card-%d", i)),
                            world_text(&world, "m-%d", i));
    }
    assert_true(doubts > 0);
    service_world_fini(&world);
}

int main(void)
{
    log_set_level(LOG_ERROR);
    seed = random_seed("identifiers");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_card_finds_its_member),
        cmocka_unit_test(a_card_of_another_refuses_the_enrolment),
        cmocka_unit_test(without_a_key_there_are_none),
        cmocka_unit_test(as_many_as_a_member_may_have),
        cmocka_unit_test(wherever_it_stops_a_retry_ends_it),
        cmocka_unit_test(wherever_it_stops_the_card_is_not_blocked),
        cmocka_unit_test(wherever_it_stops_the_next_write_ends_it),
        cmocka_unit_test(whatever_fails_a_retry_ends_it),
        cmocka_unit_test(two_members_race_for_one_card),
        cmocka_unit_test(one_enrolment_twice_at_once),
        cmocka_unit_test(a_key_nobody_stands_behind_is_taken_over),
        cmocka_unit_test(what_was_lost_is_not_found),
        cmocka_unit_test(more_at_once_than_there_are_jobs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
