// A stored job as its operation: what is told of one at work, one that is done, one that failed;
// and its JSON, where what an Any holds stands in words.
#include "wire/jobs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "wire/any.h"
#include "wire/tree.h"

enum { NOW_MS = 1000000 };

static struct arena arena;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, 1 << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

// A plan of ten partitions, three of them done.
static Loyaltyd__Job plan_of_ten(uint8_t *bits)
{
    Loyaltyd__Job job = LOYALTYD__JOB__INIT;
    bits[0] = 7;
    bits[1] = 0;
    job.id = "plan-3";
    job.kind = LOYALTY__V1__JOB_KIND__JOB_KIND_PLAN;
    job.at_ms = NOW_MS;
    job.created_by = "admin/anna";
    job.created_ms = NOW_MS - 500;
    job.started_ms = NOW_MS - 400;
    job.partitions = 10;
    job.done.data = bits;
    job.done.len = 2;
    job.members = 300;
    return job;
}

static const Google__Longrunning__Operation *told(const Loyaltyd__Job *job)
{
    Google__Longrunning__Operation *operation = NULL;
    assert_int_equal(jobs_operation(job, NOW_MS, &arena, &operation), STATUS_OK);
    return operation;
}

static const ProtobufCMessage *unpacked(const Google__Protobuf__Any *any)
{
    ProtobufCMessage *message = NULL;
    assert_non_null(any);
    assert_int_equal(any_unpack(any, &arena, &message), STATUS_OK);
    return message;
}

static void one_at_work(void **state)
{
    (void)state;
    uint8_t bits[2];
    Loyaltyd__Job job = plan_of_ten(bits);
    Loyaltyd__JobClaim live = LOYALTYD__JOB_CLAIM__INIT;
    Loyaltyd__JobClaim lapsed = LOYALTYD__JOB_CLAIM__INIT;
    Loyaltyd__JobClaim *claims[] = {&live, &lapsed};
    live.until_ms = NOW_MS + 1;
    live.rate = 70;
    lapsed.until_ms = NOW_MS;
    lapsed.rate = 1000;
    job.claims = claims;
    job.n_claims = 2;
    const Google__Longrunning__Operation *operation = told(&job);
    const Loyalty__V1__JobProgress *progress =
        (const Loyalty__V1__JobProgress *)unpacked(operation->metadata);
    assert_string_equal(operation->name, "operations/plan-3");
    assert_false(operation->done);
    assert_int_equal(operation->result_case, 0);
    assert_int_equal(progress->partitions_done, 3);
    assert_int_equal(progress->workers, 1);
    assert_int_equal(progress->rate, 70);
    assert_null(progress->ended_at);
}

static void one_that_is_done(void **state)
{
    (void)state;
    uint8_t bits[2];
    Loyaltyd__Job job = plan_of_ten(bits);
    Loyaltyd__JobEdge edge = LOYALTYD__JOB_EDGE__INIT;
    Loyaltyd__JobEdge *edges[] = {&edge};
    edge.from_tier = "member";
    edge.to_tier = "gold";
    edge.count = 12;
    job.edges = edges;
    job.n_edges = 1;
    job.moves = 12;
    job.ended_ms = job.started_ms + 1001;
    const Google__Longrunning__Operation *operation = told(&job);
    const Loyalty__V1__RescoringPlan *plan =
        (const Loyalty__V1__RescoringPlan *)unpacked(operation->response);
    assert_true(operation->done);
    assert_int_equal(plan->moves, 12);
    assert_int_equal(plan->edges[0]->members, 12);
    assert_int_equal(plan->seconds, 2); // begun ones count
    json_t *tree = NULL;
    assert_int_equal(tree_from_message(&operation->base, 0, &tree), STATUS_OK);
    const json_t *response = json_object_get(tree, "response");
    assert_string_equal(json_string_value(json_object_get(response, "@type")),
                        "type.googleapis.com/loyalty.v1.RescoringPlan");
    assert_string_equal(json_string_value(json_object_get(response, "moves")), "12");
    json_decref(tree);
}

static void a_census_tells_tiers(void **state)
{
    (void)state;
    uint8_t bits[2];
    Loyaltyd__Job job = plan_of_ten(bits);
    Loyaltyd__JobEdge edge = LOYALTYD__JOB_EDGE__INIT;
    Loyaltyd__JobEdge *edges[] = {&edge, &edge};
    edge.to_tier = "gold";
    edge.count = 12;
    edge.points = -7;
    edge.pending = 30;
    job.kind = LOYALTY__V1__JOB_KIND__JOB_KIND_CENSUS;
    job.edges = edges;
    job.n_edges = 2;
    job.ended_ms = job.started_ms + 1;
    const Loyalty__V1__CensusReport *report =
        (const Loyalty__V1__CensusReport *)unpacked(told(&job)->response);
    assert_string_equal(report->base.descriptor->name, "loyalty.v1.CensusReport");
    assert_int_equal(report->members, 24);
    assert_int_equal(report->n_tiers, 2);
    assert_string_equal(report->tiers[1]->tier_id, "gold");
    assert_int_equal(report->tiers[1]->points, -7);
    assert_int_equal(report->tiers[1]->pending_points, 30);
}

static void a_run_tells_who_stayed(void **state)
{
    (void)state;
    uint8_t bits[2];
    Loyaltyd__Job job = plan_of_ten(bits);
    job.kind = LOYALTY__V1__JOB_KIND__JOB_KIND_RESCORE;
    job.plan = "plan-2";
    job.moves = 20;
    job.moved_before = 5;
    job.errors = 1;
    job.ended_ms = NOW_MS;
    const Loyalty__V1__RescoringReport *report =
        (const Loyalty__V1__RescoringReport *)unpacked(told(&job)->response);
    assert_string_equal(report->plan, "operations/plan-2");
    assert_int_equal(report->unchanged, 300 - 26);
}

static void one_that_failed(void **state)
{
    (void)state;
    uint8_t bits[2];
    Loyaltyd__Job job = plan_of_ten(bits);
    Loyaltyd__JobSample sample = LOYALTYD__JOB_SAMPLE__INIT;
    Loyaltyd__JobSample *samples[] = {&sample};
    sample.member_id = "anna";
    sample.actual = "gold";
    job.error_code = 9;
    job.error_message = "PLAN_MOVED: No.";
    job.difference_samples = samples;
    job.n_difference_samples = 1;
    job.ended_ms = NOW_MS;
    const Google__Longrunning__Operation *operation = told(&job);
    assert_int_equal(operation->result_case, GOOGLE__LONGRUNNING__OPERATION__RESULT_ERROR);
    assert_int_equal(operation->error->code, 9);
    assert_string_equal(operation->error->message,
                        "PLAN_MOVED: No. Among them anna: planned no move, now gold");
}

static void another_any_stays_as_it_is(void **state)
{
    (void)state;
    Google__Longrunning__Operation operation = GOOGLE__LONGRUNNING__OPERATION__INIT;
    Google__Protobuf__Any any = GOOGLE__PROTOBUF__ANY__INIT;
    ProtobufCMessage *message = NULL;
    any.type_url = "type.googleapis.com/other.Type";
    operation.metadata = &any;
    assert_int_equal(any_unpack(&any, &arena, &message), STATUS_NOT_FOUND);
    json_t *tree = NULL;
    assert_int_equal(tree_from_message(&operation.base, 0, &tree), STATUS_OK);
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(tree, "metadata"), "typeUrl")),
        "type.googleapis.com/other.Type");
    json_decref(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_at_work, setup, teardown),
        cmocka_unit_test_setup_teardown(one_that_is_done, setup, teardown),
        cmocka_unit_test_setup_teardown(a_census_tells_tiers, setup, teardown),
        cmocka_unit_test_setup_teardown(a_run_tells_who_stayed, setup, teardown),
        cmocka_unit_test_setup_teardown(one_that_failed, setup, teardown),
        cmocka_unit_test_setup_teardown(another_any_stays_as_it_is, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
