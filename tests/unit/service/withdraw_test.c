// Withdrawing a version: until when, by whom, once; that it takes no effect on any daemon, and what
// becomes of those published before and behind it.
#include "base/log.h"
#include "unit/service/program_world.h"

static const char *withdraw_text(const char *id, uint32_t version, const char *etag,
                                 const char *reason)
{
    return world_text(&world, "{%s, \"version\": %u, \"etag\": \"%s\", \"reason\": \"%s\"}",
                      world_mutation(&world, id), version, etag, reason);
}

// With the etag of now.
static const char *withdraw(size_t daemon, uint32_t version, struct world_answer *answer)
{
    const char *text = withdraw_text(world_id(&world), version, get(daemon, 0)->etag, "a mistake");
    return edit(daemon, WITHDRAW, text, answer);
}

// The retail program with another text in the place of one.
static const char *changed(const char *from, const char *to)
{
    const char *program = plain();
    const char *at = strstr(program, from);
    assert_non_null(at);
    return world_text(&world, "%.*s%s%s", (int)(at - program), program, to, at + strlen(from));
}

// The retail program, but so many points for a yuan, is in force from then on.
static uint32_t publish_rate(int64_t points, int64_t from_ms)
{
    struct world_answer answer;
    const char *rate = world_text(&world, "\"rate\": {\"points\": %lld,", (long long)points);
    const char *program = changed("\"rate\": {\"points\": 1,", rate);
    assert_string_equal(
        publish(0, publish_text(world_id(&world), program, get(0, 0)->etag, from_ms, ""), &answer),
        "OK");
    return ((const Loyalty__V1__PublishProgramResponse *)answer.reply)->version;
}

static int64_t earned(const char *member_id)
{
    return world_award(&world, member_id, 10000)->points;
}

// --- what it does ---

static void it_never_comes_into_force(void **state)
{
    (void)state;
    struct world_answer answer;
    int64_t from_ms = soon();
    assert_int_equal(publish_rate(5, from_ms), 2);
    world_enroll(&world, "anna");
    assert_string_equal(withdraw(0, 2, &answer), "OK");
    const Loyalty__V1__WithdrawProgramResponse *response =
        (const Loyalty__V1__WithdrawProgramResponse *)answer.reply;
    assert_int_equal(response->version, 2);
    assert_string_equal(response->etag, get(0, 0)->etag);
    world_pass(&world, from_ms - world.now_ms + 1000);
    assert_int_equal(get(0, 0)->version, 1);
    assert_int_equal(get(1, 0)->version, 1);
    assert_int_equal(earned("anna"), 100);
}

static void who_when_and_why_are_kept(void **state)
{
    (void)state;
    struct world_answer answer;
    (void)publish_rate(5, soon());
    int64_t when_ms = world.now_ms;
    assert_string_equal(withdraw(0, 2, &answer), "OK");
    world_pass(&world, LIMIT_LEASE_READ_MS);
    service_world_restart(&world.daemons[1]);
    for (size_t daemon = 0; daemon < 2; daemon++) {
        const Loyalty__V1__GetProgramResponse *response = get(daemon, 2);
        assert_int_equal(response->version, 2);
        assert_int_equal(response->program->earn->rules[0]->rate->points, 5);
        assert_int_equal(response->n_versions, 2);
        assert_null(response->versions[0]->withdrawn_at);
        const Loyalty__V1__ProgramVersion *version = response->versions[1];
        assert_string_equal(version->withdrawn_by, ADMIN);
        assert_string_equal(version->withdraw_reason, "a mistake");
        assert_int_equal(version->withdrawn_at->seconds, when_ms / 1000);
    }
    assert_int_equal(memory_event_count(world.daemons[0].store, LIMIT_PARTITIONS), 3);
}

// A number is not used again; the next version is judged by the last that stands, also in time.
static void the_next_one_has_the_next_number(void **state)
{
    (void)state;
    struct world_answer answer;
    int64_t far_ms = soon() + 1000000;
    assert_int_equal(publish_rate(5, far_ms), 2);
    assert_string_equal(
        publish(0, publish_text(world_id(&world), plain(), get(0, 0)->etag, far_ms - 1, ""),
                &answer),
        "NOT_THE_LATEST");
    assert_string_equal(withdraw(0, 2, &answer), "OK");
    assert_int_equal(publish_rate(3, far_ms - 1), 3);
    assert_int_equal(get(0, 3)->program->earn->rules[0]->rate->points, 3);
    world_enroll(&world, "anna");
    world_pass(&world, far_ms - world.now_ms);
    assert_int_equal(get(1, 0)->version, 3);
    assert_int_equal(earned("anna"), 300);
}

static void those_behind_it_stay(void **state)
{
    (void)state;
    struct world_answer answer;
    int64_t from_ms = soon();
    (void)publish_rate(5, from_ms);
    (void)publish_rate(7, from_ms + 60000);
    world_enroll(&world, "anna");
    assert_string_equal(withdraw(0, 2, &answer), "OK");
    world_pass(&world, from_ms - world.now_ms);
    assert_int_equal(earned("anna"), 100);
    world_pass(&world, 60000);
    assert_int_equal(get(1, 0)->version, 3);
    assert_int_equal(earned("anna"), 700);
}

// Tiers that only a withdrawn version had may be left out again.
static void a_tier_goes_with_it(void **state)
{
    (void)state;
    struct world_answer answer;
    const char *program = changed("{\"id\": \"diamond\"",
                                  "{\"id\": \"platinum\", \"threshold\": 20000, \"upgrade\": "
                                  "\"AT_RESCORE\", \"validity_months\": 24}, {\"id\": \"diamond\"");
    assert_string_equal(
        publish(0, publish_text(world_id(&world), program, get(0, 0)->etag, soon(), ""), &answer),
        "OK");
    const char *text = publish_text(world_id(&world), plain(), get(0, 0)->etag, soon() + 1000, "");
    assert_string_equal(publish(0, text, &answer), "INVALID_PROGRAM");
    assert_string_equal(withdraw(0, 2, &answer), "OK");
    assert_int_equal(publish_rate(1, soon()), 3);
}

// A daemon that had read the version reads that it was withdrawn, long before it would have acted
// by it.
static void a_daemon_that_knew_it(void **state)
{
    (void)state;
    struct world_answer answer;
    int64_t from_ms = soon();
    (void)publish_rate(5, from_ms);
    world_enroll(&world, "anna");
    world_pass(&world, LIMIT_LEASE_READ_MS);
    assert_int_equal(get(1, 0)->n_versions, 2);
    world.daemons[1].cut = true;
    assert_string_equal(withdraw(0, 2, &answer), "OK");
    world_pass(&world, from_ms - world.now_ms);
    world_ask(&world.daemons[1], "pos/store-1/till-1", "PointsService/Award",
              world_award_text(&world, world_id(&world), "anna", 10000), &answer);
    world.daemons[1].cut = false;
    world_run(&world);
    assert_int_equal(earned("anna"), 100);
    assert_int_equal(world_member(&world.daemons[1], "anna")->standing->balance,
                     strcmp(world_end(&answer), "OK") == 0 ? 200 : 100);
}

// The only version, before it is in force: the program begins anew, also in the past.
static void the_first_of_all(void **state)
{
    (void)state;
    struct world_answer answer;
    service_world_init(&world, false);
    const char *text = publish_text(world_id(&world), plain(), "", soon(), "");
    assert_string_equal(publish(0, text, &answer), "OK");
    assert_string_equal(withdraw(0, 1, &answer), "OK");
    assert_int_equal(get(0, 0)->version, 0);
    text = publish_text(world_id(&world), plain(), get(0, 0)->etag, world.now_ms - 1000000, "");
    assert_string_equal(publish(0, text, &answer), "OK");
    assert_int_equal(get(0, 0)->version, 2);
    world_enroll(&world, "anna");
    assert_int_equal(earned("anna"), 100);
    service_world_fini(&world);
}

// --- what is refused ---

static void until_a_minute_before(void **state)
{
    (void)state;
    struct world_answer answer;
    int64_t from_ms = soon();
    (void)publish_rate(5, from_ms);
    (void)publish_rate(6, from_ms + 1);
    world_pass(&world, from_ms - LIMIT_PUBLISH_LEAD_MS + 1 - world.now_ms);
    assert_string_equal(withdraw(0, 2, &answer), "TOO_LATE");
    assert_int_equal(answer.code, LOYALTY__V1__CODE__CODE_FAILED_PRECONDITION);
    assert_string_equal(answer.field, "version");
    assert_string_equal(withdraw(0, 3, &answer), "OK");
    assert_string_equal(withdraw(0, 1, &answer), "TOO_LATE");
}

static void not_twice_and_not_what_is_not_there(void **state)
{
    (void)state;
    struct world_answer answer;
    (void)publish_rate(5, soon());
    assert_string_equal(withdraw(0, 0, &answer), "UNKNOWN_VERSION");
    assert_string_equal(withdraw(0, 3, &answer), "UNKNOWN_VERSION");
    assert_int_equal(answer.code, LOYALTY__V1__CODE__CODE_NOT_FOUND);
    assert_string_equal(withdraw(0, 2, &answer), "OK");
    assert_string_equal(withdraw(0, 2, &answer), "WITHDRAWN");
    assert_int_equal(answer.code, LOYALTY__V1__CODE__CODE_FAILED_PRECONDITION);
}

static void an_etag_of_before(void **state)
{
    (void)state;
    struct world_answer answer;
    const char *etag = get(0, 0)->etag;
    (void)publish_rate(5, soon());
    assert_string_equal(edit(0, WITHDRAW, withdraw_text(world_id(&world), 2, etag, ""), &answer),
                        "ETAG_MISMATCH");
    assert_int_equal(answer.code, LOYALTY__V1__CODE__CODE_ABORTED);
    assert_null(get(0, 2)->versions[1]->withdrawn_at);
}

// The append waits in the store until it is too late.
static void too_late_in_the_store(void **state)
{
    (void)state;
    struct world_answer answer;
    int64_t from_ms = soon();
    (void)publish_rate(5, from_ms);
    world_pass(&world, from_ms - LIMIT_PUBLISH_LEAD_MS - 50 - world.now_ms);
    struct world_daemon *daemon = &world.daemons[0];
    const char *text = withdraw_text(world_id(&world), 2, get(0, 0)->etag, "");
    world_ask(daemon, ADMIN, WITHDRAW, text, &answer);
    assert_true(world_step(daemon)); // the head; the append is made
    daemon->cut = true;
    world_pass(&world, 100);
    daemon->cut = false;
    world_run(&world);
    assert_string_equal(world_end(&answer), "EXPIRED");
    assert_string_equal(edit(0, WITHDRAW, text, &answer), "TOO_LATE");
    assert_null(get(0, 2)->versions[1]->withdrawn_at);
}

// --- retries and races ---

static void a_lost_answer_is_found_again(void **state)
{
    (void)state;
    for (int fault = MEMORY_FAULT_BEFORE; fault <= MEMORY_FAULT_LOST_REPLY; fault++) {
        struct world_answer answer;
        struct world_answer again;
        uint32_t version = publish_rate(5, soon() + INT64_C(1000) * fault);
        const char *id = world_id(&world);
        const char *etag = get(0, 0)->etag;
        const char *text = withdraw_text(id, version, etag, "why");
        world_ask(&world.daemons[0], ADMIN, WITHDRAW, text, &answer);
        (void)world_step(&world.daemons[0]); // the head
        memory_fail_next(world.daemons[0].store, (enum memory_fault)fault);
        world_run(&world);
        assert_string_equal(world_end(&answer),
                            fault == MEMORY_FAULT_BEFORE ? "STORE_UNAVAILABLE" : "OUTCOME_UNKNOWN");
        bool written = fault == MEMORY_FAULT_LOST_REPLY;
        assert_string_equal(edit(1, WITHDRAW, text, &again), written ? "REPLAYED" : "OK");
        assert_string_equal(edit(0, WITHDRAW, text, &answer), "REPLAYED");
        assert_memory_equal(answer.payload.data, again.payload.data, again.payload.len);
        text = withdraw_text(id, version, etag, "other");
        assert_string_equal(edit(0, WITHDRAW, text, &answer), "ID_CONFLICT");
        text = publish_text(id, plain(), etag, soon(), "");
        assert_string_equal(publish(0, text, &answer), "ID_CONFLICT");
    }
}

enum { ORDER_STEPS = 8 };

// A publish and a withdrawal with one etag, in every order of steps: one lands, the other is told
// to read again.
static void of_two_editors_one_wins(void **state)
{
    (void)state;
    for (uint32_t order = 0; order < 1U << ORDER_STEPS; order++) {
        struct world_answer answers[2];
        service_world_open(&world, 2);
        (void)publish_rate(5, soon());
        const char *etag = get(0, 0)->etag;
        world_ask(&world.daemons[0], ADMIN, WITHDRAW, withdraw_text(world_id(&world), 2, etag, ""),
                  &answers[0]);
        world_ask(&world.daemons[1], ADMIN, PUBLISH,
                  publish_text(world_id(&world), plain(), etag, soon() + 1000, ""), &answers[1]);
        for (uint32_t step = 0; step < ORDER_STEPS; step++) {
            (void)world_step(&world.daemons[order >> step & 1]);
        }
        world_run(&world);
        size_t loser = strcmp(world_end(&answers[0]), "OK") == 0 ? 1 : 0;
        assert_string_equal(world_end(&answers[1 - loser]), "OK");
        assert_string_equal(world_end(&answers[loser]), "ETAG_MISMATCH");
        world_pass(&world, LIMIT_LEASE_READ_MS);
        const Loyalty__V1__GetProgramResponse *response = get(loser, 0);
        assert_int_equal(response->n_versions, loser == 0 ? 3 : 2);
        assert_int_equal(response->versions[1]->withdrawn_at == NULL, loser == 0);
        service_world_fini(&world);
    }
}

int main(void)
{
    log_set_level(LOG_ERROR);
    const struct CMUnitTest tests[] = {
        TEST(it_never_comes_into_force),
        TEST(who_when_and_why_are_kept),
        TEST(the_next_one_has_the_next_number),
        TEST(those_behind_it_stay),
        TEST(a_tier_goes_with_it),
        TEST(a_daemon_that_knew_it),
        cmocka_unit_test(the_first_of_all),
        TEST(until_a_minute_before),
        TEST(not_twice_and_not_what_is_not_there),
        TEST(an_etag_of_before),
        TEST(too_late_in_the_store),
        TEST(a_lost_answer_is_found_again),
        cmocka_unit_test(of_two_editors_one_wins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
