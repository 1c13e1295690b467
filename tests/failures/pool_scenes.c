// Pools, and who brought a member, each with every allocation and every store call failing: a pool
// is made once, a person comes to it once, what he buys and spends counts once.
#include "failures/excluded.h"
#include "failures/harness.h"
#include "failures/service_stage.h"

#include "base/check.h"

#define BACKEND "backend/crm"
#define TILL "pos/store-1/till-1"
#define BOTH                                                                                       \
    (INJECT_BIT(INJECT_ARENA) | INJECT_BIT(INJECT_ARENA_ON) | INJECT_BIT(INJECT_MEMORY) |          \
     INJECT_BIT(INJECT_MEMORY_ON) | INJECT_BIT(INJECT_STORE))
#define BEN "\"pool_member\": {\"member_id\": \"ben\"}"
#define SALE "\"sale\": {\"currency\": \"CNY\", \"lines\": [{\"amount_minor\": 100000}]}, " BEN

const uint32_t scenario_cases = 8;

static void set(const char *peer, const char *method, const char *json, const char *member)
{
    scene_set(&(struct scene){
        .peer = peer, .method = method, .json = json, .member = member, .mutation = true});
}

static const char *of_pool(const char *fields)
{
    struct service_world *world = &stage.world;
    return world_points_text(world, world_id(world), "acme", fields);
}

static const char *creation(const char *pool)
{
    struct service_world *world = &stage.world;
    return world_text(world, "{%s, \"pool_id\": \"%s\"}", world_mutation(world, world_id(world)),
                      pool);
}

static void done(const char *peer, const char *method, const char *json)
{
    struct world_answer answer;
    world_call(stage.rival, peer, method, json, &answer);
    CHECK(strcmp(world_end(&answer), "OK") == 0);
}

// Ben belongs to acme, and it has points.
static void open_pool(void)
{
    stage_open();
    world_enroll(&stage.world, "ben");
    done(BACKEND, "PoolsService/CreatePool", creation("acme"));
    done(BACKEND, "PoolsService/SetPoolMember",
         of_pool(BEN ", \"may_award\": true, \"may_redeem\": true"));
    done(TILL, "PointsService/Award", of_pool(SALE));
}

static void prepare_create(void)
{
    stage_open();
    set(BACKEND, "PoolsService/CreatePool", creation("acme"), "acme");
}

static void prepare_member(void)
{
    open_pool();
    set(BACKEND, "PoolsService/SetPoolMember", of_pool(BEN ", \"may_award\": true"), "acme");
}

static void prepare_award(void)
{
    open_pool();
    set(TILL, "PointsService/Award", of_pool(SALE), "acme");
}

static void prepare_redeem(void)
{
    open_pool();
    set(TILL, "PointsService/Redeem", of_pool("\"points\": 400, " BEN), "acme");
}

static void prepare_referred(void)
{
    struct service_world *world = &stage.world;
    stage_open();
    world_enroll(world, "ben");
    set(BACKEND, "MembersService/Enroll",
        world_text(world,
                   "{%s, \"member_id\": \"anna\", \"referred_by\": {\"member_id\": \"ben\"}}",
                   world_mutation(world, world_id(world))),
        "anna");
}

#define SCENE(name_)                                                                               \
    {                                                                                              \
        .name = #name_, .kinds = BOTH, .prepare = prepare_##name_, .run = scene_run                \
    }

const struct excluded excluded[] = {
    {NULL, NULL},
};

const struct scenario scenarios[] = {SCENE(create), SCENE(member), SCENE(award), SCENE(redeem),
                                     SCENE(referred)};
const size_t scenario_count = sizeof(scenarios) / sizeof(scenarios[0]);
