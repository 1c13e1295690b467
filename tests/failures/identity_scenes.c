// What a member is found by, changed with every allocation and every store call failing, and a
// rival before it: a card is the member's, or nobody's, and a retry ends what was begun.
#include "failures/excluded.h"
#include "failures/harness.h"
#include "failures/service_stage.h"

#include "base/check.h"

#define CRM "backend/crm"
#define BOTH                                                                                       \
    (INJECT_BIT(INJECT_ARENA) | INJECT_BIT(INJECT_ARENA_ON) | INJECT_BIT(INJECT_MEMORY) |          \
     INJECT_BIT(INJECT_MEMORY_ON) | INJECT_BIT(INJECT_STORE))
#define OLD ", \"old\": {\"kind\": \"BARCODE\", \"value\": \"card-old\"}"
#define NEW ", \"identifier\": {\"kind\": \"BARCODE\", \"value\": \"card-new\"}"

const uint32_t scenario_cases = 8;

static const char *of_anna(const char *fields)
{
    struct service_world *world = &stage.world;
    return world_text(world, "{%s, \"member\": {\"member_id\": \"anna\"}%s}",
                      world_mutation(world, world_id(world)), fields);
}

// anna has the old card.
static void prepare(const char *method, const char *fields)
{
    struct world_answer answer;
    stage_open();
    world_enroll(&stage.world, "anna");
    world_call(stage.rival, CRM, "MembersService/AddIdentifier",
               of_anna(", \"identifier\": {\"kind\": \"BARCODE\", \"value\": \"card-old\"}"),
               &answer);
    CHECK(strcmp(world_end(&answer), "OK") == 0);
    scene_set(&(struct scene){.peer = CRM,
                              .method = method,
                              .json = of_anna(fields),
                              .member = "anna",
                              .mutation = true,
                              .rival = stage_rival_gives});
}

static void prepare_add(void)
{
    prepare("MembersService/AddIdentifier", NEW);
}

static void prepare_replace(void)
{
    prepare("MembersService/ReplaceIdentifier", OLD NEW);
}

static void prepare_remove(void)
{
    prepare("MembersService/RemoveIdentifier", OLD);
}

#define SCENE(name_)                                                                               \
    {                                                                                              \
        .name = #name_, .kinds = BOTH, .prepare = prepare_##name_, .run = scene_run                \
    }

const struct excluded excluded[] = {
    {NULL, NULL},
};

const struct scenario scenarios[] = {SCENE(add), SCENE(replace), SCENE(remove)};
const size_t scenario_count = sizeof(scenarios) / sizeof(scenarios[0]);
