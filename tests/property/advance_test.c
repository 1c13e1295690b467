// Time, over random programs with several versions: advance composes; a lazy account and an eager
// one, moved on by jobs at every turn, have the same log byte for byte; the due instant is exactly
// the first at which advance writes.
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/advance.h"
#include "support/random_club.h"

enum { ROUNDS = 300, COMMANDS = 24, STEPS_MAX = 12 };

static uint64_t seed;

// An account on its own way through time, with what it has written.
struct traveller {
    struct member *member;
    struct account account;
    struct buffer out;
    struct arena arena;
};

static void traveller_init(struct traveller *traveller, struct member *member)
{
    *traveller = (struct traveller){.member = member};
    account_init(&traveller->account);
    buffer_init(&traveller->out, 0);
    arena_init(&traveller->arena, 16 << 20);
    assert_int_equal(member_fold(member, buffer_span(&member->log), &traveller->account),
                     STATUS_OK);
}

static void traveller_fini(struct traveller *traveller)
{
    account_fini(&traveller->account);
    buffer_fini(&traveller->out);
    arena_fini(&traveller->arena);
}

static void travel(struct traveller *traveller, int64_t to_ms)
{
    struct ledger_writer writer = {.out = &traveller->out,
                                   .hash = club_chain_hash,
                                   .programs = &traveller->member->club->programs};
    arena_reset(&traveller->arena);
    assert_int_equal(advance(&traveller->account, &writer, &traveller->arena, to_ms), STATUS_OK);
    const char *what = NULL;
    if (account_check(&traveller->account, &what) != STATUS_OK) {
        fail_msg("%s", what);
    }
}

static void same_way(const struct traveller *a, const struct traveller *b, uint64_t round)
{
    const char *what = member_difference(&a->account, &b->account);
    if (what != NULL) {
        fail_msg("round %" PRIu64 ": %s", round, what);
    }
    assert_int_equal(a->out.len, b->out.len);
    if (a->out.len > 0) {
        assert_memory_equal(a->out.data, b->out.data, a->out.len);
    }
}

static size_t records_composed;

static void compose_once(struct history *history, struct member *member, uint64_t round)
{
    struct traveller direct;
    struct traveller stepping;
    traveller_init(&direct, member);
    traveller_init(&stepping, member);
    int64_t at_ms = member->account.now_ms;
    for (int64_t steps = 1 + random_below(&history->random, STEPS_MAX); steps > 0; steps--) {
        at_ms = history_instant(history, &stepping.account, at_ms);
        travel(&stepping, at_ms);
    }
    travel(&direct, at_ms);
    same_way(&direct, &stepping, round);
    records_composed += direct.account.seq - member->account.seq;
    traveller_fini(&direct);
    traveller_fini(&stepping);
}

static void advance_composes(void **state)
{
    (void)state;
    static struct history history;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        struct member member;
        history_init(&history, seed, round);
        assert_null(history_run(&history, &member, COMMANDS));
        for (int i = 0; i < 4; i++) {
            compose_once(&history, &member, round);
        }
        member_fini(&member);
        history_fini(&history);
    }
    printf("advance composed over %zu records\n", records_composed);
    assert_true(records_composed > ROUNDS);
}

// The same commands for both; before each the eager one is moved on, twice and more.
static void lazy_and_eager_logs_are_equal(void **state)
{
    (void)state;
    static struct history history;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        history_init(&history, seed + 1, round);
        history.no_backfill = true;
        struct member lazy;
        struct member eager;
        assert_null(history_run(&history, &lazy, COMMANDS));
        member_init(&eager, &history.club, "anna");
        int64_t before_ms = 0;
        for (size_t i = 0; i < history.count; i++) {
            struct command command = history.commands[i].command;
            struct member_answer answer;
            for (int job = 0; job < 3 && i > 0; job++) {
                int64_t span_ms = command.now_ms - before_ms;
                struct command now = {.kind = COMMAND_JOB, .now_ms = before_ms};
                now.now_ms += random_below(&history.random, span_ms + 1);
                assert_null(member_do(&eager, &now, &answer));
            }
            assert_null(member_do(&eager, &command, &answer));
            before_ms = command.now_ms;
        }
        struct command last = {.kind = COMMAND_JOB, .now_ms = before_ms};
        struct member_answer answer;
        assert_null(member_do(&eager, &last, &answer));
        assert_null(member_do(&lazy, &last, &answer));
        assert_int_equal(lazy.log.len, eager.log.len);
        assert_memory_equal(lazy.log.data, eager.log.data, lazy.log.len);
        member_fini(&lazy);
        member_fini(&eager);
        history_fini(&history);
    }
}

static size_t dues_met;

// From a day in silence on: nothing is written before the due instant, something at it.
static void due_once(struct history *history, struct member *member, uint64_t round)
{
    struct traveller traveller;
    traveller_init(&traveller, member);
    for (int i = 0; i < 4; i++) {
        int64_t due_ms = advance_due(&traveller.account, &history->club.programs);
        int64_t end_ms = due_ms == INSTANT_NEVER || due_ms > LIMIT_INSTANT_MAX_MS
                             ? traveller.account.now_ms + 2000 * DAY_MS
                             : due_ms - 1;
        if (end_ms > traveller.account.now_ms) {
            // The due instant is the same from anywhere on the way.
            int64_t way_ms = end_ms - traveller.account.now_ms;
            travel(&traveller, traveller.account.now_ms + random_below(&history->random, way_ms));
            assert_int_equal(advance_due(&traveller.account, &history->club.programs), due_ms);
            travel(&traveller, end_ms);
        }
        if (traveller.out.len != 0) {
            fail_msg("round %" PRIu64 ": written before the due instant", round);
        }
        if (end_ms != due_ms - 1) {
            break;
        }
        travel(&traveller, due_ms);
        if (traveller.out.len == 0) {
            fail_msg("round %" PRIu64 ": nothing written at the due instant %" PRId64, round,
                     due_ms);
        }
        buffer_clear(&traveller.out);
        dues_met++;
    }
    traveller_fini(&traveller);
}

static void due_is_the_first_instant_that_writes(void **state)
{
    (void)state;
    static struct history history;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        struct member member;
        history_init(&history, seed + 2, round);
        assert_null(history_run(&history, &member, 2 + (size_t)round % COMMANDS));
        due_once(&history, &member, round);
        member_fini(&member);
        history_fini(&history);
    }
    printf("%zu due instants met\n", dues_met);
    assert_true(dues_met > ROUNDS);
}

int main(void)
{
    seed = random_seed("advance");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(advance_composes),
        cmocka_unit_test(lazy_and_eager_logs_are_equal),
        cmocka_unit_test(due_is_the_first_instant_that_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
