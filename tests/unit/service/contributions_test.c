// Contributions through the whole service: whose they are, what a membership's life does to them,
// and what of a policy's number is kept.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/log.h"
#include "core/ledger.h"
#include "loyalty/v1/contributions.pb-c.h"
#include "support/service_world.h"

#define INSURER "partner/insurer/desk-1"
#define ADMIN "admin/anna"
#define REPORT "ContributionsService/ReportContribution"
#define REDUCE "ContributionsService/ReduceContribution"
#define END "ContributionsService/EndContribution"

static struct service_world world;
static struct world_answer answer;

static int open_world(void **state)
{
    (void)state;
    service_world_open(&world, 1);
    world_enroll(&world, "anna");
    world_enroll(&world, "bert");
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    service_world_fini(&world);
    return 0;
}

static const char *fields(const char *id, long long score)
{
    return world_text(&world, "\"contribution_id\": \"%s\", \"score\": %lld", id, score);
}

static const char *call(const char *peer, const char *method, const char *request_id,
                        const char *member, const char *more)
{
    world_call(&world.daemons[0], peer, method, world_points_text(&world, request_id, member, more),
               &answer);
    return world_end(&answer);
}

static const char *say(const char *method, const char *member, const char *more)
{
    return call(INSURER, method, world_id(&world), member, more);
}

static const Loyalty__V1__ContributionResponse *told(void)
{
    return (const Loyalty__V1__ContributionResponse *)answer.reply;
}

static int64_t score(const char *member)
{
    return world_member(&world.daemons[0], member)->standing->score;
}

static void a_policy_is_its_partners(void **state)
{
    (void)state;
    const char *id = world_id(&world);
    assert_string_equal(call(INSURER, REPORT, id, "anna", fields("P-1", 1200)), "OK");
    assert_string_equal(told()->member_id, "");
    assert_string_equal(call(INSURER, REPORT, id, "anna", fields("P-1", 1200)), "REPLAYED");
    assert_int_equal(told()->score, 1200);
    assert_string_equal(call(INSURER, REPORT, id, "anna", fields("P-2", 1200)), "ID_CONFLICT");
    assert_string_equal(say(REPORT, "anna", fields("P-1", 1200)), "CONTRIBUTION_EXISTS");
    id = world_id(&world);
    assert_string_equal(call("partner/insurer/desk-2", REDUCE, id, "anna", fields("P-1", 200)),
                        "OK");
    assert_string_equal(
        call("partner/insurers", REDUCE, world_id(&world), "anna", fields("P-1", 200)),
        "UNKNOWN_CONTRIBUTION");
    assert_string_equal(call(ADMIN, REPORT, world_id(&world), "anna", fields("P-1", 10)), "OK");
    assert_string_equal(told()->member_id, "anna");
    assert_int_equal(told()->standing->score, 1010);
    assert_string_equal(say(REPORT, "bert", fields("P-1", 7)), "OK"); // another member's
    assert_int_equal(score("anna"), 1010);
    assert_int_equal(score("bert"), 7);
}

// Its mutation's min_seq would find out how far a member's log has come.
static void a_partner_finds_out_nothing_by_min_seq(void **state)
{
    (void)state;
    const char *text = world_points_text(&world, world_id(&world), "anna", fields("P-1", 1));
    const char *mutation = strstr(text, "\"created_at\"");
    assert_non_null(mutation);
    text = world_text(&world, "%.*s\"min_seq\": 1000, %s", (int)(mutation - text), text, mutation);
    world_call(&world.daemons[0], INSURER, REPORT, text, &answer);
    assert_string_equal(world_end(&answer), "OK");
}

static void a_suspended_members_policies_go_on(void **state)
{
    (void)state;
    static const char STATUS[] = "MembersService/SetStatus";
    assert_string_equal(say(REPORT, "anna", fields("P-1", 1000)), "OK");
    assert_string_equal(call(ADMIN, STATUS, world_id(&world), "anna", "\"status\": \"SUSPENDED\""),
                        "OK");
    assert_string_equal(say(REDUCE, "anna", fields("P-1", 400)), "OK");
    assert_string_equal(say(REPORT, "anna", fields("P-2", 400)), "OK");
    assert_string_equal(call(ADMIN, STATUS, world_id(&world), "anna", "\"status\": \"CLOSED\""),
                        "OK");
    assert_string_equal(say(REPORT, "anna", fields("P-3", 400)), "CLOSED");
    assert_string_equal(say(END, "anna", "\"contribution_id\": \"P-1\""), "CLOSED");
}

// Who was merged is answered for by whom it went into; its contributions went along by their ids.
static void a_merged_members_policies_go_along(void **state)
{
    (void)state;
    const char *id = world_id(&world);
    assert_string_equal(call(INSURER, REPORT, id, "anna", fields("P-1", 1000)), "OK");
    assert_string_equal(say(REDUCE, "anna", fields("P-1", 300)), "OK");
    assert_string_equal(call(ADMIN, "MembersService/Merge", world_id(&world), "anna",
                             "\"into\": {\"member_id\": \"bert\"}"),
                        "OK");
    world_run(&world);
    assert_int_equal(score("bert"), 700);
    assert_string_equal(call(INSURER, REPORT, id, "anna", fields("P-1", 1000)), "REPLAYED");
    assert_string_equal(say(REPORT, "anna", fields("P-1", 1000)), "CONTRIBUTION_EXISTS");
    assert_string_equal(say(REDUCE, "anna", fields("P-1", 701)), "REDUCED_TOO_FAR");
    assert_string_equal(say(REDUCE, "anna", fields("P-1", 100)), "OK");
    assert_int_equal(told()->score, 600);
    assert_string_equal(say(END, "bert", "\"contribution_id\": \"P-1\""), "OK");
    assert_int_equal(score("bert"), 0);
    assert_int_equal(score("anna"), 0);
}

static enum status keep_last(void *context, uint64_t seq, const struct record *record)
{
    (void)seq;
    *(struct record *)context = *record;
    return STATUS_OK;
}

// Whoever reads a log must not be able to try policies' numbers, against key or digest.
static void a_policys_number_is_not_in_the_log(void **state)
{
    (void)state;
    struct arena arena;
    struct record record = {0};
    const char *text = world_points_text(&world, world_id(&world), "anna", fields("P-4711", 1));
    world_call(&world.daemons[0], INSURER, REPORT, text, &answer);
    assert_string_equal(world_end(&answer), "OK");
    arena_init(&arena, 1 << 20);
    struct span log = world_log(&world, "anna");
    assert_int_equal(ledger_walk(log, &arena, keep_last, &record), STATUS_OK);
    uint8_t plain[REQUEST_DIGEST_BYTES];
    world_digest(&world, REPORT, text, plain);
    assert_int_equal(record.type, RECORD_CONTRIBUTED);
    assert_memory_not_equal(record.mark.digest, plain, sizeof(plain));
    assert_null(memmem(log.data, log.len, "4711", 4));
    arena_fini(&arena);
}

static void without_a_key_none_are_kept(void **state)
{
    (void)state;
    world.keyless = true;
    service_world_restart(&world.daemons[0]);
    assert_string_equal(say(REPORT, "anna", fields("P-1", 1)), "NO_IDENTIFIER_KEY");
    world.keyless = false;
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, open_world, close_world)

int main(void)
{
    log_set_level(LOG_ERROR);
    const struct CMUnitTest tests[] = {
        IN_WORLD(a_policy_is_its_partners),
        IN_WORLD(a_partner_finds_out_nothing_by_min_seq),
        IN_WORLD(a_suspended_members_policies_go_on),
        IN_WORLD(a_merged_members_policies_go_along),
        IN_WORLD(a_policys_number_is_not_in_the_log),
        IN_WORLD(without_a_key_none_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
