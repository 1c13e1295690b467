// The table of methods against the contract: every rpc of the .proto files has a row with its very
// messages, and each role may do what this table says and nothing else.
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/log.h"
#include "service/method.h"
#include "support/service_world.h"

// Source: the .proto comments and design.md, decision 5. In the order pos, partner, backend, admin,
// job.
static const struct {
    const char *path;
    const char *may;
} expected[] = {
    {"/loyalty.v1.PointsService/Quote", "p-ba-"},
    {"/loyalty.v1.PointsService/Award", "p----"},
    {"/loyalty.v1.PointsService/Redeem", "p----"},
    {"/loyalty.v1.PointsService/Reserve", "p----"},
    {"/loyalty.v1.PointsService/Capture", "p----"},
    {"/loyalty.v1.PointsService/Release", "p----"},
    {"/loyalty.v1.PointsService/Reverse", "p----"},
    {"/loyalty.v1.PointsService/GetOutcome", "p-ba-"},
    {"/loyalty.v1.MembersService/Enroll", "--ba-"},
    {"/loyalty.v1.MembersService/GetMember", "p-ba-"},
    {"/loyalty.v1.MembersService/ListActivity", "--ba-"},
    {"/loyalty.v1.MembersService/ExplainTier", "--ba-"},
    {"/loyalty.v1.ProgramsService/CheckProgram", "---a-"},
    {"/loyalty.v1.ProgramsService/PublishProgram", "---a-"},
    {"/loyalty.v1.ProgramsService/GetProgram", "--ba-"},
    {"/loyalty.v1.AdminService/OpeningBalance", "---a-"},
    {"/loyalty.v1.AdminService/Backfill", "---a-"},
    {"/loyalty.v1.AdminService/VerifyAccounts", "---aj"},
    {"/loyalty.v1.TillsService/GetTerms", "p--a-"},
    {"/loyalty.v1.TillsService/Reconcile", "p--a-"},
    {"/loyalty.v1.MembersService/AddIdentifier", "--ba-"},
    {"/loyalty.v1.MembersService/ReplaceIdentifier", "--ba-"},
    {"/loyalty.v1.MembersService/RemoveIdentifier", "--ba-"},
    {"/loyalty.v1.MembersService/GetProfile", "--ba-"},
    {"/loyalty.v1.MembersService/UpdateProfile", "--ba-"},
    {"/loyalty.v1.MembersService/SetStatus", "---a-"},
    {"/loyalty.v1.MembersService/Merge", "---a-"},
    {"/loyalty.v1.MembersService/Erase", "---a-"},
    {"/loyalty.v1.PerksService/ListPerks", "p-ba-"},
    {"/loyalty.v1.PerksService/IssueCode", "--b--"},
    {"/loyalty.v1.PerksService/GetCodeKeys", "prbaj"},
    {"/loyalty.v1.PerksService/UsePerk", "pr---"},
    {"/loyalty.v1.PerksService/ReversePerk", "pr---"},
    {"/loyalty.v1.PerksService/ListServedPerks", "-r---"},
    {"/loyalty.v1.PerksService/ListSettlement", "-r-a-"},
    {"/loyalty.v1.ContributionsService/ReportContribution", "-r-a-"},
    {"/loyalty.v1.ContributionsService/ReduceContribution", "-r-a-"},
    {"/loyalty.v1.ContributionsService/EndContribution", "-r-a-"},
    {"/loyalty.v1.PoolsService/CreatePool", "--ba-"},
    {"/loyalty.v1.PoolsService/SetPoolMember", "--ba-"},
    {"/loyalty.v1.PoolsService/ListPoolMembers", "--ba-"},
    {"/loyalty.v1.EventsService/Subscribe", "--ba-"},
    {"/loyalty.v1.EventsService/Acknowledge", "--ba-"},
    {"/loyalty.v1.EventsService/ListConsumers", "--ba-"},
    {"/loyalty.v1.EventsService/DeleteConsumer", "--ba-"},
    {"/loyalty.v1.ProgramsService/WithdrawProgram", "---a-"},
    {"/loyalty.v1.AdminService/AdjustPoints", "---a-"},
    {"/loyalty.v1.AdminService/AdjustScore", "---a-"},
    {"/loyalty.v1.AdminService/GrantTier", "---a-"},
    {"/loyalty.v1.AdminService/RevokeTier", "---a-"},
    {"/loyalty.v1.AdminService/ListAudit", "---a-"},
    {"/loyalty.v1.AdminService/ExportAccounts", "---a-"},
    {"/loyalty.v1.AdminService/ReadLog", "---aj"},
    {"/loyalty.v1.RescoringService/PlanRescoring", "---aj"},
    {"/loyalty.v1.RescoringService/RunRescoring", "---aj"},
    {"/loyalty.v1.RescoringService/ListMoves", "---a-"},
    {"/loyalty.v1.ArchiveService/OpenArchive", "---aj"},
    {"/loyalty.v1.ArchiveService/ReadArchive", "---aj"},
    {"/loyalty.v1.ArchiveService/DropArchived", "---aj"},
    {"/google.longrunning.Operations/ListOperations", "---a-"},
    {"/google.longrunning.Operations/GetOperation", "---aj"},
    {"/google.longrunning.Operations/WaitOperation", "---aj"},
    {"/google.longrunning.Operations/CancelOperation", "---aj"},
    {"/google.longrunning.Operations/DeleteOperation", "---a-"},
    {"/loyalty.v1.MonitorService/GetStatus", "---a-"},
    {"/loyalty.v1.MonitorService/GetMetrics", "---a-"},
    {"/loyalty.v1.MonitorService/ListSlowRequests", "---a-"},
    {"/loyalty.v1.MonitorService/ListConnections", "---a-"},
    {"/loyalty.v1.MonitorService/ListPartitions", "---a-"},
    {"/loyalty.v1.MonitorService/GetConfig", "---a-"},
    {"/loyalty.v1.MonitorService/Diagnose", "---a-"},
    {"/loyalty.v1.ClockService/GetClock", "prbaj"},
    {"/loyalty.v1.ClockService/SetClock", "---a-"},
};

enum { EXPECTED = sizeof(expected) / sizeof(expected[0]), ROLES = 5 };

static const char *const role_names[ROLES] = {"pos", "partner", "backend", "admin", "job"};

static bool is_expected(const char *path)
{
    for (size_t i = 0; i < EXPECTED; i++) {
        if (strcmp(path, expected[i].path) == 0) {
            return true;
        }
    }
    return false;
}

struct proto_place {
    char package[64];
    char service[64];
};

static const char *short_name(const char *type)
{
    const char *dot = strrchr(type, '.');
    return dot == NULL ? type : dot + 1;
}

// "  rpc Name(Request) returns (Response) {" of the package and service last seen.
static size_t check_line(const char *line, struct proto_place *place)
{
    char name[64];
    char request[64];
    char response[64];
    char path[256];
    if (sscanf(line, "package %63[a-z0-9.]", place->package) == 1 ||
        sscanf(line, "service %63[A-Za-z]", place->service) == 1) {
        return 0;
    }
    if (sscanf(line, " rpc %63[A-Za-z](%63[A-Za-z]) returns (stream %63[A-Za-z])", name, request,
               response) != 3 &&
        sscanf(line, " rpc %63[A-Za-z](%63[A-Za-z]) returns (%63[A-Za-z.])", name, request,
               response) != 3) {
        return 0;
    }
    snprintf(path, sizeof(path), "/%s.%s/%s", place->package, place->service, name);
    const struct method *method = method_find(span_of_text(path));
    if (method == NULL || !is_expected(path)) {
        fail_msg("%s has no row", path);
        return 0;
    }
    assert_string_equal(method->request->short_name, request);
    assert_string_equal(method->response->short_name, short_name(response));
    const ProtobufCFieldDescriptor *mutation =
        protobuf_c_message_descriptor_get_field_by_name(method->request, "mutation");
    assert_int_equal(method->mutating, mutation != NULL);
    return 1;
}

static size_t check_files(const char *pattern)
{
    glob_t files;
    size_t found = 0;
    assert_int_equal(glob(pattern, 0, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        FILE *file = fopen(files.gl_pathv[i], "r");
        assert_non_null(file);
        char line[256];
        struct proto_place place = {0};
        while (fgets(line, sizeof(line), file) != NULL) {
            found += check_line(line, &place);
        }
        fclose(file);
    }
    globfree(&files);
    return found;
}

static void every_rpc_has_a_row(void **state)
{
    (void)state;
    size_t found = check_files("proto/loyalty/v1/*.proto");
    found += check_files("proto/google/longrunning/*.proto");
    assert_int_equal(found, EXPECTED);
    assert_int_equal(method_count(), EXPECTED);
}

static void each_role_may_what_the_table_says(void **state)
{
    (void)state;
    struct service_world world;
    service_world_open(&world, 1);
    for (size_t i = 0; i < EXPECTED; i++) {
        for (size_t role = 0; role < ROLES; role++) {
            struct world_answer answer;
            const char *peer = world_text(&world, "%s/some/unit", role_names[role]);
            world_ask_bytes(&world.daemons[0], peer, expected[i].path, (struct span){0}, 0,
                            &answer);
            world_run(&world);
            bool may = expected[i].may[role] != '-';
            bool refused = strcmp(world_end(&answer), "ROLE_NOT_ALLOWED") == 0;
            if (may == refused) {
                fail_msg("%s as %s: %s", expected[i].path, role_names[role], world_end(&answer));
            }
            assert_int_equal(answer.times, 1);
            assert_true(!refused || answer.code == LOYALTY__V1__CODE__CODE_PERMISSION_DENIED);
        }
    }
    service_world_fini(&world);
}

static void other_words_are_no_roles(void **state)
{
    (void)state;
    static const char *const words[] = {"", "root", "Pos", "admin2", "po", "service"};
    struct service_world world;
    service_world_open(&world, 1);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        struct world_answer answer;
        assert_int_equal(role_of_name(words[i]), ROLE_NONE);
        world_ask_bytes(&world.daemons[0], words[i], "/loyalty.v1.ClockService/GetClock",
                        (struct span){0}, 0, &answer);
        assert_string_equal(world_end(&answer), "ROLE_NOT_ALLOWED");
    }
    service_world_fini(&world);
}

// Enrolling in the past is an admin's alone, though a backend may enrol.
static void only_an_admin_enrols_in_the_past(void **state)
{
    (void)state;
    struct service_world world;
    service_world_open(&world, 1);
    const char *text = world_text(&world,
                                  "{%s, \"member_id\": \"anna\", \"enrolled_at\": "
                                  "\"2025-01-01T00:00:00Z\"}",
                                  world_mutation(&world, world_id(&world)));
    struct world_answer answer;
    world_call(&world.daemons[0], "backend/crm", "MembersService/Enroll", text, &answer);
    assert_string_equal(world_end(&answer), "ROLE_NOT_ALLOWED");
    assert_string_equal(answer.field, "enrolled_at");
    world_call(&world.daemons[0], "admin/head-office", "MembersService/Enroll", text, &answer);
    assert_string_equal(world_end(&answer), "OK");
    service_world_fini(&world);
}

static void unknown_paths_have_no_method(void **state)
{
    (void)state;
    static const char *const paths[] = {"", "/", "/loyalty.v1.PointsService/award",
                                        "/loyalty.v1.PointsService/Award/",
                                        "loyalty.v1.PointsService/Award"};
    struct service_world world;
    service_world_open(&world, 1);
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        struct world_answer answer;
        world_ask_bytes(&world.daemons[0], "pos/store-1/till-1", paths[i], (struct span){0}, 0,
                        &answer);
        assert_string_equal(world_end(&answer), "UNKNOWN_METHOD");
        assert_int_equal(answer.code, LOYALTY__V1__CODE__CODE_UNIMPLEMENTED);
    }
    service_world_fini(&world);
}

int main(void)
{
    log_set_level(LOG_ERROR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rpc_has_a_row),
        cmocka_unit_test(each_role_may_what_the_table_says),
        cmocka_unit_test(other_words_are_no_roles),
        cmocka_unit_test(only_an_admin_enrols_in_the_past),
        cmocka_unit_test(unknown_paths_have_no_method),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
