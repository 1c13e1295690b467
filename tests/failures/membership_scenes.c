// The life of a membership, each step of it with every allocation and every store call failing:
// what is merged is there once, what is erased is erased whole, a return is passed on once.
#include "failures/excluded.h"
#include "failures/harness.h"
#include "failures/service_stage.h"

#include "base/check.h"
#include "support/lives.h"

#define MEMORY                                                                                     \
    (INJECT_BIT(INJECT_ARENA) | INJECT_BIT(INJECT_ARENA_ON) | INJECT_BIT(INJECT_MEMORY) |          \
     INJECT_BIT(INJECT_MEMORY_ON))
#define BOTH (MEMORY | INJECT_BIT(INJECT_STORE))
#define MERGE "MembersService/Merge"

const uint32_t scenario_cases = 8;

static struct service_world *world = &stage.world;

static void must(const char *peer, const char *method, const char *json)
{
    CHECK(strcmp(life_call(stage.rival, peer, method, json, NULL), "OK") == 0);
}

// With anna, who has a card and 100 points, and bert.
static void open_with_both(void)
{
    stage_open();
    must("backend/crm", "MembersService/Enroll",
         world_enroll_text(world, world_id(world), "anna", "4711-0815"));
    world_enroll(world, "bert");
    (void)world_award(world, "anna", 10000);
}

static void set(const char *peer, const char *method, const char *json)
{
    scene_set(&(struct scene){
        .peer = peer, .method = method, .json = json, .member = "anna", .mutation = true});
}

static void prepare_suspend(void)
{
    open_with_both();
    set(LIFE_ADMIN, "MembersService/SetStatus",
        life_status_text(world, world_id(world), "anna", "MEMBER_STATUS_SUSPENDED"));
}

static void prepare_close(void)
{
    open_with_both();
    set(LIFE_ADMIN, "MembersService/SetStatus",
        life_status_text(world, world_id(world), "anna", "MEMBER_STATUS_CLOSED"));
}

#define WHY "\"reason_code\": \"ACT_REASON_OTHER\", \"reason\": \"asked\""

static void prepare_adjust(void)
{
    open_with_both();
    set(LIFE_ADMIN, "AdminService/AdjustPoints",
        world_points_text(world, world_id(world), "anna", "\"points\": -30, " WHY));
}

static void prepare_grant(void)
{
    open_with_both();
    set(LIFE_ADMIN, "AdminService/GrantTier",
        world_points_text(world, world_id(world), "anna",
                          "\"tier_id\": \"gold\", \"until\": \"2027-01-01\", " WHY));
}

static void prepare_merge(void)
{
    open_with_both();
    set(LIFE_ADMIN, MERGE, life_merge_text(world, world_id(world), "anna", "bert"));
}

static void prepare_erase(void)
{
    open_with_both();
    set(LIFE_ADMIN, "MembersService/Erase", life_erase_text(world, world_id(world), "anna"));
}

// Of a sale to anna, who is bert now.
static void prepare_return(void)
{
    open_with_both();
    const char *sale = world_id(world);
    must(LIFE_TILL, "PointsService/Award", world_award_text(world, sale, "anna", 5000));
    must(LIFE_ADMIN, MERGE, life_merge_text(world, world_id(world), "anna", "bert"));
    const char *fields =
        world_text(world, "\"original_request_id\": \"%s\", \"original_created_at\": \"%s\"", sale,
                   world_instant(world, world->now_ms));
    set(LIFE_TILL, "PointsService/Reverse",
        world_points_text(world, world_id(world), "anna", fields));
}

// A sale to anna, who is bert now.
static void prepare_sale(void)
{
    open_with_both();
    must(LIFE_ADMIN, MERGE, life_merge_text(world, world_id(world), "anna", "bert"));
    scene_set(&(struct scene){.peer = LIFE_TILL,
                              .method = "PointsService/Award",
                              .json = world_award_text(world, world_id(world), "anna", 5000),
                              .member = "bert",
                              .mutation = true,
                              .cold = true});
}

#define SCENE(name_, kinds_)                                                                       \
    {                                                                                              \
        .name = #name_, .kinds = (kinds_), .prepare = prepare_##name_, .run = scene_run            \
    }

const struct excluded excluded[] = {
    {NULL, NULL},
};

const struct scenario scenarios[] = {SCENE(suspend, BOTH), SCENE(close, BOTH), SCENE(adjust, BOTH),
                                     SCENE(grant, BOTH),   SCENE(merge, BOTH), SCENE(erase, BOTH),
                                     SCENE(return, BOTH),  SCENE(sale, BOTH)};
const size_t scenario_count = sizeof(scenarios) / sizeof(scenarios[0]);
