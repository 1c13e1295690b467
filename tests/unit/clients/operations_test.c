// The structs of libloyalty and the contract's messages: everything given goes out, everything that
// comes back is there, and what cannot be said is not sent.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/decode.h"
#include "lib/encode.h"
#include "lib/reply.h"
#include "loyalty/v1/frame.pb-c.h"

static int new_arena(void **state)
{
    static struct arena arena;
    arena_init(&arena, 1 << 20);
    *state = &arena;
    return 0;
}

static int drop_arena(void **state)
{
    arena_fini(*state);
    return 0;
}

static void a_request_says_id_and_times(void **state)
{
    struct loyalty_request request = {
        .request_id = "0f2b6c1e-6a3d-4f7a-9a55-0123456789ab",
        .created_at_ms = 1234567,
        .min_seq = 9,
    };
    const Loyalty__V1__Mutation *mutation = ly_encode_mutation(*state, &request);
    assert_string_equal(mutation->request_id, request.request_id);
    assert_int_equal(mutation->created_at->seconds, 1234);
    assert_int_equal(mutation->created_at->nanos, 567000000);
    assert_null(mutation->deadline);
    assert_int_equal(mutation->min_seq, 9);
    request.deadline_ms = 2000;
    mutation = ly_encode_mutation(*state, &request);
    assert_int_equal(mutation->deadline->seconds, 2);
    assert_int_equal(mutation->deadline->nanos, 0);
}

static void a_member_is_an_id_or_an_identifier(void **state)
{
    struct loyalty_member member = {.by = LOYALTY_BY_MEMBER_ID, .value = "m-1"};
    const Loyalty__V1__MemberRef *ref = ly_encode_member(*state, &member);
    assert_int_equal(ref->by_case, LOYALTY__V1__MEMBER_REF__BY_MEMBER_ID);
    assert_string_equal(ref->member_id, "m-1");
    member = (struct loyalty_member){.by = LOYALTY_BY_PHONE, .value = "+861"};
    ref = ly_encode_member(*state, &member);
    assert_int_equal(ref->by_case, LOYALTY__V1__MEMBER_REF__BY_IDENTIFIER);
    assert_int_equal(ref->identifier->kind, LOYALTY__V1__IDENTIFIER_KIND__IDENTIFIER_KIND_PHONE);
    assert_string_equal(ref->identifier->value, "+861");
    member.by = (enum loyalty_member_by)77;
    assert_null(ly_encode_member(*state, &member));
    member.by = LOYALTY_BY_MEMBER_ID;
    assert_null(ly_encode_identifier(*state, &member));
}

static void a_sale_goes_out_whole(void **state)
{
    struct loyalty_sale_line lines[] = {{1250, "food"}, {99, NULL}};
    struct loyalty_sale sale = {
        .occurred_at_ms = 5000,
        .occurred_date = "2026-01-01",
        .currency = "CNY",
        .lines = lines,
        .line_count = 2,
        .paid_with_points_minor = 100,
        .receipt_number = 17,
        .business_date = "2026-01-02",
        .unit = "store-1/till-1",
        .channel = "shop",
        .training = true,
    };
    const Loyalty__V1__Sale *message = ly_encode_sale(*state, &sale);
    assert_int_equal(message->occurred_case, LOYALTY__V1__SALE__OCCURRED_OCCURRED_AT);
    assert_int_equal(message->occurred_at->seconds, 5);
    assert_int_equal(message->n_lines, 2);
    assert_int_equal(message->lines[0]->amount_minor, 1250);
    assert_string_equal(message->lines[0]->category, "food");
    assert_int_equal(message->lines[1]->amount_minor, 99);
    assert_string_equal(message->lines[1]->category, "");
    assert_int_equal(message->paid_with_points_minor, 100);
    assert_int_equal(message->receipt->number, 17);
    assert_string_equal(message->receipt->business_date, "2026-01-02");
    assert_string_equal(message->unit, "store-1/till-1");
    assert_string_equal(message->channel, "shop");
    assert_true(message->training);
    sale.occurred_at_ms = 0;
    message = ly_encode_sale(*state, &sale);
    assert_int_equal(message->occurred_case, LOYALTY__V1__SALE__OCCURRED_OCCURRED_DATE);
    assert_string_equal(message->occurred_date, "2026-01-01");
    sale.occurred_date = NULL;
    sale.receipt_number = 0;
    message = ly_encode_sale(*state, &sale);
    assert_int_equal(message->occurred_case, LOYALTY__V1__SALE__OCCURRED__NOT_SET);
    assert_null(message->receipt);
    sale.line_count = LOYALTY_SALE_LINES_MAX + 1;
    assert_null(ly_encode_sale(*state, &sale));
}

static void an_award_comes_back_whole(void **state)
{
    (void)state;
    Google__Protobuf__Timestamp instant = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    instant.seconds = 7;
    instant.nanos = 8000000;
    Loyalty__V1__Card card = LOYALTY__V1__CARD__INIT;
    card.tier_id = "silver";
    card.from = &instant;
    Loyalty__V1__Standing standing = LOYALTY__V1__STANDING__INIT;
    standing.balance = -5;
    standing.score = 6;
    standing.tier_id = "silver";
    standing.next_tier_id = "gold";
    standing.missing_to_next = 4;
    Loyalty__V1__AwardResponse message = LOYALTY__V1__AWARD_RESPONSE__INIT;
    char *receipt[] = {"one", "two"};
    message.member_id = "m-1";
    message.seq = 3;
    message.points = 11;
    message.score = 10;
    message.recorded_at = &instant;
    message.new_card = &card;
    message.standing = &standing;
    message.receipt_lines = receipt;
    message.n_receipt_lines = 2;
    struct loyalty_awarded award;
    ly_decode_award(&message, &award);
    assert_string_equal(award.member_id, "m-1");
    assert_int_equal(award.seq, 3);
    assert_int_equal(award.points, 11);
    assert_int_equal(award.score, 10);
    assert_int_equal(award.recorded_at_ms, 7008);
    assert_int_equal(award.expires_at_ms, 0);
    assert_string_equal(award.new_card.tier_id, "silver");
    assert_int_equal(award.new_card.from_ms, 7008);
    assert_int_equal(award.new_card.until_ms, 0);
    assert_int_equal(award.standing.balance, -5);
    assert_int_equal(award.standing.missing_to_next, 4);
    assert_int_equal(award.receipt_line_count, 2);
    assert_string_equal(award.receipt_lines[1], "two");
    // What is absent is empty, not NULL.
    message.new_card = NULL;
    message.standing = NULL;
    ly_decode_award(&message, &award);
    assert_string_equal(award.new_card.tier_id, "");
    assert_string_equal(award.standing.tier_id, "");
}

static void codes_say_whether_to_try_again(void **state)
{
    (void)state;
    assert_int_equal(ly_outcome_of_code(14), LOYALTY_RETRY_LATER);
    assert_int_equal(ly_outcome_of_code(2), LOYALTY_OUTCOME_UNKNOWN);
    assert_int_equal(ly_outcome_of_code(4), LOYALTY_OUTCOME_UNKNOWN);
    assert_int_equal(ly_outcome_of_code(13), LOYALTY_OUTCOME_UNKNOWN);
    assert_int_equal(ly_outcome_of_code(0), LOYALTY_OUTCOME_UNKNOWN);
    static const int refusals[] = {3, 5, 6, 7, 9, 10, 11, 12, 15, 16};
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        assert_int_equal(ly_outcome_of_code(refusals[i]), LOYALTY_REFUSED);
    }
}

static void a_reply_without_result_is_none(void **state)
{
    (void)state;
    Loyalty__V1__ReplyEnvelope envelope = LOYALTY__V1__REPLY_ENVELOPE__INIT;
    envelope.correlation_id = 5;
    uint8_t bytes[64];
    size_t len = loyalty__v1__reply_envelope__pack(&envelope, bytes);
    struct loyalty_reply reply;
    uint64_t id = 0;
    assert_false(ly_reply_parse(span_of(bytes, len), &id, &reply));
    assert_false(ly_reply_parse(span_of("\xff\xff\xff", 3), &id, &reply));
    // An empty message is an answer all the same.
    envelope.result_case = LOYALTY__V1__REPLY_ENVELOPE__RESULT_PAYLOAD;
    len = loyalty__v1__reply_envelope__pack(&envelope, bytes);
    assert_true(ly_reply_parse(span_of(bytes, len), &id, &reply));
    assert_int_equal(id, 5);
    assert_int_equal(reply.outcome, LOYALTY_APPLIED);
    assert_int_equal(reply.payload_bytes, 0);
    loyalty_reply_fini(&reply);
    loyalty_reply_fini(&reply);
}

// What a server sends is not trusted: no sum of it overflows.
static void an_instant_is_one_or_none(void **state)
{
    (void)state;
    static const int64_t none[] = {INT64_MAX, INT64_MIN, INT64_MAX / 1000, 253402300800,
                                   -62135596801};
    Google__Protobuf__Timestamp instant = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    assert_int_equal(ly_decode_instant(NULL), 0);
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        instant.seconds = none[i];
        instant.nanos = INT32_MAX;
        assert_int_equal(ly_decode_instant(&instant), 0);
    }
    instant.seconds = 253402300799;
    instant.nanos = 999999999;
    assert_int_equal(ly_decode_instant(&instant), 253402300799999);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_instant_is_one_or_none),
        cmocka_unit_test(a_request_says_id_and_times),
        cmocka_unit_test(a_member_is_an_id_or_an_identifier),
        cmocka_unit_test(a_sale_goes_out_whole),
        cmocka_unit_test(an_award_comes_back_whole),
        cmocka_unit_test(codes_say_whether_to_try_again),
        cmocka_unit_test(a_reply_without_result_is_none),
    };
    return cmocka_run_group_tests(tests, new_arena, drop_arena);
}
