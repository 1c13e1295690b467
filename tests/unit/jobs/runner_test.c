// The runner over stores in memory: plans change nothing and find what a run then makes; a run
// killed between any two steps, shared by daemons or met by failures counts each member once and
// writes each move once; a plan that has moved begins nothing; wrong due instants are found and set
// right; after the rules change the due index follows.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "jobs/claims.h"
#include "jobs/runner.h"
#include "loyalty/v1/programs.pb-c.h"
#include "support/log_capture.h"
#include "support/rescore_world.h"

#define ADMIN "admin/hq"
#define DAY_MS INT64_C(86400000)

enum { SOON_MS = 10000, LATE_MS = 3 * CLAIM_LAPSE_MS };

static struct service_world world;

static int open_world(void **state)
{
    (void)state;
    log_capture_clear();
    service_world_open(&world, 2);
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    service_world_fini(&world);
    return 0;
}

static void sleep_until(int64_t at_ms)
{
    world.now_ms = at_ms - 1000;
    world_pass(&world, 1000);
}

// --- plans ---

static void a_plan_changes_nothing(void **state)
{
    (void)state;
    rescore_enrol(&world);
    service_world_run_jobs(&world);
    uint64_t before = rescore_events(&world);
    const char *id = rescore_plan(&world);
    const Loyaltyd__Job *job = rescore_ended(&world, id, SOON_MS);
    assert_int_equal(job->error_code, 0);
    assert_int_equal(job->moves, RISING);
    assert_int_equal(job->errors, 0);
    assert_int_equal(job->members, MEMBERS); // the index is right for no programs yet
    rescore_assert_edge(job, RISING);
    assert_int_equal(rescore_planned(&world, id), RISING);
    assert_true(rescore_events(&world) - before <= 1); // that it was asked for
    for (int i = 0; i < MEMBERS; i++) {
        assert_int_equal(rescore_records(&world, i), 2);
    }
    world_pass(&world, SOON_MS);
    assert_true(rescore_jobs(&world)->heads[0]->done);
}

static void a_run_makes_what_was_planned(void **state)
{
    (void)state;
    rescore_enrol(&world);
    service_world_run_jobs(&world);
    const char *planned = rescore_plan(&world);
    (void)rescore_ended(&world, planned, SOON_MS);
    sleep_until(RESCORE_MS + 5000);
    const char *by_plan = world_text(&world, ", \"plan\": \"operations/%s\"", planned);
    const Loyaltyd__Job *job = rescore_ended(&world, rescore_run(&world, by_plan), SOON_MS);
    assert_string_equal(job->error_message, "");
    assert_int_equal(job->moves, RISING);
    assert_int_equal(job->moved_before, 0);
    assert_int_equal(job->differ, 0);
    rescore_assert_edge(job, RISING);
    rescore_assert_all(&world);
    job = rescore_ended(&world, rescore_run(&world, by_plan), SOON_MS);
    assert_int_equal(job->moves, 0);
    assert_int_equal(job->moved_before, RISING);
    rescore_assert_all(&world);
}

static void a_plan_that_moved_begins_nothing(void **state)
{
    (void)state;
    rescore_enrol(&world);
    service_world_run_jobs(&world);
    const char *planned = rescore_plan(&world);
    (void)rescore_ended(&world, planned, SOON_MS);
    (void)world_award(&world, rescore_member(&world, MEMBERS - 1), 250000);
    sleep_until(RESCORE_MS + 5000);
    const char *by_plan = world_text(&world, ", \"plan\": \"operations/%s\"", planned);
    const Loyaltyd__Job *job = rescore_ended(&world, rescore_run(&world, by_plan), SOON_MS);
    assert_memory_equal(job->error_message, "PLAN_MOVED: ", sizeof("PLAN_MOVED: ") - 1);
    assert_int_equal(job->differ, 1);
    assert_int_equal(job->n_difference_samples, 1);
    assert_string_equal(job->difference_samples[0]->member_id, rescore_member(&world, MEMBERS - 1));
    assert_string_equal(job->difference_samples[0]->planned, "");
    assert_string_equal(job->difference_samples[0]->actual, "silver");
    assert_int_equal(rescore_records(&world, 0), 2);
    job = rescore_ended(
        &world, rescore_run(&world, world_text(&world, "%s, \"accept_changes\": true", by_plan)),
        SOON_MS);
    assert_string_equal(job->error_message, "");
    assert_int_equal(job->differ, 1);
    assert_int_equal(job->moves, RISING + 1);
}

static void a_plan_is_forgotten_with_its_pages(void **state)
{
    (void)state;
    struct world_answer answer;
    rescore_enrol(&world);
    service_world_run_jobs(&world);
    const char *id = rescore_plan(&world);
    (void)rescore_ended(&world, id, SOON_MS);
    world_pass(&world, SOON_MS);
    world_call(&world.daemons[0], ADMIN, "/google.longrunning.Operations/DeleteOperation",
               world_text(&world, "{\"name\": \"operations/%s\"}", id), &answer);
    assert_string_equal(world_end(&answer), "OK");
    world_pass(&world, SOON_MS);
    assert_int_equal(rescore_jobs(&world)->n_heads, 0);
    assert_int_equal(rescore_planned(&world, id), 0);
    for (uint32_t i = 0; i < WORLD_PARTITIONS; i++) {
        for (uint64_t attempt = 1; attempt < 8; attempt++) {
            struct job_value_name name;
            assert_int_equal(rescore_read(&world, plan_page_value(i, id, attempt, 0, &name),
                                          &loyaltyd__plan_page__descriptor)
                                 .revision,
                             0);
        }
    }
}

// --- runs ---

// A step of one daemon, a little later than the last; whether a call was answered.
static bool step(struct world_daemon *daemon, int64_t ms)
{
    world.now_ms += ms;
    memory_set_now(daemon->store, world.now_ms);
    timers_run(&daemon->timers);
    return world_step(daemon);
}

// Killed after any number of its steps, and begun again by the same daemon or the other one.
static void a_run_killed_anywhere_counts_once(void **state)
{
    (void)state;
    enum { STEPS = 400, STRIDE = 9 };
    rescore_enrol(&world);
    sleep_until(RESCORE_MS + 5000);
    const char *id = rescore_run(&world, "");
    service_world_run_jobs(&world);
    int kills = 0;
    for (int steps = 1; steps < STEPS && !job_has_ended(rescore_job(&world, id)); steps += STRIDE) {
        struct world_daemon *daemon = &world.daemons[kills % 2];
        (void)step(daemon, CLAIM_LAPSE_MS + RUNNER_LOOK_MS);
        for (int i = 0; i < steps; i++) {
            (void)step(daemon, 1);
        }
        service_world_restart(daemon);
        kills++;
    }
    assert_true(kills > 5);
    const Loyaltyd__Job *job = rescore_ended(&world, id, LATE_MS);
    assert_int_equal(job->members, MEMBERS);
    assert_int_equal(job->moves + job->moved_before, RISING);
    assert_int_equal(job->errors, 0);
    rescore_assert_edge(job, RISING);
    rescore_assert_all(&world);
}

static void two_at_once_share_a_run(void **state)
{
    (void)state;
    rescore_enrol(&world);
    sleep_until(RESCORE_MS + 5000);
    const char *id = rescore_run(&world, "");
    assert_string_equal(rescore_run(&world, ""), id); // joined
    service_world_run_jobs(&world);
    const Loyaltyd__Job *job = rescore_ended(&world, id, SOON_MS);
    assert_int_equal(job->members, MEMBERS);
    assert_int_equal(job->moves, RISING);
    assert_true(job->attempts > 1);
    rescore_assert_all(&world);
}

// What is stored is read through the first daemon's store, which then answers all that it is asked.
static void what_the_dead_had_claimed_is_taken_over(void **state)
{
    (void)state;
    rescore_enrol(&world);
    sleep_until(RESCORE_MS + 5000);
    const char *id = rescore_run(&world, "");
    service_world_run_jobs(&world);
    for (int i = 0; i < 200 && rescore_job(&world, id)->n_claims == 0; i++) {
        (void)step(&world.daemons[1], RUNNER_TURN_MS);
    }
    assert_int_equal(rescore_job(&world, id)->n_claims, 1);
    world.daemons[1].cut = true; // and not heard of for long
    const Loyaltyd__Job *job = rescore_ended(&world, id, LATE_MS);
    assert_int_equal(job->members, MEMBERS);
    assert_int_equal(job->moves + job->moved_before, RISING);
    rescore_assert_all(&world);
    world.daemons[1].cut = false;
    world_pass(&world, SOON_MS); // what it still believes changes nothing
    assert_int_equal(rescore_job(&world, id)->members, MEMBERS);
    rescore_assert_all(&world);
}

// A daemon that is to end leaves nothing that others would have to wait for.
static void who_drains_gives_its_claim_back(void **state)
{
    (void)state;
    rescore_enrol(&world);
    sleep_until(RESCORE_MS + 5000);
    const char *id = rescore_run(&world, "");
    service_world_run_jobs(&world);
    for (int i = 0; i < 200 && rescore_job(&world, id)->n_claims == 0; i++) {
        (void)step(&world.daemons[1], RUNNER_TURN_MS);
    }
    assert_int_equal(rescore_job(&world, id)->n_claims, 1);
    assert_false(runner_is_idle(world.daemons[1].runner));
    world.daemons[1].service->draining = true;
    const Loyaltyd__Job *job = rescore_ended(&world, id, SOON_MS);
    assert_true(runner_is_idle(world.daemons[1].runner));
    assert_int_equal(job->members, MEMBERS);
    assert_int_equal(job->moves + job->moved_before, RISING);
    rescore_assert_all(&world);
}

// Every third answer is lost, though what was asked for is done.
static void lost_answers_count_nothing_twice(void **state)
{
    (void)state;
    enum { STEPS = 20000 };
    uint32_t calls = 0;
    struct world_daemon *daemon = &world.daemons[1];
    rescore_enrol(&world);
    sleep_until(RESCORE_MS + 5000);
    const char *id = rescore_run(&world, "");
    world.jobs_pace = 2; // so slowly that a claim is reported in parts
    service_world_run_jobs(&world);
    world.daemons[0].service->draining = true; // one alone, whose calls are stepped
    for (int i = 0; i < STEPS && !job_has_ended(rescore_job(&world, id)); i++) {
        calls += step(daemon, 5) ? 1 : 0;
        memory_fail_next(daemon->store,
                         calls % 3 == 0 ? MEMORY_FAULT_LOST_REPLY : MEMORY_FAULT_NONE);
    }
    const Loyaltyd__Job *job = rescore_ended(&world, id, LATE_MS);
    assert_int_equal(job->members, MEMBERS);
    assert_int_equal(job->moves + job->moved_before, RISING);
    rescore_assert_edge(job, RISING);
    rescore_assert_all(&world);
}

static void failures_only_delay_it(void **state)
{
    (void)state;
    rescore_enrol(&world);
    sleep_until(RESCORE_MS + 5000);
    service_world_run_jobs(&world);
    const char *id = rescore_run(&world, "");
    for (int i = 0; i < 300; i++) {
        memory_fail_next(world.daemons[i % 2].store, (enum memory_fault)(i % 4));
        world_pass(&world, 100);
    }
    const Loyaltyd__Job *job = rescore_ended(&world, id, LATE_MS);
    assert_int_equal(job->error_code, 0);
    assert_int_equal(job->members, MEMBERS);
    assert_int_equal(job->moves + job->moved_before, RISING);
    assert_int_equal(job->errors, 0);
    rescore_assert_all(&world);
}

static void a_broken_log_is_an_error_by_name(void **state)
{
    (void)state;
    static const uint8_t garbage[] = "no record at all, and no hash either";
    rescore_enrol(&world);
    sleep_until(RESCORE_MS + 5000);
    struct store_account place = world_place(rescore_member(&world, RISING));
    memory_plant(world.daemons[0].store, &place, span_of(garbage, sizeof garbage));
    service_world_restart(&world.daemons[0]);
    service_world_restart(&world.daemons[1]);
    service_world_run_jobs(&world);
    const Loyaltyd__Job *job =
        rescore_ended(&world, rescore_run(&world, ", \"full\": true"), SOON_MS);
    assert_int_equal(job->errors, 1);
    assert_string_equal(job->error_samples[0]->member_id, rescore_member(&world, RISING));
    assert_int_equal(job->members, MEMBERS);
    assert_int_equal(job->moves, RISING);
}

static void a_cancelled_run_stops(void **state)
{
    (void)state;
    struct world_answer answer;
    rescore_enrol(&world);
    sleep_until(RESCORE_MS + 5000);
    const char *id = rescore_run(&world, "");
    world_call(&world.daemons[0], ADMIN, "/google.longrunning.Operations/CancelOperation",
               world_text(&world, "{\"name\": \"operations/%s\"}", id), &answer);
    assert_string_equal(world_end(&answer), "OK");
    service_world_run_jobs(&world);
    const Loyaltyd__Job *job = rescore_ended(&world, id, SOON_MS);
    assert_memory_equal(job->error_message, "CANCELLED: ", sizeof("CANCELLED: ") - 1);
    assert_int_equal(rescore_records(&world, 0), 2);
}

// --- the due index ---

static void full_finds_what_is_misplaced(void **state)
{
    (void)state;
    rescore_enrol(&world);
    sleep_until(RESCORE_MS + 5000);
    int64_t right_ms = rescore_due(&world, MEMBERS - 1);
    world_misplace(&world, rescore_member(&world, 0),
                   RESCORE_MS + 200 * DAY_MS); // it would not have been found
    world_misplace(&world, rescore_member(&world, MEMBERS - 1), RESCORE_MS - 1);
    service_world_run_jobs(&world);
    const Loyaltyd__Job *job =
        rescore_ended(&world, rescore_run(&world, ", \"full\": true"), SOON_MS);
    assert_int_equal(job->corrected, 2);
    assert_int_equal(job->moves, RISING);
    assert_int_equal(rescore_due(&world, MEMBERS - 1), right_ms);
    rescore_assert_all(&world);
    job = rescore_ended(&world, rescore_run(&world, ", \"full\": true"), SOON_MS);
    assert_int_equal(job->corrected, 0);
    assert_int_equal(job->moved_before, RISING);
}

static void index_follows(void)
{
    world_pass(&world, RUNNER_REINDEX_MS + 2 * SOON_MS);
    const Loyaltyd__Jobs *jobs = rescore_jobs(&world);
    assert_int_equal(jobs->indexed_for.len, CHAIN_HASH_BYTES);
    assert_memory_equal(jobs->indexed_for.data,
                        lease_programs(world.daemons[0].service->lease)->tail, CHAIN_HASH_BYTES);
}

static const char *etag(void)
{
    struct world_answer answer;
    world_call(&world.daemons[0], ADMIN, "ProgramsService/GetProgram", "{}", &answer);
    assert_string_equal(world_end(&answer), "OK");
    return ((const Loyalty__V1__GetProgramResponse *)answer.reply)->etag;
}

// The threshold of silver is another one from tomorrow on.
static void publish_threshold(const char *threshold)
{
    struct world_answer answer;
    char *program = (char *)(uintptr_t)service_world_program(&world, "");
    char *place = strstr(program, "2000"); // the text is the world's arena's
    assert_non_null(place);
    memcpy(place, threshold, 4);
    world_call(&world.daemons[0], ADMIN, "ProgramsService/PublishProgram",
               world_text(&world,
                          "{%s, \"program\": %s, \"effective_from\": \"%s\", \"etag\": \"%s\"}",
                          world_mutation(&world, world_id(&world)), program,
                          world_instant(&world, world.now_ms + DAY_MS), etag()),
               &answer);
    assert_string_equal(world_end(&answer), "OK");
}

// After new rules those that would rise by them are due then; what is found by the index alone is
// what everyone would have brought.
static void the_index_follows_the_rules(void **state)
{
    (void)state;
    rescore_enrol(&world);
    service_world_run_jobs(&world);
    index_follows();
    assert_true(rescore_due(&world, MEMBERS - 1) > RESCORE_MS);
    publish_threshold(" 400");
    index_follows();
    assert_int_equal(rescore_due(&world, MEMBERS - 1), RESCORE_MS);
    assert_int_equal(rescore_jobs(&world)->n_heads, 2);
    sleep_until(RESCORE_MS + 5000);
    const Loyaltyd__Job *job = rescore_ended(&world, rescore_run(&world, ""), SOON_MS);
    assert_false(job->full);
    assert_int_equal(job->moves, MEMBERS);
    assert_int_equal(job->corrected, 0);
}

// What a daemon made the index hold under the old rules is not what it holds now.
static void a_sale_after_new_rules_is_indexed(void **state)
{
    (void)state;
    rescore_enrol(&world);
    service_world_run_jobs(&world);
    index_follows();
    assert_int_equal(rescore_due(&world, 0), RESCORE_MS);
    publish_threshold("4000");
    index_follows();
    assert_true(rescore_due(&world, 0) > RESCORE_MS);
    (void)world_award(&world, rescore_member(&world, 0), 250000);
    assert_int_equal(rescore_due(&world, 0), RESCORE_MS);
}

// Looks and writes come by everybody, and leave nobody in the cache.
static void a_walk_leaves_the_cache_alone(void **state)
{
    (void)state;
    rescore_enrol(&world);
    sleep_until(RESCORE_MS + 5000);
    service_world_restart(&world.daemons[0]);
    service_world_restart(&world.daemons[1]);
    (void)world_member(&world.daemons[0], rescore_member(&world, 0));
    service_world_run_jobs(&world);
    size_t cached = accounts_cached(world.daemons[0].service->accounts);
    const char *id = rescore_run(&world, ", \"full\": true");
    assert_int_equal(rescore_ended(&world, id, SOON_MS)->members, MEMBERS);
    size_t more = accounts_cached(world.daemons[0].service->accounts) - cached;
    assert_true(more <= 1); // the audit's month
    assert_int_equal(accounts_cached(world.daemons[1].service->accounts), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_plan_changes_nothing, open_world, close_world),
        cmocka_unit_test_setup_teardown(a_run_makes_what_was_planned, open_world, close_world),
        cmocka_unit_test_setup_teardown(a_plan_that_moved_begins_nothing, open_world, close_world),
        cmocka_unit_test_setup_teardown(a_plan_is_forgotten_with_its_pages, open_world,
                                        close_world),
        cmocka_unit_test_setup_teardown(a_run_killed_anywhere_counts_once, open_world, close_world),
        cmocka_unit_test_setup_teardown(two_at_once_share_a_run, open_world, close_world),
        cmocka_unit_test_setup_teardown(what_the_dead_had_claimed_is_taken_over, open_world,
                                        close_world),
        cmocka_unit_test_setup_teardown(who_drains_gives_its_claim_back, open_world, close_world),
        cmocka_unit_test_setup_teardown(lost_answers_count_nothing_twice, open_world, close_world),
        cmocka_unit_test_setup_teardown(failures_only_delay_it, open_world, close_world),
        cmocka_unit_test_setup_teardown(a_broken_log_is_an_error_by_name, open_world, close_world),
        cmocka_unit_test_setup_teardown(a_cancelled_run_stops, open_world, close_world),
        cmocka_unit_test_setup_teardown(full_finds_what_is_misplaced, open_world, close_world),
        cmocka_unit_test_setup_teardown(the_index_follows_the_rules, open_world, close_world),
        cmocka_unit_test_setup_teardown(a_sale_after_new_rules_is_indexed, open_world, close_world),
        cmocka_unit_test_setup_teardown(a_walk_leaves_the_cache_alone, open_world, close_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
