// The runner over stores in memory: plans change nothing and find what a run then makes; a run
// killed between any two steps, shared by daemons or met by failures counts each member once and
// writes each move once; a plan that has moved begins nothing; wrong due instants are found and set
// right; after the rules change the due index follows.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/ledger.h"
#include "google/longrunning/operations.pb-c.h"
#include "jobs/claims.h"
#include "jobs/runner.h"
#include "loyalty/v1/programs.pb-c.h"
#include "service/job_values.h"
#include "support/log_capture.h"
#include "support/service_world.h"

#define ADMIN "admin/hq"
#define DAY_MS INT64_C(86400000)
#define RESCORE_MS INT64_C(1780243200000) // 2026-06-01 00:00 in Shanghai

enum { MEMBERS = 30, RISING = 12, SOON_MS = 10000, LATE_MS = 3 * CLAIM_LAPSE_MS };

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

static const char *member_name(int number)
{
    return world_text(&world, "m-%d", number);
}

// The first of them reach silver at the next re-scoring.
static void make_members(void)
{
    for (int i = 0; i < MEMBERS; i++) {
        world_enroll(&world, member_name(i));
        (void)world_award(&world, member_name(i), i < RISING ? 250000 : 50000);
    }
}

static uint64_t events(void)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < WORLD_PARTITIONS; i++) {
        count += memory_event_count(world.daemons[0].store, i);
    }
    return count;
}

static uint64_t records_of(int number)
{
    int64_t balance;
    return world_verify(&world, member_name(number), &balance);
}

static int64_t due_of(int number)
{
    struct store_account place = world_place(member_name(number));
    return memory_due(world.daemons[0].store, &place);
}

// --- operations ---

static const char *ask(const char *method, const char *fields)
{
    struct world_answer answer;
    world_call(&world.daemons[0], ADMIN, method,
               world_text(&world, "{%s%s}", world_mutation(&world, world_id(&world)), fields),
               &answer);
    assert_string_equal(world_end(&answer), "OK");
    const char *name = ((const Google__Longrunning__Operation *)answer.reply)->name;
    char id[JOB_ID_BYTES + 1];
    assert_true(job_id_of_name(name, id));
    return world_text(&world, "%s", id);
}

static const char *plan(void)
{
    return ask("RescoringService/PlanRescoring", ", \"at\": \"2026-05-31T16:00:00Z\"");
}

static const char *run(const char *fields)
{
    return ask("RescoringService/RunRescoring",
               world_text(&world, ", \"at\": \"2026-05-31T16:00:00Z\"%s", fields));
}

struct read {
    const ProtobufCMessageDescriptor *type;
    ProtobufCMessage *message;
    uint64_t revision;
};

static void on_value(void *context, const struct store_value_reply *reply)
{
    struct read *read = context;
    assert_int_equal(reply->result, STORE_OK);
    read->revision = reply->revision;
    assert_int_equal(job_decode(read->type, reply->bytes, &world.arena, &read->message), STATUS_OK);
}

static struct read read_value(struct store_value value, const ProtobufCMessageDescriptor *type)
{
    struct read read = {.type = type};
    store_get(world.daemons[0].store, &value, on_value, &read);
    memory_run(world.daemons[0].store);
    assert_non_null(read.message);
    return read;
}

static const Loyaltyd__Job *job_of(const char *id)
{
    struct job_value_name name;
    struct read read = read_value(job_value(id, &name), &loyaltyd__job__descriptor);
    return (const Loyaltyd__Job *)read.message;
}

static const Loyaltyd__Jobs *list_of_jobs(void)
{
    return (const Loyaltyd__Jobs *)read_value(job_list_value(), &loyaltyd__jobs__descriptor)
        .message;
}

// What became of it, at the latest after so long.
static const Loyaltyd__Job *ended(const char *id, int64_t within_ms)
{
    const Loyaltyd__Job *job = job_of(id);
    for (int64_t passed_ms = 0; passed_ms < within_ms && !job_has_ended(job); passed_ms += 500) {
        world_pass(&world, 500);
        job = job_of(id);
    }
    assert_true(job_has_ended(job));
    return job;
}

static void assert_edge(const Loyaltyd__Job *job, uint64_t count)
{
    assert_int_equal(job->n_edges, 1);
    assert_string_equal(job->edges[0]->from_tier, "member");
    assert_string_equal(job->edges[0]->to_tier, "silver");
    assert_int_equal(job->edges[0]->count, count);
}

// Each that rises has done so, and once; the others have written nothing.
static void assert_all_moved(void)
{
    for (int i = 0; i < MEMBERS; i++) {
        assert_int_equal(records_of(i), i < RISING ? 3 : 2);
        assert_true(due_of(i) > world.now_ms);
    }
}

static uint64_t planned_moves(const char *id)
{
    uint64_t moves = 0;
    for (uint32_t i = 0; i < WORLD_PARTITIONS; i++) {
        struct job_value_name name;
        struct read read =
            read_value(plan_head_value(i, id, &name), &loyaltyd__plan_head__descriptor);
        moves += ((const Loyaltyd__PlanHead *)read.message)->moves;
    }
    return moves;
}

// The due index says something else of a member than its log.
static void on_moved(void *context, const struct store_reply *reply)
{
    *(enum store_result *)context = reply->result;
}

static void misplace(int number, int64_t due_ms)
{
    struct span log = world_log(&world, member_name(number));
    struct store_append move = {
        .account = world_place(member_name(number)),
        .expected_bytes = log.len,
        .not_after_ms = INT64_MAX,
        .due_changed = true,
        .due_ms = due_ms,
    };
    memcpy(move.expected_hash, log.data + log.len - STORE_HASH_BYTES, STORE_HASH_BYTES);
    enum store_result result = STORE_FAILED;
    store_append(world.daemons[0].store, &move, on_moved, &result);
    memory_run(world.daemons[0].store);
    assert_int_equal(result, STORE_OK);
}

// --- plans ---

static void a_plan_changes_nothing(void **state)
{
    (void)state;
    make_members();
    service_world_run_jobs(&world);
    uint64_t before = events();
    const char *id = plan();
    const Loyaltyd__Job *job = ended(id, SOON_MS);
    assert_int_equal(job->error_code, 0);
    assert_int_equal(job->moves, RISING);
    assert_int_equal(job->errors, 0);
    assert_int_equal(job->members, MEMBERS); // the index is right for no programs yet
    assert_edge(job, RISING);
    assert_int_equal(planned_moves(id), RISING);
    assert_true(events() - before <= 1); // that it was asked for
    for (int i = 0; i < MEMBERS; i++) {
        assert_int_equal(records_of(i), 2);
    }
    world_pass(&world, SOON_MS);
    assert_true(list_of_jobs()->heads[0]->done);
}

static void a_run_makes_what_was_planned(void **state)
{
    (void)state;
    make_members();
    service_world_run_jobs(&world);
    const char *planned = plan();
    (void)ended(planned, SOON_MS);
    sleep_until(RESCORE_MS + 5000);
    const char *by_plan = world_text(&world, ", \"plan\": \"operations/%s\"", planned);
    const Loyaltyd__Job *job = ended(run(by_plan), SOON_MS);
    assert_string_equal(job->error_reason, "");
    assert_int_equal(job->moves, RISING);
    assert_int_equal(job->moved_before, 0);
    assert_int_equal(job->differ, 0);
    assert_edge(job, RISING);
    assert_all_moved();
    job = ended(run(by_plan), SOON_MS);
    assert_int_equal(job->moves, 0);
    assert_int_equal(job->moved_before, RISING);
    assert_all_moved();
}

static void a_plan_that_moved_begins_nothing(void **state)
{
    (void)state;
    make_members();
    service_world_run_jobs(&world);
    const char *planned = plan();
    (void)ended(planned, SOON_MS);
    (void)world_award(&world, member_name(MEMBERS - 1), 250000);
    sleep_until(RESCORE_MS + 5000);
    const char *by_plan = world_text(&world, ", \"plan\": \"operations/%s\"", planned);
    const Loyaltyd__Job *job = ended(run(by_plan), SOON_MS);
    assert_string_equal(job->error_reason, "PLAN_MOVED");
    assert_int_equal(job->differ, 1);
    assert_int_equal(job->n_difference_samples, 1);
    assert_string_equal(job->difference_samples[0]->member_id, member_name(MEMBERS - 1));
    assert_string_equal(job->difference_samples[0]->planned, "");
    assert_string_equal(job->difference_samples[0]->actual, "silver");
    assert_int_equal(records_of(0), 2);
    job = ended(run(world_text(&world, "%s, \"accept_changes\": true", by_plan)), SOON_MS);
    assert_string_equal(job->error_reason, "");
    assert_int_equal(job->differ, 1);
    assert_int_equal(job->moves, RISING + 1);
}

static void a_plan_is_forgotten_with_its_pages(void **state)
{
    (void)state;
    struct world_answer answer;
    make_members();
    service_world_run_jobs(&world);
    const char *id = plan();
    (void)ended(id, SOON_MS);
    world_pass(&world, SOON_MS);
    world_call(&world.daemons[0], ADMIN, "/google.longrunning.Operations/DeleteOperation",
               world_text(&world, "{\"name\": \"operations/%s\"}", id), &answer);
    assert_string_equal(world_end(&answer), "OK");
    world_pass(&world, SOON_MS);
    assert_int_equal(list_of_jobs()->n_heads, 0);
    assert_int_equal(planned_moves(id), 0);
    for (uint32_t i = 0; i < WORLD_PARTITIONS; i++) {
        for (uint64_t attempt = 1; attempt < 8; attempt++) {
            struct job_value_name name;
            assert_int_equal(read_value(plan_page_value(i, id, attempt, 0, &name),
                                        &loyaltyd__plan_page__descriptor)
                                 .revision,
                             0);
        }
    }
}

// --- runs ---

// A step of one daemon, a little later than the last.
static void step(struct world_daemon *daemon, int64_t ms)
{
    world.now_ms += ms;
    memory_set_now(daemon->store, world.now_ms);
    timers_run(&daemon->timers);
    (void)world_step(daemon);
}

// Killed after any number of its steps, and begun again by the same daemon or the other one.
static void a_run_killed_anywhere_counts_once(void **state)
{
    (void)state;
    enum { STEPS = 400, STRIDE = 9 };
    make_members();
    sleep_until(RESCORE_MS + 5000);
    const char *id = run("");
    service_world_run_jobs(&world);
    int kills = 0;
    for (int steps = 1; steps < STEPS && !job_has_ended(job_of(id)); steps += STRIDE) {
        struct world_daemon *daemon = &world.daemons[kills % 2];
        step(daemon, CLAIM_LAPSE_MS + RUNNER_LOOK_MS);
        for (int i = 0; i < steps; i++) {
            step(daemon, 1);
        }
        service_world_restart(daemon);
        kills++;
    }
    assert_true(kills > 5);
    const Loyaltyd__Job *job = ended(id, LATE_MS);
    assert_int_equal(job->members, MEMBERS);
    assert_int_equal(job->moves + job->moved_before, RISING);
    assert_int_equal(job->errors, 0);
    assert_edge(job, RISING);
    assert_all_moved();
}

static void two_at_once_share_a_run(void **state)
{
    (void)state;
    make_members();
    sleep_until(RESCORE_MS + 5000);
    const char *id = run("");
    assert_string_equal(run(""), id); // joined
    service_world_run_jobs(&world);
    const Loyaltyd__Job *job = ended(id, SOON_MS);
    assert_int_equal(job->members, MEMBERS);
    assert_int_equal(job->moves, RISING);
    assert_true(job->attempts > 1);
    assert_all_moved();
}

static void what_the_dead_had_claimed_is_taken_over(void **state)
{
    (void)state;
    make_members();
    sleep_until(RESCORE_MS + 5000);
    const char *id = run("");
    service_world_run_jobs(&world);
    for (int i = 0; i < 200 && job_of(id)->n_claims == 0; i++) {
        step(&world.daemons[0], RUNNER_TURN_MS);
    }
    assert_int_equal(job_of(id)->n_claims, 1);
    world.daemons[0].cut = true; // and not heard of for long
    const Loyaltyd__Job *job = ended(id, LATE_MS);
    assert_int_equal(job->members, MEMBERS);
    assert_int_equal(job->moves + job->moved_before, RISING);
    assert_all_moved();
    world.daemons[0].cut = false;
    world_pass(&world, SOON_MS); // what it still believes changes nothing
    assert_int_equal(job_of(id)->members, MEMBERS);
    assert_all_moved();
}

static void failures_only_delay_it(void **state)
{
    (void)state;
    make_members();
    sleep_until(RESCORE_MS + 5000);
    service_world_run_jobs(&world);
    const char *id = run("");
    for (int i = 0; i < 300; i++) {
        memory_fail_next(world.daemons[i % 2].store, (enum memory_fault)(i % 4));
        world_pass(&world, 100);
    }
    const Loyaltyd__Job *job = ended(id, LATE_MS);
    assert_int_equal(job->error_code, 0);
    assert_int_equal(job->members, MEMBERS);
    assert_int_equal(job->moves + job->moved_before, RISING);
    assert_int_equal(job->errors, 0);
    assert_all_moved();
}

static void a_broken_log_is_an_error_by_name(void **state)
{
    (void)state;
    static const uint8_t garbage[] = "no record at all, and no hash either";
    make_members();
    sleep_until(RESCORE_MS + 5000);
    struct store_account place = world_place(member_name(RISING));
    memory_plant(world.daemons[0].store, &place, span_of(garbage, sizeof garbage));
    service_world_restart(&world.daemons[0]);
    service_world_restart(&world.daemons[1]);
    service_world_run_jobs(&world);
    const Loyaltyd__Job *job = ended(run(", \"full\": true"), SOON_MS);
    assert_int_equal(job->errors, 1);
    assert_string_equal(job->error_samples[0]->member_id, member_name(RISING));
    assert_int_equal(job->members, MEMBERS);
    assert_int_equal(job->moves, RISING);
}

static void a_cancelled_run_stops(void **state)
{
    (void)state;
    struct world_answer answer;
    make_members();
    sleep_until(RESCORE_MS + 5000);
    const char *id = run("");
    world_call(&world.daemons[0], ADMIN, "/google.longrunning.Operations/CancelOperation",
               world_text(&world, "{\"name\": \"operations/%s\"}", id), &answer);
    assert_string_equal(world_end(&answer), "OK");
    service_world_run_jobs(&world);
    const Loyaltyd__Job *job = ended(id, SOON_MS);
    assert_string_equal(job->error_reason, "CANCELLED");
    assert_int_equal(records_of(0), 2);
}

// --- the due index ---

static void full_finds_what_is_misplaced(void **state)
{
    (void)state;
    make_members();
    sleep_until(RESCORE_MS + 5000);
    int64_t right_ms = due_of(MEMBERS - 1);
    misplace(0, RESCORE_MS + 200 * DAY_MS); // it would not have been found
    misplace(MEMBERS - 1, RESCORE_MS - 1);
    service_world_run_jobs(&world);
    const Loyaltyd__Job *job = ended(run(", \"full\": true"), SOON_MS);
    assert_int_equal(job->corrected, 2);
    assert_int_equal(job->moves, RISING);
    assert_int_equal(due_of(MEMBERS - 1), right_ms);
    assert_all_moved();
    job = ended(run(", \"full\": true"), SOON_MS);
    assert_int_equal(job->corrected, 0);
    assert_int_equal(job->moved_before, RISING);
}

static void index_follows(void)
{
    world_pass(&world, RUNNER_REINDEX_MS + 2 * SOON_MS);
    const Loyaltyd__Jobs *jobs = list_of_jobs();
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
    make_members();
    service_world_run_jobs(&world);
    index_follows();
    assert_true(due_of(MEMBERS - 1) > RESCORE_MS);
    publish_threshold(" 400");
    index_follows();
    assert_int_equal(due_of(MEMBERS - 1), RESCORE_MS);
    assert_int_equal(list_of_jobs()->n_heads, 2);
    sleep_until(RESCORE_MS + 5000);
    const Loyaltyd__Job *job = ended(run(""), SOON_MS);
    assert_false(job->full);
    assert_int_equal(job->moves, MEMBERS);
    assert_int_equal(job->corrected, 0);
}

// What a daemon made the index hold under the old rules is not what it holds now.
static void a_sale_after_new_rules_is_indexed(void **state)
{
    (void)state;
    make_members();
    service_world_run_jobs(&world);
    index_follows();
    assert_int_equal(due_of(0), RESCORE_MS);
    publish_threshold("4000");
    index_follows();
    assert_true(due_of(0) > RESCORE_MS);
    (void)world_award(&world, member_name(0), 250000);
    assert_int_equal(due_of(0), RESCORE_MS);
}

// Looks and writes come by everybody, and leave nobody in the cache.
static void a_walk_leaves_the_cache_alone(void **state)
{
    (void)state;
    make_members();
    sleep_until(RESCORE_MS + 5000);
    service_world_restart(&world.daemons[0]);
    service_world_restart(&world.daemons[1]);
    (void)world_member(&world.daemons[0], member_name(0));
    service_world_run_jobs(&world);
    size_t cached = accounts_cached(world.daemons[0].service->accounts);
    const char *id = run(", \"full\": true");
    assert_int_equal(ended(id, SOON_MS)->members, MEMBERS);
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
