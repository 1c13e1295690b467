// Damage: whatever byte of a log is changed, wherever it is cut inside a record, whatever record is
// dropped, doubled or swapped, the fold says so, and never reads past the end.
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/check.h"
#include "core/snapshot.h"
#include "support/log_cut.h"
#include "support/random_club.h"

enum {
    SMALL_ROUNDS = 12,
    SMALL_COMMANDS = 6,
    BIG_ROUNDS = 30,
    BIG_COMMANDS = 60,
    BIG_FLIPS = 400,
    RECORDS_MAX = 400,
};

static uint64_t seed;
static size_t found;

// Folds bytes that are not the member's log; they must not pass.
static void must_not_fold(struct member *member, struct span log, const char *what, size_t where)
{
    // A copy of exactly this size, so that reading past it is seen.
    uint8_t *copy = test_malloc(log.len == 0 ? 1 : log.len);
    if (log.len > 0) {
        memcpy(copy, log.data, log.len);
    }
    struct account account;
    account_init(&account);
    enum status status = member_fold(member, span_of(copy, log.len), &account);
    if (status == STATUS_OK) {
        fail_msg("%s at %zu was not found", what, where);
    }
    found++;
    account_fini(&account);
    test_free(copy);
}

static void flip_every_byte(struct member *member, struct buffer *log)
{
    for (size_t at = 0; at < log->len; at++) {
        uint8_t was = log->data[at];
        for (int bit = 0; bit < 8; bit++) {
            log->data[at] = (uint8_t)(was ^ (1 << bit));
            must_not_fold(member, buffer_span(log), "a flipped bit", at);
        }
        log->data[at] = (uint8_t)~was;
        must_not_fold(member, buffer_span(log), "a flipped byte", at);
        log->data[at] = was;
    }
}

struct places {
    size_t starts[RECORDS_MAX + 1]; // the last one: the log's length
    size_t count;
};

static void find_places(struct span log, struct places *ret_places)
{
    struct record_cursor cursor = {.rest = log};
    struct record_place place;
    *ret_places = (struct places){0};
    while (record_next(&cursor, &place) == STATUS_OK) {
        CHECK(ret_places->count < RECORDS_MAX);
        ret_places->starts[++ret_places->count] = log.len - cursor.rest.len;
    }
    CHECK(cursor.rest.len == 0);
}

// Cut inside a record: found. Cut between records: an earlier state, with its lower number.
static void cut_everywhere(struct member *member, struct span log, uint64_t seq)
{
    struct places places;
    find_places(log, &places);
    size_t record = 0;
    for (size_t len = 0; len < log.len; len++) {
        record += record < places.count && places.starts[record + 1] <= len ? 1 : 0;
        if (places.starts[record] != len) {
            must_not_fold(member, span_of(log.data, len), "a cut", len);
            continue;
        }
        struct account account;
        account_init(&account);
        assert_int_equal(member_fold(member, span_of(log.data, len), &account), STATUS_OK);
        assert_true(account.seq < seq);
        assert_int_equal(account_exists(&account), len > 0);
        account_fini(&account);
    }
}

static void append(struct buffer *out, struct span log, const struct places *places, size_t record)
{
    size_t start = places->starts[record];
    assert_int_equal(
        buffer_append(out, span_of(log.data + start, places->starts[record + 1] - start)),
        STATUS_OK);
}

// Whole records, well formed and with hashes of their own, but not in their places.
static void rearrange(struct member *member, struct span log)
{
    struct places places;
    find_places(log, &places);
    struct buffer other;
    buffer_init(&other, 0);
    for (size_t at = 0; at < places.count; at++) {
        for (int way = 0; way < 3; way++) {
            buffer_clear(&other);
            bool last = at + 1 == places.count;
            if (way < 2 && last && (way == 0 || places.count == 1)) {
                continue; // dropping the last is a cut between records
            }
            for (size_t i = 0; i < places.count; i++) {
                bool here = i == at;
                if (way == 0 && here) {
                    continue; // dropped
                }
                if (way == 1 && (here || i == at + 1)) { // swapped with its neighbour
                    append(&other, log, &places, here && !last ? at + 1 : at);
                    continue;
                }
                append(&other, log, &places, i);
                if (way == 2 && here) {
                    append(&other, log, &places, i); // doubled
                }
            }
            if (way == 1 && last) {
                continue; // nothing to swap with
            }
            must_not_fold(member, buffer_span(&other), "a record out of place", at);
        }
    }
    buffer_fini(&other);
}

// The log with its first half compacted.
static void compact(struct member *member, struct span log, struct buffer *out)
{
    struct places places;
    find_places(log, &places);
    size_t cut = log_cut(log, places.starts[(places.count + 1) / 2], span_of_text(member->id),
                         MEMBER_PARTITION, club_chain_hash);
    assert_int_equal(snapshot_build(span_of(log.data, cut), span_of_text(member->id),
                                    MEMBER_PARTITION, 0, club_chain_hash, &member->fold_arena, out),
                     STATUS_OK);
    assert_int_equal(buffer_append(out, span_from(log, cut)), STATUS_OK);
}

static void every_flipped_byte_of_small_logs_is_found(void **state)
{
    (void)state;
    static struct history history;
    for (uint64_t round = 0; round < SMALL_ROUNDS; round++) {
        struct member member;
        history_init(&history, seed, round);
        assert_null(history_run(&history, &member, SMALL_COMMANDS));
        flip_every_byte(&member, &member.log);
        cut_everywhere(&member, buffer_span(&member.log), member.account.seq);
        rearrange(&member, buffer_span(&member.log));
        struct buffer compacted;
        buffer_init(&compacted, 0);
        compact(&member, buffer_span(&member.log), &compacted);
        flip_every_byte(&member, &compacted);
        cut_everywhere(&member, buffer_span(&compacted), member.account.seq);
        rearrange(&member, buffer_span(&compacted));
        buffer_fini(&compacted);
        member_fini(&member);
        history_fini(&history);
    }
    printf("%zu damages found\n", found);
    assert_true(found > (size_t)SMALL_ROUNDS * 1000);
}

static void random_damage_of_big_logs_is_found(void **state)
{
    (void)state;
    static struct history history;
    for (uint64_t round = 0; round < BIG_ROUNDS; round++) {
        struct member member;
        history_init(&history, seed + 1, round);
        assert_null(history_run(&history, &member, BIG_COMMANDS));
        struct buffer *log = &member.log;
        for (int i = 0; i < BIG_FLIPS; i++) {
            size_t at = (size_t)random_below(&history.random, (int64_t)log->len);
            uint8_t mask = (uint8_t)(1 + random_below(&history.random, 255));
            log->data[at] ^= mask;
            must_not_fold(&member, buffer_span(log), "a changed byte", at);
            log->data[at] ^= mask;
        }
        rearrange(&member, buffer_span(log));
        member_fini(&member);
        history_fini(&history);
    }
    printf("%zu damages found\n", found);
}

static void another_members_log_is_found(void **state)
{
    (void)state;
    static struct history history;
    struct member member;
    history_init(&history, seed + 2, 0);
    assert_null(history_run(&history, &member, SMALL_COMMANDS));
    struct account account;
    account_init(&account);
    struct span log = buffer_span(&member.log);
    assert_int_equal(ledger_fold(&account, log, span_of_text("bert"), MEMBER_PARTITION,
                                 club_chain_hash, &member.fold_arena, NULL),
                     STATUS_CORRUPT);
    account_fini(&account);
    account_init(&account);
    assert_int_equal(ledger_fold(&account, log, span_of_text(member.id), MEMBER_PARTITION + 1,
                                 club_chain_hash, &member.fold_arena, NULL),
                     STATUS_CORRUPT);
    account_fini(&account);
    member_fini(&member);
    history_fini(&history);
}

int main(void)
{
    seed = random_seed("log");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_flipped_byte_of_small_logs_is_found),
        cmocka_unit_test(random_damage_of_big_logs_is_found),
        cmocka_unit_test(another_members_log_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
