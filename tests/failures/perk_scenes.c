// Perks, each with every allocation and every store call failing, and a rival before it: a use
// counts once and is undone once, a no stays one, and lists are whole or not given.
#include "failures/excluded.h"
#include "failures/harness.h"
#include "failures/service_stage.h"

#include "base/check.h"
#include "loyalty/v1/programs.pb-c.h"

#define TILL "pos/store-1/till-1"
#define ADMIN "admin/head-office"
#define LOUNGE "partner/lounge/gate-3"
#define MEMORY                                                                                     \
    (INJECT_BIT(INJECT_ARENA) | INJECT_BIT(INJECT_ARENA_ON) | INJECT_BIT(INJECT_MEMORY) |          \
     INJECT_BIT(INJECT_MEMORY_ON))
#define BOTH (MEMORY | INJECT_BIT(INJECT_STORE))

const uint32_t scenario_cases = 8;

enum { LEAD_MS = 61000 };

static const char USE_ID[] = "018d3f64-0000-7000-8000-00000000a001";

static const char PERKS[] =
    ", \"perks\": [{\"id\": \"gift\", \"names\": {\"en\": \"Gift\", \"zh\": \"礼物\"},"
    " \"tiers\": [{\"tier_id\": \"member\", \"count\": 1, \"per\": \"CALENDAR_YEAR\"}]},"
    " {\"id\": \"lounge\", \"tiers\": [{\"tier_id\": \"gold\"}], \"partners\": [\"lounge\"]}]";

static const ProtobufCMessage *must(const char *peer, const char *method, const char *json)
{
    struct world_answer answer;
    world_call(stage.rival, peer, method, json, &answer);
    CHECK(strcmp(world_end(&answer), "OK") == 0);
    return answer.reply;
}

// A world whose program has perks, in force by now; with anna.
static void open_with_perks(void)
{
    struct service_world *world = &stage.world;
    stage_open();
    const Loyalty__V1__GetProgramResponse *first =
        (const Loyalty__V1__GetProgramResponse *)must(ADMIN, "ProgramsService/GetProgram", "{}");
    (void)must(
        ADMIN, "ProgramsService/PublishProgram",
        world_text(world, "{%s, \"program\": %s, \"etag\": \"%s\", \"effective_from\": \"%s\"}",
                   world_mutation(world, world_id(world)), service_world_program(world, PERKS),
                   first->etag, world_instant(world, world->now_ms + LEAD_MS)));
    stage_pass(2 * (int64_t)LEAD_MS);
    world_enroll(world, "anna");
}

static const char *use_text(const char *request_id, const char *perk)
{
    return world_points_text(&stage.world, request_id, "anna",
                             world_text(&stage.world, "\"perk_id\": \"%s\"", perk));
}

static void set(const char *peer, const char *method, const char *json, bool mutation)
{
    scene_set(&(struct scene){.peer = peer,
                              .method = method,
                              .json = json,
                              .member = "anna",
                              .mutation = mutation,
                              .rival = stage_rival_gives});
}

static void prepare_use(void)
{
    open_with_perks();
    set(TILL, "PerksService/UsePerk", use_text(USE_ID, "gift"), true);
}

static void prepare_used_up(void)
{
    open_with_perks();
    (void)must(TILL, "PerksService/UsePerk", use_text(USE_ID, "gift"));
    set(TILL, "PerksService/UsePerk", use_text(world_id(&stage.world), "gift"), true);
}

static void prepare_undo(void)
{
    struct service_world *world = &stage.world;
    open_with_perks();
    (void)must(TILL, "PerksService/UsePerk", use_text(USE_ID, "gift"));
    const char *original =
        world_text(world, "\"original_request_id\": \"%s\", \"original_created_at\": \"%s\"",
                   USE_ID, world_instant(world, world->now_ms));
    set(TILL, "PerksService/ReversePerk",
        world_points_text(world, world_id(world), "anna", original), true);
}

static void prepare_list(void)
{
    open_with_perks();
    set(TILL, "PerksService/ListPerks", world_member_text(&stage.world, "anna"), false);
}

static void prepare_served(void)
{
    open_with_perks();
    set(LOUNGE, "PerksService/ListServedPerks", "{}", false);
}

static void prepare_month(void)
{
    open_with_perks();
    set(LOUNGE, "PerksService/ListSettlement", "{\"month\": \"2026-02\"}", false);
}

#define SCENE(name_, kinds_)                                                                       \
    {                                                                                              \
        .name = #name_, .kinds = (kinds_), .prepare = prepare_##name_, .run = scene_run            \
    }

const struct excluded excluded[] = {
    {NULL, NULL},
};

const struct scenario scenarios[] = {SCENE(use, BOTH),  SCENE(used_up, BOTH),  SCENE(undo, BOTH),
                                     SCENE(list, BOTH), SCENE(served, MEMORY), SCENE(month, BOTH)};
const size_t scenario_count = sizeof(scenarios) / sizeof(scenarios[0]);
