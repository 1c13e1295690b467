// What came of spending, of holds and of reversals, and a till's day.
#include "lib/decode.h"

#include "lib/reply.h"

static void decode_value(const Loyalty__V1__Money *value, int64_t *ret_minor,
                         const char **ret_currency)
{
    *ret_minor = value == NULL ? 0 : value->minor;
    *ret_currency = value == NULL ? "" : value->currency;
}

void ly_decode_redeem(const Loyalty__V1__RedeemResponse *message,
                      struct loyalty_redemption *ret_redemption)
{
    *ret_redemption = (struct loyalty_redemption){
        .member_id = message->member_id,
        .seq = message->seq,
        .recorded_at_ms = ly_decode_instant(message->recorded_at),
        .points = message->points,
        .standing = ly_decode_standing(message->standing),
        .receipt_lines = (const char *const *)message->receipt_lines,
        .receipt_line_count = message->n_receipt_lines,
    };
    decode_value(message->value, &ret_redemption->value_minor, &ret_redemption->value_currency);
}

void ly_decode_reserve(const Loyalty__V1__ReserveResponse *message,
                       struct loyalty_redemption *ret_hold)
{
    *ret_hold = (struct loyalty_redemption){
        .member_id = message->member_id,
        .seq = message->seq,
        .recorded_at_ms = ly_decode_instant(message->recorded_at),
        .points = message->points,
        .lapses_at_ms = ly_decode_instant(message->lapses_at),
        .standing = ly_decode_standing(message->standing),
    };
    decode_value(message->value, &ret_hold->value_minor, &ret_hold->value_currency);
}

void ly_decode_capture(const Loyalty__V1__CaptureResponse *message,
                       struct loyalty_redemption *ret_redemption)
{
    *ret_redemption = (struct loyalty_redemption){
        .member_id = message->member_id,
        .seq = message->seq,
        .recorded_at_ms = ly_decode_instant(message->recorded_at),
        .points = message->points,
        .freed = message->freed,
        .expired = message->expired,
        .standing = ly_decode_standing(message->standing),
        .receipt_lines = (const char *const *)message->receipt_lines,
        .receipt_line_count = message->n_receipt_lines,
    };
    decode_value(message->value, &ret_redemption->value_minor, &ret_redemption->value_currency);
}

void ly_decode_release(const Loyalty__V1__ReleaseResponse *message,
                       struct loyalty_redemption *ret_release)
{
    *ret_release = (struct loyalty_redemption){
        .member_id = message->member_id,
        .seq = message->seq,
        .recorded_at_ms = ly_decode_instant(message->recorded_at),
        .freed = message->freed,
        .expired = message->expired,
        .value_currency = "",
        .standing = ly_decode_standing(message->standing),
    };
}

void ly_decode_reverse(const Loyalty__V1__ReverseResponse *message,
                       struct loyalty_reversed *ret_reversed)
{
    *ret_reversed = (struct loyalty_reversed){
        .member_id = message->member_id,
        .seq = message->seq,
        .recorded_at_ms = ly_decode_instant(message->recorded_at),
        .result = (enum loyalty_reversal_result)message->result,
        .points_taken = message->points_taken,
        .points_returned = message->points_returned,
        .score = message->score,
        .amount_minor = message->amount_minor,
        .refund_money_minor = message->refund_money_minor,
        .refund_points_minor = message->refund_points_minor,
        .expired = message->expired,
        .forgiven = message->forgiven,
        .standing = ly_decode_standing(message->standing),
        .receipt_lines = (const char *const *)message->receipt_lines,
        .receipt_line_count = message->n_receipt_lines,
    };
    decode_value(message->value, &ret_reversed->value_minor, &ret_reversed->value_currency);
}

void ly_decode_terms(const Loyalty__V1__GetTermsResponse *message, struct loyalty_terms *ret_terms)
{
    *ret_terms = (struct loyalty_terms){
        .program_id = message->program_id,
        .program_version = message->program_version,
        .currency = message->currency,
        .zone = message->zone,
        .redeem_minimum_points = message->redeem_minimum_points,
        .redeem_step_points = message->redeem_step_points,
        .value_points = message->value_points,
        .value_minor = message->value_minor,
        .offline_floor_points = message->offline_floor_points,
        .hold_seconds = message->hold_seconds,
        .late_days = message->late_days,
        .as_of_ms = ly_decode_instant(message->as_of),
    };
}

static struct loyalty_total decode_total(const Loyalty__V1__OperationTotal *total)
{
    return (struct loyalty_total){
        .operation = (enum loyalty_operation)total->operation,
        .count = total->count,
        .points = total->points,
        .amount_minor = total->amount_minor,
    };
}

static struct loyalty_difference decode_difference(const Loyalty__V1__Difference *difference)
{
    return (struct loyalty_difference){
        .side = (enum loyalty_side)difference->side,
        .request_id = difference->request_id,
        .operation = (enum loyalty_operation)difference->operation,
        .receipt_number = difference->receipt_number,
        .points = difference->points,
        .amount_minor = difference->amount_minor,
    };
}

bool ly_decode_reconciled(struct loyalty_reply *reply,
                          const Loyalty__V1__ReconcileResponse *message,
                          struct loyalty_reconciled *ret_reconciled)
{
    struct loyalty_total *totals = ly_reply_alloc(reply, message->n_totals * sizeof(*totals));
    struct loyalty_difference *differences =
        ly_reply_alloc(reply, message->n_differences * sizeof(*differences));
    if (totals == NULL || differences == NULL) {
        return false;
    }
    for (size_t i = 0; i < message->n_totals; i++) {
        totals[i] = decode_total(message->totals[i]);
    }
    for (size_t i = 0; i < message->n_differences; i++) {
        differences[i] = decode_difference(message->differences[i]);
    }
    *ret_reconciled = (struct loyalty_reconciled){
        .in_balance = message->in_balance,
        .closed = message->closed,
        .totals = totals,
        .total_count = message->n_totals,
        .differences = differences,
        .difference_count = message->n_differences,
        .next_page_token = message->next_page_token,
    };
    return true;
}
