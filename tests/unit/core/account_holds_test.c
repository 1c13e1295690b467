// Records of holds that do not belong: the fold must find them, not absorb them. And a savepoint
// takes back what was done to holds.
#include "core/account.h"

#include "unit/core/account_fixture.h"

enum { HELD = 350, LAPSES_MS = FIXTURE_MS + 6000, DAY = 20000 };

static struct lot_move held_lots[] = {{FIRST_END_MS, FIRST_POINTS}, {SECOND_END_MS, 50}};

static struct record held(uint8_t id)
{
    return (struct record){
        .type = RECORD_HELD,
        .at_ms = FIXTURE_MS,
        .mark = {.present = true, .id = {id}},
        .held = {.taken = {.version = 1,
                           .points = HELD,
                           .lots = held_lots,
                           .lot_count = 2,
                           .counted = true,
                           .day = DAY},
                 .lapses_ms = LAPSES_MS},
    };
}

// All that the hold has, freed.
static struct points_freed all(void)
{
    return (struct points_freed){.lots = held_lots, .lot_count = 2};
}

static struct record released(uint8_t id, int64_t at_ms)
{
    return (struct record){
        .type = RECORD_RELEASED, .at_ms = at_ms, .released = {.reservation = {id}, .freed = all()}};
}

static struct record lapsed(uint8_t id, int64_t at_ms)
{
    return (struct record){
        .type = RECORD_LAPSED, .at_ms = at_ms, .lapsed = {.reservation = {id}, .freed = all()}};
}

static struct record captured(uint8_t id, struct lot_move *taken, size_t taken_count,
                              struct lot_move *freed, size_t freed_count)
{
    return (struct record){
        .type = RECORD_CAPTURED,
        .at_ms = FIXTURE_MS,
        .captured = {.reservation = {id},
                     .taken = {.version = 1,
                               .points = lot_moves_points(taken, taken_count),
                               .lots = taken,
                               .lot_count = taken_count,
                               .counted = true,
                               .day = DAY},
                     .freed = {.lots = freed, .lot_count = freed_count}},
    };
}

static int setup(void **state)
{
    static struct account account;
    fixture_init(&account);
    struct record record = held(7);
    assert_int_equal(fixture_apply(&account, &record), STATUS_OK);
    fixture_sound(&account);
    *state = &account;
    return 0;
}

static int teardown(void **state)
{
    account_fini(*state);
    return 0;
}

static void a_hold_stands_beside_the_balance(void **state)
{
    const struct account *account = *state;
    const struct hold *hold = account_hold(account, (const uint8_t[REQUEST_ID_BYTES]){7});
    assert_non_null(hold);
    assert_int_equal(hold->seq, 5);
    assert_int_equal(account->held_points, HELD);
    assert_int_equal(account->balance, FIRST_POINTS + SECOND_POINTS - HELD);
    assert_int_equal(account->redeem_day_points, HELD);
    assert_int_equal(account->redeemed, 0);
    assert_null(account_hold(account, (const uint8_t[REQUEST_ID_BYTES]){8}));
}

static void a_hold_is_of_a_request_and_of_points_there_are(void **state)
{
    struct record record = held(8);
    fixture_refuses(*state, &record); // the first lot is gone
    struct lot_move rest = {SECOND_END_MS, 10};
    record.held.taken.lots = &rest;
    record.held.taken.lot_count = 1;
    fixture_refuses(*state, &record); // the sum is another
    record.held.taken.points = 10;
    record.held.lapses_ms = FIXTURE_MS;
    fixture_refuses(*state, &record); // lapsed before it began
    record.held.lapses_ms = FIXTURE_MS + 1;
    record.mark.system = true;
    fixture_refuses(*state, &record);
    record.mark.present = false;
    fixture_refuses(*state, &record);
    record.mark = (struct mark){.present = true, .id = {7}};
    fixture_refuses(*state, &record); // that one is open
    record.mark.id[0] = 8;
    assert_int_equal(account_apply(*state, &record), STATUS_OK);
}

static void a_hold_ends_with_all_its_points(void **state)
{
    struct account *account = *state;
    struct record record = released(8, FIXTURE_MS);
    fixture_refuses(account, &record); // there is none
    record = released(7, FIXTURE_MS);
    record.released.freed.lot_count = 1;
    fixture_refuses(account, &record);
    struct lot_move other[] = {{FIRST_END_MS, FIRST_POINTS}, {SECOND_END_MS, 51}};
    record.released.freed = (struct points_freed){other, 2};
    fixture_refuses(account, &record);
    struct lot_move twisted[] = {{SECOND_END_MS, 50}, {FIRST_END_MS, FIRST_POINTS}};
    record.released.freed.lots = twisted;
    fixture_refuses(account, &record);
    struct lot_move none[] = {
        {FIRST_END_MS, FIRST_POINTS}, {SECOND_END_MS, 50}, {SECOND_END_MS, 0}};
    record.released.freed = (struct points_freed){none, 3};
    fixture_refuses(account, &record);
    record = released(7, FIXTURE_MS);
    assert_int_equal(account_apply(account, &record), STATUS_OK);
    fixture_sound(account);
    assert_int_equal(account->held_points, 0);
    assert_int_equal(account->redeem_day_points, 0);
    assert_int_equal(account->lots.items[0].points, FIRST_POINTS);
    fixture_refuses(account, &record); // once
}

static void a_capture_takes_the_first_points(void **state)
{
    struct account *account = *state;
    struct lot_move first = {FIRST_END_MS, 100};
    struct lot_move rest[] = {{FIRST_END_MS, FIRST_POINTS - 100}, {SECOND_END_MS, 50}};
    struct record record = captured(7, &first, 1, rest, 1);
    fixture_refuses(account, &record); // the second lot is forgotten
    struct lot_move later = {SECOND_END_MS, 50};
    record = captured(7, &later, 1, held_lots, 1);
    fixture_refuses(account, &record); // not the earliest expiry
    record = captured(7, &first, 0, held_lots, 2);
    fixture_refuses(account, &record); // nothing is no capture
    record = captured(7, &first, 1, rest, 2);
    record.captured.taken.points++;
    fixture_refuses(account, &record);
    record = captured(7, &first, 1, rest, 2);
    record.captured.taken.version = 2;
    fixture_refuses(account, &record);
    record.captured.taken.version = 1;
    record.captured.taken.day++;
    fixture_refuses(account, &record);
    record.captured.taken.counted = false;
    fixture_refuses(account, &record);
    record = captured(7, &first, 1, rest, 2);
    record.at_ms = LAPSES_MS;
    fixture_refuses(account, &record); // not at the lapse
    record.at_ms = FIXTURE_MS;
    assert_int_equal(account_apply(account, &record), STATUS_OK);
    fixture_sound(account);
    assert_int_equal(account->redeemed, 100);
    assert_int_equal(account->redeem_day_points, 100);
    assert_int_equal(account->balance, FIRST_POINTS + SECOND_POINTS - 100);
}

static void a_hold_lapses_at_its_instant(void **state)
{
    struct account *account = *state;
    struct record record = lapsed(7, LAPSES_MS - 1);
    fixture_refuses(account, &record);
    record = lapsed(7, LAPSES_MS + 1);
    fixture_refuses(account, &record);
    record = released(7, LAPSES_MS);
    fixture_refuses(account, &record);
    // Its first lot has ended by then: these points end at once, and are remembered as that lot's.
    record = lapsed(7, LAPSES_MS);
    assert_int_equal(account_apply(account, &record), STATUS_OK);
    fixture_sound(account);
    assert_int_equal(account->expired, FIRST_POINTS);
    assert_int_equal(account_ended(account, FIRST_END_MS), FIRST_POINTS);
    assert_int_equal(account->balance, SECOND_POINTS + PENDING_POINTS);
}

static void a_savepoint_brings_holds_back(void **state)
{
    struct account *account = *state;
    struct account before;
    struct arena arena;
    struct account_savepoint *savepoint;
    const char *what = NULL;
    arena_init(&arena, 1 << 20);
    fixture_init(&before);
    struct record record = held(7);
    assert_int_equal(fixture_apply(&before, &record), STATUS_OK);
    assert_int_equal(account_save(account, &arena, &savepoint), STATUS_OK);
    record = lapsed(7, LAPSES_MS);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(account_apply(account, &record), STATUS_OK);
        assert_false(account_equal(account, &before, &what));
        account_restore(account, savepoint);
        assert_true(account_equal(account, &before, &what));
    }
    account_fini(&before);
    arena_fini(&arena);
}

// Each figure of a hold tells two accounts apart.
static void holds_are_compared(void **state)
{
    struct account *account = *state;
    struct account other;
    const char *what = NULL;
    fixture_init(&other);
    struct record record = held(7);
    record.held.lapses_ms++;
    assert_int_equal(fixture_apply(&other, &record), STATUS_OK);
    assert_false(account_equal(account, &other, &what));
    assert_string_equal(what, "holds");
    other.holds.items[0].lapses_ms--;
    assert_true(account_equal(account, &other, &what));
    other.holds.items[0].reservation[15] = 1;
    assert_false(account_equal(account, &other, &what));
    account_fini(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_hold_stands_beside_the_balance, setup, teardown),
        cmocka_unit_test_setup_teardown(a_hold_is_of_a_request_and_of_points_there_are, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_hold_ends_with_all_its_points, setup, teardown),
        cmocka_unit_test_setup_teardown(a_capture_takes_the_first_points, setup, teardown),
        cmocka_unit_test_setup_teardown(a_hold_lapses_at_its_instant, setup, teardown),
        cmocka_unit_test_setup_teardown(a_savepoint_brings_holds_back, setup, teardown),
        cmocka_unit_test_setup_teardown(holds_are_compared, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
