// Reservations and reversals, each with every allocation and every store call failing, and a rival
// before it: mutations that read the whole log for every attempt lose nothing and do nothing twice.
#include "failures/excluded.h"
#include "failures/harness.h"
#include "failures/service_stage.h"

#include "base/check.h"

#define TILL "pos/store-1/till-1"
#define BOTH                                                                                       \
    (INJECT_BIT(INJECT_ARENA) | INJECT_BIT(INJECT_ARENA_ON) | INJECT_BIT(INJECT_MEMORY) |          \
     INJECT_BIT(INJECT_MEMORY_ON) | INJECT_BIT(INJECT_STORE))

const uint32_t scenario_cases = 8;

static struct service_world *world = &stage.world;

static void by_rival(const char *method, const char *json)
{
    struct world_answer answer;
    world_call(stage.rival, TILL, method, json, &answer);
    CHECK(strcmp(world_end(&answer), "OK") == 0);
}

static void open_with_anna(void)
{
    stage_open();
    world_enroll(world, "anna");
    (void)world_award(world, "anna", 100000);
    (void)world_member(stage.daemon, "anna");
}

static void set(const char *method, const char *json)
{
    scene_set(&(struct scene){.peer = TILL,
                              .method = method,
                              .json = json,
                              .member = "anna",
                              .mutation = true,
                              .rival = stage_rival_gives});
}

static const char *text_of(const char *fields)
{
    return world_points_text(world, world_id(world), "anna", fields);
}

static const char *of_original(const char *id, const char *more)
{
    return text_of(world_text(world,
                              "\"original_request_id\": \"%s\", \"original_created_at\": \"%s\"%s",
                              id, world_instant(world, world->now_ms), more));
}

// --- reservations ---

static void prepare_reserve(void)
{
    open_with_anna();
    set("PointsService/Reserve", text_of("\"points\": 500"));
}

// Another daemon has reserved 500 points; gives the reservation.
static const char *reserved(void)
{
    open_with_anna();
    const char *id = world_id(world);
    by_rival("PointsService/Reserve", world_points_text(world, id, "anna", "\"points\": 500"));
    return world_text(world, "\"reservation_id\": \"%s\"", id);
}

static void prepare_capture(void)
{
    const char *reservation = reserved();
    set("PointsService/Capture", text_of(world_text(world, "%s, \"points\": 300", reservation)));
}

static void prepare_release(void)
{
    set("PointsService/Release", text_of(reserved()));
}

static void prepare_capture_lapsed(void)
{
    const char *reservation = reserved();
    stage_pass(901000);
    set("PointsService/Capture", text_of(reservation));
}

// --- reversals ---

static void prepare_return_of_sale(void)
{
    open_with_anna();
    const char *sale = world_id(world);
    by_rival("PointsService/Award", world_award_text(world, sale, "anna", 50000));
    set("PointsService/Reverse", of_original(sale, ", \"amount_minor\": 20000"));
}

static void prepare_giving_back(void)
{
    open_with_anna();
    const char *redemption = world_id(world);
    by_rival("PointsService/Redeem", world_redeem_text(world, redemption, "anna", 400));
    set("PointsService/Reverse", of_original(redemption, ", \"points\": 100"));
}

static void prepare_burying(void)
{
    open_with_anna();
    set("PointsService/Reverse", of_original(world_id(world), ""));
}

// Its reversal came before it, by another daemon.
static void prepare_buried(void)
{
    open_with_anna();
    const char *sale = world_id(world);
    by_rival("PointsService/Reverse", of_original(sale, ""));
    set("PointsService/Award", world_award_text(world, sale, "anna", 50000));
}

#define SCENE(name_)                                                                               \
    {                                                                                              \
        .name = #name_, .kinds = BOTH, .prepare = prepare_##name_, .run = scene_run                \
    }

const struct excluded excluded[] = {
    {NULL, NULL},
};

const struct scenario scenarios[] = {
    SCENE(reserve),        SCENE(capture),     SCENE(release), SCENE(capture_lapsed),
    SCENE(return_of_sale), SCENE(giving_back), SCENE(burying), SCENE(buried),
};
const size_t scenario_count = sizeof(scenarios) / sizeof(scenarios[0]);
