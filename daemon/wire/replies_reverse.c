// Answers to reversals. What a reversal found is a result, never a failure; where it did nothing
// its figures are 0.
#include <assert.h>

#include "base/check.h"
#include "wire/message.h"
#include "wire/replies.h"

#define SAME_NUMBER(result)                                                                        \
    static_assert((int)REVERSE_##result == LOYALTY__V1__REVERSE_RESULT__REVERSE_RESULT_##result,   \
                  "numbers of results are the contract's")

SAME_NUMBER(REVERSED);
SAME_NUMBER(FURTHER_ACTIVITY);
SAME_NUMBER(PREVIOUSLY_REVERSED);
SAME_NUMBER(ORIGINAL_NOT_FOUND);
SAME_NUMBER(NOTHING_TO_REVERSE);

static void fill_sale(const struct record_reversed *reversed,
                      Loyalty__V1__ReverseResponse *response)
{
    const struct reversed_sale *sale = &reversed->sale;
    response->points_taken = reversed->points;
    response->score = sale->score;
    response->amount_minor = sale->amount_minor;
    response->refund_points_minor = sale->refund_points_minor;
    response->refund_money_minor = sale->amount_minor - sale->refund_points_minor;
}

static enum status fill_reversed(const struct replies *replies,
                                 const struct record_reversed *reversed,
                                 Loyalty__V1__ReverseResponse *response)
{
    bool spent = reversed->method == RECORD_REDEEMED || reversed->method == RECORD_CAPTURED;
    response->result = (Loyalty__V1__ReverseResult)reversed->result;
    response->expired = reversed->expired;
    response->forgiven = reversed->forgiven;
    if (reversed->method == RECORD_AWARDED) {
        fill_sale(reversed, response);
    } else {
        response->points_returned = reversed->points;
    }
    if (spent && reversed->points > 0) {
        TRY(replies_money(replies, reversed->value_minor, &response->value));
    }
    return replies_lots(replies->arena, reversed->lots, reversed->lot_count, &response->n_lots,
                        &response->lots);
}

enum status replies_reverse(const struct replies *replies, const struct record *record,
                            uint64_t seq, Loyalty__V1__ReverseResponse **ret_response)
{
    CHECK(record->type == RECORD_REVERSED || record->type == RECORD_TOMBSTONE);
    Loyalty__V1__ReverseResponse *response = (Loyalty__V1__ReverseResponse *)message_new(
        &loyalty__v1__reverse_response__descriptor, replies->arena);
    if (response == NULL) {
        return STATUS_NO_MEMORY;
    }
    struct reply_head head;
    TRY(replies_head(replies, record, &head));
    response->member_id = head.member_id;
    response->seq = seq;
    response->recorded_at = head.recorded_at;
    if (record->type == RECORD_REVERSED) {
        TRY(fill_reversed(replies, &record->reversed, response));
    } else {
        response->result = LOYALTY__V1__REVERSE_RESULT__REVERSE_RESULT_ORIGINAL_NOT_FOUND;
    }
    response->standing = head.standing;
    response->receipt_lines = head.receipt_lines;
    response->n_receipt_lines = head.receipt_line_count;
    *ret_response = response;
    return STATUS_OK;
}
