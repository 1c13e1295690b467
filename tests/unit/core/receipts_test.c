// A terminal's day by itself: random histories of claims against a small book of their own, with
// the fold of what was written and of its snapshot always the same; and every step that does not
// fit the diagram refused, whoever wrote it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/receipts.h"
#include "core/snapshot.h"
#include "support/random_club.h"
#include "support/till_day.h"

enum { ROUNDS = 40, STEPS = 120, KEYS = 12, REQUESTS = 4 };

static struct club club;

static int open_club(void **state)
{
    (void)state;
    struct program *program = NULL;
    struct span guarded = span_of_text("guards: {points_a_terminal_day: 2000}\n");
    club_init(&club);
    assert_null(club_read(&club, "programs/retail.yaml", guarded, &program));
    assert_null(club_add(&club, program, 0));
    return 0;
}

static int close_club(void **state)
{
    (void)state;
    club_fini(&club);
    return 0;
}

// --- random histories ---

// The test's own book of a receipt.
struct page {
    enum { FREE, OPEN, SETTLED } state;
    int64_t request;
    int64_t points;
    uint32_t times;
    uint32_t step;
};

struct book {
    struct page pages[KEYS];
    int64_t awarded;
    uint32_t steps;
};

static int64_t sum_of(const struct book *book, enum receipt_operation operation)
{
    int64_t points = 0;
    for (int64_t i = 0; i < KEYS; i++) {
        const struct page *page = &book->pages[i];
        points += page->state != FREE && till_day_key(i).operation == operation ? page->points : 0;
    }
    return points;
}

static void claim_at_random(struct till_day *day, struct book *book, struct random *random)
{
    int64_t number = random_below(random, KEYS);
    int64_t request = random_below(random, REQUESTS);
    struct page *page = &book->pages[number];
    struct claiming claiming = till_day_claiming(number, request, random_below(random, 900));
    bool over = random_once_in(random, 2);
    claiming.command.over = over ? page->step : 0;
    struct decision decision = till_day_claim(day, &claiming);
    bool mine = page->state != FREE && page->request == request;
    bool others = page->state == SETTLED || (page->state == OPEN && !over);
    if (page->state != FREE && !mine && others) {
        assert_int_equal(decision.outcome, OUTCOME_NOTHING);
        assert_false(claiming.verdict.granted);
        assert_int_equal(claiming.verdict.step, page->step);
        return;
    }
    if (mine && page->state == SETTLED) {
        assert_int_equal(decision.outcome, OUTCOME_NOTHING);
        assert_true(claiming.verdict.granted);
        return;
    }
    int64_t counted = page->state == FREE ? 0 : page->points;
    int64_t points = claiming.command.figures.points;
    points = mine && counted > points ? counted : points;
    bool award = till_day_key(number).operation == RECEIPT_AWARD;
    if (award && points > counted && sum_of(book, RECEIPT_AWARD) - counted + points > 2000) {
        assert_int_equal(decision.outcome, OUTCOME_REFUSED);
        assert_int_equal(decision.refusal.reason, REFUSAL_GUARD_TERMINAL_DAY);
        assert_int_equal(decision.refusal.asked, points);
        assert_int_equal(decision.refusal.limit, 2000);
        return;
    }
    assert_int_equal(decision.outcome, OUTCOME_APPLIED);
    book->steps++;
    *page = (struct page){.state = OPEN,
                          .request = request,
                          .points = points,
                          .times = mine ? page->times + 1 : 1,
                          .step = book->steps};
    assert_int_equal(claiming.verdict.held.times, page->times);
    assert_int_equal(claiming.verdict.held.points, points);
}

static void end_at_random(struct till_day *day, struct book *book, struct random *random)
{
    struct page *page = &book->pages[random_below(random, KEYS)];
    uint32_t step = random_once_in(random, 4) ? (uint32_t)random_below(random, STEPS) : page->step;
    struct claim_end end = {.step = step,
                            .applied = random_once_in(random, 2),
                            .points = random_below(random, page->points + 1),
                            .amount_minor = 3};
    if (step != page->step) {
        for (int64_t i = 0; i < KEYS; i++) {
            page = book->pages[i].step == step ? &book->pages[i] : page;
        }
    }
    struct decision decision = till_day_end(day, &end);
    if (step == 0 || page->step != step || page->state != OPEN) {
        assert_int_equal(decision.outcome, OUTCOME_NOTHING);
        return;
    }
    assert_int_equal(decision.outcome, OUTCOME_APPLIED);
    book->steps++;
    page->state = end.applied ? SETTLED : FREE;
    page->points = end.points;
    page->step = book->steps;
}

static void histories_agree_with_a_book(void **state)
{
    (void)state;
    uint64_t seed = random_seed("receipts");
    for (uint64_t round = 0; round < ROUNDS; round++) {
        struct random random = random_of(seed, round);
        struct till_day day;
        struct book book = {0};
        till_day_init(&day, &club);
        for (int step = 0; step < STEPS; step++) {
            day.now_ms += random_below(&random, 3);
            int64_t chance = random_below(&random, 10);
            if (chance < 6 || !account_exists(&day.account)) {
                claim_at_random(&day, &book, &random);
            } else if (chance < 9) {
                end_at_random(&day, &book, &random);
            } else {
                assert_int_equal(till_day_close(&day).outcome, OUTCOME_APPLIED);
                assert_true(day.account.terminal.closed);
            }
            for (int operation = 1; operation <= RECEIPT_OPERATIONS; operation++) {
                assert_int_equal(day.account.terminal.totals[operation - 1].points,
                                 sum_of(&book, (enum receipt_operation)operation));
            }
        }
        struct buffer snapshot;
        till_day_snapshot(&day, &snapshot);
        buffer_fini(&snapshot);
        till_day_fini(&day);
    }
}

// --- what does not fit ---

static enum status apply_step(struct till_day *day, enum receipt_stage stage, uint8_t request,
                              int64_t points)
{
    struct record record = {
        .type = RECORD_RECEIPT,
        .at_ms = day->now_ms,
        .receipt = {.stage = stage,
                    .operation = RECEIPT_AWARD,
                    .number = 1,
                    .request = {request},
                    .member_id = span_of_text("anna"),
                    .points = points,
                    .not_after_ms = 5000},
    };
    struct account_savepoint *saved = NULL;
    assert_int_equal(account_save(&day->account, &day->arena, &saved), STATUS_OK);
    enum status status = account_apply(&day->account, &record);
    account_restore(&day->account, saved);
    return status;
}

static void steps_off_the_diagram_are_corrupt(void **state)
{
    (void)state;
    static const struct {
        const char *have; // c: claimed by 1; x: settled; v: voided
        enum receipt_stage stage;
        uint8_t request;
        int64_t points;
        enum status status;
    } cases[] = {
        {"", RECEIPT_CLAIMED, 1, 10, STATUS_OK},
        {"", RECEIPT_CLAIMED, 1, LIMIT_POINTS_A_RECORD + 1, STATUS_RANGE},
        {"", RECEIPT_TAKEN_OVER, 1, 10, STATUS_CORRUPT},
        {"", RECEIPT_CHANGED, 1, 10, STATUS_CORRUPT},
        {"", RECEIPT_VOIDED, 1, 0, STATUS_CORRUPT},
        {"c", RECEIPT_CLAIMED, 1, 50, STATUS_OK},
        {"c", RECEIPT_CLAIMED, 1, 49, STATUS_CORRUPT},
        {"c", RECEIPT_CLAIMED, 2, 50, STATUS_CORRUPT},
        {"c", RECEIPT_TAKEN_OVER, 2, 10, STATUS_OK},
        {"c", RECEIPT_TAKEN_OVER, 1, 10, STATUS_CORRUPT},
        {"c", RECEIPT_CHANGED, 1, 10, STATUS_OK},
        {"c", RECEIPT_CHANGED, 2, 10, STATUS_CORRUPT},
        {"c", RECEIPT_VOIDED, 2, 0, STATUS_CORRUPT},
        {"cx", RECEIPT_CLAIMED, 1, 50, STATUS_CORRUPT},
        {"cx", RECEIPT_TAKEN_OVER, 2, 50, STATUS_CORRUPT},
        {"cx", RECEIPT_CHANGED, 1, 50, STATUS_CORRUPT},
        {"cx", RECEIPT_VOIDED, 1, 0, STATUS_CORRUPT},
        {"cv", RECEIPT_CLAIMED, 2, 5, STATUS_OK},
        {"cv", RECEIPT_TAKEN_OVER, 2, 5, STATUS_CORRUPT},
        {"cv", RECEIPT_CHANGED, 1, 5, STATUS_CORRUPT},
        {"c", RECEIPT_DAY_CLOSED, 1, 50, STATUS_CORRUPT}, // totals of nothing
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct till_day day;
        till_day_init(&day, &club);
        struct claiming other = till_day_claiming(1, 0, 5); // the day exists
        (void)till_day_claim(&day, &other);
        struct claiming first = till_day_claiming(0, 0, 50);
        for (const char *have = cases[i].have; *have != '\0'; have++) {
            struct claim_end end = {.step = 2, .applied = *have == 'x', .points = 50};
            struct decision decision =
                *have == 'c' ? till_day_claim(&day, &first) : till_day_end(&day, &end);
            assert_int_equal(decision.outcome, OUTCOME_APPLIED);
        }
        enum status status = apply_step(&day, cases[i].stage, cases[i].request, cases[i].points);
        if (status != cases[i].status) {
            fail_msg("case %zu: %d, not %d", i, (int)status, (int)cases[i].status);
        }
        till_day_fini(&day);
    }
}

// An account of another terminal under the same id, as two units with one hash would be.
static void another_terminals_account_is_corrupt(void **state)
{
    (void)state;
    struct till_day day;
    till_day_init(&day, &club);
    struct claiming claiming = till_day_claiming(0, 0, 5);
    (void)till_day_claim(&day, &claiming);
    struct ledger_writer writer = {
        .out = &day.out, .hash = club_chain_hash, .programs = &club.programs};
    struct decide decide = {
        .account = &day.account, .writer = &writer, .arena = &day.arena, .now_ms = day.now_ms};
    struct decision decision;
    claiming.command.request = claiming.request;
    claiming.command.unit = span_of_text("store-1/till-2");
    assert_int_equal(decide_claim(&decide, &claiming.command, &claiming.verdict, &decision),
                     STATUS_CORRUPT);
    claiming.command.unit = span_of_text("store-1/till-1");
    claiming.command.day++;
    assert_int_equal(decide_claim(&decide, &claiming.command, &claiming.verdict, &decision),
                     STATUS_CORRUPT);
    till_day_fini(&day);
}

// A member's log has no receipts' records, a day's log none of a member's.
static void records_stay_in_their_kind_of_account(void **state)
{
    (void)state;
    struct till_day day;
    till_day_init(&day, &club);
    struct claiming claiming = till_day_claiming(0, 0, 5);
    (void)till_day_claim(&day, &claiming);
    day.account.kind = ACCOUNT_MEMBER;
    assert_int_equal(apply_step(&day, RECEIPT_CLAIMED, 1, 5), STATUS_CORRUPT);
    till_day_fini(&day);
}

// --- bytes that somebody has written ---

static void make_history(struct till_day *day)
{
    struct claim_end ends[] = {{.step = 1, .applied = true, .points = 7}, {.step = 2}};
    till_day_init(day, &club);
    for (int64_t number = 0; number < 6; number++) {
        struct claiming claiming = till_day_claiming(number, number % 3, 10);
        (void)till_day_claim(day, &claiming);
    }
    (void)till_day_end(day, &ends[0]);
    (void)till_day_end(day, &ends[1]);
    struct claiming over = till_day_claiming(2, 1, 4);
    over.command.over = 3;
    (void)till_day_claim(day, &over);
    (void)till_day_close(day);
}

// Whatever a record says: it is refused, or the account stays sound.
static void apply_body(struct till_day *day, struct span body)
{
    struct record record;
    struct account_savepoint *saved = NULL;
    const char *what = NULL;
    arena_reset(&day->arena);
    if (record_decode(body, &day->arena, &record) != STATUS_OK) {
        return;
    }
    assert_int_equal(account_save(&day->account, &day->arena, &saved), STATUS_OK);
    if (account_apply(&day->account, &record) == STATUS_OK &&
        account_check(&day->account, &what) != STATUS_OK) {
        fail_msg("%s", what);
    }
    account_restore(&day->account, saved);
}

static void any_record_is_refused_or_sound(void **state)
{
    (void)state;
    struct till_day day;
    struct record_cursor cursor;
    struct record_place place;
    uint8_t bytes[512];
    make_history(&day);
    cursor = (struct record_cursor){.rest = buffer_span(&day.log)};
    while (record_next(&cursor, &place) == STATUS_OK) {
        assert_in_range(place.body.len, 1, sizeof bytes);
        for (size_t at = 0; at < place.body.len; at++) {
            for (unsigned value = 0; value < 256; value++) {
                memcpy(bytes, place.body.data, place.body.len);
                bytes[at] = (uint8_t)value;
                apply_body(&day, span_of(bytes, place.body.len));
            }
            apply_body(&day, span_of(bytes, at));
        }
    }
    till_day_fini(&day);
}

static void any_snapshot_is_refused_or_sound(void **state)
{
    (void)state;
    struct till_day day;
    struct buffer snapshot;
    make_history(&day);
    till_day_snapshot(&day, &snapshot);
    struct record_cursor cursor = {.rest = buffer_span(&snapshot)};
    struct record_place place;
    assert_int_equal(record_next(&cursor, &place), STATUS_OK);
    uint8_t *payload = snapshot.data + (place.body.data - snapshot.data) + 1;
    struct span whole = span_of(payload, place.body.len - 1);
    for (size_t at = CHAIN_HASH_BYTES; at < whole.len; at++) {
        uint8_t kept = payload[at];
        for (unsigned value = 0; value < 256; value += 3) {
            struct account account;
            const char *what = NULL;
            payload[at] = (uint8_t)value;
            account_init(&account);
            if (snapshot_apply(&account, whole, place.hash, &day.fold_arena) == STATUS_OK &&
                account_check(&account, &what) != STATUS_OK) {
                fail_msg("byte %zu: %s", at, what);
            }
            account_fini(&account);
        }
        payload[at] = kept;
    }
    buffer_fini(&snapshot);
    till_day_fini(&day);
}

static void figures_of_records(void **state)
{
    (void)state;
    struct claim_figures figures;
    struct record record = {.type = RECORD_AWARDED, .awarded = {.points = 5, .amount_minor = 600}};
    assert_false(receipts_of_record(&record, &figures)); // no receipt
    record.awarded.receipt.number = 9;
    assert_true(receipts_of_record(&record, &figures));
    assert_int_equal(figures.key.operation, RECEIPT_AWARD);
    assert_int_equal(figures.key.number, 9);
    assert_int_equal(figures.points, 5);
    assert_int_equal(figures.amount_minor, 600);
    record = (struct record){.type = RECORD_HELD,
                             .held = {.taken = {.points = 5, .receipt = {.number = 9}}}};
    assert_false(receipts_of_record(&record, &figures));
    record = (struct record){.type = RECORD_CAPTURED,
                             .captured = {.taken = {.points = 5, .receipt = {.number = 9}}}};
    assert_true(receipts_of_record(&record, &figures));
    assert_int_equal(figures.key.operation, RECEIPT_REDEEM);
    record = (struct record){.type = RECORD_REVERSED,
                             .reversed = {.advice = {.original = {4}, .receipt = {.number = 9}},
                                          .result = REVERSE_FURTHER_ACTIVITY,
                                          .method = RECORD_AWARDED,
                                          .points = 5,
                                          .sale = {.amount_minor = 600}}};
    assert_true(receipts_of_record(&record, &figures));
    assert_int_equal(figures.key.operation, RECEIPT_REVERSE_AWARD);
    assert_int_equal(figures.key.original[0], 4);
    assert_int_equal(figures.amount_minor, 600);
    record.reversed.method = RECORD_CAPTURED;
    assert_true(receipts_of_record(&record, &figures));
    assert_int_equal(figures.key.operation, RECEIPT_REVERSE_REDEEM);
    assert_int_equal(figures.amount_minor, 0);
    record.reversed.method = RECORD_HELD;
    assert_false(receipts_of_record(&record, &figures));
    record.reversed.method = RECORD_AWARDED;
    record.reversed.result = REVERSE_PREVIOUSLY_REVERSED;
    assert_false(receipts_of_record(&record, &figures));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(histories_agree_with_a_book),
        cmocka_unit_test(steps_off_the_diagram_are_corrupt),
        cmocka_unit_test(another_terminals_account_is_corrupt),
        cmocka_unit_test(records_stay_in_their_kind_of_account),
        cmocka_unit_test(any_record_is_refused_or_sound),
        cmocka_unit_test(any_snapshot_is_refused_or_sound),
        cmocka_unit_test(figures_of_records),
    };
    return cmocka_run_group_tests(tests, open_club, close_club);
}
