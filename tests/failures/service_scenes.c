// Requests of tills, back ends and admins, each with every allocation and every store call failing.
#include "failures/excluded.h"
#include "failures/harness.h"
#include "failures/service_stage.h"

#include <stdio.h>

#include "base/check.h"
#include "loyalty/v1/programs.pb-c.h"

#define TILL "pos/store-1/till-1"
#define CRM "backend/crm"
#define ADMIN "admin/head-office"

#define ARENA (INJECT_BIT(INJECT_ARENA) | INJECT_BIT(INJECT_ARENA_ON))
#define MEMORY (INJECT_BIT(INJECT_MEMORY) | INJECT_BIT(INJECT_MEMORY_ON) | ARENA)
#define BOTH (MEMORY | INJECT_BIT(INJECT_STORE))

const uint32_t scenario_cases = 8;

// --- what stands before a scene ---

static struct service_world *world = &stage.world;

static void must(const struct world_answer *answer, const char *what)
{
    if (answer->times != 1 || answer->code != LOYALTY__V1__CODE__CODE_UNSPECIFIED) {
        (void)fprintf(stderr, "%s: %s %s\n", what, answer->reason, answer->message);
        CHECK(false);
    }
}

static void by_rival(const char *peer, const char *method, const char *json)
{
    struct world_answer answer;
    world_call(stage.rival, peer, method, json, &answer);
    must(&answer, method);
}

static void open_with_anna(void)
{
    stage_open();
    world_enroll(world, "anna");
    (void)world_award(world, "anna", 10000);
}

static const char *member_text(const char *member)
{
    return world_text(world, "\"member\": {\"member_id\": \"%s\"}", member);
}

static const char *sale_text(const char *occurred, int64_t amount_minor)
{
    return world_text(world,
                      "\"sale\": {%s\"currency\": \"CNY\", \"lines\": [{\"amount_minor\": %lld, "
                      "\"category\": \"tea\"}]}",
                      occurred, (long long)amount_minor);
}

static const char *mutation(void)
{
    return world_mutation(world, world_id(world));
}

// --- members ---

static void rival_takes_the_card(enum gate_rival what)
{
    if (what == RIVAL_CLAIMS && stage.rival_events == 0) {
        uint64_t before = memory_event_count(stage.rival->store, world_place("bert").partition);
        by_rival(CRM, "MembersService/Enroll",
                 world_enroll_text(world, world_id(world), "bert", "6200001"));
        stage.rival_events =
            memory_event_count(stage.rival->store, world_place("bert").partition) - before;
    }
}

static void prepare_enrol(void)
{
    stage_open();
    scene_set(&(struct scene){
        .peer = CRM,
        .method = "MembersService/Enroll",
        .json = world_text(world,
                           "{%s, \"member_id\": \"anna\", \"identifiers\": [{\"kind\": "
                           "\"CARD_NUMBER\", \"value\": \"6200001\"}, {\"kind\": \"PHONE\", "
                           "\"value\": \"+8613800000000\"}]}",
                           mutation()),
        .member = "anna",
        .mutation = true,
        .rival = rival_takes_the_card,
    });
}

static void prepare_enrol_taken(void)
{
    stage_open();
    by_rival(CRM, "MembersService/Enroll",
             world_enroll_text(world, world_id(world), "bert", "6200001"));
    scene_set(&(struct scene){
        .peer = CRM,
        .method = "MembersService/Enroll",
        .json = world_enroll_text(world, world_id(world), "anna", "6200001"),
        .member = "anna",
        .mutation = true,
    });
}

static void set_read(const char *peer, const char *method, const char *json, bool cold)
{
    scene_set(&(struct scene){
        .peer = peer, .method = method, .json = json, .member = "anna", .cold = cold});
}

static void prepare_member(void)
{
    open_with_anna();
    (void)world_member(stage.daemon, "anna");
    set_read(CRM, "MembersService/GetMember", world_member_text(world, "anna"), false);
}

static void prepare_member_cold(void)
{
    open_with_anna();
    set_read(CRM, "MembersService/GetMember", world_member_text(world, "anna"), true);
}

static void prepare_statement(void)
{
    open_with_anna();
    for (int i = 0; i < 12; i++) {
        (void)world_award(world, "anna", 1000 + i);
    }
    by_rival(TILL, "PointsService/Redeem", world_redeem_text(world, world_id(world), "anna", 20));
    set_read(
        CRM, "MembersService/ListActivity",
        world_text(world, "{%s, \"page_size\": 10, \"page_token\": \"pd\"}", member_text("anna")),
        true);
}

static void prepare_tier(void)
{
    open_with_anna();
    set_read(CRM, "MembersService/ExplainTier", world_member_text(world, "anna"), true);
}

// --- points ---

static void set_mutation(const char *peer, const char *method, const char *json, bool cold)
{
    scene_set(&(struct scene){.peer = peer,
                              .method = method,
                              .json = json,
                              .member = "anna",
                              .mutation = true,
                              .cold = cold,
                              .rival = stage_rival_gives});
}

static void prepare_award(void)
{
    open_with_anna();
    (void)world_member(stage.daemon, "anna");
    set_mutation(TILL, "PointsService/Award",
                 world_award_text(world, world_id(world), "anna", 5000), false);
}

static void prepare_award_cold(void)
{
    open_with_anna();
    set_mutation(TILL, "PointsService/Award",
                 world_award_text(world, world_id(world), "anna", 5000), true);
}

// The account as the daemon has it is behind, and the log was compacted.
static void prepare_award_behind(void)
{
    prepare_award();
    stage_rival_gives(RIVAL_COMPACTS);
    stage_rival_gives(RIVAL_WRITES);
    stage.rival_points = 0;
    stage.rival_records = 0;
    stage.rival_events = 0;
}

static void prepare_award_by_card(void)
{
    open_with_anna();
    by_rival(CRM, "MembersService/Enroll",
             world_enroll_text(world, world_id(world), "carl", "6200003"));
    scene_set(&(struct scene){
        .peer = TILL,
        .method = "PointsService/Award",
        .json = world_text(world,
                           "{%s, \"member\": {\"identifier\": {\"kind\": \"CARD_NUMBER\", "
                           "\"value\": \"6200003\"}}, %s}",
                           mutation(), sale_text("", 5000)),
        .member = "carl",
        .mutation = true,
        .cold = true,
    });
}

// A score that reaches the tier that is given at once.
static void prepare_award_diamond(void)
{
    open_with_anna();
    set_mutation(TILL, "PointsService/Award",
                 world_award_text(world, world_id(world), "anna", 6000000), true);
}

static void prepare_redeem(void)
{
    open_with_anna();
    (void)world_award(world, "anna", 3000);
    set_mutation(TILL, "PointsService/Redeem",
                 world_redeem_text(world, world_id(world), "anna", 120), true);
}

static void prepare_redeem_refused(void)
{
    open_with_anna();
    scene_set(&(struct scene){.peer = TILL,
                              .method = "PointsService/Redeem",
                              .json = world_redeem_text(world, world_id(world), "anna", 5000),
                              .member = "anna",
                              .mutation = true,
                              .rival = stage_rival_gives});
}

static void prepare_quote(void)
{
    open_with_anna();
    (void)world_member(stage.daemon, "anna");
    set_read(TILL, "PointsService/Quote",
             world_text(world, "{%s, %s}", member_text("anna"), sale_text("", 7700)), false);
}

// domain.md's E9, with the world moved past a re-scoring.
static void prepare_late_sale(void)
{
    open_with_anna();
    stage_pass(1000);
    world->now_ms = INT64_C(1780531200000); // 2026-06-04
    memory_set_now(stage.rival->store, world->now_ms);
    stage_pass(LIMIT_LEASE_READ_MS + 1000);
    set_mutation(TILL, "PointsService/Award",
                 world_text(world, "{%s, %s, %s}", mutation(), member_text("anna"),
                            sale_text("\"occurred_date\": \"2026-05-30\", ", 250000)),
                 true);
}

// Boundaries have passed that the next command writes down: lots have ended, a card was given.
static void prepare_after_a_year(void)
{
    open_with_anna();
    (void)world_award(world, "anna", 300000);
    world->now_ms += INT64_C(400) * 86400 * 1000;
    memory_set_now(stage.rival->store, world->now_ms);
    stage_pass(LIMIT_LEASE_READ_MS + 1000);
    set_mutation(TILL, "PointsService/Award",
                 world_award_text(world, world_id(world), "anna", 5000), true);
}

static void prepare_retry(void)
{
    open_with_anna();
    const char *json = world_award_text(world, world_id(world), "anna", 5000);
    by_rival(TILL, "PointsService/Award", json);
    scene_set(&(struct scene){.peer = TILL,
                              .method = "PointsService/Award",
                              .json = json,
                              .member = "anna",
                              .mutation = true,
                              .done = true,
                              .cold = true});
}

static void prepare_outcome(void)
{
    open_with_anna();
    const char *id = world_id(world);
    by_rival(TILL, "PointsService/Award", world_award_text(world, id, "anna", 5000));
    set_read(TILL, "PointsService/GetOutcome", world_outcome_text(world, id, "anna"), true);
}

// --- admin ---

static void prepare_opening(void)
{
    stage_open();
    world_enroll(world, "anna");
    set_mutation(ADMIN, "AdminService/OpeningBalance",
                 world_text(world,
                            "{%s, %s, \"lots\": [{\"points\": 300, \"expires_on\": "
                            "\"2026-04-01\"}, {\"points\": 400}], \"scores\": [{\"score\": 12000, "
                            "\"from\": \"2025-12-01\", \"until\": \"2026-12-01\"}], \"card\": "
                            "{\"tier_id\": \"gold\", \"from\": \"2025-06-01\", \"until\": "
                            "\"2027-06-01\"}}",
                            mutation(), member_text("anna")),
                 true);
}

static void prepare_backfill(void)
{
    stage_open();
    by_rival(ADMIN, "MembersService/Enroll",
             world_text(world,
                        "{%s, \"member_id\": \"anna\", \"enrolled_at\": \"2025-02-01T00:00:00Z\"}",
                        mutation()));
    scene_set(&(struct scene){
        .peer = ADMIN,
        .method = "AdminService/Backfill",
        .json = world_text(world, "{%s, %s, %s}", mutation(), member_text("anna"),
                           sale_text("\"occurred_date\": \"2025-03-01\", ", 250000)),
        .member = "anna",
        .mutation = true,
        .cold = true,
    });
}

static void prepare_verify_member(void)
{
    open_with_anna();
    set_read("job/nightly", "AdminService/VerifyAccounts", world_member_text(world, "anna"), false);
}

static void prepare_verify_partition(void)
{
    open_with_anna();
    for (int i = 0; i < 20; i++) {
        world_enroll(world, world_text(world, "member-%d", i));
    }
    set_read("job/nightly", "AdminService/VerifyAccounts",
             world_text(world, "{\"partition\": %u}", world_place("anna").partition), false);
}

// The index differs, so that all is read twice.
static void prepare_verify_index(void)
{
    open_with_anna();
    world_misplace(world, "anna", world->now_ms + 86400000);
    set_read(
        "job/nightly", "AdminService/VerifyAccounts",
        world_text(world, "{\"index\": true, \"partition\": %u}", world_place("anna").partition),
        false);
}

static void prepare_verify_fault(void)
{
    open_with_anna();
    static uint8_t broken[4096];
    world_enroll(world, "bert");
    struct store_account place = world_place("bert");
    struct span log = world_log(world, "bert");
    CHECK(log.len <= sizeof(broken));
    memcpy(broken, log.data, log.len);
    broken[log.len / 2] ^= 1;
    memory_plant(stage.rival->store, &place, span_of(broken, log.len));
    set_read("job/nightly", "AdminService/VerifyAccounts", world_member_text(world, "bert"), false);
}

// --- programs ---

static const char *etag(void)
{
    struct world_answer answer;
    world_call(stage.rival, ADMIN, "ProgramsService/GetProgram", "{}", &answer);
    must(&answer, "etag");
    return ((const Loyalty__V1__GetProgramResponse *)answer.reply)->etag;
}

static const char *publish_text(void)
{
    return world_text(world,
                      "{%s, \"program\": %s, \"effective_from\": \"%s\", \"etag\": \"%s\", "
                      "\"reason\": \"spring\"}",
                      mutation(), service_world_program(world, ", \"late_days\": {\"days\": 9}"),
                      world_instant(world, world->now_ms + INT64_C(86400000)), etag());
}

static void prepare_publish(void)
{
    stage_open();
    scene_set(&(struct scene){.peer = ADMIN,
                              .method = "ProgramsService/PublishProgram",
                              .json = publish_text(),
                              .mutation = true});
}

static void prepare_program_list(void)
{
    stage_open();
    by_rival(ADMIN, "ProgramsService/PublishProgram", publish_text());
    stage_pass(LIMIT_LEASE_READ_MS + 100);
    scene_set(&(struct scene){
        .peer = ADMIN, .method = "ProgramsService/GetProgram", .json = "{\"version\": 2}"});
}

static void prepare_withdraw(void)
{
    stage_open();
    by_rival(ADMIN, "ProgramsService/PublishProgram", publish_text());
    scene_set(&(struct scene){
        .peer = ADMIN,
        .method = "ProgramsService/WithdrawProgram",
        .json = world_text(world, "{%s, \"version\": 2, \"etag\": \"%s\", \"reason\": \"a slip\"}",
                           mutation(), etag()),
        .mutation = true});
}

static void prepare_program_check(void)
{
    stage_open();
    scene_set(&(struct scene){
        .peer = ADMIN,
        .method = "ProgramsService/CheckProgram",
        .json = world_text(
            world, "{\"program\": %s}",
            service_world_program(world, ", \"late_days\": {\"days\": 4000}, \"perks\": [{}]"))});
}

static void prepare_publish_bad(void)
{
    stage_open();
    scene_set(&(struct scene){
        .peer = ADMIN,
        .method = "ProgramsService/PublishProgram",
        .json =
            world_text(world,
                       "{%s, \"program\": {\"id\": \"retail\", \"zone\": \"Asia/Nowhere\", "
                       "\"currency\": \"CNY\", \"tiers\": [{\"id\": \"member\"}]}, "
                       "\"effective_from\": \"%s\", \"etag\": \"%s\"}",
                       mutation(), world_instant(world, world->now_ms + INT64_C(86400000)), etag()),
        .mutation = true});
}

#define SCENE(name_, kinds_)                                                                       \
    {                                                                                              \
        .name = #name_, .kinds = (kinds_), .prepare = prepare_##name_, .run = scene_run            \
    }

const struct excluded excluded[] = {
    {NULL, NULL},
};

const struct scenario scenarios[] = {
    SCENE(enrol, BOTH),
    SCENE(enrol_taken, BOTH),
    SCENE(member, ARENA | INJECT_BIT(INJECT_STORE)),
    SCENE(member_cold, BOTH),
    SCENE(statement, BOTH),
    SCENE(tier, BOTH),
    SCENE(award, BOTH),
    SCENE(award_cold, BOTH),
    SCENE(award_behind, BOTH),
    SCENE(award_by_card, BOTH),
    SCENE(award_diamond, BOTH),
    SCENE(redeem, BOTH),
    SCENE(redeem_refused, BOTH),
    SCENE(quote, BOTH),
    SCENE(late_sale, BOTH),
    SCENE(after_a_year, BOTH),
    SCENE(retry, BOTH),
    SCENE(outcome, BOTH),
    SCENE(opening, BOTH),
    SCENE(backfill, BOTH),
    SCENE(verify_member, BOTH),
    SCENE(verify_partition, BOTH),
    SCENE(verify_index, BOTH),
    SCENE(verify_fault, BOTH),
    SCENE(publish, BOTH | INJECT_BIT(INJECT_FILE)),
    SCENE(publish_bad, BOTH),
    SCENE(withdraw, BOTH | INJECT_BIT(INJECT_FILE)),
    SCENE(program_list, MEMORY),
    SCENE(program_check, MEMORY),
};
const size_t scenario_count = sizeof(scenarios) / sizeof(scenarios[0]);
