// Reversals that do not fit the account, and what those that do leave.
#include "core/account.h"

#include "unit/core/account_fixture.h"

static int setup(void **state)
{
    static struct account account;
    fixture_init(&account);
    *state = &account;
    return 0;
}

static int teardown(void **state)
{
    account_fini(*state);
    return 0;
}

// Of the first award, all from its own lot.
static struct record of_award(struct lot_move *lots, size_t count)
{
    return (struct record){
        .type = RECORD_REVERSED,
        .at_ms = FIXTURE_MS,
        .reversed = {.advice = {.original = {1}},
                     .result = REVERSE_REVERSED,
                     .method = RECORD_AWARDED,
                     .original_seq = 2,
                     .points = lot_moves_points(lots, count),
                     .lots = lots,
                     .lot_count = count,
                     .sale = {.lot_ends_ms = FIRST_END_MS, .score_until_ms = SECOND_END_MS}},
    };
}

static struct record redeemed(struct lot_move *lots, size_t count)
{
    return (struct record){.type = RECORD_REDEEMED,
                           .at_ms = FIXTURE_MS,
                           .redeemed = {.points = lot_moves_points(lots, count),
                                        .lots = lots,
                                        .lot_count = count,
                                        .counted = true,
                                        .day = 20000}};
}

static void what_is_taken_was_there(void **state)
{
    struct account *account = *state;
    struct lot_move lots[] = {{FIRST_END_MS, FIRST_POINTS + 1}};
    struct record record = of_award(lots, 1);
    fixture_refuses(account, &record);
    lots[0].points = 10;
    record = of_award(lots, 1);
    record.reversed.points++;
    fixture_refuses(account, &record); // the parts do not add up
    record = of_award(lots, 1);
    record.reversed.sale.pending = 5;
    record.reversed.points += 5;
    fixture_refuses(account, &record); // nothing of this award is pending
    record.reversed.original_seq = PENDING_SEQ;
    fixture_refuses(account, &record); // it ends elsewhere
    record.reversed.sale.lot_ends_ms = SECOND_END_MS;
    assert_int_equal(account_apply(account, &record), STATUS_OK);
    assert_int_equal(account->pending_points, PENDING_POINTS - 5);
    record = of_award(lots, 1);
    record.reversed.expired = 1;
    record.reversed.points++;
    fixture_refuses(account, &record); // nothing has expired
    record = of_award(lots, 1);
    record.reversed.sale.deficit = 1;
    record.reversed.points++;
    fixture_refuses(account, &record); // there is something to take
    record = of_award(lots, 1);
    record.reversed.forgiven = 1;
    record.reversed.points++;
    fixture_refuses(account, &record);
    record = of_award(lots, 1);
    record.reversed.original_seq = account->seq + 1;
    fixture_refuses(account, &record); // not from the future
    record = of_award(lots, 1);
    record.reversed.method = RECORD_OPENED;
    fixture_refuses(account, &record);
    fixture_sound(account);
}

static void figures_below_nothing_are_none(void **state)
{
    struct lot_move lots[] = {{FIRST_END_MS, 10}};
    struct record record = of_award(lots, 1);
    record.reversed.sale.deficit = -10;
    record.reversed.points = 0;
    fixture_refuses(*state, &record);
    record = of_award(lots, 1);
    record.reversed.sale.pending = INT64_MAX;
    record.reversed.sale.deficit = INT64_MAX;
    fixture_refuses(*state, &record);
}

static void score_is_taken_once_and_not_after_its_end(void **state)
{
    struct account *account = *state;
    struct record record = of_award(NULL, 0);
    record.reversed.sale.score = FIRST_SCORE + 1;
    fixture_refuses(account, &record); // more than there is
    record.reversed.sale.score = FIRST_SCORE;
    record.reversed.sale.score_until_ms = FIXTURE_MS;
    fixture_refuses(account, &record); // counts no more
    record.reversed.sale.score_until_ms = SECOND_END_MS + 1;
    fixture_refuses(account, &record); // ends before that
    record.reversed.original_seq = 3;
    record.reversed.sale.score_until_ms = SECOND_END_MS;
    fixture_refuses(account, &record); // another sale's
    record.reversed.original_seq = 2;
    record.reversed.sale.score_until_ms = SECOND_END_MS;
    assert_int_equal(account_apply(account, &record), STATUS_OK);
    fixture_sound(account);
    assert_int_equal(account->score, 0);
    assert_int_equal(account_score_at(account, FIXTURE_MS), 0);
    fixture_refuses(account, &record); // once
    // A boundary of that very instant was before it.
    assert_int_equal(account_score_at_boundary(account, FIXTURE_MS + 1), 0);
    assert_int_equal(account_settle(account, SECOND_END_MS), STATUS_OK);
    assert_int_equal(account->score, 0);
}

static void a_debt_is_paid_by_what_becomes_spendable(void **state)
{
    struct account *account = *state;
    struct lot_move both[] = {{FIRST_END_MS, FIRST_POINTS}, {SECOND_END_MS, SECOND_POINTS}};
    struct record record = redeemed(both, 2);
    assert_int_equal(fixture_apply(account, &record), STATUS_OK);
    record = of_award(NULL, 0);
    record.reversed.result = REVERSE_FURTHER_ACTIVITY;
    record.reversed.points = FIRST_POINTS;
    record.reversed.sale.deficit = 200;
    record.reversed.forgiven = 100;
    assert_int_equal(fixture_apply(account, &record), STATUS_OK);
    fixture_sound(account);
    assert_int_equal(account->balance, -200);
    assert_int_equal(account->forgiven, 100);
    assert_int_equal(account->taken_back, FIRST_POINTS);
    assert_int_equal(account_settle(account, FIXTURE_MS + 4000), STATUS_OK);
    fixture_sound(account);
    assert_int_equal(account->balance, PENDING_POINTS - 200);
    assert_int_equal(account->lots.count, 0);
}

static void what_comes_back_was_spent(void **state)
{
    struct account *account = *state;
    struct lot_move both[] = {{FIRST_END_MS, 100}, {SECOND_END_MS, 50}};
    struct record record = redeemed(both, 2);
    assert_int_equal(fixture_apply(account, &record), STATUS_OK);
    struct lot_move back[] = {{SECOND_END_MS, 50}, {FIRST_END_MS, 100}};
    record = of_award(back, 2);
    record.reversed.method = RECORD_REDEEMED;
    record.reversed.forgiven = 1;
    fixture_refuses(account, &record); // nothing was forgiven
    record.reversed.forgiven = 0;
    record.reversed.expired = 100;
    fixture_refuses(account, &record); // that lot has not ended
    record.reversed.expired = 0;
    record.reversed.uncounted = 151;
    fixture_refuses(account, &record); // the day has counted 150
    record.reversed.uncounted = 150;
    record.reversed.points = 149;
    fixture_refuses(account, &record);
    record.reversed.points = 150;
    assert_int_equal(fixture_apply(account, &record), STATUS_OK);
    fixture_sound(account);
    assert_int_equal(account->redeem_day_points, 0);
    assert_int_equal(account->given_back, 150);
    record.reversed.uncounted = 0;
    fixture_refuses(account, &record); // no more than was spent
}

static void caps_have_names(void **state)
{
    struct account *account = *state;
    struct rule_points use = {.rule = 3, .points = 5};
    struct record record = of_award(NULL, 0);
    record.reversed.sale.uses = &use;
    record.reversed.sale.use_count = 1;
    fixture_refuses(account, &record);
    use.rule = 2;
    assert_int_equal(account_apply(account, &record), STATUS_OK);
    assert_int_equal(account_used_day(account, 2, 0), -5);
    record.reversed.advice.unit = 3;
    fixture_refuses(account, &record);
}

static void a_tombstone_makes_its_original_known(void **state)
{
    struct account *account = *state;
    struct mark original = {.present = true, .id = {9}};
    struct mark own = {.present = true, .id = {10}};
    struct record record = {.type = RECORD_TOMBSTONE,
                            .at_ms = FIXTURE_MS,
                            .mark = own,
                            .tombstone = {.advice = {.original = {9}}}};
    assert_false(account_may_know(account, &original));
    assert_int_equal(account_apply(account, &record), STATUS_OK);
    assert_true(account_may_know(account, &original));
    assert_true(account_may_know(account, &own));
    assert_true(record_buries(&record, &original));
    assert_false(record_buries(&record, &own));
    original.system = true;
    assert_false(record_buries(&record, &original));
}

// What ended longest ago is forgotten first, and nothing else is.
static void what_ended_is_bounded(void **state)
{
    struct account *account = *state;
    for (int64_t i = 1; i <= LIMIT_LOTS_ENDED + 1; i++) {
        struct record record = {
            .type = RECORD_AWARDED,
            .at_ms = FIXTURE_MS,
            .awarded = {.occurred_ms = i,
                        .points = 2,
                        .spendable_ms = i,
                        .lot_ends_ms = i,
                        .score_until_ms = i},
        };
        assert_int_equal(fixture_apply(account, &record), STATUS_OK);
    }
    fixture_sound(account);
    assert_int_equal(account->ended.count, LIMIT_LOTS_ENDED);
    assert_int_equal(account->expired, 2 * (LIMIT_LOTS_ENDED + 1));
    assert_int_equal(account_ended(account, 1), 0);
    assert_int_equal(account_ended(account, 2), 2);
    assert_int_equal(account_ended(account, LIMIT_LOTS_ENDED + 1), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_taken_was_there, setup, teardown),
        cmocka_unit_test_setup_teardown(figures_below_nothing_are_none, setup, teardown),
        cmocka_unit_test_setup_teardown(score_is_taken_once_and_not_after_its_end, setup, teardown),
        cmocka_unit_test_setup_teardown(a_debt_is_paid_by_what_becomes_spendable, setup, teardown),
        cmocka_unit_test_setup_teardown(what_comes_back_was_spent, setup, teardown),
        cmocka_unit_test_setup_teardown(caps_have_names, setup, teardown),
        cmocka_unit_test_setup_teardown(a_tombstone_makes_its_original_known, setup, teardown),
        cmocka_unit_test_setup_teardown(what_ended_is_bounded, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
