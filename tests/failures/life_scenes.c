// What a service does besides answering one request, with every allocation, store call and file
// call failing: it starts, renews its lease, compacts, works off a queue, ends.
#include <stdio.h>

#include "base/check.h"
#include "failures/excluded.h"
#include "failures/harness.h"
#include "failures/service_stage.h"
#include "jobs/compact.h"
#include "lib/reply.h"
#include "loyalty/v1/programs.pb-c.h"
#include "service/bounds.h"

#define TILL "pos/store-1/till-1"
#define ADMIN "admin/head-office"

#define MEMORY                                                                                     \
    (INJECT_BIT(INJECT_MEMORY) | INJECT_BIT(INJECT_MEMORY_ON) | INJECT_BIT(INJECT_ARENA) |         \
     INJECT_BIT(INJECT_ARENA_ON))
#define BOTH (MEMORY | INJECT_BIT(INJECT_STORE))

const uint32_t scenario_cases = 8;

enum { RETRIES = 60, RETRY_MS = 500, NEWBORN_COMPACT_BYTES = 600, QUEUE = 4 };

static struct service_world *world = &stage.world;

static enum loyalty_outcome outcome_of(const struct stage_call *call)
{
    if (call->code == LOYALTY__V1__CODE__CODE_UNSPECIFIED) {
        return call->replayed ? LOYALTY_DUPLICATE : LOYALTY_APPLIED;
    }
    return ly_outcome_of_code((int)call->code);
}

static void set_call(struct stage_call *call, const char *peer, const char *method,
                     const char *json)
{
    *call = (struct stage_call){.peer = peer, .method = method};
    call->bytes = world_bytes(world, method, json);
}

// Nothing fails any more: it is done at last, and once.
static void complete(struct stage_call *call)
{
    for (int i = 0; i < RETRIES; i++) {
        stage_call(call);
        if (outcome_of(call) <= LOYALTY_DUPLICATE) {
            return;
        }
        REQUIRE(outcome_of(call) != LOYALTY_REFUSED, "refused: %s", call->reason);
        stage_pass(RETRY_MS);
    }
    case_fail(__FILE__, __LINE__, "still %s long afterwards", call->reason);
}

static void stands(const char *member, uint64_t records, int64_t balance)
{
    int64_t found = 0;
    uint64_t seq = world_verify(world, member, &found);
    REQUIRE(seq == records && found == balance,
            "%llu records and %lld points, right are %llu, %lld", (unsigned long long)seq,
            (long long)found, (unsigned long long)records, (long long)balance);
}

// --- starting ---

// A service over a store without partitions, by itself.
struct newborn {
    struct store *store;
    struct store *front;
    struct timers timers;
    struct service *service;
    struct compact *compact;
};

static struct newborn newborn;
static int64_t now_ms;

static int64_t clock_now(void *context)
{
    (void)context;
    return now_ms;
}

static enum status make_newborn(const struct service_options *like)
{
    struct service_options options = *like;
    TRY(timers_init(&newborn.timers, SERVICE_TIMERS, clock_now, NULL));
    options.store = newborn.front;
    options.timers = &newborn.timers;
    options.wall_ms = clock_now;
    TRY(service_new(&options, &newborn.service));
    struct compact_options compact = {.service = newborn.service, .bytes = NEWBORN_COMPACT_BYTES};
    TRY(compact_new(&compact, &newborn.compact));
    service_kick(newborn.service);
    return STATUS_OK;
}

static void newborn_lives(int64_t ms)
{
    for (int64_t end_ms = now_ms + ms; now_ms < end_ms; now_ms += 50) {
        memory_set_now(newborn.store, now_ms);
        while (gate_store_step(newborn.front) || memory_step(newborn.store)) {
        }
        inject_enter();
        timers_run(&newborn.timers);
        inject_leave();
    }
}

static void end_newborn(void)
{
    if (newborn.service != NULL) {
        service_stop(newborn.service);
    }
    store_free(newborn.front);
    compact_free(newborn.compact);
    service_free(newborn.service);
    timers_fini(&newborn.timers);
}

static void run_start(void)
{
    now_ms = world->now_ms;
    CHECK(memory_new(&newborn.store) == STATUS_OK);
    newborn.front = gate_store_new(newborn.store);
    inject_enter();
    enum status status = make_newborn(&stage.daemon->service->options);
    inject_leave();
    REQUIRE(status == STATUS_OK || status == STATUS_NO_MEMORY, "status %s", status_name(status));
    if (status == STATUS_OK) {
        newborn_lives(LIMIT_LEASE_READ_MS + 1000);
        inject_disarm();
        newborn_lives(2 * LIMIT_LEASE_READ_MS);
        enum trouble trouble = lease_check(newborn.service->lease, true);
        REQUIRE(trouble == TROUBLE_NONE, "it has no lease: %s", trouble_name(trouble));
        REQUIRE(lease_partitions(newborn.service->lease) == WORLD_PARTITIONS, "%u partitions",
                lease_partitions(newborn.service->lease));
    }
    inject_disarm();
    end_newborn();
    stage_close();
}

// --- the lease ---

static struct stage_call sale;

static void prepare_sale(void)
{
    stage_open();
    world_enroll(world, "anna");
    set_call(&sale, TILL, "PointsService/Award",
             world_award_text(world, world_id(world), "anna", 5000));
}

static void publish_second(void)
{
    struct world_answer answer;
    world_call(stage.rival, ADMIN, "ProgramsService/GetProgram", "{}", &answer);
    const char *etag = ((const Loyalty__V1__GetProgramResponse *)answer.reply)->etag;
    world_call(stage.rival, ADMIN, "ProgramsService/PublishProgram",
               world_text(world,
                          "{%s, \"program\": %s, \"effective_from\": \"%s\", \"etag\": \"%s\"}",
                          world_mutation(world, world_id(world)),
                          service_world_program(world, ", \"late_days\": {\"days\": 9}"),
                          world_instant(world, world->now_ms + INT64_C(86400000)), etag),
               &answer);
    CHECK(answer.times == 1 && answer.code == LOYALTY__V1__CODE__CODE_UNSPECIFIED);
}

// Another daemon has published; the next reading of the head brings it, with its zone's file.
static void prepare_renewal(void)
{
    prepare_sale();
    publish_second();
}

static void run_renewal(void)
{
    stage_pass(LIMIT_LEASE_READ_MS + 100);
    stage_call(&sale);
    inject_disarm();
    REQUIRE(outcome_of(&sale) != LOYALTY_REFUSED, "refused: %s", sale.reason);
    complete(&sale);
    stands("anna", 2, 50);
    stage_pass(LIMIT_LEASE_READ_MS + 100);
    size_t versions = lease_programs(stage.daemon->service->lease)->count;
    REQUIRE(versions == 2, "%zu versions are known", versions);
    stage_close();
}

// The head could not be read for longer than a lease lasts.
static void run_expiry(void)
{
    world->now_ms += LIMIT_LEASE_MS + 1000;
    memory_set_now(stage.rival->store, world->now_ms);
    stage_ask(&sale);
    REQUIRE(sale.times == 1 && outcome_of(&sale) == LOYALTY_RETRY_LATER,
            "without a lease: %u answers, %s", sale.times, sale.reason);
    stands("anna", 1, 0);
    stage_settle();
    stage_pass(RETRY_MS);
    stage_call(&sale);
    inject_disarm();
    complete(&sale);
    stands("anna", 2, 50);
    stage_close();
}

// --- compaction ---

static uint64_t archived(void)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < WORLD_PARTITIONS; i++) {
        bytes += memory_archived_bytes(stage.rival->store, i);
    }
    return bytes;
}

// A log that the next commit makes long enough.
static void prepare_compaction(void)
{
    prepare_sale();
    while (world_log(world, "anna").len <= NEWBORN_COMPACT_BYTES) {
        (void)world_award(world, "anna", 100);
    }
    CHECK(compact_new(&(struct compact_options){.service = stage.daemon->service,
                                                .bytes = NEWBORN_COMPACT_BYTES},
                      &stage.daemon->compact) == STATUS_OK);
}

static void run_compaction(void)
{
    int64_t before = 0;
    uint64_t records = world_verify(world, "anna", &before);
    stage_call(&sale);
    stage_pass(COMPACT_PAUSE_MS + 50);
    inject_disarm();
    complete(&sale);
    stands("anna", records + 1, before + 50);
    // What failed is made up for by the next commit.
    struct stage_call next;
    set_call(&next, TILL, "PointsService/Award",
             world_award_text(world, world_id(world), "anna", 1000));
    complete(&next);
    stage_pass(COMPACT_PAUSE_MS + 50);
    REQUIRE(archived() > 0, "the log is never compacted");
    stands("anna", records + 2, before + 60);
    stage_call(&sale);
    REQUIRE(sale.replayed, "a compacted request is not known any more");
    stage_close();
}

// --- a queue ---

static struct stage_call queue[QUEUE];

static void prepare_queue(void)
{
    prepare_sale();
    for (int i = 0; i < QUEUE; i++) {
        set_call(&queue[i], TILL, "PointsService/Award",
                 world_award_text(world, world_id(world), "anna", 1000));
    }
}

// Several requests of one account at once, and a rival between them.
static void run_queue(void)
{
    for (int i = 0; i < QUEUE; i++) {
        stage_ask(&queue[i]);
    }
    (void)world_award(world, "anna", 700);
    stage_settle();
    stage_pass(LIMIT_REQUEST_MS + 1000);
    inject_disarm();
    for (int i = 0; i < QUEUE; i++) {
        REQUIRE(queue[i].times == 1, "request %d is answered %u times", i, queue[i].times);
        REQUIRE(outcome_of(&queue[i]) != LOYALTY_REFUSED, "refused: %s", queue[i].reason);
    }
    for (int i = 0; i < QUEUE; i++) {
        complete(&queue[i]);
    }
    stands("anna", 2 + QUEUE, 7 + 10 * QUEUE);
    stage_close();
}

// The service ends with requests at every step.
static void run_end(void)
{
    accounts_forget(stage.daemon->service->accounts);
    for (int i = 0; i < QUEUE; i++) {
        stage_ask(&queue[i]);
    }
    (void)stage_step();
    inject_enter();
    service_stop(stage.daemon->service);
    inject_leave();
    (void)stage_step();
    inject_disarm();
    stage_close();
    for (int i = 0; i < QUEUE; i++) {
        REQUIRE(queue[i].times == 1, "request %d is answered %u times", i, queue[i].times);
        REQUIRE(outcome_of(&queue[i]) != LOYALTY_REFUSED, "refused: %s", queue[i].reason);
    }
}

// --- the test clock ---

static struct stage_call set_clock;

static void prepare_clock(void)
{
    stage_open_sandbox();
    world_enroll(world, "anna");
    set_call(&set_clock, ADMIN, "ClockService/SetClock",
             world_text(world, "{\"now\": \"%s\"}",
                        world_instant(world, world->now_ms + INT64_C(3600000))));
    set_call(&sale, TILL, "PointsService/Award",
             world_award_text(world, world_id(world), "anna", 5000));
}

static void run_clock(void)
{
    stage_call(&set_clock);
    stage_call(&sale);
    inject_disarm();
    REQUIRE(outcome_of(&set_clock) != LOYALTY_REFUSED, "refused: %s", set_clock.reason);
    REQUIRE(outcome_of(&sale) != LOYALTY_REFUSED, "refused: %s", sale.reason);
    complete(&set_clock);
    complete(&sale);
    stands("anna", 2, 50);
    stage_close();
}

#define SCENE(name_, kinds_, prepare_)                                                             \
    {                                                                                              \
        .name = #name_, .kinds = (kinds_), .prepare = (prepare_), .run = run_##name_               \
    }

const struct excluded excluded[] = {
    {NULL, NULL},
};

const struct scenario scenarios[] = {
    SCENE(start,
          INJECT_BIT(INJECT_MEMORY) | INJECT_BIT(INJECT_MEMORY_ON) | INJECT_BIT(INJECT_STORE),
          stage_open),
    SCENE(renewal, BOTH | INJECT_BIT(INJECT_FILE), prepare_renewal),
    SCENE(expiry, BOTH, prepare_sale),
    SCENE(compaction, BOTH, prepare_compaction),
    SCENE(queue, BOTH, prepare_queue),
    SCENE(end, BOTH, prepare_queue),
    SCENE(clock, BOTH, prepare_clock),
};
const size_t scenario_count = sizeof(scenarios) / sizeof(scenarios[0]);
