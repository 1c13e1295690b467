// What partners report, each with every allocation and every store call failing, and a rival before
// it: a contribution counts once, and is reduced and ended once.
#include "failures/excluded.h"
#include "failures/harness.h"
#include "failures/service_stage.h"

#include "base/check.h"

#define PARTNER "partner/insurer/policies"
#define BOTH                                                                                       \
    (INJECT_BIT(INJECT_ARENA) | INJECT_BIT(INJECT_ARENA_ON) | INJECT_BIT(INJECT_MEMORY) |          \
     INJECT_BIT(INJECT_MEMORY_ON) | INJECT_BIT(INJECT_STORE))

const uint32_t scenario_cases = 8;

static const char *of_policy(const char *fields)
{
    struct service_world *world = &stage.world;
    return world_points_text(world, world_id(world), "anna",
                             world_text(world, "\"contribution_id\": \"P-1\"%s", fields));
}

static void set(const char *method, const char *fields)
{
    scene_set(&(struct scene){.peer = PARTNER,
                              .method = method,
                              .json = of_policy(fields),
                              .member = "anna",
                              .mutation = true,
                              .rival = stage_rival_gives});
}

static void open_with_policy(void)
{
    struct world_answer answer;
    stage_open();
    world_enroll(&stage.world, "anna");
    world_call(stage.rival, PARTNER, "ContributionsService/ReportContribution",
               of_policy(", \"score\": 5000"), &answer);
    CHECK(strcmp(world_end(&answer), "OK") == 0);
}

static void prepare_report(void)
{
    stage_open();
    world_enroll(&stage.world, "anna");
    set("ContributionsService/ReportContribution", ", \"score\": 60000, \"from\": \"2025-05-01\"");
}

static void prepare_reduce(void)
{
    open_with_policy();
    set("ContributionsService/ReduceContribution", ", \"score\": 500");
}

static void prepare_end(void)
{
    open_with_policy();
    set("ContributionsService/EndContribution", ", \"on\": \"2027-03-01\", \"cause\": \"MATURED\"");
}

static void prepare_exists(void)
{
    open_with_policy();
    set("ContributionsService/ReportContribution", ", \"score\": 700");
}

#define SCENE(name_)                                                                               \
    {                                                                                              \
        .name = #name_, .kinds = BOTH, .prepare = prepare_##name_, .run = scene_run                \
    }

const struct excluded excluded[] = {
    {NULL, NULL},
};

const struct scenario scenarios[] = {SCENE(report), SCENE(reduce), SCENE(end), SCENE(exists)};
const size_t scenario_count = sizeof(scenarios) / sizeof(scenarios[0]);
