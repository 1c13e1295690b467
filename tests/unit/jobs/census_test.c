// The census: begun by the daemons themselves, one at a time however many there are; what it counts
// is what the accounts say, as of its instant; it writes nothing to them; the last two are kept;
// every daemon tells the last one, whoever took it. A job at its longest fits its value.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "jobs/runner.h"
#include "jobs/tally.h"
#include "support/rescore_world.h"
#include "wire/message.h"

enum {
    SOON_MS = 10000,
    HOUR_MS = 3600 * 1000,
    SALE_POINTS = 2500, // of 2,500.00, 100 minor units a point
    SMALL_POINTS = 500, // of 500.00
};

static struct service_world world;

static int open_world(void **state)
{
    (void)state;
    service_world_open(&world, 2);
    world.census_ms = HOUR_MS;
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    service_world_fini(&world);
    return 0;
}

static uint32_t count_censuses(bool done)
{
    const Loyaltyd__Jobs *jobs = rescore_jobs(&world);
    uint32_t count = 0;
    for (size_t i = 0; i < jobs->n_heads; i++) {
        bool census = jobs->heads[i]->kind == LOYALTY__V1__JOB_KIND__JOB_KIND_CENSUS;
        count += census && jobs->heads[i]->done == done ? 1 : 0;
    }
    return count;
}

static const Loyaltyd__Job *last_census(void)
{
    const Loyaltyd__JobHead *head = job_list_census(rescore_jobs(&world));
    assert_non_null(head);
    return rescore_job(&world, head->id);
}

// --- what is told ---

struct counted {
    const char *family;
    int64_t members;
    int64_t points;
    int64_t pending;
    int64_t age_us;
};

static void on_family(void *context, const struct metric_family *family)
{
    ((struct counted *)context)->family = family->name;
}

static void on_whole(void *context, const struct metric_label *labels, size_t count, int64_t value)
{
    struct counted *told = context;
    if (count == 1) {
        assert_string_equal(labels[0].name, "tier");
    }
    told->members += strcmp(told->family, "loyaltyd_members") == 0 ? value : 0;
    told->points += strcmp(told->family, "loyaltyd_liability_points") == 0 ? value : 0;
    told->pending += strcmp(told->family, "loyaltyd_pending_points") == 0 ? value : 0;
}

static void on_micros(void *context, const struct metric_label *labels, size_t count,
                      int64_t micros)
{
    (void)labels;
    assert_int_equal(count, 0);
    ((struct counted *)context)->age_us = micros;
}

static struct counted tell(const struct world_daemon *daemon)
{
    struct counted told = {.age_us = -1};
    const struct metrics_out out = {
        .family = on_family, .whole = on_whole, .micros = on_micros, .context = &told};
    runner_metrics(daemon->runner, &out);
    return told;
}

// --- tests ---

static void it_counts_what_the_accounts_say(void **state)
{
    (void)state;
    int64_t owed = 0;
    rescore_enrol(&world);
    for (int i = 0; i < MEMBERS; i++) {
        int64_t balance;
        (void)world_verify(&world, rescore_member(&world, i), &balance);
        owed += balance;
    }
    uint64_t before = rescore_events(&world);
    service_world_run_jobs(&world);
    assert_int_equal(tell(&world.daemons[0]).age_us, -1); // none is known
    world_pass(&world, RUNNER_CENSUS_MS + SOON_MS);
    assert_int_equal(count_censuses(true), 1);
    assert_int_equal(count_censuses(false), 0);
    const Loyaltyd__Job *job = last_census();
    assert_int_equal(job->error_code, 0);
    assert_int_equal(job->errors, 0);
    assert_int_equal(job->members, MEMBERS);
    assert_int_equal(job->n_edges, 1);
    assert_string_equal(job->edges[0]->to_tier, "member");
    assert_int_equal(job->edges[0]->count, MEMBERS);
    assert_int_equal(job->edges[0]->points, owed);
    assert_int_equal(job->edges[0]->points + job->edges[0]->pending,
                     RISING * SALE_POINTS + (MEMBERS - RISING) * SMALL_POINTS);
    assert_int_equal(rescore_events(&world), before);
    for (size_t i = 0; i < world.daemon_count; i++) {
        struct counted told = tell(&world.daemons[i]);
        assert_int_equal(told.members, MEMBERS);
        assert_int_equal(told.points, owed);
        assert_int_equal(told.points + told.pending,
                         RISING * SALE_POINTS + (MEMBERS - RISING) * SMALL_POINTS);
        assert_in_range(told.age_us, 0, (int64_t)SOON_MS * 1000);
    }
}

static void tiers_are_those_of_its_instant(void **state)
{
    (void)state;
    rescore_enrol(&world);
    world.now_ms = RESCORE_MS - 1000;
    world_pass(&world, 5000); // the re-scoring has passed, and nobody has written it
    service_world_run_jobs(&world);
    world_pass(&world, RUNNER_CENSUS_MS + SOON_MS);
    const Loyaltyd__Job *job = last_census();
    assert_int_equal(job->n_edges, 2);
    for (size_t i = 0; i < 2; i++) {
        bool silver = strcmp(job->edges[i]->to_tier, "silver") == 0;
        assert_int_equal(job->edges[i]->count, silver ? RISING : MEMBERS - RISING);
    }
    assert_int_equal(tell(&world.daemons[1]).members, MEMBERS);
}

static void the_last_two_are_kept(void **state)
{
    (void)state;
    rescore_enrol(&world);
    service_world_run_jobs(&world);
    world_pass(&world, RUNNER_CENSUS_MS + SOON_MS);
    const char *first = world_text(&world, "%s", last_census()->id);
    for (int i = 0; i < 3; i++) {
        (void)world_award(&world, rescore_member(&world, 0), 10000);
        world.now_ms += HOUR_MS;
        world_pass(&world, SOON_MS);
        assert_in_range(count_censuses(true), 1, 2);
        assert_string_not_equal(last_census()->id, first);
        assert_int_equal(last_census()->members, MEMBERS);
    }
    assert_null(job_list_find(rescore_jobs(&world), first));
    assert_int_equal(rescore_job(&world, first)->members, 0); // nor is it stored any more
    assert_true(tell(&world.daemons[0]).age_us < (int64_t)SOON_MS * 2000);
}

static void the_ended_are_not_counted(void **state)
{
    (void)state;
    struct world_answer answer;
    rescore_enrol(&world);
    world_call(&world.daemons[0], "admin/hq", "MembersService/SetStatus",
               world_text(&world,
                          "{%s, \"member\": {\"memberId\": \"%s\"}, \"status\": "
                          "\"MEMBER_STATUS_CLOSED\", \"reason\": \"asked for\"}",
                          world_mutation(&world, world_id(&world)), rescore_member(&world, 0)),
               &answer);
    assert_string_equal(world_end(&answer), "OK");
    service_world_run_jobs(&world);
    world_pass(&world, RUNNER_CENSUS_MS + SOON_MS);
    assert_int_equal(last_census()->members, MEMBERS - 1);
}

static void none_is_taken_unless_wanted(void **state)
{
    (void)state;
    world.census_ms = 0;
    rescore_enrol(&world);
    service_world_run_jobs(&world);
    world_pass(&world, RUNNER_CENSUS_MS + SOON_MS);
    assert_int_equal(count_censuses(true) + count_censuses(false), 0);
}

// --- bounds ---

static char *long_name(struct arena *arena, size_t bytes, int number)
{
    char *name = arena_alloc(arena, bytes + 1);
    assert_non_null(name);
    memset(name, 'x', bytes);
    name[0] = (char)('a' + number % 26);
    name[1] = (char)('a' + number / 26);
    name[bytes] = '\0';
    return name;
}

static void fill_tally(struct tally *tally, struct arena *arena)
{
    for (int i = 0; i < 2 * TALLY_EDGES; i++) {
        char *name = long_name(arena, LIMIT_NAME_BYTES, i);
        tally_edge(tally, name, name);
        tally_holder(tally, name, -LIMIT_POINTS_A_BALANCE, LIMIT_POINTS_A_BALANCE);
    }
    for (int i = 0; i < 2 * TALLY_SAMPLES; i++) {
        char *id = long_name(arena, LIMIT_MEMBER_ID_BYTES, i);
        char *tier = long_name(arena, LIMIT_NAME_BYTES, i);
        tally_error(tally, span_of_text(id), long_name(arena, TALLY_WHY_BYTES - 1, i));
        tally_difference(tally, id, tier, tier);
    }
}

static void the_longest_job_fits_its_value(void **state)
{
    (void)state;
    struct arena *arena = &world.arena;
    struct tally tally = {0};
    Loyaltyd__Job job = LOYALTYD__JOB__INIT;
    Loyaltyd__JobClaim claim = LOYALTYD__JOB_CLAIM__INIT;
    Loyaltyd__JobClaim *claims[JOB_CLAIMS_MAX];
    fill_tally(&tally, arena);
    job.id = job.plan = "rescore-18446744073709551615";
    job.created_by = long_name(arena, LIMIT_UNIT_BYTES + 16, 0);
    job.reason = long_name(arena, JOB_REASON_BYTES, 0);
    job.error_message = long_name(arena, LIMIT_TEXT_BYTES, 0);
    assert_int_equal(job_set_partitions(&job, arena, LIMIT_PARTITIONS), STATUS_OK);
    claim.from_partition = claim.until_partition = claim.rate = UINT32_MAX;
    claim.attempt = UINT64_MAX;
    claim.until_ms = INT64_MAX;
    for (size_t i = 0; i < JOB_CLAIMS_MAX; i++) {
        claims[i] = &claim;
    }
    job.claims = claims;
    job.n_claims = JOB_CLAIMS_MAX;
    assert_int_equal(tally_add_to(&tally, &job, arena), STATUS_OK);
    assert_int_equal(tally_add_to(&tally, &job, arena), STATUS_OK); // another partition's
    assert_int_equal(job.n_edges, JOB_EDGES_MAX);
    struct span bytes;
    assert_int_equal(message_encode(&job.base, arena, &bytes), STATUS_OK);
    assert_in_range(bytes.len, STORE_VALUE_BYTES_MAX / 2, STORE_VALUE_BYTES_MAX);
    uint64_t count = 0;
    for (size_t i = 0; i < job.n_edges; i++) {
        count += job.edges[i]->count;
    }
    assert_int_equal(count, 2 * 4 * TALLY_EDGES); // what is past them is counted all the same
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_counts_what_the_accounts_say, open_world, close_world),
        cmocka_unit_test_setup_teardown(tiers_are_those_of_its_instant, open_world, close_world),
        cmocka_unit_test_setup_teardown(the_last_two_are_kept, open_world, close_world),
        cmocka_unit_test_setup_teardown(the_ended_are_not_counted, open_world, close_world),
        cmocka_unit_test_setup_teardown(none_is_taken_unless_wanted, open_world, close_world),
        cmocka_unit_test_setup_teardown(the_longest_job_fits_its_value, open_world, close_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
