// Acts by hand as they are asked for: what is well formed, and what is said of the rest.
#include "unit/wire/commands_fixture.h"

#include "wire/acts.h"

#define GOODWILL LOYALTY__V1__ACT_REASON__ACT_REASON_GOODWILL

static Loyalty__V1__AdjustPointsRequest points_request(int64_t points)
{
    Loyalty__V1__AdjustPointsRequest request = LOYALTY__V1__ADJUST_POINTS_REQUEST__INIT;
    request.points = points;
    request.reason_code = GOODWILL;
    request.reason = text("a long wait");
    return request;
}

static Loyalty__V1__AdjustScoreRequest score_request(int64_t score)
{
    Loyalty__V1__AdjustScoreRequest request = LOYALTY__V1__ADJUST_SCORE_REQUEST__INIT;
    request.score = score;
    request.reason_code = GOODWILL;
    request.reason = text("a long wait");
    return request;
}

static void points_are_read(void **state)
{
    (void)state;
    struct commands commands = till();
    Loyalty__V1__AdjustPointsRequest request = points_request(500);
    struct adjust_command command = {0};
    assert_int_equal(acts_read_points(&commands, &request, &command), STATUS_OK);
    assert_int_equal(command.points, 500);
    assert_int_equal(command.score, 0);
    assert_int_equal(command.end, ACT_END_AS_EARNED);
    assert_int_equal(command.reason_code, GOODWILL);
    assert_span(command.reason, "a long wait");
    request.expires_on = text("never");
    assert_int_equal(acts_read_points(&commands, &request, &command), STATUS_OK);
    assert_int_equal(command.end, ACT_END_NEVER);
    request.expires_on = text("2027-02-28");
    assert_int_equal(acts_read_points(&commands, &request, &command), STATUS_OK);
    assert_int_equal(command.end, ACT_END_ON);
    assert_int_equal(command.ends_on.day, 28);
    request = points_request(-LIMIT_POINTS_A_RECORD);
    request.may_owe = 1;
    assert_int_equal(acts_read_points(&commands, &request, &command), STATUS_OK);
    assert_true(command.may_owe);
}

static void points_are_refused(void **state)
{
    (void)state;
    static const int64_t none[] = {0, LIMIT_POINTS_A_RECORD + 1, -LIMIT_POINTS_A_RECORD - 1,
                                   INT64_MIN, INT64_MAX};
    struct adjust_command command = {0};
    struct commands commands = till();
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        Loyalty__V1__AdjustPointsRequest request = points_request(none[i]);
        assert_fault(acts_read_points(&commands, &request, &command), &commands,
                     "POINTS_OUT_OF_BOUNDS", "points");
    }
    Loyalty__V1__AdjustPointsRequest request = points_request(-1);
    request.expires_on = text("never");
    assert_fault(acts_read_points(&commands, &request, &command), &commands, "NOT_HERE",
                 "expires_on");
    request = points_request(1);
    request.expires_on = text("Never");
    assert_fault(acts_read_points(&commands, &request, &command), &commands, "BAD_DATE",
                 "expires_on");
    request = points_request(1);
    request.reason = text("");
    assert_fault(acts_read_points(&commands, &request, &command), &commands, "MISSING", "reason");
    request = points_request(1);
    request.reason_code = LOYALTY__V1__ACT_REASON__ACT_REASON_UNSPECIFIED;
    assert_fault(acts_read_points(&commands, &request, &command), &commands, "MISSING",
                 "reason_code");
}

static void score_has_an_end_or_its_window(void **state)
{
    (void)state;
    struct commands commands = till();
    struct adjust_command command = {0};
    Loyalty__V1__AdjustScoreRequest request = score_request(7);
    request.until = text("2027-01-01");
    assert_int_equal(acts_read_score(&commands, &request, &command), STATUS_OK);
    assert_int_equal(command.score, 7);
    assert_int_equal(command.points, 0);
    assert_int_equal(command.end, ACT_END_ON);
    request.until = text("never");
    assert_fault(acts_read_score(&commands, &request, &command), &commands, "BAD_DATE", "until");
    request = score_request(-7);
    request.until = text("2027-01-01");
    assert_fault(acts_read_score(&commands, &request, &command), &commands, "NOT_HERE", "until");
    request = score_request(0);
    assert_fault(acts_read_score(&commands, &request, &command), &commands, "SCORE_OUT_OF_BOUNDS",
                 "score");
}

static void tiers_are_named(void **state)
{
    (void)state;
    struct commands commands = till();
    struct grant_command granted = {0};
    struct revoke_command revoked = {0};
    Loyalty__V1__GrantTierRequest grant = LOYALTY__V1__GRANT_TIER_REQUEST__INIT;
    Loyalty__V1__RevokeTierRequest revoke = LOYALTY__V1__REVOKE_TIER_REQUEST__INIT;
    grant.reason_code = revoke.reason_code = GOODWILL;
    grant.reason = revoke.reason = text("asked");
    grant.until = text("2027-01-01");
    assert_fault(acts_read_grant(&commands, &grant, &granted), &commands, "MISSING", "tier_id");
    grant.tier_id = text("gold");
    grant.until = text("");
    assert_fault(acts_read_grant(&commands, &grant, &granted), &commands, "MISSING", "until");
    grant.until = text("2027-01-01");
    assert_int_equal(acts_read_grant(&commands, &grant, &granted), STATUS_OK);
    assert_span(granted.tier, "gold");
    assert_int_equal(granted.until.year, 2027);
    assert_int_equal(acts_read_revoke(&commands, &revoke, &revoked), STATUS_OK);
    assert_int_equal(revoked.tier.len, 0);
    revoke.reason = text("");
    assert_fault(acts_read_revoke(&commands, &revoke, &revoked), &commands, "MISSING", "reason");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_are_read),
        cmocka_unit_test(points_are_refused),
        cmocka_unit_test(score_has_an_end_or_its_window),
        cmocka_unit_test(tiers_are_named),
    };
    return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
