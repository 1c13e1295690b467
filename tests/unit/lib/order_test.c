// A till's mutations as messages: everything that is said goes out, in the field it belongs to, and
// what the answers say comes back.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/decode.h"
#include "lib/order.h"

static const struct loyalty_request request = {.request_id = "0f2b6c1e-6a3d-4f7a-9a55-0123456789ab",
                                               .created_at_ms = 1234567};
static const struct loyalty_member member = {.by = LOYALTY_BY_MEMBER_ID, .value = "m-1"};

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

static void assert_head(const Loyalty__V1__Mutation *mutation, const Loyalty__V1__MemberRef *who)
{
    assert_string_equal(mutation->request_id, request.request_id);
    assert_int_equal(mutation->created_at->seconds, 1234);
    assert_string_equal(who->member_id, "m-1");
}

static void assert_receipt(const Loyalty__V1__ReceiptKey *receipt)
{
    assert_int_equal(receipt->number, 17);
    assert_string_equal(receipt->business_date, "2026-05-30");
}

static void points_are_redeemed_and_reserved(void **state)
{
    struct loyalty_spend spend = {
        .points = 500,
        .receipt_number = 17,
        .business_date = "2026-05-30",
        .unit = "store-1/till-1",
        .hold_seconds = 60,
    };
    struct ly_order order = ly_order_redeem(*state, &request, &member, &spend);
    assert_string_equal(order.method, "/loyalty.v1.PointsService/Redeem");
    const Loyalty__V1__RedeemRequest *redeem = (const Loyalty__V1__RedeemRequest *)order.message;
    assert_head(redeem->mutation, redeem->member);
    assert_receipt(redeem->receipt);
    assert_int_equal(redeem->points, 500);
    assert_string_equal(redeem->unit, "store-1/till-1");

    order = ly_order_reserve(*state, &request, &member, &spend);
    const Loyalty__V1__ReserveRequest *reserve = (const Loyalty__V1__ReserveRequest *)order.message;
    assert_head(reserve->mutation, reserve->member);
    assert_receipt(reserve->receipt);
    assert_int_equal(reserve->points, 500);
    assert_int_equal(reserve->hold_seconds, 60);
}

static void holds_end(void **state)
{
    struct loyalty_hold_end end = {
        .reservation_id = "r-1", .points = 30, .receipt_number = 17, .business_date = "2026-05-30"};
    struct ly_order order = ly_order_capture(*state, &request, &member, &end);
    const Loyalty__V1__CaptureRequest *capture = (const Loyalty__V1__CaptureRequest *)order.message;
    assert_head(capture->mutation, capture->member);
    assert_receipt(capture->receipt);
    assert_string_equal(capture->reservation_id, "r-1");
    assert_string_equal(capture->unit, "");
    assert_int_equal(capture->points, 30);

    order = ly_order_release(*state, &request, &member, &end);
    const Loyalty__V1__ReleaseRequest *release = (const Loyalty__V1__ReleaseRequest *)order.message;
    assert_string_equal(order.method, "/loyalty.v1.PointsService/Release");
    assert_head(release->mutation, release->member);
    assert_string_equal(release->reservation_id, "r-1");
}

static const Loyalty__V1__ReverseRequest *reverse(struct arena *arena,
                                                  const struct loyalty_reversal *reversal)
{
    struct ly_order order = ly_order_reverse(arena, &request, &member, reversal);
    assert_non_null(order.message);
    return (const Loyalty__V1__ReverseRequest *)order.message;
}

static void a_reversal_is_whole_or_of_a_part(void **state)
{
    uint32_t lines[] = {1, 3};
    struct loyalty_reversal reversal = {
        .original_request_id = "o-1",
        .original_created_at_ms = 5000,
        .amount_minor = 1000,
        .points = 200,
        .lines = lines,
        .line_count = 2,
        .reason = "returned",
        .receipt_number = 17,
        .business_date = "2026-05-30",
    };
    const Loyalty__V1__ReverseRequest *message = reverse(*state, &reversal);
    assert_head(message->mutation, message->member);
    assert_receipt(message->receipt);
    assert_string_equal(message->original_request_id, "o-1");
    assert_int_equal(message->original_created_at->seconds, 5);
    assert_string_equal(message->reason, "returned");
    assert_int_equal(message->part_case, LOYALTY__V1__REVERSE_REQUEST__PART__NOT_SET);

    reversal.part = LOYALTY_PART_AMOUNT;
    message = reverse(*state, &reversal);
    assert_int_equal(message->part_case, LOYALTY__V1__REVERSE_REQUEST__PART_AMOUNT_MINOR);
    assert_int_equal(message->amount_minor, 1000);
    reversal.part = LOYALTY_PART_POINTS;
    message = reverse(*state, &reversal);
    assert_int_equal(message->part_case, LOYALTY__V1__REVERSE_REQUEST__PART_POINTS);
    assert_int_equal(message->points, 200);
    reversal.part = LOYALTY_PART_LINES;
    message = reverse(*state, &reversal);
    assert_int_equal(message->part_case, LOYALTY__V1__REVERSE_REQUEST__PART_LINES);
    assert_int_equal(message->lines->n_numbers, 2);
    assert_int_equal(message->lines->numbers[1], 3);
}

static void what_cannot_be_said_is_not_writable(void **state)
{
    struct loyalty_reversal reversal = {.part = (enum loyalty_part)9};
    struct ly_order order = ly_order_reverse(*state, &request, &member, &reversal);
    assert_null(order.message);
    assert_false(order.writable);
    struct loyalty_member nobody = {.by = (enum loyalty_member_by)77, .value = "x"};
    struct loyalty_spend spend = {.points = 1};
    order = ly_order_redeem(*state, &request, &nobody, &spend);
    assert_null(order.message);
    assert_false(order.writable);
    struct loyalty_day day = {.request_id_count = LOYALTY_DAY_IDS_MAX + 1};
    order = ly_order_reconcile(*state, &request, &day);
    assert_null(order.message);
    assert_false(order.writable);
}

static void a_day_goes_out_with_its_totals(void **state)
{
    const struct loyalty_total totals[] = {{LOYALTY_OP_AWARD, 2, 300, 30000},
                                           {LOYALTY_OP_REVERSE_REDEEM, 1, 50, 0}};
    const char *ids[] = {"a", "b"};
    struct loyalty_day day = {
        .unit = "store-1/till-1",
        .business_date = "2026-05-30",
        .totals = totals,
        .total_count = 2,
        .request_ids = ids,
        .request_id_count = 2,
        .page_token = "next",
    };
    struct ly_order order = ly_order_reconcile(*state, &request, &day);
    const Loyalty__V1__ReconcileRequest *message =
        (const Loyalty__V1__ReconcileRequest *)order.message;
    assert_string_equal(message->mutation->request_id, request.request_id);
    assert_string_equal(message->unit, "store-1/till-1");
    assert_int_equal(message->n_totals, 2);
    assert_int_equal(message->totals[0]->amount_minor, 30000);
    assert_int_equal(message->totals[1]->operation,
                     LOYALTY__V1__OPERATION__OPERATION_REVERSE_REDEEM);
    assert_string_equal(message->request_ids[1], "b");
    assert_string_equal(message->page_token, "next");
}

static void a_sale_may_be_an_exchange_or_attached(void **state)
{
    const struct loyalty_sale_line line = {.amount_minor = 100};
    struct loyalty_sale sale = {
        .currency = "CNY", .lines = &line, .line_count = 1, .exchange_of = "e-1", .attached = true};
    struct ly_order order = ly_order_award(*state, &request, &member, &sale);
    const Loyalty__V1__AwardRequest *award = (const Loyalty__V1__AwardRequest *)order.message;
    assert_string_equal(award->sale->exchange_of, "e-1");
    assert_true(award->sale->attached);
}

static void absent_parts_of_an_answer_are_empty(void **state)
{
    (void)state;
    Loyalty__V1__CaptureResponse capture = LOYALTY__V1__CAPTURE_RESPONSE__INIT;
    Loyalty__V1__ReverseResponse reversed = LOYALTY__V1__REVERSE_RESPONSE__INIT;
    struct loyalty_redemption redemption;
    struct loyalty_reversed reversal;
    capture.points = 30;
    capture.freed = 20;
    capture.expired = 5;
    ly_decode_capture(&capture, &redemption);
    assert_int_equal(redemption.points, 30);
    assert_int_equal(redemption.freed, 20);
    assert_int_equal(redemption.expired, 5);
    assert_string_equal(redemption.value_currency, "");
    assert_string_equal(redemption.standing.tier_id, "");
    reversed.result = LOYALTY__V1__REVERSE_RESULT__REVERSE_RESULT_FURTHER_ACTIVITY;
    reversed.points_taken = 7;
    reversed.refund_money_minor = 900;
    ly_decode_reverse(&reversed, &reversal);
    assert_int_equal(reversal.result, LOYALTY_FURTHER_ACTIVITY);
    assert_int_equal(reversal.points_taken, 7);
    assert_int_equal(reversal.refund_money_minor, 900);
    assert_string_equal(reversal.value_currency, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(points_are_redeemed_and_reserved, new_arena, drop_arena),
        cmocka_unit_test_setup_teardown(holds_end, new_arena, drop_arena),
        cmocka_unit_test_setup_teardown(a_reversal_is_whole_or_of_a_part, new_arena, drop_arena),
        cmocka_unit_test_setup_teardown(what_cannot_be_said_is_not_writable, new_arena, drop_arena),
        cmocka_unit_test_setup_teardown(a_day_goes_out_with_its_totals, new_arena, drop_arena),
        cmocka_unit_test_setup_teardown(a_sale_may_be_an_exchange_or_attached, new_arena,
                                        drop_arena),
        cmocka_unit_test(absent_parts_of_an_answer_are_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
