// Snapshots of formats before this one are still read: one without what was adjusted by hand.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/varint.h"
#include "core/snapshot.h"
#include "support/random_club.h"

enum { FORMAT_SECOND = 2, FORMAT = 3, HEAD = 1 + CHAIN_HASH_BYTES };

static void build(struct member *member, struct buffer *out)
{
    assert_int_equal(snapshot_build(buffer_span(&member->log), span_of_text(member->id),
                                    MEMBER_PARTITION, INT64_MAX, club_chain_hash,
                                    &member->fold_arena, out),
                     STATUS_OK);
}

// The same as the second format wrote it: its number, and no figure of what was adjusted, which
// stands before the count of what is retained. Both are one byte of 0 here.
static void write_second(struct member *member, const struct buffer *snapshot, struct buffer *out)
{
    struct record_cursor cursor = {.rest = buffer_span(snapshot)};
    struct record_place place;
    struct buffer body;
    assert_int_equal(record_next(&cursor, &place), STATUS_OK);
    assert_int_equal(place.body.data[HEAD], FORMAT);
    assert_int_equal(place.body.data[place.body.len - 1], 0);
    assert_int_equal(place.body.data[place.body.len - 2], 0);
    buffer_init(&body, 0);
    assert_int_equal(buffer_append(&body, span_of(place.body.data, place.body.len - 1)), STATUS_OK);
    body.data[HEAD] = FORMAT_SECOND;
    club_chain_hash(member->account.tail, span_from(buffer_span(&body), HEAD), body.data + 1);
    assert_int_equal(buffer_put_sized(out, buffer_span(&body)), STATUS_OK);
    assert_int_equal(buffer_append(out, span_of(member->account.tail, CHAIN_HASH_BYTES)),
                     STATUS_OK);
    buffer_fini(&body);
}

static bool retains_nothing(const struct buffer *snapshot)
{
    struct record_cursor cursor = {.rest = buffer_span(snapshot)};
    struct record_place place;
    struct snapshot_cursor retained;
    uint64_t seq;
    assert_int_equal(record_next(&cursor, &place), STATUS_OK);
    assert_int_equal(snapshot_begin(span_from(place.body, 1), &retained, &seq), STATUS_OK);
    return retained.left == 0;
}

static void same_as_member(struct member *member, const struct buffer *log)
{
    struct account account;
    const char *what = NULL;
    account_init(&account);
    assert_int_equal(member_fold(member, buffer_span(log), &account), STATUS_OK);
    if (!account_equal(&account, &member->account, &what)) {
        fail_msg("%s", what);
    }
    account_fini(&account);
}

// Histories without acts by hand, as all were then.
static void the_second_format_is_read(void **state)
{
    (void)state;
    static struct history history;
    size_t read = 0;
    for (uint64_t round = 0; round < 100; round++) {
        struct member member;
        struct buffer snapshot;
        struct buffer second;
        history_init(&history, 7, round);
        assert_null(history_run(&history, &member, 4 + (size_t)round % 12));
        buffer_init(&snapshot, 0);
        buffer_init(&second, 0);
        build(&member, &snapshot);
        same_as_member(&member, &snapshot);
        if (member.account.adjusted == 0 && retains_nothing(&snapshot)) {
            write_second(&member, &snapshot, &second);
            same_as_member(&member, &second);
            read++;
        }
        buffer_fini(&snapshot);
        buffer_fini(&second);
        member_fini(&member);
        history_fini(&history);
    }
    assert_true(read > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_second_format_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
