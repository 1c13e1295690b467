// Records that are well formed but do not belong: what the fold must find, not absorb.
#include "core/account.h"

#include "base/limits.h"
#include "unit/core/account_fixture.h"

enum { START_MS = 1000000, RULE = 2 };

static struct record opened(void)
{
    return fixture_opened(START_MS);
}

static int setup(void **state)
{
    static struct account account;
    struct record record = opened();
    account_init(&account);
    assert_int_equal(account_apply(&account, &record), STATUS_OK);
    *state = &account;
    return 0;
}

static int teardown(void **state)
{
    account_fini(*state);
    return 0;
}

static struct record awarded(int64_t points, int64_t score)
{
    return (struct record){
        .type = RECORD_AWARDED,
        .at_ms = START_MS,
        .awarded = {.occurred_ms = START_MS,
                    .points = points,
                    .score = score,
                    .spendable_ms = START_MS,
                    .lot_ends_ms = INSTANT_NEVER,
                    .score_until_ms = INSTANT_NEVER},
    };
}

// As if there had been many records before.
static enum status apply_again(struct account *account, const struct record *record, int times)
{
    enum status status = STATUS_OK;
    for (int i = 0; i < times && status == STATUS_OK; i++) {
        status = account_apply(account, record);
    }
    return status;
}

static void an_id_has_no_nul(void **state)
{
    (void)state;
    struct account account;
    struct record record = opened();
    record.opened.id = span_of("anna\0x", 6);
    account_init(&account);
    assert_int_equal(account_apply(&account, &record), STATUS_CORRUPT);
    account_fini(&account);
}

static void references_lead_to_names(void **state)
{
    struct rule_points rule = {.rule = RULE, .points = 1};
    struct record record = awarded(1, 0);
    record.awarded.rules = &rule;
    record.awarded.rule_count = 1;
    assert_int_equal(account_apply(*state, &record), STATUS_OK);
    rule.rule = RULE + 1;
    assert_int_equal(account_apply(*state, &record), STATUS_CORRUPT);
    rule.rule = 0;
    assert_int_equal(account_apply(*state, &record), STATUS_CORRUPT);
    rule.rule = RULE;
    record.awarded.unit = RULE + 1;
    assert_int_equal(account_apply(*state, &record), STATUS_CORRUPT);
    record.awarded.unit = 0;
    record.figures.next_tier = RULE + 1;
    assert_int_equal(account_apply(*state, &record), STATUS_CORRUPT);
    record.figures.next_tier = 0;
    record.figures.tier = RULE + 1;
    assert_int_equal(account_apply(*state, &record), STATUS_CORRUPT);
    struct record redeemed = {
        .type = RECORD_REDEEMED, .at_ms = START_MS, .redeemed = {.unit = RULE + 1}};
    assert_int_equal(account_apply(*state, &redeemed), STATUS_CORRUPT);
}

static void an_opening_names_its_program(void **state)
{
    (void)state;
    struct account account;
    struct record record = opened();
    record.opened.currency = RULE + 1;
    account_init(&account);
    assert_int_equal(account_apply(&account, &record), STATUS_CORRUPT);
    account_fini(&account);
}

// Source: domain.md, fine print 15.
static void pending_points_count_against_the_bound(void **state)
{
    struct record record = awarded(LIMIT_POINTS_A_RECORD, 0);
    record.awarded.spendable_ms = START_MS + 1;
    assert_int_equal(apply_again(*state, &record, 1000), STATUS_OK);
    assert_int_equal(account_apply(*state, &record), STATUS_RANGE);
}

static void score_has_a_bound_in_all(void **state)
{
    struct record record = awarded(0, LIMIT_POINTS_A_RECORD);
    record.awarded.score_until_ms = START_MS - 1; // counts no more, but was given
    assert_int_equal(apply_again(*state, &record, 1000), STATUS_OK);
    assert_int_equal(account_apply(*state, &record), STATUS_RANGE);
}

static void a_rule_gives_no_more_than_a_record(void **state)
{
    struct rule_points rule = {.rule = RULE, .points = LIMIT_POINTS_A_RECORD + 1, .counted = true};
    struct record record = awarded(1, 0);
    record.awarded.rules = &rule;
    record.awarded.rule_count = 1;
    record.awarded.counted = true;
    assert_int_equal(account_apply(*state, &record), STATUS_RANGE);
}

// The total of what expired is not touched by what is none, which could carry it over the edge.
static void what_expires_was_there(void **state)
{
    struct account *account = *state;
    struct lot_move move = {.ends_ms = START_MS, .points = INT64_MAX};
    struct record record = {.type = RECORD_BOUNDARY, .at_ms = START_MS};
    account->expired = 10;
    record.boundary.expired = &move;
    record.boundary.expired_count = 1;
    assert_int_equal(account_apply(account, &record), STATUS_CORRUPT);
    assert_int_equal(account->expired, 10);
}

static void no_points_are_pending_after_their_end(void **state)
{
    const char *what = NULL;
    struct record record = awarded(10, 0);
    record.awarded.spendable_ms = START_MS + 100;
    record.awarded.lot_ends_ms = START_MS + 50;
    assert_int_equal(account_apply(*state, &record), STATUS_OK);
    assert_int_equal(account_check(*state, &what), STATUS_OK);
    assert_int_equal(account_settle(*state, START_MS + 50), STATUS_OK);
    assert_int_equal(account_check(*state, &what), STATUS_CORRUPT);
    assert_string_equal(what, "a pending lot is over");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_has_no_nul),
        cmocka_unit_test_setup_teardown(references_lead_to_names, setup, teardown),
        cmocka_unit_test(an_opening_names_its_program),
        cmocka_unit_test_setup_teardown(pending_points_count_against_the_bound, setup, teardown),
        cmocka_unit_test_setup_teardown(score_has_a_bound_in_all, setup, teardown),
        cmocka_unit_test_setup_teardown(a_rule_gives_no_more_than_a_record, setup, teardown),
        cmocka_unit_test_setup_teardown(what_expires_was_there, setup, teardown),
        cmocka_unit_test_setup_teardown(no_points_are_pending_after_their_end, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
