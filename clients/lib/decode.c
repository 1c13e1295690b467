// An absent part gives a zeroed struct with empty texts: a caller need not look for NULL.
#include "lib/decode.h"

#include "lib/reply.h"

// The first second of the year 1 and the last of 9999: what a Timestamp may hold.
#define SECONDS_MIN INT64_C(-62135596800)
#define SECONDS_MAX INT64_C(253402300799)

int64_t ly_decode_instant(const Google__Protobuf__Timestamp *instant)
{
    if (instant == NULL || instant->seconds < SECONDS_MIN || instant->seconds > SECONDS_MAX) {
        return 0;
    }
    return instant->seconds * 1000 + instant->nanos / 1000000;
}

struct loyalty_standing ly_decode_standing(const Loyalty__V1__Standing *standing)
{
    if (standing == NULL) {
        return (struct loyalty_standing){.tier_id = "", .next_tier_id = ""};
    }
    return (struct loyalty_standing){
        .balance = standing->balance,
        .pending = standing->pending,
        .held = standing->held,
        .score = standing->score,
        .tier_id = standing->tier_id,
        .next_tier_id = standing->next_tier_id,
        .missing_to_next = standing->missing_to_next,
    };
}

static struct loyalty_card decode_card(const Loyalty__V1__Card *card)
{
    if (card == NULL) {
        return (struct loyalty_card){.tier_id = ""};
    }
    return (struct loyalty_card){
        .tier_id = card->tier_id,
        .from_ms = ly_decode_instant(card->from),
        .until_ms = ly_decode_instant(card->until),
    };
}

void ly_decode_award(const Loyalty__V1__AwardResponse *message, struct loyalty_awarded *ret_award)
{
    *ret_award = (struct loyalty_awarded){
        .member_id = message->member_id,
        .seq = message->seq,
        .recorded_at_ms = ly_decode_instant(message->recorded_at),
        .occurred_at_ms = ly_decode_instant(message->occurred_at),
        .points = message->points,
        .score = message->score,
        .expires_at_ms = ly_decode_instant(message->expires_at),
        .spendable_at_ms = ly_decode_instant(message->spendable_at),
        .new_card = decode_card(message->new_card),
        .standing = ly_decode_standing(message->standing),
        .receipt_lines = (const char *const *)message->receipt_lines,
        .receipt_line_count = message->n_receipt_lines,
    };
}

void ly_decode_enrolment(const Loyalty__V1__EnrollResponse *message,
                         struct loyalty_enrolment *ret_enrolment)
{
    *ret_enrolment = (struct loyalty_enrolment){
        .member_id = message->member_id,
        .seq = message->seq,
        .enrolled_at_ms = ly_decode_instant(message->enrolled_at),
        .standing = ly_decode_standing(message->standing),
        .unbound_count = message->n_unbound,
    };
}

bool ly_decode_account(struct loyalty_reply *reply, const Loyalty__V1__GetMemberResponse *message,
                       struct loyalty_account *ret_account)
{
    struct loyalty_lot *lots = ly_reply_alloc(reply, message->n_lots * sizeof(*lots));
    if (lots == NULL) {
        return false;
    }
    for (size_t i = 0; i < message->n_lots; i++) {
        lots[i].points = message->lots[i]->points;
        lots[i].expires_at_ms = ly_decode_instant(message->lots[i]->expires_at);
    }
    *ret_account = (struct loyalty_account){
        .member_id = message->member_id,
        .seq = message->seq,
        .as_of_ms = ly_decode_instant(message->as_of),
        .enrolled_at_ms = ly_decode_instant(message->enrolled_at),
        .standing = ly_decode_standing(message->standing),
        .card = decode_card(message->card),
        .lots = lots,
        .lot_count = message->n_lots,
        .next_change_at_ms = ly_decode_instant(message->next_change_at),
    };
    return true;
}
