// bench/answers.h: the points that an answer says, read the same from both encodings.
#include "bench/answers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "face/codec.h"
#include "loyalty/v1/members.pb-c.h"
#include "loyalty/v1/points.pb-c.h"
#include "wire/message.h"

enum { ARENA_BYTES = 1 << 20 };

static char member_id[] = "bench-0000042";

static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, ARENA_BYTES);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

static void check(enum bench_request_kind kind, const ProtobufCMessage *message, int64_t expected)
{
    struct span binary;
    assert_int_equal(message_encode(message, &arena, &binary), STATUS_OK);
    for (int codec = CODEC_PROTO; codec <= CODEC_JSON; codec++) {
        struct span bytes;
        int64_t points = -1;
        assert_int_equal(
            codec_write((enum codec)codec, binary, message->descriptor, &arena, &bytes), STATUS_OK);
        assert_true(bench_answer_names(bytes, member_id));
        assert_false(bench_answer_names(bytes, "bench-0000043"));
        assert_true(bench_answer_points(kind, codec == CODEC_JSON, bytes, &points));
        assert_int_equal(points, expected);
    }
}

static void test_award(void **state)
{
    (void)state;
    char line[] = "Points earned: 1,234";
    char *lines[] = {line, line};
    Loyalty__V1__Standing standing = LOYALTY__V1__STANDING__INIT;
    standing.balance = 99;
    Loyalty__V1__AwardResponse answer = LOYALTY__V1__AWARD_RESPONSE__INIT;
    answer.member_id = member_id;
    answer.seq = 7;
    answer.standing = &standing;
    answer.n_receipt_lines = 2;
    answer.receipt_lines = lines;
    check(BENCH_REQUEST_AWARD, &answer.base, 0);
    answer.points = INT64_C(1000000000000);
    check(BENCH_REQUEST_AWARD, &answer.base, INT64_C(1000000000000));
}

static void test_redeem(void **state)
{
    (void)state;
    Loyalty__V1__RedeemResponse answer = LOYALTY__V1__REDEEM_RESPONSE__INIT;
    answer.member_id = member_id;
    answer.points = 5;
    check(BENCH_REQUEST_REDEEM, &answer.base, -5);
}

static void test_lookup(void **state)
{
    (void)state;
    Loyalty__V1__Standing standing = LOYALTY__V1__STANDING__INIT;
    Loyalty__V1__GetMemberResponse answer = LOYALTY__V1__GET_MEMBER_RESPONSE__INIT;
    answer.member_id = member_id;
    answer.standing = &standing;
    check(BENCH_REQUEST_LOOKUP, &answer.base, 0);
    standing.balance = -300;
    standing.pending = 20;
    standing.held = 1;
    standing.score = 5000;
    check(BENCH_REQUEST_LOOKUP, &answer.base, -279);
}

static void test_no_answer(void **state)
{
    (void)state;
    int64_t points;
    assert_false(bench_answer_points(BENCH_REQUEST_AWARD, false, (struct span){0}, &points));
    assert_false(bench_answer_points(BENCH_REQUEST_AWARD, true, (struct span){0}, &points));
    assert_false(bench_answer_points(BENCH_REQUEST_AWARD, true, span_of_text("[1]"), &points));
    struct reader reader = {span_of_text("\x0b")};
    struct bench_field field;
    assert_false(bench_field_next(&reader, &field));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_award, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_redeem, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_lookup, set_up, tear_down),
        cmocka_unit_test(test_no_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
