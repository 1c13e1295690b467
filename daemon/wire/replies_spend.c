// Answers to what spends points: at once, or in two steps.
#include "base/check.h"
#include "wire/message.h"
#include "wire/replies.h"

enum status replies_redeem(const struct replies *replies, const struct record *record, uint64_t seq,
                           Loyalty__V1__RedeemResponse **ret_response)
{
    CHECK(record->type == RECORD_REDEEMED);
    Loyalty__V1__RedeemResponse *response = (Loyalty__V1__RedeemResponse *)message_new(
        &loyalty__v1__redeem_response__descriptor, replies->arena);
    if (response == NULL) {
        return STATUS_NO_MEMORY;
    }
    const struct record_redeemed *redeemed = &record->redeemed;
    struct reply_head head;
    TRY(replies_head(replies, record, &head));
    response->member_id = head.member_id;
    response->seq = seq;
    response->recorded_at = head.recorded_at;
    response->points = redeemed->points;
    TRY(replies_money(replies, redeemed->value_minor, &response->value));
    TRY(replies_lots(replies->arena, redeemed->lots, redeemed->lot_count, &response->n_taken,
                     &response->taken));
    response->standing = head.standing;
    response->receipt_lines = head.receipt_lines;
    response->n_receipt_lines = head.receipt_line_count;
    *ret_response = response;
    return STATUS_OK;
}

enum status replies_reserve(const struct replies *replies, const struct record *record,
                            uint64_t seq, Loyalty__V1__ReserveResponse **ret_response)
{
    CHECK(record->type == RECORD_HELD);
    Loyalty__V1__ReserveResponse *response = (Loyalty__V1__ReserveResponse *)message_new(
        &loyalty__v1__reserve_response__descriptor, replies->arena);
    if (response == NULL) {
        return STATUS_NO_MEMORY;
    }
    const struct record_redeemed *held = &record->held.taken;
    struct reply_head head;
    TRY(replies_head(replies, record, &head));
    response->member_id = head.member_id;
    response->seq = seq;
    response->recorded_at = head.recorded_at;
    response->points = held->points;
    TRY(replies_money(replies, held->value_minor, &response->value));
    TRY(replies_lots(replies->arena, held->lots, held->lot_count, &response->n_held,
                     &response->held));
    TRY(replies_instant(replies->arena, record->held.lapses_ms, &response->lapses_at));
    response->standing = head.standing;
    *ret_response = response;
    return STATUS_OK;
}

// Points freed, and of them those whose lot has ended.
static void sum_freed(const struct points_freed *freed, int64_t at_ms, int64_t *ret_points,
                      int64_t *ret_expired)
{
    *ret_points = lot_moves_points(freed->lots, freed->lot_count);
    *ret_expired = lot_moves_ended(freed->lots, freed->lot_count, at_ms);
}

enum status replies_capture(const struct replies *replies, const struct record *record,
                            uint64_t seq, Loyalty__V1__CaptureResponse **ret_response)
{
    CHECK(record->type == RECORD_CAPTURED);
    Loyalty__V1__CaptureResponse *response = (Loyalty__V1__CaptureResponse *)message_new(
        &loyalty__v1__capture_response__descriptor, replies->arena);
    if (response == NULL) {
        return STATUS_NO_MEMORY;
    }
    const struct record_redeemed *taken = &record->captured.taken;
    struct reply_head head;
    TRY(replies_head(replies, record, &head));
    response->member_id = head.member_id;
    response->seq = seq;
    response->recorded_at = head.recorded_at;
    response->points = taken->points;
    TRY(replies_money(replies, taken->value_minor, &response->value));
    TRY(replies_lots(replies->arena, taken->lots, taken->lot_count, &response->n_taken,
                     &response->taken));
    sum_freed(&record->captured.freed, record->at_ms, &response->freed, &response->expired);
    response->standing = head.standing;
    response->receipt_lines = head.receipt_lines;
    response->n_receipt_lines = head.receipt_line_count;
    *ret_response = response;
    return STATUS_OK;
}

enum status replies_release(const struct replies *replies, const struct record *record,
                            uint64_t seq, Loyalty__V1__ReleaseResponse **ret_response)
{
    CHECK(record->type == RECORD_RELEASED);
    Loyalty__V1__ReleaseResponse *response = (Loyalty__V1__ReleaseResponse *)message_new(
        &loyalty__v1__release_response__descriptor, replies->arena);
    if (response == NULL) {
        return STATUS_NO_MEMORY;
    }
    struct reply_head head;
    TRY(replies_head(replies, record, &head));
    response->member_id = head.member_id;
    response->seq = seq;
    response->recorded_at = head.recorded_at;
    sum_freed(&record->released.freed, record->at_ms, &response->freed, &response->expired);
    response->standing = head.standing;
    *ret_response = response;
    return STATUS_OK;
}
