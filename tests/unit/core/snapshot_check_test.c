// A snapshot is believed only if what it says holds together: one sound account, spoilt in every
// way that its checksum would not tell.
#include "core/snapshot.h"

#include "core/account_parts.h"

#include <string.h>

#include "base/limits.h"
#include "unit/core/account_fixture.h"

enum { NOW_MS = 1000000, POINTS = 500, PENDING = 40, HELD = 15, SCORE = 300, LATER_SCORE = 20 };

static struct record opened(void)
{
    static struct identifier card = {.kind = 1};
    struct record record = fixture_opened(NOW_MS);
    record.opened.identifiers = &card;
    record.opened.identifier_count = 1;
    return record;
}

static void award(struct account *account, int64_t points, int64_t spendable_ms, int64_t score,
                  int64_t score_from_ms)
{
    struct rule_points rule = {.rule = 2, .points = points, .counted = true};
    struct record record = {
        .type = RECORD_AWARDED,
        .at_ms = NOW_MS,
        .awarded = {.occurred_ms = score_from_ms,
                    .points = points,
                    .score = score,
                    .spendable_ms = spendable_ms,
                    .lot_ends_ms = NOW_MS + 5000,
                    .score_until_ms = NOW_MS + 9000,
                    .counted = true,
                    .rules = &rule,
                    .rule_count = 1},
    };
    assert_int_equal(account_apply(account, &record), STATUS_OK);
    account->seq++;
}

static void hold(struct account *account)
{
    struct lot_move move = {.ends_ms = NOW_MS + 5000, .points = HELD};
    struct record record = {
        .type = RECORD_HELD,
        .at_ms = NOW_MS,
        .mark = {.present = true, .id = {3}},
        .held = {.taken = {.version = 1, .points = HELD, .lots = &move, .lot_count = 1},
                 .lapses_ms = NOW_MS + 50},
    };
    assert_int_equal(account_apply(account, &record), STATUS_OK);
    account->seq++;
}

// A sale that came when its points had ended already.
static void award_ended(struct account *account)
{
    struct record record = {
        .type = RECORD_AWARDED,
        .at_ms = NOW_MS,
        .awarded = {.occurred_ms = NOW_MS - 10,
                    .points = 7,
                    .spendable_ms = NOW_MS - 10,
                    .lot_ends_ms = NOW_MS,
                    .score_until_ms = NOW_MS},
    };
    assert_int_equal(account_apply(account, &record), STATUS_OK);
    account->seq++;
}

static void make(struct account *account)
{
    struct record record = opened();
    account_init(account);
    assert_int_equal(account_apply(account, &record), STATUS_OK);
    account->seq++;
    award(account, POINTS, NOW_MS, SCORE, NOW_MS);
    award(account, PENDING, NOW_MS + 100, LATER_SCORE, NOW_MS + 10);
    hold(account);
    award_ended(account);
}

#define SPOIL(change)                                                                              \
    do {                                                                                           \
        struct account account;                                                                    \
        make(&account);                                                                            \
        change;                                                                                    \
        if (snapshot_check(&account) != STATUS_CORRUPT) {                                          \
            fail_msg("passed: %s", #change);                                                       \
        }                                                                                          \
        account_fini(&account);                                                                    \
    } while (0)

static void a_sound_account_passes(void **state)
{
    (void)state;
    struct account account;
    make(&account);
    assert_int_equal(account.steps.count, 2);
    assert_int_equal(snapshot_check(&account), STATUS_OK);
    account_fini(&account);
}

static void totals(void **state)
{
    (void)state;
    SPOIL(account.awarded = -1);
    SPOIL(account.awarded += 1);
    SPOIL(account.expired = INT64_MAX);
    SPOIL((account.expired = INT64_MAX, account.awarded = INT64_MAX));
    SPOIL(account.redeem_day_points = -1);
    SPOIL(account.score_given = INT64_MIN);
    SPOIL(account.enrolled_ms = account.now_ms + 1);
    SPOIL(account.now_ms = LIMIT_INSTANT_MAX_MS);
    SPOIL(account.seq = UINT64_MAX);
    SPOIL(account.balance = INT64_MIN);
    SPOIL(account.deficit = INT64_MIN);
    SPOIL(account.held_points = INT64_MAX);
    SPOIL(account.adjusted = 1);
    SPOIL(account.adjusted = INT64_MIN);
}

static void lots_and_cards(void **state)
{
    (void)state;
    SPOIL(account.lots.items[0].points = INT64_MAX);
    SPOIL(account.lots.items[0].points = 0);
    SPOIL(account.lots.items[0].ends_ms = account.now_ms);
    SPOIL(account.pending.items[0].points = INT64_MAX);
    SPOIL(account.pending.items[0].points = 0);
    SPOIL(account.pending.items[0].spendable_ms = account.now_ms);
    SPOIL(account.pending.items[0].ends_ms = account.now_ms);
    SPOIL(account.cards.count = 0);
    SPOIL(account.cards.items[0].tier = 0);
    SPOIL(account.cards.items[0].tier = 3);
    SPOIL(account.cards.items[0].cause = CARD_CAUSE_LAST + 1);
    SPOIL(account.cards.items[0].until_ms = account.now_ms);
    SPOIL(account.uses.items[0].rule = 3);
    SPOIL(account.uses.items[0].points = INT64_MAX);
    SPOIL(account.identifiers.items[0].stage = IDENTIFIER_RELEASING + 1);
    SPOIL(account.currency = 3);
}

static void holds_and_what_ended(void **state)
{
    (void)state;
    SPOIL(account.holds.items[0].points += 1);
    SPOIL(account.holds.items[0].lapses_ms = account.now_ms);
    SPOIL(account.holds.items[0].lot_count = 0);
    SPOIL(account.holds.items[0].lot_count = 2);
    SPOIL(account.holds.items[0].seq = account.seq + 1);
    SPOIL(account.holds.items[0].version = 0);
    SPOIL(account.holds.count = 0);
    SPOIL(account.held_lots.items[0].points = INT64_MAX);
    SPOIL(account.held_lots.items[0].points = 0);
    SPOIL(account.held_points += 1);
    SPOIL(account.pending.items[0].seq = account.seq + 1);
    SPOIL(account.ended.items[0].points = INT64_MAX);
    SPOIL(account.ended.items[0].points = 0);
    SPOIL(account.ended.items[0].points += 1);
    SPOIL(account.ended.items[0].ends_ms += 1);
    SPOIL(account.forgiven = -1);
    SPOIL(account.forgiven += 1);
    SPOIL((account.taken_back = account.awarded + 1, account.forgiven = account.taken_back));
    SPOIL((account.given_back = 1, account.redeemed = 0));
}

static void score(void **state)
{
    (void)state;
    SPOIL(account.score += 1);
    SPOIL(account.contributions.items[0].score = INT64_MAX);
    SPOIL(account.contributions.items[0].seq = account.seq + 1);
    SPOIL(account.steps.items[0].rise += 1);
    SPOIL(account.steps.items[1].fall -= 1);
    SPOIL(account.steps.items[1].at_ms += 1);
    SPOIL(account.steps.count = 1);
    // Out of order, time would never get past the first.
    SPOIL({
        struct score_step first = account.steps.items[0];
        account.steps.items[0] = account.steps.items[1];
        account.steps.items[1] = first;
    });
}

// A contribution of less than nothing, and what follows from it.
static void spoil_with_reduction(int64_t score, int64_t from_ms)
{
    struct account account;
    struct contribution part = {
        .from_ms = from_ms, .until_ms = NOW_MS + 5000, .score = score, .seq = 1};
    make(&account);
    assert_int_equal(account_add_contribution(&account, &part), STATUS_OK);
    bool less = score + SCORE < 0;
    assert_int_equal(snapshot_check(&account), less ? STATUS_CORRUPT : STATUS_OK);
    account_fini(&account);
}

static void score_is_never_below_nothing(void **state)
{
    (void)state;
    spoil_with_reduction(-SCORE, NOW_MS);
    spoil_with_reduction(-SCORE - 1, NOW_MS);
    spoil_with_reduction(-SCORE, NOW_MS + 5);
    spoil_with_reduction(-SCORE - 1, NOW_MS + 5);
}

// --- as stored ---

static void weak_hash(const uint8_t *previous, struct span record, uint8_t *ret_hash)
{
    memset(ret_hash, (int)(previous[0] + record.len), CHAIN_HASH_BYTES);
}

// A snapshot of this account and no retained records, in `out`.
static void write_snapshot(struct account *account, struct buffer *out)
{
    struct arena arena;
    struct buffer log;
    struct record record = opened();
    arena_init(&arena, LIMIT_ARENA_BYTES);
    buffer_init(&log, 0);
    record.mark = (struct mark){.present = true, .id = {9}};
    assert_int_equal(record_encode(&record, &log), STATUS_OK);
    uint8_t hash[CHAIN_HASH_BYTES];
    weak_hash(account->tail, buffer_span(&log), hash);
    assert_int_equal(buffer_append(&log, span_of(hash, sizeof(hash))), STATUS_OK);
    assert_int_equal(
        snapshot_build(buffer_span(&log), span_of_text("anna"), 0, 0, weak_hash, &arena, out),
        STATUS_OK);
    buffer_fini(&log);
    arena_fini(&arena);
}

static enum status read_back(const struct buffer *stored)
{
    struct record_cursor cursor = {.rest = buffer_span(stored)};
    struct record_place place;
    struct account account;
    struct arena arena;
    arena_init(&arena, LIMIT_ARENA_BYTES);
    account_init(&account);
    assert_int_equal(record_next(&cursor, &place), STATUS_OK);
    enum status status = snapshot_apply(&account, span_from(place.body, 1), place.hash, &arena);
    account_fini(&account);
    arena_fini(&arena);
    return status;
}

// The retained answer stands last but for its body: its number is one, and there is one record.
static void an_answer_is_not_from_behind_the_cut(void **state)
{
    (void)state;
    struct account none = {0};
    struct buffer stored;
    struct buffer body;
    struct record record = opened();
    record.mark = (struct mark){.present = true, .id = {9}};
    buffer_init(&stored, 0);
    buffer_init(&body, 0);
    write_snapshot(&none, &stored);
    assert_int_equal(read_back(&stored), STATUS_OK);
    assert_int_equal(record_encode(&record, &body), STATUS_OK);
    uint8_t *number = stored.data + stored.len - CHAIN_HASH_BYTES - body.len - 1;
    assert_int_equal(*number, 1);
    *number = 2;
    assert_int_equal(read_back(&stored), STATUS_CORRUPT);
    *number = 0;
    assert_int_equal(read_back(&stored), STATUS_CORRUPT);
    buffer_fini(&body);
    buffer_fini(&stored);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_account_passes),
        cmocka_unit_test(totals),
        cmocka_unit_test(lots_and_cards),
        cmocka_unit_test(holds_and_what_ended),
        cmocka_unit_test(score),
        cmocka_unit_test(score_is_never_below_nothing),
        cmocka_unit_test(an_answer_is_not_from_behind_the_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
