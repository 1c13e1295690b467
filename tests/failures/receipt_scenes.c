// Requests with receipts, each with every allocation and every store call failing: whatever fails
// between the claim in the terminal's day and the member's record, the receipt counts once, and the
// day counts what the member has.
#include "failures/excluded.h"
#include "failures/harness.h"
#include "failures/service_stage.h"

#include "base/check.h"
#include "support/receipts_world.h"

#define TILL "pos/store-1/till-1"
#define ARENA (INJECT_BIT(INJECT_ARENA) | INJECT_BIT(INJECT_ARENA_ON))
#define BOTH                                                                                       \
    (ARENA | INJECT_BIT(INJECT_MEMORY) | INJECT_BIT(INJECT_MEMORY_ON) | INJECT_BIT(INJECT_STORE))

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
    (void)world_award(world, "anna", 10000);
    (void)world_member(stage.daemon, "anna");
}

static void set(const char *method, const char *json, bool cold)
{
    scene_set(&(struct scene){.peer = TILL,
                              .method = method,
                              .json = json,
                              .member = "anna",
                              .mutation = true,
                              .cold = cold,
                              .claims = true});
}

static void prepare_award(void)
{
    open_with_anna();
    set("PointsService/Award", receipts_award(world, world_id(world), "anna", 5000, 1), false);
}

static void prepare_award_cold(void)
{
    open_with_anna();
    by_rival("PointsService/Award", receipts_award(world, world_id(world), "anna", 300, 1));
    set("PointsService/Award", receipts_award(world, world_id(world), "anna", 5000, 2), true);
}

static void prepare_redeem(void)
{
    open_with_anna();
    set("PointsService/Redeem", receipts_redeem(world, world_id(world), "anna", 40, 1), true);
}

static void prepare_return(void)
{
    open_with_anna();
    const char *id = world_id(world);
    by_rival("PointsService/Award", receipts_award(world, id, "anna", 5000, 1));
    set("PointsService/Reverse", receipts_return(world, world_id(world), "anna", id, 2000, 2),
        true);
}

static void prepare_counted(void)
{
    open_with_anna();
    by_rival("PointsService/Award", receipts_award(world, world_id(world), "anna", 5000, 1));
    set("PointsService/Award", receipts_award(world, world_id(world), "anna", 5000, 1), true);
}

// Another request has died with its claim, and can land no more.
static void hang(void)
{
    static struct world_answer lost;
    world_ask(stage.rival, TILL, "PointsService/Award",
              receipts_award(world, world_id(world), "anna", 7000, 1), &lost);
    while (receipts_records(world) == 0) {
        CHECK(world_step(stage.rival));
    }
    service_world_restart(stage.rival);
    stage_pass(LIMIT_REQUEST_MS + 3000);
}

static void prepare_take_over(void)
{
    open_with_anna();
    hang();
    set("PointsService/Award", receipts_award(world, world_id(world), "anna", 5000, 1), true);
}

static void prepare_reconcile(void)
{
    open_with_anna();
    by_rival("PointsService/Award", receipts_award(world, world_id(world), "anna", 5000, 1));
    set("TillsService/Reconcile",
        receipts_reconcile(world, world_id(world),
                           ", \"totals\": [{\"operation\": \"AWARD\", \"count\": 1, \"points\": "
                           "50, \"amount_minor\": 5000}]"),
        true);
}

// A claim is to be looked up and voided, others to be settled, then the day is closed.
static void prepare_reconcile_hanging(void)
{
    open_with_anna();
    hang();
    by_rival("PointsService/Award", receipts_award(world, world_id(world), "anna", 5000, 2));
    by_rival("PointsService/Award", receipts_award(world, world_id(world), "anna", 1000, 3));
    set("TillsService/Reconcile",
        receipts_reconcile(world, world_id(world),
                           ", \"totals\": [{\"operation\": \"AWARD\", \"count\": 2, \"points\": "
                           "60, \"amount_minor\": 6000}]"),
        true);
}

static void prepare_terms(void)
{
    open_with_anna();
    scene_set(&(struct scene){.peer = TILL, .method = "TillsService/GetTerms", .json = "{}"});
}

#define SCENE(name_, kinds_)                                                                       \
    {                                                                                              \
        .name = #name_, .kinds = (kinds_), .prepare = prepare_##name_, .run = scene_run            \
    }

const struct excluded excluded[] = {
    {NULL, NULL},
};

const struct scenario scenarios[] = {
    SCENE(award, BOTH),     SCENE(award_cold, BOTH),        SCENE(redeem, BOTH),
    SCENE(return, BOTH),    SCENE(counted, BOTH),           SCENE(take_over, BOTH),
    SCENE(reconcile, BOTH), SCENE(reconcile_hanging, BOTH), SCENE(terms, ARENA),
};
const size_t scenario_count = sizeof(scenarios) / sizeof(scenarios[0]);
