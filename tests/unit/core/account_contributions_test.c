// Partners' contributions in the fold: records that do not fit the account are found, and what
// those that do leave behind counts from when to when it should.
#include <string.h>

#include "core/account.h"
#include "core/chain.h"

#include "unit/core/account_fixture.h"

enum {
    SCORE = 1000,
    FROM_MS = FIXTURE_MS + 2000,
    UNTIL_MS = FIXTURE_MS + 8000,
    KEY = 7,
    OTHER = 8
};

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

static struct record contributed(uint8_t key, int64_t from_ms, int64_t until_ms, int64_t score)
{
    return (struct record){
        .type = RECORD_CONTRIBUTED,
        .at_ms = FIXTURE_MS,
        .contributed = {.key = {key}, .from_ms = from_ms, .until_ms = until_ms, .score = score}};
}

// One that was reported as [FROM_MS, UNTIL_MS) loses so much from an instant on.
static struct record cut(int64_t from_ms, int64_t score)
{
    return (struct record){.type = RECORD_CONTRIBUTION_REDUCED,
                           .at_ms = FIXTURE_MS,
                           .contribution_reduced = {.key = {KEY},
                                                    .change = CONTRIBUTION_CUT,
                                                    .score = score,
                                                    .from_ms = from_ms,
                                                    .until_ms = UNTIL_MS,
                                                    .left_score = SCORE - score,
                                                    .left_from_ms = FROM_MS,
                                                    .left_until_ms = UNTIL_MS}};
}

static struct record ended(int64_t from_ms)
{
    struct record record = cut(from_ms, SCORE);
    record.contribution_reduced.change = CONTRIBUTION_MATURED;
    record.contribution_reduced.left_score = SCORE;
    record.contribution_reduced.left_until_ms = from_ms;
    return record;
}

static void apply(struct account *account, struct record record)
{
    assert_int_equal(fixture_apply(account, &record), STATUS_OK);
    fixture_sound(account);
}

static void refuses(struct account *account, struct record record)
{
    fixture_refuses(account, &record);
}

static void it_is_something_and_new(void **state)
{
    struct account *account = *state;
    refuses(account, contributed(KEY, FROM_MS, FROM_MS, SCORE));
    refuses(account, contributed(KEY, FROM_MS, UNTIL_MS, 0));
    apply(account, contributed(KEY, FROM_MS, UNTIL_MS, SCORE));
    refuses(account, contributed(KEY, FIXTURE_MS, INSTANT_NEVER, 1));
    apply(account, contributed(OTHER, FIXTURE_MS, INSTANT_NEVER, 1)); // another partner's
    const struct reported *reported =
        account_reported(account, (uint8_t[IDENTIFIER_KEY_BYTES]){KEY});
    assert_int_equal(reported->score, SCORE);
    assert_int_equal(reported->until_ms, UNTIL_MS);
    assert_null(account_reported(account, (uint8_t[IDENTIFIER_KEY_BYTES]){9}));
}

static void what_is_taken_was_there(void **state)
{
    struct account *account = *state;
    refuses(account, cut(FROM_MS, 1)); // nothing was reported yet
    apply(account, contributed(KEY, FROM_MS, UNTIL_MS, SCORE));
    struct record wrong = cut(FROM_MS, SCORE + 1);
    refuses(account, wrong);
    refuses(account, cut(FROM_MS - 1, 1));
    refuses(account, cut(UNTIL_MS, 1));
    refuses(account, cut(UNTIL_MS + 1, 1));
    wrong = cut(FROM_MS, 1);
    wrong.contribution_reduced.until_ms++;
    refuses(account, wrong);
    wrong = cut(FROM_MS, 1);
    wrong.contribution_reduced.left_score++;
    refuses(account, wrong);
    wrong = cut(FROM_MS, 1);
    wrong.contribution_reduced.left_from_ms++;
    refuses(account, wrong);
    wrong = ended(FROM_MS + 1);
    wrong.contribution_reduced.left_until_ms++;
    refuses(account, wrong);
    wrong = ended(FROM_MS + 1);
    wrong.contribution_reduced.score--;
    refuses(account, wrong);
}

static void nothing_is_taken_from_the_past(void **state)
{
    struct account *account = *state;
    apply(account, contributed(KEY, FROM_MS, UNTIL_MS, SCORE));
    struct record late = cut(FROM_MS, 1);
    late.at_ms = FROM_MS + 1;
    refuses(account, late);
}

// Before, at and after: what counts at each instant of [FROM_MS, UNTIL_MS).
static void parts_add_up(void **state)
{
    struct account *account = *state;
    apply(account, contributed(KEY, FROM_MS, UNTIL_MS, SCORE));
    apply(account, cut(FROM_MS, 200)); // before it begins: that much never counts
    struct record record = cut(FROM_MS + 1000, 300);
    record.contribution_reduced.left_score = 500;
    apply(account, record);
    record = ended(FROM_MS + 3000);
    record.contribution_reduced.score = 500;
    record.contribution_reduced.left_score = 500;
    apply(account, record);
    const int64_t awarded = FIRST_SCORE;
    assert_int_equal(account_score_at(account, FROM_MS - 1), awarded);
    assert_int_equal(account_score_at(account, FROM_MS), awarded + 800);
    assert_int_equal(account_score_at(account, FROM_MS + 1000), awarded + 500);
    assert_int_equal(account_score_at(account, FROM_MS + 3000), awarded);
    assert_int_equal(account->steps.items[0].rise, 800);
    for (int64_t at_ms = FIXTURE_MS; at_ms <= UNTIL_MS; at_ms += 500) {
        assert_int_equal(account_settle(account, at_ms), STATUS_OK);
        assert_int_equal(account->score, account_score_at(account, at_ms));
    }
}

static void what_never_begins_is_no_rise(void **state)
{
    struct account *account = *state;
    apply(account, contributed(KEY, FROM_MS, UNTIL_MS, SCORE));
    struct record record = ended(FROM_MS);
    record.contribution_reduced.left_score = 0;
    apply(account, record);
    assert_int_equal(account->steps.items[0].at_ms, FROM_MS);
    assert_int_equal(account->steps.items[0].rise, 0);
    assert_int_equal(account->steps.items[0].fall, 0);
}

static void an_account_has_a_bound(void **state)
{
    struct account *account = *state;
    struct record record = contributed(KEY, FIXTURE_MS, UNTIL_MS, LIMIT_POINTS_A_RECORD + 1);
    assert_int_equal(fixture_apply(account, &record), STATUS_RANGE);
    account->score_given = LIMIT_POINTS_A_BALANCE - 5;
    record.contributed.score = 6;
    assert_int_equal(fixture_apply(account, &record), STATUS_RANGE);
    apply(account, contributed(KEY, FIXTURE_MS, UNTIL_MS, 5));
}

static void a_record_is_read_as_it_was_written(void **state)
{
    (void)state;
    const struct record records[] = {contributed(KEY, FROM_MS, INSTANT_NEVER, SCORE),
                                     cut(FROM_MS, 10), ended(FROM_MS + 1)};
    for (size_t i = 0; i < sizeof records / sizeof records[0]; i++) {
        struct buffer out;
        struct arena arena;
        buffer_init(&out, 0);
        arena_init(&arena, LIMIT_ARENA_BYTES);
        assert_int_equal(record_encode(&records[i], &out), STATUS_OK);
        assert_in_range(out.len, 1, 64);
        uint8_t hash[CHAIN_HASH_BYTES] = {0};
        assert_int_equal(buffer_append(&out, span_of(hash, sizeof hash)), STATUS_OK);
        struct record_cursor cursor = {.rest = buffer_span(&out)};
        struct record_place place;
        struct record read;
        assert_int_equal(record_next(&cursor, &place), STATUS_OK);
        assert_int_equal(record_decode(place.body, &arena, &read), STATUS_OK);
        if (i == 0) {
            assert_memory_equal(&read.contributed, &records[i].contributed,
                                sizeof read.contributed);
        } else {
            assert_int_equal(read.contribution_reduced.change,
                             records[i].contribution_reduced.change);
            assert_int_equal(read.contribution_reduced.left_until_ms,
                             records[i].contribution_reduced.left_until_ms);
        }
        arena_fini(&arena);
        buffer_fini(&out);
    }
}

#define IN_ACCOUNT(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_ACCOUNT(it_is_something_and_new),
        IN_ACCOUNT(what_is_taken_was_there),
        IN_ACCOUNT(nothing_is_taken_from_the_past),
        IN_ACCOUNT(parts_add_up),
        IN_ACCOUNT(what_never_begins_is_no_rise),
        IN_ACCOUNT(an_account_has_a_bound),
        cmocka_unit_test(a_record_is_read_as_it_was_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
