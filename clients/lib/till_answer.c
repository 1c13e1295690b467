// From a row to what the cashier is told, and from a reply to what is stored and posted.
#include <stdio.h>
#include <string.h>

#include "lib/decode.h"
#include "lib/operate.h"
#include "lib/reply.h"
#include "lib/till_inside.h"
#include "lib/till_intent.h"
#include "loyalty/v1/frame.pb-c.h"

const char *loyalty_till_status_name(enum loyalty_till_status status)
{
    switch (status) {
    case LOYALTY_TILL_ACCEPTED_OFFLINE:
        return "ACCEPTED_OFFLINE";
    case LOYALTY_TILL_OFFLINE_REFUSED:
        return "OFFLINE_REFUSED";
    default:
        return loyalty_outcome_name((enum loyalty_outcome)status);
    }
}

void loyalty_till_answer_fini(struct loyalty_till_answer *answer)
{
    if (answer != NULL) {
        loyalty_reply_fini(&answer->reply);
        *answer = (struct loyalty_till_answer){.note = "",
                                               .reply = {.reason = "", .field = "", .message = ""}};
    }
}

void ly_answer_set(struct loyalty_till_answer *answer, enum loyalty_till_status status,
                   const char *reason, const char *message)
{
    answer->status = status;
    // The reply has no word for a till's own two: as far as the service goes they are open and no.
    enum loyalty_outcome outcome = status == LOYALTY_TILL_ACCEPTED_OFFLINE ? LOYALTY_OUTCOME_UNKNOWN
                                   : status == LOYALTY_TILL_OFFLINE_REFUSED
                                       ? LOYALTY_REFUSED
                                       : (enum loyalty_outcome)status;
    ly_reply_set(&answer->reply, outcome, reason, message);
}

// --- what a row says ---

static void read_settled(const struct ly_row *row, struct loyalty_till_answer *answer)
{
    static const ProtobufCMessageDescriptor *const types[] = {
        [LOYALTY_TILL_AWARD] = &loyalty__v1__award_response__descriptor,
        [LOYALTY_TILL_REDEEM] = &loyalty__v1__redeem_response__descriptor,
        [LOYALTY_TILL_RESERVE] = &loyalty__v1__reserve_response__descriptor,
        [LOYALTY_TILL_CAPTURE] = &loyalty__v1__capture_response__descriptor,
        [LOYALTY_TILL_RELEASE] = &loyalty__v1__release_response__descriptor,
        [LOYALTY_TILL_REVERSE] = &loyalty__v1__reverse_response__descriptor,
    };
    uint64_t ignored = 0;
    if (ly_reply_parse(row->answer, &ignored, &answer->reply) != LY_FRAME_REPLY) {
        ly_answer_set(answer, LOYALTY_TILL_OUTCOME_UNKNOWN, "NO_MEMORY", "Out of memory.");
        return;
    }
    const void *message = ly_read_answer(&answer->reply, types[row->kind]);
    answer->status = (enum loyalty_till_status)answer->reply.outcome;
    if (message == NULL) {
        return;
    }
    switch (row->kind) {
    case LOYALTY_TILL_AWARD:
        ly_decode_award(message, &answer->award);
        break;
    case LOYALTY_TILL_REDEEM:
        ly_decode_redeem(message, &answer->redemption);
        break;
    case LOYALTY_TILL_RESERVE:
        ly_decode_reserve(message, &answer->redemption);
        break;
    case LOYALTY_TILL_CAPTURE:
        ly_decode_capture(message, &answer->redemption);
        break;
    case LOYALTY_TILL_RELEASE:
        ly_decode_release(message, &answer->redemption);
        break;
    case LOYALTY_TILL_REVERSE:
        ly_decode_reverse(message, &answer->reversal);
        break;
    }
}

static int64_t worth(const Loyalty__V1__GetTermsResponse *terms, int64_t points)
{
    if (terms->value_points <= 0 || points <= 0) {
        return 0;
    }
    return (int64_t)((__int128)points * terms->value_minor / terms->value_points);
}

static void read_accepted(const struct loyalty_till *till, const struct ly_row *row,
                          struct loyalty_till_answer *answer)
{
    ly_answer_set(answer, LOYALTY_TILL_ACCEPTED_OFFLINE, "ACCEPTED_OFFLINE",
                  "It is noted and follows when the service can be reached.");
    if (!ly_kind_spends(row->kind)) {
        answer->note = row->kind == LOYALTY_TILL_AWARD
                           ? "Your purchase is noted; its points will follow."
                           : "Noted; your points will be put right.";
        return;
    }
    answer->note = "Points spent while offline.";
    answer->redemption = (struct loyalty_redemption){
        .member_id = "",
        .points = row->points,
        .value_currency = "",
        .standing = {.tier_id = "", .next_tier_id = ""},
    };
    if (till->terms != NULL) {
        size_t bytes = strlen(till->terms->currency) + 1;
        char *currency = ly_reply_alloc(&answer->reply, bytes);
        answer->redemption.value_minor = worth(till->terms, row->points);
        answer->redemption.value_currency =
            currency == NULL ? "" : memcpy(currency, till->terms->currency, bytes);
    }
}

static void read_withdrawn(const struct ly_row *row, struct loyalty_till_answer *answer)
{
    // Stable texts: the row is not the answer's to keep.
    static const char *const reasons[] = {"OFFLINE", "OVER_FLOOR", "VOIDED"};
    const char *reason = reasons[0];
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        reason = strcmp(row->reason, reasons[i]) == 0 ? reasons[i] : reason;
    }
    ly_answer_set(answer, LOYALTY_TILL_OFFLINE_REFUSED, reason,
                  "The points cannot be spent now: there is no answer from the service.");
    answer->note = "Points cannot be used at the moment.";
}

void ly_answer_of_row(const struct loyalty_till *till, const struct ly_row *row,
                      struct loyalty_till_answer *ret_answer)
{
    struct loyalty_till_answer answer = {
        .kind = row->kind,
        .sequence = row->sequence,
        .created_at_ms = row->created_at_ms,
        .note = "",
    };
    memcpy(answer.request_id, row->request_id, sizeof(answer.request_id));
    if (row->state == LY_ROW_SETTLED) {
        read_settled(row, &answer);
    } else if (row->state == LY_ROW_WITHDRAWN) {
        read_withdrawn(row, &answer);
    } else if (row->told) {
        read_accepted(till, row, &answer);
    } else {
        ly_answer_set(&answer, LOYALTY_TILL_OUTCOME_UNKNOWN, "OPEN", "There is no answer yet.");
    }
    *ret_answer = answer;
}

// --- what is stored of a reply ---

static bool pack_error(struct arena *arena, const struct loyalty_reply *reply,
                       Loyalty__V1__Error *error)
{
    error->code = (Loyalty__V1__Code)reply->code;
    error->reason = (char *)reply->reason;
    error->field = (char *)reply->field;
    error->message = (char *)reply->message;
    Loyalty__V1__Error__FiguresEntry *figures =
        arena_alloc_array(arena, reply->figure_count, sizeof(*figures));
    error->figures = arena_alloc_array(arena, reply->figure_count, sizeof(void *));
    if (figures == NULL || error->figures == NULL) {
        return false;
    }
    for (size_t i = 0; i < reply->figure_count; i++) {
        loyalty__v1__error__figures_entry__init(&figures[i]);
        figures[i].key = (char *)reply->figures[i].name;
        figures[i].value = reply->figures[i].value;
        error->figures[i] = &figures[i];
    }
    error->n_figures = reply->figure_count;
    return true;
}

struct span ly_reply_pack(struct arena *arena, const struct loyalty_reply *reply)
{
    Loyalty__V1__ReplyEnvelope envelope = LOYALTY__V1__REPLY_ENVELOPE__INIT;
    Loyalty__V1__Error error = LOYALTY__V1__ERROR__INIT;
    envelope.replayed = reply->replayed;
    if (reply->outcome == LOYALTY_REFUSED) {
        envelope.result_case = LOYALTY__V1__REPLY_ENVELOPE__RESULT_ERROR;
        envelope.error = &error;
        if (!pack_error(arena, reply, &error)) {
            return (struct span){0};
        }
    } else {
        envelope.result_case = LOYALTY__V1__REPLY_ENVELOPE__RESULT_PAYLOAD;
        envelope.payload.data = (uint8_t *)reply->payload;
        envelope.payload.len = reply->payload_bytes;
    }
    size_t len = loyalty__v1__reply_envelope__get_packed_size(&envelope);
    uint8_t *bytes = arena_alloc(arena, len);
    if (bytes == NULL) {
        return (struct span){0};
    }
    (void)loyalty__v1__reply_envelope__pack(&envelope, bytes);
    return span_of(bytes, len);
}

// --- the book ---

static struct ly_posting posting_of_reversal(const struct ly_row *row,
                                             const struct loyalty_reversed *reversed)
{
    struct ly_posting posting = {.sequence = row->sequence};
    if (reversed->result != LOYALTY_REVERSED && reversed->result != LOYALTY_FURTHER_ACTIVITY) {
        return posting;
    }
    if (reversed->value_currency[0] != '\0') {
        // Of what nobody waited for: it had been done, and that is what counts under its receipt.
        posting.sequence = row->voids == 0 ? row->sequence : row->voids;
        posting.operation = row->voids == 0 ? LOYALTY_OP_REVERSE_REDEEM : LOYALTY_OP_REDEEM;
        posting.points = reversed->points_returned;
    } else if (reversed->points_returned == 0) {
        posting.operation = LOYALTY_OP_REVERSE_AWARD;
        posting.points = reversed->points_taken;
        posting.amount_minor = reversed->amount_minor;
    }
    return posting;
}

struct ly_posting ly_posting_of(const struct ly_row *row, const struct loyalty_till_answer *answer)
{
    struct ly_posting posting = {.sequence = row->sequence};
    bool applied =
        answer->status == LOYALTY_TILL_APPLIED || answer->status == LOYALTY_TILL_DUPLICATE;
    if (!applied) {
        return posting;
    }
    switch (row->kind) {
    case LOYALTY_TILL_AWARD:
        // A training sale has no place in the member's account.
        posting.operation = answer->award.seq == 0 ? 0 : LOYALTY_OP_AWARD;
        posting.points = answer->award.points;
        posting.amount_minor = row->amount_minor;
        break;
    case LOYALTY_TILL_REDEEM:
    case LOYALTY_TILL_CAPTURE:
        posting.operation = LOYALTY_OP_REDEEM;
        posting.points = answer->redemption.points;
        break;
    case LOYALTY_TILL_REVERSE:
        return posting_of_reversal(row, &answer->reversal);
    case LOYALTY_TILL_RESERVE:
    case LOYALTY_TILL_RELEASE:
        break;
    }
    return posting;
}
