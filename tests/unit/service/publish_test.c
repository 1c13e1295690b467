// Publishing and reading the program: races, retries, the rules of when, and that whatever can be
// published can be read again, by every daemon.
#include <stdio.h>

#include "base/log.h"
#include "unit/service/program_world.h"

// --- races ---

enum { ORDER_STEPS = 8 };

// Two at once, in every order of steps: one is published, the other told to read again.
static void two_that_race(bool first_ever, bool same_id)
{
    for (uint32_t order = 0; order < 1U << ORDER_STEPS; order++) {
        struct world_answer answers[2];
        service_world_init(&world, false);
        if (!first_ever) {
            service_world_publish(&world);
        }
        (void)service_world_add(&world);
        const char *etag = first_ever ? "" : get(0, 0)->etag;
        const char *id = world_id(&world);
        for (size_t i = 0; i < 2; i++) {
            const char *text =
                publish_text(same_id ? id : world_id(&world), plain(), etag, soon(), "race");
            world_ask(&world.daemons[i], ADMIN, PUBLISH, text, &answers[i]);
        }
        for (uint32_t step = 0; step < ORDER_STEPS; step++) {
            (void)world_step(&world.daemons[order >> step & 1]);
        }
        world_run(&world);
        size_t loser = strcmp(world_end(&answers[0]), "OK") == 0 ? 1 : 0;
        assert_string_equal(world_end(&answers[1 - loser]), "OK");
        if (same_id) {
            assert_string_equal(world_end(&answers[loser]), "REPLAYED");
            assert_memory_equal(answers[0].payload.data, answers[1].payload.data,
                                answers[0].payload.len);
        } else {
            assert_string_equal(world_end(&answers[loser]), "ETAG_MISMATCH");
            assert_int_equal(answers[loser].code, LOYALTY__V1__CODE__CODE_ABORTED);
        }
        world_pass(&world, LIMIT_LEASE_READ_MS);
        assert_int_equal(get(loser, 1)->n_versions, first_ever ? 1 : 2);
        service_world_fini(&world);
    }
}

static void one_of_two_is_aborted(void **state)
{
    (void)state;
    two_that_race(false, false);
    two_that_race(true, false);
}

static void one_id_twice_is_one_version(void **state)
{
    (void)state;
    two_that_race(false, true);
}

// --- retries ---

static void a_lost_answer_is_found_again(void **state)
{
    (void)state;
    for (int fault = MEMORY_FAULT_BEFORE; fault <= MEMORY_FAULT_LOST_REPLY; fault++) {
        struct world_answer answer;
        struct world_answer again;
        const char *id = world_id(&world);
        const char *etag = get(0, 0)->etag;
        int64_t from_ms = soon() + INT64_C(1000) * fault;
        const char *text = publish_text(id, plain(), etag, from_ms, "");
        world_ask(&world.daemons[0], ADMIN, PUBLISH, text, &answer);
        (void)world_step(&world.daemons[0]); // the head
        memory_fail_next(world.daemons[0].store, (enum memory_fault)fault);
        world_run(&world);
        assert_string_equal(world_end(&answer),
                            fault == MEMORY_FAULT_BEFORE ? "STORE_UNAVAILABLE" : "OUTCOME_UNKNOWN");
        bool written = fault == MEMORY_FAULT_LOST_REPLY;
        assert_string_equal(publish(1, text, &again), written ? "REPLAYED" : "OK");
        assert_string_equal(publish(0, text, &answer), "REPLAYED");
        assert_memory_equal(answer.payload.data, again.payload.data, again.payload.len);
        assert_string_equal(publish(0, publish_text(id, plain(), etag, from_ms, "other"), &answer),
                            "ID_CONFLICT");
    }
    assert_int_equal(get(0, 1)->n_versions, 4);
    assert_int_equal(memory_event_count(world.daemons[0].store, LIMIT_PARTITIONS), 4);
}

// Published, but the head that should show it cannot be read: open, and found by the retry.
static void a_head_lost_after_the_append(void **state)
{
    (void)state;
    struct world_answer answer;
    const char *text = publish_text(world_id(&world), plain(), get(0, 0)->etag, soon(), "");
    world_ask(&world.daemons[0], ADMIN, PUBLISH, text, &answer);
    (void)world_step(&world.daemons[0]); // the head
    (void)world_step(&world.daemons[0]); // the append
    memory_fail_next(world.daemons[0].store, MEMORY_FAULT_BEFORE);
    world_run(&world);
    assert_string_equal(world_end(&answer), "OUTCOME_UNKNOWN");
    world_pass(&world, 200);
    assert_string_equal(publish(0, text, &answer), "REPLAYED");
}

// --- when ---

static void a_minute_ahead_and_after_the_last(void **state)
{
    (void)state;
    struct world_answer answer;
    int64_t lead_ms = world.now_ms + LIMIT_PUBLISH_LEAD_MS;
    const char *etag = get(0, 0)->etag;
    assert_string_equal(
        publish(0, publish_text(world_id(&world), plain(), etag, lead_ms - 1, ""), &answer),
        "TOO_SOON");
    assert_int_equal(answer.code, LOYALTY__V1__CODE__CODE_FAILED_PRECONDITION);
    assert_string_equal(answer.field, "effective_from");
    assert_string_equal(
        publish(0, publish_text(world_id(&world), plain(), etag, lead_ms, ""), &answer), "OK");
    etag = get(0, 0)->etag;
    assert_string_equal(
        publish(0, publish_text(world_id(&world), plain(), etag, lead_ms, ""), &answer),
        "NOT_THE_LATEST");
    assert_string_equal(
        publish(0, publish_text(world_id(&world), plain(), etag, lead_ms + 1, ""), &answer), "OK");
    assert_int_equal(get(0, 0)->version, 1);
    world_pass(&world, LIMIT_PUBLISH_LEAD_MS);
    assert_int_equal(get(0, 0)->version, 2);
    assert_int_equal(get(1, 0)->version, 2);
}

// The head that a publish waits for may know the store's clock better than the one before, by which
// its deadline was judged; the store is told the deadline itself.
static void a_late_head_moves_no_deadline(void **state)
{
    (void)state;
    struct world_daemon *daemon = &world.daemons[0];
    struct world_answer answer;
    const char *etag = get(0, 0)->etag;
    memory_set_now(daemon->store, world.now_ms - 1500); // read then, answered now
    lease_kick(daemon->service->lease);
    world_run_daemon(daemon);
    memory_set_now(daemon->store, world.now_ms);
    const char *text = world_text(&world,
                                  "{\"mutation\": {\"request_id\": \"%s\", \"created_at\": \"%s\", "
                                  "\"deadline\": \"%s\"}, \"program\": %s, \"etag\": \"%s\", "
                                  "\"effective_from\": \"%s\"}",
                                  world_id(&world), world_instant(&world, world.now_ms),
                                  world_instant(&world, world.now_ms + 100), plain(), etag,
                                  world_instant(&world, soon()));
    world_ask(daemon, ADMIN, PUBLISH, text, &answer);
    assert_true(world_step(daemon)); // the head; the append is made
    daemon->cut = true;
    world_pass(&world, 200);
    daemon->cut = false;
    world_run(&world);
    assert_string_equal(world_end(&answer), "EXPIRED");
    assert_int_equal(get(0, 0)->n_versions, 1);
}

static void a_stale_etag_is_aborted(void **state)
{
    (void)state;
    struct world_answer answer;
    assert_string_equal(
        publish(0, publish_text(world_id(&world), plain(), "", soon(), ""), &answer),
        "ETAG_MISMATCH");
    assert_string_equal(
        publish(0, publish_text(world_id(&world), plain(), "00", soon(), ""), &answer),
        "ETAG_MISMATCH");
    assert_int_equal(get(0, 0)->n_versions, 1);
}

// --- what ---

static void mistakes_are_all_named(void **state)
{
    (void)state;
    struct world_answer answer;
    static const char program[] =
        "{\"id\": \"retail\", \"zone\": \"Asia/Nowhere\", \"currency\": \"USD\", \"tiers\": "
        "[{\"id\": \"member\"}, {\"id\": \"silver\", \"threshold\": 2000, \"upgrade\": "
        "\"AT_RESCORE\", \"validity_months\": 24}, {\"id\": \"gold\", \"threshold\": 1000, "
        "\"upgrade\": \"AT_RESCORE\", \"validity_months\": 24}], \"rescore\": [\"13-01\"]}";
    const char *etag = get(0, 0)->etag;
    assert_string_equal(
        publish(0, publish_text(world_id(&world), program, etag, soon(), ""), &answer),
        "INVALID_PROGRAM");
    assert_int_equal(answer.code, LOYALTY__V1__CODE__CODE_INVALID_ARGUMENT);
    assert_non_null(strstr(answer.message, "program.rescore[0]"));
    assert_non_null(strstr(answer.message, "program.tiers[2].threshold"));
    world_call(&world.daemons[0], ADMIN, "ProgramsService/CheckProgram",
               world_text(&world, "{\"program\": %s}", program), &answer);
    assert_string_equal(world_end(&answer), "OK");
    const Loyalty__V1__CheckProgramResponse *check =
        (Loyalty__V1__CheckProgramResponse *)answer.reply;
    assert_true(check->n_problems >= 2);
    assert_string_equal(publish(0,
                                "{\"mutation\": {\"request_id\": "
                                "\"00000000-0000-4000-8000-0000000000aa\", \"created_at\": "
                                "\"2026-01-10T00:00:00Z\"}, \"effective_from\": "
                                "\"2027-01-01T00:00:00Z\"}",
                                &answer),
                        "MISSING");
    assert_int_equal(get(0, 0)->n_versions, 1);
}

// What was published may not change its currency, nor a tier its place.
static void a_successor_keeps_what_must_stay(void **state)
{
    (void)state;
    struct world_answer answer;
    static const char program[] =
        "{\"id\": \"retail\", \"zone\": \"Asia/Shanghai\", \"currency\": \"USD\", \"tiers\": "
        "[{\"id\": \"member\"}], \"score\": {\"rolling_months\": 12}, \"redeem\": {\"value\": "
        "{\"points\": 100, \"money_minor\": 100}}}";
    assert_string_equal(
        publish(0, publish_text(world_id(&world), program, get(0, 0)->etag, soon(), ""), &answer),
        "INVALID_PROGRAM");
    assert_non_null(strstr(answer.message, "program.currency"));
    assert_non_null(strstr(answer.message, "program.tiers"));
}

// Rules that sell in so many shops that the document has about this many bytes.
static const char *long_program(size_t bytes)
{
    char *text = arena_alloc(&world.arena, 2 * bytes + 4096);
    size_t used = 0;
    size_t left = bytes - 600;
    for (size_t rule = 0; left > 0; rule++) {
        used +=
            (size_t)sprintf(text + used, ", {\"id\": \"r-%zu\", \"when\": {\"stores\": [", rule);
        left -= left < 40 ? left : 40;
        for (size_t store = 0; store < LIMIT_RULE_LIST && left > 0; store++) {
            size_t len = left < 64 ? 8 : 62;
            used += (size_t)sprintf(text + used, "%s\"s%0*zu\"", store == 0 ? "" : ", ",
                                    (int)len - 1, store);
            left -= left < len + 2 ? left : len + 2;
        }
        used +=
            (size_t)sprintf(text + used, "]}, \"rate\": {\"points\": 1, \"money_minor\": 100}}");
    }
    return world_text(
        &world,
        "{\"id\": \"retail\", \"zone\": \"Asia/Shanghai\", \"currency\": \"CNY\", "
        "\"tiers\": [{\"id\": \"member\"}, {\"id\": \"silver\", \"threshold\": 2000, "
        "\"upgrade\": \"AT_RESCORE\", \"validity_months\": 24}, {\"id\": \"gold\", "
        "\"threshold\": 10000, \"upgrade\": \"AT_RESCORE\", \"validity_months\": 24}, "
        "{\"id\": \"diamond\", \"threshold\": 50000, \"upgrade\": \"IMMEDIATE\", "
        "\"validity_months\": 24}], \"earn\": {\"rules\": [{\"id\": \"base\", "
        "\"rate\": {\"points\": 1, \"money_minor\": 100}}%s]}, \"score\": "
        "{\"rolling_months\": 12}, \"redeem\": {\"value\": {\"points\": 100, "
        "\"money_minor\": 100}}}",
        text);
}

static void the_largest_program_can_be_read_again(void **state)
{
    (void)state;
    struct world_answer answer;
    const char *large = long_program(LIMIT_PROGRAM_BYTES - 100);
    assert_string_equal(
        publish(0, publish_text(world_id(&world), large, get(0, 0)->etag, soon(), ""), &answer),
        "OK");
    world_pass(&world, LIMIT_LEASE_READ_MS);
    service_world_restart(&world.daemons[1]);
    for (size_t daemon = 0; daemon < 2; daemon++) {
        const Loyalty__V1__GetProgramResponse *response = get(daemon, 2);
        size_t bytes = protobuf_c_message_get_packed_size(&response->program->base);
        assert_in_range(bytes, LIMIT_PROGRAM_BYTES - 1200, LIMIT_PROGRAM_BYTES);
        assert_int_equal(response->n_versions, 2);
    }
    world_enroll(&world, "anna");
    assert_int_equal(world_award(&world, "anna", 10000)->points, 100);
}

static void a_program_too_large_is_refused(void **state)
{
    (void)state;
    struct world_answer answer;
    const char *large = long_program(LIMIT_PROGRAM_BYTES + 1500);
    assert_string_equal(
        publish(0, publish_text(world_id(&world), large, get(0, 0)->etag, soon(), ""), &answer),
        "INVALID_PROGRAM");
    assert_string_equal(answer.field, "program");
    world_call(&world.daemons[0], ADMIN, "ProgramsService/CheckProgram",
               world_text(&world, "{\"program\": %s}", large), &answer);
    const Loyalty__V1__CheckProgramResponse *check =
        (Loyalty__V1__CheckProgramResponse *)answer.reply;
    assert_int_equal(check->n_problems, 1);
    assert_string_equal(check->problems[0]->path, "");
}

// As many as there can be, each with a reason of its own: the list shows the latest that fit.
static void every_version_there_can_be(void **state)
{
    (void)state;
    struct world_answer answer;
    char reason[LIMIT_TEXT_BYTES + 1];
    memset(reason, 'r', LIMIT_TEXT_BYTES);
    reason[LIMIT_TEXT_BYTES] = '\0';
    for (uint32_t version = 2; version <= LIMIT_PROGRAM_VERSIONS; version++) {
        int64_t from_ms = soon() + 1000 * (int64_t)version;
        const char *text =
            publish_text(world_id(&world), plain(), get(0, 1)->etag, from_ms, reason);
        assert_string_equal(publish(0, text, &answer), "OK");
        assert_int_equal(((Loyalty__V1__PublishProgramResponse *)answer.reply)->version, version);
    }
    const char *text = publish_text(world_id(&world), plain(), get(0, 1)->etag,
                                    soon() + INT64_C(1000) * (LIMIT_PROGRAM_VERSIONS + 1), "");
    assert_string_equal(publish(0, text, &answer), "TOO_MANY_VERSIONS");
    world_pass(&world, LIMIT_LEASE_READ_MS);
    service_world_restart(&world.daemons[1]);
    const Loyalty__V1__GetProgramResponse *response = get(1, 200);
    assert_int_equal(response->version, 200);
    assert_in_range(response->n_versions, 40, LIMIT_PROGRAM_VERSIONS - 1);
    for (size_t i = 0; i < response->n_versions; i++) {
        uint32_t expected = (uint32_t)(LIMIT_PROGRAM_VERSIONS - response->n_versions + i + 1);
        assert_int_equal(response->versions[i]->version, expected);
        assert_string_equal(response->versions[i]->reason, reason);
        assert_string_equal(response->versions[i]->published_by, ADMIN);
    }
}

static void versions_that_are_not_there(void **state)
{
    (void)state;
    struct world_answer answer;
    world_call(&world.daemons[0], ADMIN, "ProgramsService/GetProgram", "{\"version\": 2}", &answer);
    assert_string_equal(world_end(&answer), "UNKNOWN_VERSION");
    assert_int_equal(answer.code, LOYALTY__V1__CODE__CODE_NOT_FOUND);
    assert_string_equal(get(0, 1)->program->id, "retail");
}

int main(void)
{
    log_set_level(LOG_ERROR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_of_two_is_aborted), cmocka_unit_test(one_id_twice_is_one_version),
        TEST(a_lost_answer_is_found_again),      TEST(a_head_lost_after_the_append),
        TEST(a_minute_ahead_and_after_the_last), TEST(a_late_head_moves_no_deadline),
        TEST(a_stale_etag_is_aborted),           TEST(mistakes_are_all_named),
        TEST(a_successor_keeps_what_must_stay),  TEST(the_largest_program_can_be_read_again),
        TEST(a_program_too_large_is_refused),    TEST(every_version_there_can_be),
        TEST(versions_that_are_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
