// What is answered of contributions: all to an admin, to a partner nothing of the member.
#include "replies_fixture.h"
#include "wire/contributions.h"

enum { PARTNER = CNY + 1, ADMIN };

#define UNTIL_MS INT64_C(1780243200000)

static struct record report(uint32_t actor)
{
    return (struct record){
        .type = RECORD_CONTRIBUTED,
        .at_ms = AT_MS,
        .actor = actor,
        .has_figures = true,
        .figures = figures(),
        .cards =
            {{.tier = GOLD, .from_ms = AT_MS, .until_ms = LOT_ENDS_MS, .cause = CARD_IMMEDIATE}},
        .card_count = 1,
        .contributed = {.from_ms = AT_MS, .until_ms = INSTANT_NEVER, .score = 12000},
    };
}

static Loyalty__V1__ContributionResponse *render(const struct record *record)
{
    Loyalty__V1__ContributionResponse *response = NULL;
    assert_int_equal(replies_contribution(&replies, record, 7, &response), STATUS_OK);
    return response;
}

static int set_up_actors(void **state)
{
    uint32_t ref = 0;
    (void)taken; // the fixture's lots are not of contributions
    assert_int_equal(set_up(state), 0);
    assert_int_equal(names_add(&names, span_of_text("partner/insurer"), &ref), STATUS_OK);
    assert_int_equal(ref, PARTNER);
    assert_int_equal(names_add(&names, span_of_text("admin/anna"), &ref), STATUS_OK);
    return 0;
}

static void an_admin_is_told_all(void **state)
{
    (void)state;
    struct record record = report(ADMIN);
    const Loyalty__V1__ContributionResponse *response = render(&record);
    assert_int_equal(response->score, 12000);
    assert_instant(response->from, AT_MS);
    assert_null(response->until);
    assert_string_equal(response->member_id, "m-1");
    assert_int_equal(response->seq, 7);
    assert_string_equal(response->new_card->tier_id, "gold");
    assert_int_equal(response->standing->score, 2134);
}

static void a_partner_is_told_of_its_contribution(void **state)
{
    (void)state;
    struct record record = report(PARTNER);
    const Loyalty__V1__ContributionResponse *response = render(&record);
    assert_int_equal(response->score, 12000);
    assert_instant(response->recorded_at, AT_MS);
    assert_string_equal(response->member_id, "");
    assert_int_equal(response->seq, 0);
    assert_null(response->new_card);
    assert_null(response->standing);
    // An actor that the record itself names is as much a partner.
    static struct span added;
    added = span_of_text("partner/bank");
    record.names = &added;
    record.name_count = 1;
    record.actor = ADMIN + 1;
    assert_null(render(&record)->standing);
}

static void what_is_left_is_said(void **state)
{
    (void)state;
    struct record record = report(PARTNER);
    record.type = RECORD_CONTRIBUTION_REDUCED;
    record.contribution_reduced =
        (struct record_contribution_reduced){.change = CONTRIBUTION_MATURED,
                                             .score = 500,
                                             .from_ms = UNTIL_MS,
                                             .until_ms = INSTANT_NEVER,
                                             .left_score = 11500,
                                             .left_from_ms = 0,
                                             .left_until_ms = UNTIL_MS};
    const Loyalty__V1__ContributionResponse *response = render(&record);
    assert_int_equal(response->score, 11500);
    assert_instant(response->from, 0);
    assert_instant(response->until, UNTIL_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_admin_is_told_all),
        cmocka_unit_test(a_partner_is_told_of_its_contribution),
        cmocka_unit_test(what_is_left_is_said),
    };
    return cmocka_run_group_tests(tests, set_up_actors, tear_down);
}
