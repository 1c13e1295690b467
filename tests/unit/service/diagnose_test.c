// MonitorService.Diagnose over a service: what is well is said so, and each thing that is wrong is
// found, with advice; what the daemon around it finds is told besides.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "loyalty/v1/monitor.pb-c.h"
#include "service/diagnose.h"
#include "service/monitor.h"
#include "store/memory.h"
#include "support/service_world.h"

#define GOOD LOYALTY__V1__FINDING_LEVEL__FINDING_LEVEL_GOOD
#define WARNING LOYALTY__V1__FINDING_LEVEL__FINDING_LEVEL_WARNING
#define FAULT LOYALTY__V1__FINDING_LEVEL__FINDING_LEVEL_FAULT

static struct service_world world;
static struct world_answer answer;

static int open_world(void **state)
{
    (void)state;
    service_world_open(&world, 1);
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    service_world_fini(&world);
    return 0;
}

static const Loyalty__V1__DiagnoseResponse *diagnose(void)
{
    world_call(&world.daemons[0], "admin/night", "MonitorService/Diagnose", "{}", &answer);
    assert_string_equal(world_end(&answer), "OK");
    return (const Loyalty__V1__DiagnoseResponse *)answer.reply;
}

// NULL: it is not among them.
static const Loyalty__V1__Finding *find(const Loyalty__V1__DiagnoseResponse *diagnosis,
                                        const char *code)
{
    for (size_t i = 0; i < diagnosis->n_findings; i++) {
        if (strcmp(diagnosis->findings[i]->code, code) == 0) {
            return diagnosis->findings[i];
        }
    }
    return NULL;
}

static void assert_level(const char *code, Loyalty__V1__FindingLevel level)
{
    const Loyalty__V1__Finding *finding = find(diagnose(), code);
    assert_non_null(finding);
    assert_int_equal(finding->level, level);
    assert_true(strlen(finding->what) > 10);
    assert_true((strlen(finding->advice) > 10) == (level != GOOD));
}

static void all_is_well(void **state)
{
    (void)state;
    static const char *const good[] = {"LEASE_OLD", "CLOCK_SKEW",      "PROGRAM",
                                       "DUE_LAG",   "ARCHIVE_WAITING", "JOBS"};
    world_enroll(&world, "anna");
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_level(good[i], GOOD);
    }
    const Loyalty__V1__DiagnoseResponse *diagnosis = diagnose();
    for (size_t i = 0; i < diagnosis->n_findings; i++) {
        assert_true(diagnosis->findings[i]->level != FAULT);
    }
}

static void a_clock_that_is_off(void **state)
{
    (void)state;
    world.daemons[0].clock_offset_ms = -800;
    assert_level("CLOCK_SKEW", WARNING);
    world.daemons[0].clock_offset_ms = LIMIT_CLOCK_AHEAD_MS + 1;
    assert_level("CLOCK_SKEW", FAULT);
    assert_non_null(strstr(find(diagnose(), "CLOCK_SKEW")->what, "2001 ms ahead"));
}

// Nobody sweeps here: what is due stays so.
static void accounts_that_are_overdue(void **state)
{
    (void)state;
    world_enroll(&world, "anna");
    world_misplace(&world, "anna", world.now_ms - 119000);
    assert_level("DUE_LAG", GOOD);
    world_misplace(&world, "anna", world.now_ms - 130000);
    assert_level("DUE_LAG", WARNING);
    world_misplace(&world, "anna", world.now_ms - INT64_C(4000000));
    assert_level("DUE_LAG", FAULT);
}

static void a_store_that_fails_on_the_way(void **state)
{
    (void)state;
    world_ask(&world.daemons[0], "admin/night", "MonitorService/Diagnose", "{}", &answer);
    memory_fail_next(world.daemons[0].store, MEMORY_FAULT_BEFORE);
    world_run(&world);
    assert_string_equal(world_end(&answer), "OK");
    const Loyalty__V1__DiagnoseResponse *diagnosis =
        (const Loyalty__V1__DiagnoseResponse *)answer.reply;
    assert_int_equal(find(diagnosis, "STORE_ANSWERS")->level, FAULT);
    assert_non_null(find(diagnosis, "PROGRAM"));
    assert_null(find(diagnosis, "JOBS"));
}

// --- the daemon around it ---

static int findings_wanted;

static void tell_findings(void *context, monitor_finding_fn *each, void *to)
{
    (void)context;
    const struct finding finding = {.level = FINDING_FAULT,
                                    .code = "CRL_ENDED",
                                    .what = "It has ended.",
                                    .advice = "Renew it."};
    int told = 0;
    while (told < findings_wanted && each(to, &finding)) {
        told++;
    }
    findings_wanted = told;
}

static void what_the_daemon_finds_is_told(void **state)
{
    (void)state;
    static const struct monitor_port port = {.findings = tell_findings};
    service_set_monitor(world.daemons[0].service, &port);
    findings_wanted = 1;
    const Loyalty__V1__Finding *finding = find(diagnose(), "CRL_ENDED");
    assert_int_equal(finding->level, FAULT);
    assert_string_equal(finding->what, "It has ended.");
    assert_string_equal(finding->advice, "Renew it.");
    findings_wanted = 1000; // there is a bound
    assert_int_equal(diagnose()->n_findings, DIAGNOSE_FINDINGS);
    assert_true(findings_wanted < DIAGNOSE_FINDINGS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(all_is_well),
        TEST(a_clock_that_is_off),
        TEST(accounts_that_are_overdue),
        TEST(a_store_that_fails_on_the_way),
        TEST(what_the_daemon_finds_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
