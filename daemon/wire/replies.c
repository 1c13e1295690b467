// Answers to mutations, each from its record: sales and enrolments, and which answer a record
// gives. What spends points is in replies_spend.c, what takes back in replies_reverse.c, the parts
// they share and what says no in replies_parts.c, the lines to print in receipt.c.
#include "wire/replies.h"

#include "base/check.h"
#include "wire/acts.h"
#include "wire/contributions.h"
#include "wire/identify.h"
#include "wire/membership.h"
#include "wire/message.h"
#include "wire/perks.h"
#include "wire/pools.h"

// The instants of what was earned; where there is nothing, nothing is said.
static enum status fill_award_instants(struct arena *arena, const struct record *record,
                                       Loyalty__V1__AwardResponse *response)
{
    const struct record_awarded *awarded = &record->awarded;
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
    struct reply_head head;
    TRY(replies_head(replies, record, &head));
    response->member_id = head.member_id;
    response->recorded_at = head.recorded_at;
    response->standing = head.standing;
    response->receipt_lines = head.receipt_lines;
    response->n_receipt_lines = head.receipt_line_count;
    TRY(fill_award_instants(replies->arena, record, response));
    TRY(replies_by_rule(replies, record, &response->n_by_rule, &response->by_rule));
    if (record->card_count > 0) {
        TRY(replies_card(replies, record, &record->cards[record->card_count - 1],
                         &response->new_card));
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

static bool is_lost(const struct account *account, const struct identifier *identifier)
{
    const struct identifier_state *state = account_identifier(account, identifier);
    return state != NULL && state->stage == IDENTIFIER_LOST;
}

enum status replies_unbound(struct arena *arena, const struct account *account,
                            const struct record_opened *opened, size_t *ret_count,
                            Loyalty__V1__IdentifierKind **ret_unbound)
{
    *ret_count = 0;
    *ret_unbound = arena_alloc_array(arena, opened->identifier_count, sizeof(**ret_unbound));
    if (*ret_unbound == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < opened->identifier_count; i++) {
        if (is_lost(account, &opened->identifiers[i])) {
            (*ret_unbound)[*ret_count] = (Loyalty__V1__IdentifierKind)opened->identifiers[i].kind;
            (*ret_count)++;
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
    struct reply_head head;
    TRY(replies_head(replies, record, &head));
    response->member_id = head.member_id;
    response->enrolled_at = head.recorded_at;
    response->standing = head.standing;
    TRY(replies_unbound(replies->arena, account, &record->opened, &response->n_unbound,
                        &response->unbound));
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
    struct reply_head head;
    TRY(replies_head(replies, record, &head));
    response->member_id = head.member_id;
    response->recorded_at = head.recorded_at;
    response->standing = head.standing;
    *ret_response = response;
    return STATUS_OK;
}

// The first answer named the field of the decision; a record has only its method and reason.
static const char *refused_field(const struct record_refused *refused)
{
    switch (refused->reason) {
    case REFUSAL_HOLD_LAPSED:
    case REFUSAL_HOLD_CAPTURED:
    case REFUSAL_HOLD_RELEASED:
        return "reservation_id";
    case REFUSAL_UNKNOWN_PERK:
    case REFUSAL_PERK_NOT_HERE:
        return "perk_id";
    case REFUSAL_CODE_USED:
    case REFUSAL_CODE_EXPIRED:
        return "code";
    case REFUSAL_NOT_IN_POOL:
    case REFUSAL_POOL_MAY_NOT:
    case REFUSAL_IDENTIFIER_REPLACED:
        return "pool_member";
    default:
        break;
    }
    switch (refused->method) {
    case RECORD_REDEEMED:
    case RECORD_HELD:
    case RECORD_CAPTURED:
        return "points";
    default:
        return "";
    }
}

static enum status recorded_refusal(struct arena *arena, const struct record_refused *refused,
                                    Loyalty__V1__Error **ret_error)
{
    struct refusal refusal = {.reason = (enum refusal_reason)refused->reason,
                              .field = refused_field(refused),
                              .asked = refused->asked,
                              .limit = refused->limit};
    return replies_refusal(arena, &refusal, ret_error);
}

// What a record answered, whichever it was.
struct answer {
    Loyalty__V1__AwardResponse *award;
    Loyalty__V1__BackfillResponse *backfill;
    Loyalty__V1__RedeemResponse *redeem;
    Loyalty__V1__ReserveResponse *reserve;
    Loyalty__V1__CaptureResponse *capture;
    Loyalty__V1__ReleaseResponse *release;
    Loyalty__V1__ReverseResponse *reverse;
    Loyalty__V1__EnrollResponse *enroll;
    Loyalty__V1__OpeningBalanceResponse *opening;
    Loyalty__V1__ContributionResponse *contribution;
    Loyalty__V1__ChangeIdentifiersResponse *identifiers;
    ProtobufCMessage *of_pool;    // which GetOutcome does not show
    ProtobufCMessage *membership; // the same
    ProtobufCMessage *by_hand;    // the same
    Loyalty__V1__UsePerkResponse *perk_used;
    Loyalty__V1__ReversePerkResponse *perk_reversed;
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
    case RECORD_HELD:
        return replies_reserve(replies, record, seq, &ret_answer->reserve);
    case RECORD_CAPTURED:
        return replies_capture(replies, record, seq, &ret_answer->capture);
    case RECORD_RELEASED:
        return replies_release(replies, record, seq, &ret_answer->release);
    case RECORD_REVERSED:
    case RECORD_TOMBSTONE:
        return replies_reverse(replies, record, seq, &ret_answer->reverse);
    case RECORD_OPENED:
        if (record->opened.kind == ACCOUNT_POOL) {
            return replies_create_pool(replies, account, record, seq, &ret_answer->of_pool);
        }
        return replies_enroll(replies, account, record, seq, &ret_answer->enroll);
    case RECORD_POOL_MEMBER:
        return replies_pool_member(replies, record, seq, &ret_answer->of_pool);
    case RECORD_STATUS_CHANGED:
        return membership_status_response(replies, record, seq, &ret_answer->membership);
    case RECORD_MERGED:
        return membership_merge_response(replies, record, seq, &ret_answer->membership);
    case RECORD_ADJUSTED:
        return acts_adjusted_response(replies, record, seq, &ret_answer->by_hand);
    case RECORD_CARD_GRANTED:
    case RECORD_CARD_REVOKED:
        return acts_tier_response(replies, record, seq, &ret_answer->by_hand);
    case RECORD_PERK_USED:
        return perks_used_response(replies, record, seq, &ret_answer->perk_used);
    case RECORD_PERK_REVERSED:
        return perks_reversed_response(replies, record, &ret_answer->perk_reversed);
    case RECORD_OPENING:
        return replies_opening(replies, record, seq, &ret_answer->opening);
    case RECORD_CONTRIBUTED:
    case RECORD_CONTRIBUTION_REDUCED:
        return replies_contribution(replies, record, seq, &ret_answer->contribution);
    case RECORD_IDENTIFIERS_CHANGED:
        return replies_identifiers(replies, account, record, seq, &ret_answer->identifiers);
    case RECORD_REFUSED:
        return recorded_refusal(replies->arena, &record->refused, &ret_answer->error);
    default:
        return STATUS_CORRUPT;
    }
}

static ProtobufCMessage *response_of(const struct answer *answer)
{
    ProtobufCMessage *const responses[] = {
        answer->award == NULL ? NULL : &answer->award->base,
        answer->backfill == NULL ? NULL : &answer->backfill->base,
        answer->redeem == NULL ? NULL : &answer->redeem->base,
        answer->reserve == NULL ? NULL : &answer->reserve->base,
        answer->capture == NULL ? NULL : &answer->capture->base,
        answer->release == NULL ? NULL : &answer->release->base,
        answer->reverse == NULL ? NULL : &answer->reverse->base,
        answer->enroll == NULL ? NULL : &answer->enroll->base,
        answer->opening == NULL ? NULL : &answer->opening->base,
        answer->perk_used == NULL ? NULL : &answer->perk_used->base,
        answer->perk_reversed == NULL ? NULL : &answer->perk_reversed->base,
        answer->of_pool,
        answer->membership,
        answer->by_hand,
        answer->contribution == NULL ? NULL : &answer->contribution->base,
        answer->identifiers == NULL ? NULL : &answer->identifiers->base,
    };
    size_t i = 0;
    while (i + 1 < sizeof(responses) / sizeof(responses[0]) && responses[i] == NULL) {
        i++;
    }
    return responses[i];
}

enum status replies_record(const struct replies *replies, const struct account *account,
                           const struct record *record, uint64_t seq,
                           ProtobufCMessage **ret_response, Loyalty__V1__Error **ret_error)
{
    struct answer answer;
    TRY(make_answer(replies, account, record, seq, &answer));
    *ret_response = response_of(&answer);
    *ret_error = answer.error;
    return STATUS_OK;
}

// --- GetOutcome ---

static void fill_outcome(const struct answer *answer, Loyalty__V1__GetOutcomeResponse *response)
{
    if (answer->award != NULL || answer->backfill != NULL) {
        response->reply_case = LOYALTY__V1__GET_OUTCOME_RESPONSE__REPLY_AWARD;
        response->award = answer->award != NULL ? answer->award : answer->backfill->award;
    } else if (answer->redeem != NULL) {
        response->reply_case = LOYALTY__V1__GET_OUTCOME_RESPONSE__REPLY_REDEEM;
        response->redeem = answer->redeem;
    } else if (answer->reserve != NULL) {
        response->reply_case = LOYALTY__V1__GET_OUTCOME_RESPONSE__REPLY_RESERVE;
        response->reserve = answer->reserve;
    } else if (answer->capture != NULL) {
        response->reply_case = LOYALTY__V1__GET_OUTCOME_RESPONSE__REPLY_CAPTURE;
        response->capture = answer->capture;
    } else if (answer->release != NULL) {
        response->reply_case = LOYALTY__V1__GET_OUTCOME_RESPONSE__REPLY_RELEASE;
        response->release = answer->release;
    } else if (answer->reverse != NULL) {
        response->reply_case = LOYALTY__V1__GET_OUTCOME_RESPONSE__REPLY_REVERSE;
        response->reverse = answer->reverse;
    } else if (answer->enroll != NULL) {
        response->reply_case = LOYALTY__V1__GET_OUTCOME_RESPONSE__REPLY_ENROLL;
        response->enroll = answer->enroll;
    } else if (answer->opening != NULL && answer->opening->standing != NULL) {
        response->reply_case = LOYALTY__V1__GET_OUTCOME_RESPONSE__REPLY_STANDING;
        response->standing = answer->opening->standing;
    } else if (answer->contribution != NULL && answer->contribution->standing != NULL) {
        response->reply_case = LOYALTY__V1__GET_OUTCOME_RESPONSE__REPLY_STANDING;
        response->standing = answer->contribution->standing;
    }
}

static enum status new_outcome(struct arena *arena, Loyalty__V1__OutcomeStatus status,
                               Loyalty__V1__GetOutcomeResponse **ret_response)
{
    *ret_response = (Loyalty__V1__GetOutcomeResponse *)message_new(
        &loyalty__v1__get_outcome_response__descriptor, arena);
    if (*ret_response == NULL) {
        return STATUS_NO_MEMORY;
    }
    (*ret_response)->status = status;
    return STATUS_OK;
}

enum status replies_outcome(const struct replies *replies, const struct account *account,
                            const struct record *record, uint64_t seq,
                            Loyalty__V1__GetOutcomeResponse **ret_response)
{
    if (record == NULL) {
        return new_outcome(replies->arena, LOYALTY__V1__OUTCOME_STATUS__OUTCOME_STATUS_NOT_SEEN_YET,
                           ret_response);
    }
    struct answer answer;
    TRY(make_answer(replies, account, record, seq, &answer));
    if (answer.error != NULL) {
        TRY(new_outcome(replies->arena, LOYALTY__V1__OUTCOME_STATUS__OUTCOME_STATUS_REFUSED,
                        ret_response));
        (*ret_response)->refusal = answer.error;
        return STATUS_OK;
    }
    TRY(new_outcome(replies->arena, LOYALTY__V1__OUTCOME_STATUS__OUTCOME_STATUS_APPLIED,
                    ret_response));
    fill_outcome(&answer, *ret_response);
    return STATUS_OK;
}

enum status replies_outcome_refused(struct arena *arena, const struct refusal *refusal,
                                    Loyalty__V1__GetOutcomeResponse **ret_response)
{
    TRY(new_outcome(arena, LOYALTY__V1__OUTCOME_STATUS__OUTCOME_STATUS_REFUSED, ret_response));
    return replies_refusal(arena, refusal, &(*ret_response)->refusal);
}
