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

#define DAY_ID "@20260110/store-1/till-1"

enum { PARTITION = 7, BUSINESS_DAY = 20463, ROUNDS = 40, STEPS = 120, KEYS = 12, REQUESTS = 4 };

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

// --- a day in the hands of a test ---

struct day {
    struct account account;
    struct buffer log;
    struct buffer out;
    struct arena arena;
    struct arena fold_arena;
    int64_t now_ms;
};

static void day_init(struct day *day)
{
    *day = (struct day){.now_ms = 1000};
    account_init(&day->account);
    buffer_init(&day->log, LIMIT_LOG_BYTES);
    buffer_init(&day->out, LIMIT_LOG_BYTES);
    arena_init(&day->arena, 1 << 20);
    arena_init(&day->fold_arena, 1 << 20);
}

static void day_fini(struct day *day)
{
    account_fini(&day->account);
    buffer_fini(&day->log);
    buffer_fini(&day->out);
    arena_fini(&day->arena);
    arena_fini(&day->fold_arena);
}

static void must_fold_to(struct day *day, struct span log)
{
    struct account folded;
    const char *what = NULL;
    account_init(&folded);
    assert_int_equal(ledger_fold(&folded, log, span_of_text(DAY_ID), PARTITION, club_chain_hash,
                                 &day->fold_arena, NULL),
                     STATUS_OK);
    if (!account_equal(&folded, &day->account, &what) ||
        account_check(&folded, &what) != STATUS_OK) {
        fail_msg("%s", what);
    }
    account_fini(&folded);
}

static void must_compact(struct day *day)
{
    struct buffer snapshot;
    buffer_init(&snapshot, 0);
    assert_int_equal(snapshot_build(buffer_span(&day->log), span_of_text(DAY_ID), PARTITION, 0,
                                    club_chain_hash, &day->fold_arena, &snapshot),
                     STATUS_OK);
    must_fold_to(day, buffer_span(&snapshot));
    buffer_fini(&snapshot);
}

// What a test does to a day; as the service does it, also undone once before it is kept.
typedef enum status act_fn(void *context, const struct decide *decide,
                           struct decision *ret_decision);

static struct decision act(struct day *day, act_fn *fn, void *context)
{
    struct account_savepoint *saved = NULL;
    struct decision decision;
    for (int round = 0; round < 2; round++) {
        arena_reset(&day->arena);
        buffer_clear(&day->out);
        assert_int_equal(account_save(&day->account, &day->arena, &saved), STATUS_OK);
        struct ledger_writer writer = {
            .out = &day->out, .hash = club_chain_hash, .programs = &club.programs};
        struct decide decide = {.account = &day->account,
                                .writer = &writer,
                                .arena = &day->arena,
                                .now_ms = day->now_ms,
                                .actor = span_of_text("pos/store-1/till-1")};
        assert_int_equal(fn(context, &decide, &decision), STATUS_OK);
        if (round == 0 || decision.outcome != OUTCOME_APPLIED) {
            account_restore(&day->account, saved);
        }
    }
    if (decision.outcome == OUTCOME_APPLIED) {
        assert_int_equal(buffer_append(&day->log, buffer_span(&day->out)), STATUS_OK);
    }
    if (day->log.len > 0) {
        must_fold_to(day, buffer_span(&day->log));
    }
    return decision;
}

struct claiming {
    struct claim_command command;
    struct claim_verdict verdict;
    uint8_t request[REQUEST_ID_BYTES];
};

static enum status act_claim(void *context, const struct decide *decide,
                             struct decision *ret_decision)
{
    struct claiming *claiming = context;
    claiming->command.request = claiming->request;
    return decide_claim(decide, &claiming->command, &claiming->verdict, ret_decision);
}

static enum status act_end(void *context, const struct decide *decide,
                           struct decision *ret_decision)
{
    return decide_claim_ends(decide, context, 1, ret_decision);
}

static enum status act_close(void *context, const struct decide *decide,
                             struct decision *ret_decision)
{
    (void)context;
    return decide_close_day(decide, ret_decision);
}

// Returns of two sales have one receipt.
static struct claim_key key_of(int64_t number)
{
    struct claim_key key = {.operation = (enum receipt_operation)(1 + number % 4),
                            .number = (uint64_t)(1 + number / 4)};
    if (key.operation >= RECEIPT_REVERSE_AWARD) {
        key.number = (uint64_t)(1 + number / 8);
        key.original[0] = (uint8_t)(1 + number / 4 % 2);
    }
    return key;
}

static struct claiming claiming_of(int64_t number, int64_t request, int64_t points)
{
    struct claiming claiming = {
        .command = {.account_id = span_of_text(DAY_ID),
                    .partition = PARTITION,
                    .unit = span_of_text("store-1/till-1"),
                    .day = BUSINESS_DAY,
                    .figures = {.key = key_of(number), .points = points, .amount_minor = 7},
                    .member_id = request % 2 == 0 ? span_of_text("anna") : span_of_text("bert"),
                    .not_after_ms = 5000},
    };
    claiming.request[0] = (uint8_t)(1 + request);
    return claiming;
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
        points += page->state != FREE && key_of(i).operation == operation ? page->points : 0;
    }
    return points;
}

static void claim_at_random(struct day *day, struct book *book, struct random *random)
{
    int64_t number = random_below(random, KEYS);
    int64_t request = random_below(random, REQUESTS);
    struct page *page = &book->pages[number];
    struct claiming claiming = claiming_of(number, request, random_below(random, 900));
    bool over = random_once_in(random, 2);
    claiming.command.over = over ? page->step : 0;
    struct decision decision = act(day, act_claim, &claiming);
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
    bool award = key_of(number).operation == RECEIPT_AWARD;
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

static void end_at_random(struct day *day, struct book *book, struct random *random)
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
    struct decision decision = act(day, act_end, &end);
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
        struct day day;
        struct book book = {0};
        day_init(&day);
        for (int step = 0; step < STEPS; step++) {
            day.now_ms += random_below(&random, 3);
            int64_t chance = random_below(&random, 10);
            if (chance < 6 || !account_exists(&day.account)) {
                claim_at_random(&day, &book, &random);
            } else if (chance < 9) {
                end_at_random(&day, &book, &random);
            } else {
                assert_int_equal(act(&day, act_close, NULL).outcome, OUTCOME_APPLIED);
                assert_true(day.account.terminal.closed);
            }
            for (int operation = 1; operation <= RECEIPT_OPERATIONS; operation++) {
                assert_int_equal(day.account.terminal.totals[operation - 1].points,
                                 sum_of(&book, (enum receipt_operation)operation));
            }
        }
        must_compact(&day);
        day_fini(&day);
    }
}

// --- what does not fit ---

static enum status apply_step(struct day *day, enum receipt_stage stage, uint8_t request,
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
        struct day day;
        day_init(&day);
        struct claiming other = claiming_of(1, 0, 5); // the day exists
        (void)act(&day, act_claim, &other);
        struct claiming first = claiming_of(0, 0, 50);
        for (const char *have = cases[i].have; *have != '\0'; have++) {
            struct claim_end end = {.step = 2, .applied = *have == 'x', .points = 50};
            struct decision decision =
                *have == 'c' ? act(&day, act_claim, &first) : act(&day, act_end, &end);
            assert_int_equal(decision.outcome, OUTCOME_APPLIED);
        }
        enum status status = apply_step(&day, cases[i].stage, cases[i].request, cases[i].points);
        if (status != cases[i].status) {
            fail_msg("case %zu: %d, not %d", i, (int)status, (int)cases[i].status);
        }
        day_fini(&day);
    }
}

// An account of another terminal under the same id, as two units with one hash would be.
static void another_terminals_account_is_corrupt(void **state)
{
    (void)state;
    struct day day;
    day_init(&day);
    struct claiming claiming = claiming_of(0, 0, 5);
    (void)act(&day, act_claim, &claiming);
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
    day_fini(&day);
}

// A member's log has no receipts' records, a day's log none of a member's.
static void records_stay_in_their_kind_of_account(void **state)
{
    (void)state;
    struct day day;
    day_init(&day);
    struct claiming claiming = claiming_of(0, 0, 5);
    (void)act(&day, act_claim, &claiming);
    day.account.kind = ACCOUNT_MEMBER;
    assert_int_equal(apply_step(&day, RECEIPT_CLAIMED, 1, 5), STATUS_CORRUPT);
    day_fini(&day);
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
        cmocka_unit_test(figures_of_records),
    };
    return cmocka_run_group_tests(tests, open_club, close_club);
}
