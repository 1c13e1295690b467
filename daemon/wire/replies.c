// Answers to mutations, each from its record. Parts they share, and what says no, are in
// replies_parts.c; the lines to print in receipt.c.
#include "wire/replies.h"

#include "base/check.h"
#include "wire/message.h"
#include "wire/receipt.h"

static enum status make_standing(const struct replies *replies, const struct record *record,
                                 Loyalty__V1__Standing **ret_standing)
{
    Loyalty__V1__Standing *standing =
        (Loyalty__V1__Standing *)message_new(&loyalty__v1__standing__descriptor, replies->arena);
    if (standing == NULL) {
        return STATUS_NO_MEMORY;
    }
    const struct figures *figures = &record->figures;
    standing->balance = figures->balance;
    standing->pending = figures->pending;
    standing->held = figures->held;
    standing->score = figures->score;
    standing->missing_to_next = figures->missing;
    struct span tier = replies_name(replies, record, figures->tier);
    struct span next_tier = replies_name(replies, record, figures->next_tier);
    TRY(replies_text(replies->arena, tier, &standing->tier_id));
    TRY(replies_text(replies->arena, next_tier, &standing->next_tier_id));
    *ret_standing = standing;
    return STATUS_OK;
}

// The instants of what was earned; where there is nothing, nothing is said.
static enum status fill_award_instants(struct arena *arena, const struct record *record,
                                       Loyalty__V1__AwardResponse *response)
{
    const struct record_awarded *awarded = &record->awarded;
    TRY(replies_instant(arena, record->at_ms, &response->recorded_at));
    TRY(replies_instant(arena, awarded->occurred_ms, &response->occurred_at));
    if (awarded->points > 0) {
        TRY(replies_instant(arena, awarded->lot_ends_ms, &response->expires_at));
    }
    if (awarded->points > 0 && awarded->spendable_ms > record->at_ms) {
        TRY(replies_instant(arena, awarded->spendable_ms, &response->spendable_at));
    }
    if (awarded->score > 0) {
        TRY(replies_instant(arena, awarded->score_until_ms, &response->score_until));
    }
    return STATUS_OK;
}

enum status replies_award(const struct replies *replies, const struct record *record, uint64_t seq,
                          Loyalty__V1__AwardResponse **ret_response)
{
    CHECK(record->type == RECORD_AWARDED);
    Loyalty__V1__AwardResponse *response = (Loyalty__V1__AwardResponse *)message_new(
        &loyalty__v1__award_response__descriptor, replies->arena);
    if (response == NULL) {
        return STATUS_NO_MEMORY;
    }
    response->seq = seq;
    response->program_version = record->awarded.version;
    response->points = record->awarded.points;
    response->score = record->awarded.score;
    TRY(replies_text(replies->arena, replies->member_id, &response->member_id));
    TRY(fill_award_instants(replies->arena, record, response));
    TRY(replies_by_rule(replies, record, &response->n_by_rule, &response->by_rule));
    if (record->card_count > 0) {
        TRY(replies_card(replies, record, &record->cards[record->card_count - 1],
                         &response->new_card));
    }
    if (record->has_figures) {
        TRY(make_standing(replies, record, &response->standing));
        TRY(receipt_lines(replies, record, &response->n_receipt_lines, &response->receipt_lines));
    }
    *ret_response = response;
    return STATUS_OK;
}

enum status replies_quote(const struct replies *replies, const struct record *record,
                          Loyalty__V1__QuoteResponse **ret_response)
{
    Loyalty__V1__QuoteResponse *response = (Loyalty__V1__QuoteResponse *)message_new(
        &loyalty__v1__quote_response__descriptor, replies->arena);
    if (response == NULL) {
        return STATUS_NO_MEMORY;
    }
    TRY(replies_award(replies, record, 0, &response->award));
    *ret_response = response;
    return STATUS_OK;
}

enum status replies_backfill(const struct replies *replies, const struct record *record,
                             uint64_t seq, Loyalty__V1__BackfillResponse **ret_response)
{
    Loyalty__V1__BackfillResponse *response = (Loyalty__V1__BackfillResponse *)message_new(
        &loyalty__v1__backfill_response__descriptor, replies->arena);
    if (response == NULL) {
        return STATUS_NO_MEMORY;
    }
    TRY(replies_award(replies, record, seq, &response->award));
    *ret_response = response;
    return STATUS_OK;
}

static enum status make_money(const struct replies *replies, int64_t minor,
                              Loyalty__V1__Money **ret_money)
{
    Loyalty__V1__Money *money =
        (Loyalty__V1__Money *)message_new(&loyalty__v1__money__descriptor, replies->arena);
    if (money == NULL) {
        return STATUS_NO_MEMORY;
    }
    money->minor = minor;
    TRY(replies_text(replies->arena, replies->currency, &money->currency));
    *ret_money = money;
    return STATUS_OK;
}

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
    response->seq = seq;
    response->points = redeemed->points;
    TRY(replies_text(replies->arena, replies->member_id, &response->member_id));
    TRY(replies_instant(replies->arena, record->at_ms, &response->recorded_at));
    TRY(make_money(replies, redeemed->value_minor, &response->value));
    TRY(replies_lots(replies->arena, redeemed->lots, redeemed->lot_count, &response->n_taken,
                     &response->taken));
    if (record->has_figures) {
        TRY(make_standing(replies, record, &response->standing));
        TRY(receipt_lines(replies, record, &response->n_receipt_lines, &response->receipt_lines));
    }
    *ret_response = response;
    return STATUS_OK;
}

static bool is_lost(const struct account *account, const struct identifier *identifier)
{
    for (uint32_t i = 0; i < account->identifiers.count; i++) {
        const struct identifier_state *state = &account->identifiers.items[i];
        if (state->identifier.kind == identifier->kind &&
            memcmp(state->identifier.key, identifier->key, sizeof(identifier->key)) == 0) {
            return state->stage == IDENTIFIER_LOST;
        }
    }
    return false;
}

static enum status fill_unbound(struct arena *arena, const struct account *account,
                                const struct record_opened *opened,
                                Loyalty__V1__EnrollResponse *response)
{
    response->unbound =
        arena_alloc_array(arena, opened->identifier_count, sizeof(*response->unbound));
    if (response->unbound == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < opened->identifier_count; i++) {
        if (is_lost(account, &opened->identifiers[i])) {
            response->unbound[response->n_unbound] =
                (Loyalty__V1__IdentifierKind)opened->identifiers[i].kind;
            response->n_unbound++;
        }
    }
    return STATUS_OK;
}

enum status replies_enroll(const struct replies *replies, const struct account *account,
                           const struct record *record, uint64_t seq,
                           Loyalty__V1__EnrollResponse **ret_response)
{
    CHECK(record->type == RECORD_OPENED);
    Loyalty__V1__EnrollResponse *response = (Loyalty__V1__EnrollResponse *)message_new(
        &loyalty__v1__enroll_response__descriptor, replies->arena);
    if (response == NULL) {
        return STATUS_NO_MEMORY;
    }
    response->seq = seq;
    TRY(replies_text(replies->arena, replies->member_id, &response->member_id));
    TRY(replies_instant(replies->arena, record->at_ms, &response->enrolled_at));
    TRY(fill_unbound(replies->arena, account, &record->opened, response));
    if (record->has_figures) {
        TRY(make_standing(replies, record, &response->standing));
    }
    *ret_response = response;
    return STATUS_OK;
}

enum status replies_opening(const struct replies *replies, const struct record *record,
                            uint64_t seq, Loyalty__V1__OpeningBalanceResponse **ret_response)
{
    CHECK(record->type == RECORD_OPENING);
    Loyalty__V1__OpeningBalanceResponse *response =
        (Loyalty__V1__OpeningBalanceResponse *)message_new(
            &loyalty__v1__opening_balance_response__descriptor, replies->arena);
    if (response == NULL) {
        return STATUS_NO_MEMORY;
    }
    response->seq = seq;
    TRY(replies_text(replies->arena, replies->member_id, &response->member_id));
    TRY(replies_instant(replies->arena, record->at_ms, &response->recorded_at));
    if (record->has_figures) {
        TRY(make_standing(replies, record, &response->standing));
    }
    *ret_response = response;
    return STATUS_OK;
}

// The first answer named the field of the decision; a record has only its method.
static enum status recorded_refusal(struct arena *arena, const struct record_refused *refused,
                                    Loyalty__V1__Error **ret_error)
{
    struct refusal refusal = {.reason = (enum refusal_reason)refused->reason,
                              .field = refused->method == RECORD_REDEEMED ? "points" : "",
                              .asked = refused->asked,
                              .limit = refused->limit};
    return replies_refusal(arena, &refusal, ret_error);
}

// What a record answered, whichever it was.
struct answer {
    Loyalty__V1__AwardResponse *award;
    Loyalty__V1__BackfillResponse *backfill;
    Loyalty__V1__RedeemResponse *redeem;
    Loyalty__V1__EnrollResponse *enroll;
    Loyalty__V1__OpeningBalanceResponse *opening;
    Loyalty__V1__Error *error;
};

static enum status make_answer(const struct replies *replies, const struct account *account,
                               const struct record *record, uint64_t seq, struct answer *ret_answer)
{
    *ret_answer = (struct answer){0};
    switch (record->type) {
    case RECORD_AWARDED:
        return record->awarded.backfill
                   ? replies_backfill(replies, record, seq, &ret_answer->backfill)
                   : replies_award(replies, record, seq, &ret_answer->award);
    case RECORD_REDEEMED:
        return replies_redeem(replies, record, seq, &ret_answer->redeem);
    case RECORD_OPENED:
        return replies_enroll(replies, account, record, seq, &ret_answer->enroll);
    case RECORD_OPENING:
        return replies_opening(replies, record, seq, &ret_answer->opening);
    case RECORD_REFUSED:
        return recorded_refusal(replies->arena, &record->refused, &ret_answer->error);
    default:
        return STATUS_CORRUPT;
    }
}

enum status replies_record(const struct replies *replies, const struct account *account,
                           const struct record *record, uint64_t seq,
                           ProtobufCMessage **ret_response, Loyalty__V1__Error **ret_error)
{
    struct answer answer;
    TRY(make_answer(replies, account, record, seq, &answer));
    ProtobufCMessage *response = NULL;
    if (answer.award != NULL) {
        response = &answer.award->base;
    } else if (answer.backfill != NULL) {
        response = &answer.backfill->base;
    } else if (answer.redeem != NULL) {
        response = &answer.redeem->base;
    } else if (answer.enroll != NULL) {
        response = &answer.enroll->base;
    } else if (answer.opening != NULL) {
        response = &answer.opening->base;
    }
    *ret_response = response;
    *ret_error = answer.error;
    return STATUS_OK;
}

static void fill_outcome(const struct answer *answer, Loyalty__V1__GetOutcomeResponse *response)
{
    response->status = LOYALTY__V1__OUTCOME_STATUS__OUTCOME_STATUS_APPLIED;
    if (answer->error != NULL) {
        response->status = LOYALTY__V1__OUTCOME_STATUS__OUTCOME_STATUS_REFUSED;
        response->refusal = answer->error;
    } else if (answer->award != NULL || answer->backfill != NULL) {
        response->reply_case = LOYALTY__V1__GET_OUTCOME_RESPONSE__REPLY_AWARD;
        response->award = answer->award != NULL ? answer->award : answer->backfill->award;
    } else if (answer->redeem != NULL) {
        response->reply_case = LOYALTY__V1__GET_OUTCOME_RESPONSE__REPLY_REDEEM;
        response->redeem = answer->redeem;
    } else if (answer->enroll != NULL) {
        response->reply_case = LOYALTY__V1__GET_OUTCOME_RESPONSE__REPLY_ENROLL;
        response->enroll = answer->enroll;
    } else if (answer->opening->standing != NULL) {
        response->reply_case = LOYALTY__V1__GET_OUTCOME_RESPONSE__REPLY_STANDING;
        response->standing = answer->opening->standing;
    }
}

enum status replies_outcome(const struct replies *replies, const struct account *account,
                            const struct record *record, uint64_t seq,
                            Loyalty__V1__GetOutcomeResponse **ret_response)
{
    Loyalty__V1__GetOutcomeResponse *response = (Loyalty__V1__GetOutcomeResponse *)message_new(
        &loyalty__v1__get_outcome_response__descriptor, replies->arena);
    if (response == NULL) {
        return STATUS_NO_MEMORY;
    }
    response->status = LOYALTY__V1__OUTCOME_STATUS__OUTCOME_STATUS_NOT_SEEN_YET;
    if (record != NULL) {
        struct answer answer;
        TRY(make_answer(replies, account, record, seq, &answer));
        fill_outcome(&answer, response);
    }
    *ret_response = response;
    return STATUS_OK;
}
