// Members of a world who are re-scored, and the jobs that do it.
#include "support/rescore_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "google/longrunning/operations.pb-c.h"

#define ADMIN "admin/hq"

const char *rescore_member(struct service_world *world, int number)
{
    return world_text(world, "m-%d", number);
}

// The first of them reach silver at the next re-scoring.
void rescore_enrol(struct service_world *world)
{
    for (int i = 0; i < MEMBERS; i++) {
        world_enroll(world, rescore_member(world, i));
        (void)world_award(world, rescore_member(world, i), i < RISING ? 250000 : 50000);
    }
}

uint64_t rescore_events(struct service_world *world)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < WORLD_PARTITIONS; i++) {
        count += memory_event_count(world->daemons[0].store, i);
    }
    return count;
}

uint64_t rescore_records(struct service_world *world, int number)
{
    int64_t balance;
    return world_verify(world, rescore_member(world, number), &balance);
}

int64_t rescore_due(struct service_world *world, int number)
{
    struct store_account place = world_place(rescore_member(world, number));
    return memory_due(world->daemons[0].store, &place);
}

// --- operations ---

static const char *ask(struct service_world *world, const char *method, const char *fields)
{
    struct world_answer answer;
    world_call(&world->daemons[0], ADMIN, method,
               world_text(world, "{%s%s}", world_mutation(world, world_id(world)), fields),
               &answer);
    assert_string_equal(world_end(&answer), "OK");
    const char *name = ((const Google__Longrunning__Operation *)answer.reply)->name;
    char id[JOB_ID_BYTES + 1];
    assert_true(job_id_of_name(name, id));
    return world_text(world, "%s", id);
}

const char *rescore_plan(struct service_world *world)
{
    return ask(world, "RescoringService/PlanRescoring", ", \"at\": \"2026-05-31T16:00:00Z\"");
}

const char *rescore_run(struct service_world *world, const char *fields)
{
    return ask(world, "RescoringService/RunRescoring",
               world_text(world, ", \"at\": \"2026-05-31T16:00:00Z\"%s", fields));
}

static void on_value(void *context, const struct store_value_reply *reply)
{
    struct rescore_value *read = context;
    assert_int_equal(reply->result, STORE_OK);
    read->revision = reply->revision;
    assert_int_equal(job_decode(read->type, reply->bytes, read->arena, &read->message), STATUS_OK);
}

struct rescore_value rescore_read(struct service_world *world, struct store_value value,
                                  const ProtobufCMessageDescriptor *type)
{
    struct rescore_value read = {.arena = &world->arena, .type = type};
    store_get(world->daemons[0].store, &value, on_value, &read);
    memory_run(world->daemons[0].store);
    assert_non_null(read.message);
    return read;
}

const Loyaltyd__Job *rescore_job(struct service_world *world, const char *id)
{
    struct job_value_name name;
    struct rescore_value read =
        rescore_read(world, job_value(id, &name), &loyaltyd__job__descriptor);
    return (const Loyaltyd__Job *)read.message;
}

const Loyaltyd__Jobs *rescore_jobs(struct service_world *world)
{
    return (const Loyaltyd__Jobs *)rescore_read(world, job_list_value(),
                                                &loyaltyd__jobs__descriptor)
        .message;
}

// What became of it, at the latest after so long.
const Loyaltyd__Job *rescore_ended(struct service_world *world, const char *id, int64_t within_ms)
{
    const Loyaltyd__Job *job = rescore_job(world, id);
    for (int64_t passed_ms = 0; passed_ms < within_ms && !job_has_ended(job); passed_ms += 500) {
        world_pass(world, 500);
        job = rescore_job(world, id);
    }
    assert_true(job_has_ended(job));
    return job;
}

void rescore_assert_edge(const Loyaltyd__Job *job, uint64_t count)
{
    assert_int_equal(job->n_edges, 1);
    assert_string_equal(job->edges[0]->from_tier, "member");
    assert_string_equal(job->edges[0]->to_tier, "silver");
    assert_int_equal(job->edges[0]->count, count);
}

// Each that rises has done so, and once; the others have written nothing.
void rescore_assert_all(struct service_world *world)
{
    for (int i = 0; i < MEMBERS; i++) {
        assert_int_equal(rescore_records(world, i), i < RISING ? 3 : 2);
        assert_true(rescore_due(world, i) > world->now_ms);
    }
}

uint64_t rescore_planned(struct service_world *world, const char *id)
{
    uint64_t moves = 0;
    for (uint32_t i = 0; i < WORLD_PARTITIONS; i++) {
        struct job_value_name name;
        struct rescore_value read =
            rescore_read(world, plan_head_value(i, id, &name), &loyaltyd__plan_head__descriptor);
        moves += ((const Loyaltyd__PlanHead *)read.message)->moves;
    }
    return moves;
}
