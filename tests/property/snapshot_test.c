// Compaction: a snapshot with the suffix behind it folds to what the whole log folds to, and every
// request inside the horizon finds its very record, byte for byte, however often and wherever the
// log was cut; later commands do the same on both.
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/snapshot.h"
#include "support/log_cut.h"
#include "support/random_club.h"

enum { ROUNDS = 200, COMMANDS = 40, CUTS_MAX = 4 };

static uint64_t seed;
static size_t retained;
static size_t forgotten;

// The end of a random append.
static size_t random_cut(const struct member *member, struct random *random, struct span log)
{
    struct record_cursor cursor = {.rest = log};
    struct record_place place;
    size_t cut = 0;
    int64_t count = 0;
    while (record_next(&cursor, &place) == STATUS_OK) {
        count++;
        cut = random_once_in(random, count) ? log.len - cursor.rest.len : cut;
    }
    return log_cut(log, cut, span_of_text(member->id), MEMBER_PARTITION, club_chain_hash);
}

// Replaces a random prefix by its snapshot.
static void compact(struct member *member, struct random *random, int64_t keep_from_ms,
                    struct buffer *log)
{
    size_t cut = random_cut(member, random, buffer_span(log));
    struct buffer out;
    buffer_init(&out, 0);
    assert_int_equal(snapshot_build(span_of(log->data, cut), span_of_text(member->id),
                                    MEMBER_PARTITION, keep_from_ms, club_chain_hash,
                                    &member->fold_arena, &out),
                     STATUS_OK);
    assert_int_equal(buffer_append(&out, span_from(buffer_span(log), cut)), STATUS_OK);
    buffer_fini(log);
    *log = out;
}

static void same_account(struct member *member, const struct buffer *log, int64_t keep_from_ms,
                         uint64_t round)
{
    struct account account;
    account_init(&account);
    assert_int_equal(member_fold(member, buffer_span(log), &account), STATUS_OK);
    assert_int_equal(account.log_bytes, log->len);
    account.log_bytes = member->account.log_bytes;
    const char *what = NULL;
    if (keep_from_ms == 0) {
        what = member_difference(&account, &member->account);
    } else {
        account_equal(&account, &member->account, &what);
    }
    if (what != NULL) {
        fail_msg("round %" PRIu64 ": %s", round, what);
    }
    account_fini(&account);
}

static void same_bytes(const struct record *a, const struct record *b)
{
    struct buffer x;
    struct buffer y;
    buffer_init(&x, 0);
    buffer_init(&y, 0);
    assert_int_equal(record_encode(a, &x), STATUS_OK);
    assert_int_equal(record_encode(b, &y), STATUS_OK);
    assert_int_equal(x.len, y.len);
    assert_memory_equal(x.data, y.data, x.len);
    buffer_fini(&x);
    buffer_fini(&y);
}

// Each request: found in the whole log and inside the horizon, found alike in the compacted one.
static void same_answers(struct history *history, struct member *member, const struct buffer *log,
                         int64_t keep_from_ms)
{
    for (size_t i = 0; i < history->count; i++) {
        struct mark mark = {.present = true};
        memcpy(mark.id, &history->commands[i].command.id, sizeof(uint64_t));
        struct record whole;
        struct record kept;
        uint64_t whole_seq;
        uint64_t kept_seq;
        arena_reset(&member->arena);
        if (ledger_find(buffer_span(&member->log), &mark, &member->fold_arena, &whole,
                        &whole_seq) != STATUS_OK) {
            continue;
        }
        enum status status = ledger_find(buffer_span(log), &mark, &member->arena, &kept, &kept_seq);
        bool buried = record_buries(&whole, &mark);
        int64_t asked_ms = buried ? whole.at_ms : history->commands[i].command.now_ms;
        if (asked_ms < keep_from_ms) {
            forgotten += status == STATUS_NOT_FOUND ? 1 : 0;
            continue; // may be in the suffix, or gone
        }
        assert_int_equal(status, STATUS_OK);
        assert_int_equal(whole_seq, kept_seq);
        same_bytes(&whole, &kept);
        retained++;
    }
}

// Just at or after a request; mostly one that posts history, whose record is older than itself.
static int64_t edge_of_horizon(struct history *history)
{
    const struct command *near = NULL;
    for (int i = 0; i < 20; i++) {
        size_t at = (size_t)random_below(&history->random, (int64_t)history->count);
        near = &history->commands[at].command;
        bool posts =
            near->kind == COMMAND_ENROL || (near->kind == COMMAND_AWARD && near->award.backfill);
        if (posts) {
            break;
        }
    }
    return near->now_ms + random_below(&history->random, 2);
}

static void snapshots_stand_for_their_prefix(void **state)
{
    (void)state;
    static struct history history;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        struct member member;
        history_init(&history, seed, round);
        assert_null(history_run(&history, &member, COMMANDS));
        struct buffer log;
        buffer_init(&log, 0);
        assert_int_equal(buffer_append(&log, buffer_span(&member.log)), STATUS_OK);
        int64_t keep_from_ms = 0;
        if (random_once_in(&history.random, 2)) {
            keep_from_ms = edge_of_horizon(&history);
        }
        for (int64_t cuts = 1 + random_below(&history.random, CUTS_MAX); cuts > 0; cuts--) {
            compact(&member, &history.random, keep_from_ms, &log);
            same_account(&member, &log, keep_from_ms, round);
            same_answers(&history, &member, &log, keep_from_ms);
        }
        buffer_fini(&log);
        member_fini(&member);
        history_fini(&history);
    }
    printf("%zu answers retained, %zu forgotten\n", retained, forgotten);
    assert_true(retained > ROUNDS);
    assert_true(forgotten > ROUNDS);
}

// A member whose account comes from a compacted log goes on as one with the whole log.
static void life_goes_on_after_a_snapshot(void **state)
{
    (void)state;
    static struct history history;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        struct member whole;
        struct member compacted;
        history_init(&history, seed + 1, round);
        assert_null(history_run(&history, &whole, COMMANDS / 2));
        member_init(&compacted, &history.club, "anna");
        assert_int_equal(buffer_append(&compacted.log, buffer_span(&whole.log)), STATUS_OK);
        compact(&whole, &history.random, 0, &compacted.log);
        struct span log = buffer_span(&compacted.log);
        assert_int_equal(member_fold(&compacted, log, &compacted.account), STATUS_OK);
        assert_int_equal(member_fold(&compacted, log, &compacted.folded), STATUS_OK);
        while (history.count < COMMANDS) {
            const struct command *next = &history_next(&history, &whole.account)->command;
            struct member_answer a;
            struct member_answer b;
            assert_null(member_do(&whole, next, &a));
            assert_null(member_do(&compacted, next, &b));
            assert_int_equal(a.outcome, b.outcome);
            assert_int_equal(a.refusal.reason, b.refusal.reason);
            assert_int_equal(whole.out.len, compacted.out.len);
            assert_memory_equal(whole.account.tail, compacted.account.tail, CHAIN_HASH_BYTES);
        }
        member_fini(&whole);
        member_fini(&compacted);
        history_fini(&history);
    }
}

int main(void)
{
    seed = random_seed("snapshot");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(snapshots_stand_for_their_prefix),
        cmocka_unit_test(life_goes_on_after_a_snapshot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
