// A terminal's day in the hands of a test.
#include "support/till_day.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/snapshot.h"

void till_day_init(struct till_day *day, const struct club *club)
{
    *day = (struct till_day){.club = club, .now_ms = 1000};
    account_init(&day->account);
    buffer_init(&day->log, LIMIT_LOG_BYTES);
    buffer_init(&day->out, LIMIT_LOG_BYTES);
    arena_init(&day->arena, 1 << 20);
    arena_init(&day->fold_arena, 1 << 20);
}

void till_day_fini(struct till_day *day)
{
    account_fini(&day->account);
    buffer_fini(&day->log);
    buffer_fini(&day->out);
    arena_fini(&day->arena);
    arena_fini(&day->fold_arena);
}

static void must_fold_to(struct till_day *day, struct span log)
{
    struct account folded;
    const char *what = NULL;
    account_init(&folded);
    assert_int_equal(ledger_fold(&folded, log, span_of_text(TILL_DAY_ID), TILL_DAY_PARTITION,
                                 club_chain_hash, &day->fold_arena, NULL),
                     STATUS_OK);
    if (!account_equal(&folded, &day->account, &what) ||
        account_check(&folded, &what) != STATUS_OK) {
        fail_msg("%s", what);
    }
    account_fini(&folded);
}

void till_day_snapshot(struct till_day *day, struct buffer *ret_snapshot)
{
    buffer_init(ret_snapshot, 0);
    assert_int_equal(snapshot_build(buffer_span(&day->log), span_of_text(TILL_DAY_ID),
                                    TILL_DAY_PARTITION, 0, club_chain_hash, &day->fold_arena,
                                    ret_snapshot),
                     STATUS_OK);
    must_fold_to(day, buffer_span(ret_snapshot));
}

// What a test does to a day; as the service does it, also undone once before it is kept.
typedef enum status act_fn(void *context, const struct decide *decide,
                           struct decision *ret_decision);

static struct decision act(struct till_day *day, act_fn *fn, void *context)
{
    struct account_savepoint *saved = NULL;
    struct decision decision;
    for (int round = 0; round < 2; round++) {
        arena_reset(&day->arena);
        buffer_clear(&day->out);
        assert_int_equal(account_save(&day->account, &day->arena, &saved), STATUS_OK);
        struct ledger_writer writer = {
            .out = &day->out, .hash = club_chain_hash, .programs = &day->club->programs};
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

struct decision till_day_claim(struct till_day *day, struct claiming *claiming)
{
    return act(day, act_claim, claiming);
}

struct decision till_day_end(struct till_day *day, struct claim_end *end)
{
    return act(day, act_end, end);
}

struct decision till_day_close(struct till_day *day)
{
    return act(day, act_close, NULL);
}

// Returns of two sales have one receipt.
struct claim_key till_day_key(int64_t number)
{
    struct claim_key key = {.operation = (enum receipt_operation)(1 + number % 4),
                            .number = (uint64_t)(1 + number / 4)};
    if (key.operation >= RECEIPT_REVERSE_AWARD) {
        key.number = (uint64_t)(1 + number / 8);
        key.original[0] = (uint8_t)(1 + number / 4 % 2);
    }
    return key;
}

struct claiming till_day_claiming(int64_t number, int64_t request, int64_t points)
{
    struct claiming claiming = {
        .command = {.account_id = span_of_text(TILL_DAY_ID),
                    .partition = TILL_DAY_PARTITION,
                    .unit = span_of_text("store-1/till-1"),
                    .day = TILL_DAY_BUSINESS_DAY,
                    .figures = {.key = till_day_key(number), .points = points, .amount_minor = 7},
                    .member_id = request % 2 == 0 ? span_of_text("anna") : span_of_text("bert"),
                    .not_after_ms = 5000},
    };
    claiming.request[0] = (uint8_t)(1 + request);
    return claiming;
}
