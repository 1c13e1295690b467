// Notices in the fold: those that belong are taken once, those that do not are found.
#include "core/account.h"

#include "unit/core/account_fixture.h"

enum { CARD_END_MS = FIXTURE_MS + 7000 };

static struct record of_points(int64_t due_ms, int64_t points)
{
    return (struct record){
        .type = RECORD_NOTICED,
        .at_ms = FIXTURE_MS,
        .noticed = {.kind = NOTICE_POINTS_EXPIRING, .due_ms = due_ms, .points = points}};
}

static struct record of_card(int64_t due_ms)
{
    return (struct record){.type = RECORD_NOTICED,
                           .at_ms = FIXTURE_MS,
                           .noticed = {.kind = NOTICE_CARD_ENDING, .due_ms = due_ms}};
}

static int setup(void **state)
{
    static struct account account;
    fixture_init(&account);
    struct record card = {
        .type = RECORD_BOUNDARY,
        .at_ms = FIXTURE_MS,
        .cards = {{.tier = 1, .from_ms = FIXTURE_MS, .until_ms = CARD_END_MS, .cause = 2}},
        .card_count = 1};
    assert_int_equal(fixture_apply(&account, &card), STATUS_OK);
    *state = &account;
    return 0;
}

static int teardown(void **state)
{
    account_fini(*state);
    return 0;
}

static void takes(struct account *account, struct record record)
{
    assert_int_equal(fixture_apply(account, &record), STATUS_OK);
}

static void refuses(struct account *account, struct record record)
{
    fixture_refuses(account, &record);
}

static void ends_are_told_once(void **state)
{
    struct account *account = *state;
    takes(account, of_points(FIRST_END_MS, FIRST_POINTS));
    assert_int_equal(account->points_noticed_ms, FIRST_END_MS);
    refuses(account, of_points(FIRST_END_MS, FIRST_POINTS));
    assert_int_equal(account->points_noticed_ms, FIRST_END_MS);
    takes(account, of_points(SECOND_END_MS, SECOND_POINTS));
    refuses(account, of_points(FIRST_END_MS, FIRST_POINTS));
    takes(account, of_card(CARD_END_MS));
    assert_int_equal(account->card_noticed_ms, CARD_END_MS);
    refuses(account, of_card(CARD_END_MS));
    assert_int_equal(account->balance, FIRST_POINTS + SECOND_POINTS);
    fixture_sound(account);
}

static void what_does_not_belong_is_found(void **state)
{
    struct account *account = *state;
    refuses(account, of_points(FIRST_END_MS + 1, FIRST_POINTS));
    refuses(account, of_points(FIRST_END_MS, 0));
    refuses(account, of_points(FIXTURE_MS, FIRST_POINTS));
    refuses(account, of_points(INSTANT_NEVER, FIRST_POINTS));
    refuses(account, of_card(CARD_END_MS + 1));
    refuses(account, of_card(FIXTURE_MS));
    struct record card_with_points = of_card(CARD_END_MS);
    card_with_points.noticed.points = 1;
    refuses(account, card_with_points);
    assert_int_equal(account->points_noticed_ms, 0);
    assert_int_equal(account->card_noticed_ms, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(ends_are_told_once, setup, teardown),
        cmocka_unit_test_setup_teardown(what_does_not_belong_is_found, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
