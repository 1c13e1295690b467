// Subscribing to events, acknowledging and listing, each with every allocation and every store call
// failing; the stream itself is among the scenes of the face.
#include "failures/excluded.h"
#include "failures/harness.h"
#include "failures/service_stage.h"

#include "base/check.h"
#include "service/lease.h"

#define CRM "backend/crm"
#define KINDS                                                                                      \
    (INJECT_BIT(INJECT_MEMORY) | INJECT_BIT(INJECT_MEMORY_ON) | INJECT_BIT(INJECT_ARENA) |         \
     INJECT_BIT(INJECT_ARENA_ON) | INJECT_BIT(INJECT_STORE))
#define CONSUMER "{\"consumer\": \"crm\"}"

const uint32_t scenario_cases = 8;

static struct service_world *world = &stage.world;

static void open_with_anna(void)
{
    stage_open();
    world_enroll(world, "anna");
    (void)world_award(world, "anna", 10000);
}

static void open_with_consumer(void)
{
    struct world_answer answer;
    open_with_anna();
    world_call(stage.rival, CRM, "EventsService/Subscribe", CONSUMER, &answer);
    CHECK(answer.times == 1 && answer.code == LOYALTY__V1__CODE__CODE_UNSPECIFIED);
}

static void set(const char *method, const char *json)
{
    scene_set(&(struct scene){.peer = CRM, .method = method, .json = json, .member = "anna"});
}

static void prepare_subscribe(void)
{
    open_with_anna();
    set("EventsService/Subscribe", CONSUMER);
}

static void prepare_subscribe_again(void)
{
    open_with_consumer();
    set("EventsService/Subscribe", CONSUMER);
}

static void prepare_acknowledge(void)
{
    open_with_consumer();
    set("EventsService/Acknowledge",
        world_text(world,
                   "{\"consumer\": \"crm\", \"places\": [{\"partition\": %u, \"epoch\": \"%llu\", "
                   "\"number\": \"2\"}]}",
                   world_place("anna").partition,
                   (unsigned long long)lease_epoch(stage.daemon->service->lease)));
}

static void prepare_consumers(void)
{
    open_with_consumer();
    set("EventsService/ListConsumers", "{}");
}

#define SCENE(name_)                                                                               \
    {                                                                                              \
        .name = #name_, .kinds = KINDS, .prepare = prepare_##name_, .run = scene_run               \
    }

const struct excluded excluded[] = {
    {NULL, NULL},
};

const struct scenario scenarios[] = {
    SCENE(subscribe),
    SCENE(subscribe_again),
    SCENE(acknowledge),
    SCENE(consumers),
};
const size_t scenario_count = sizeof(scenarios) / sizeof(scenarios[0]);
