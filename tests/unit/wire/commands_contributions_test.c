// Contributions reported, reduced and ended: every shape and bound, each spoiled once.
#include "commands_fixture.h"
#include "wire/contributions.h"

static const char *const BAD_IDS[] = {
    "a b", "\t", "policy\n", "\xc3\xa9",
    "12345678901234567890123456789012345678901234567890123456789012345"};

static void assert_date(struct civil_date date, int32_t year, int32_t month, int32_t day)
{
    assert_int_equal(date.year, year);
    assert_int_equal(date.month, month);
    assert_int_equal(date.day, day);
}

static void a_report_is_read(void **state)
{
    (void)state;
    static const int64_t bad[] = {0, -1, INT64_MIN, INT64_MAX, LIMIT_POINTS_A_RECORD + 1};
    struct commands commands = till();
    Loyalty__V1__ReportContributionRequest request = LOYALTY__V1__REPORT_CONTRIBUTION_REQUEST__INIT;
    struct contribution_request read;
    request.score = LIMIT_POINTS_A_RECORD;
    assert_fault(commands_contribution(&commands, &request, &read), &commands, "MISSING",
                 "contribution_id");
    for (size_t i = 0; i < sizeof(BAD_IDS) / sizeof(BAD_IDS[0]); i++) {
        request.contribution_id = text(BAD_IDS[i]);
        assert_fault(commands_contribution(&commands, &request, &read), &commands,
                     "BAD_CONTRIBUTION_ID", "contribution_id");
    }
    request.contribution_id = text(BAD_IDS[4] + 1); // 64 of them
    assert_int_equal(commands_contribution(&commands, &request, &read), STATUS_OK);
    assert_span(read.id, BAD_IDS[4] + 1);
    assert_int_equal(read.command.score, LIMIT_POINTS_A_RECORD);
    assert_false(read.command.has_from || read.command.has_until);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        request.score = bad[i];
        assert_fault(commands_contribution(&commands, &request, &read), &commands,
                     "SCORE_OUT_OF_BOUNDS", "score");
    }
}

static void its_days_are_civil(void **state)
{
    (void)state;
    struct commands commands = till();
    Loyalty__V1__ReportContributionRequest request = LOYALTY__V1__REPORT_CONTRIBUTION_REQUEST__INIT;
    struct contribution_request read;
    request.contribution_id = text("P-1");
    request.score = 1;
    request.from = text("2024-05-01");
    request.until = text("2026-02-29");
    assert_fault(commands_contribution(&commands, &request, &read), &commands, "BAD_DATE", "until");
    request.until = text("2026-06-01");
    assert_int_equal(commands_contribution(&commands, &request, &read), STATUS_OK);
    assert_true(read.command.has_from && read.command.has_until);
    assert_date(read.command.from, 2024, 5, 1);
    assert_date(read.command.until, 2026, 6, 1);
    request.from = text("now");
    assert_fault(commands_contribution(&commands, &request, &read), &commands, "BAD_DATE", "from");
}

static void a_reduction_is_read(void **state)
{
    (void)state;
    struct commands commands = till();
    Loyalty__V1__ReduceContributionRequest request = LOYALTY__V1__REDUCE_CONTRIBUTION_REQUEST__INIT;
    struct reduction_request read;
    request.contribution_id = text("P-1");
    assert_fault(commands_reduction(&commands, &request, &read), &commands, "SCORE_OUT_OF_BOUNDS",
                 "score");
    request.score = 500;
    assert_int_equal(commands_reduction(&commands, &request, &read), STATUS_OK);
    assert_int_equal(read.command.score, 500);
    assert_span(read.id, "P-1");
    request.contribution_id = text("");
    assert_fault(commands_reduction(&commands, &request, &read), &commands, "MISSING",
                 "contribution_id");
}

static void an_end_is_read(void **state)
{
    (void)state;
    struct commands commands = till();
    Loyalty__V1__EndContributionRequest request = LOYALTY__V1__END_CONTRIBUTION_REQUEST__INIT;
    struct contribution_end_request read;
    assert_fault(commands_contribution_end(&commands, &request, &read), &commands, "MISSING",
                 "contribution_id");
    request.contribution_id = text("P-1");
    assert_int_equal(commands_contribution_end(&commands, &request, &read), STATUS_OK);
    assert_int_equal(read.command.change, CONTRIBUTION_SURRENDERED); // not said
    assert_false(read.command.has_on);
    request.cause = LOYALTY__V1__CONTRIBUTION_END__CONTRIBUTION_END_MATURED;
    request.on = text("2027-03-01");
    assert_int_equal(commands_contribution_end(&commands, &request, &read), STATUS_OK);
    assert_int_equal(read.command.change, CONTRIBUTION_MATURED);
    assert_date(read.command.on, 2027, 3, 1);
    request.on = text("1969-12-31");
    assert_fault(commands_contribution_end(&commands, &request, &read), &commands, "BAD_DATE",
                 "on");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_is_read),
        cmocka_unit_test(its_days_are_civil),
        cmocka_unit_test(a_reduction_is_read),
        cmocka_unit_test(an_end_is_read),
    };
    return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
