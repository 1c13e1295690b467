// Every answer about points, from the one of a sale to that of a reversal.
#include "ctl/points_answer.h"

#include "ctl/print.h"
#include "loyalty/v1/members.pb-c.h"
#include "wire/field.h"

static void print_receipt_lines(char *const *lines, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        print_row(i == 0 ? "receipt" : "", "| %s", lines[i]);
    }
}

static void print_money(const char *name, const Loyalty__V1__Money *money)
{
    char text[PRINT_TEXT_BYTES];
    if (money != NULL) {
        print_row(name, "%s", print_amount(money->minor, money->currency, text));
    }
}

// A figure that is worth a line only where it is not 0.
static void print_some(const char *name, int64_t number)
{
    if (number != 0) {
        print_row_number(name, number);
    }
}

static void print_award(const Loyalty__V1__AwardResponse *award)
{
    print_row("member", "%s", award->member_id);
    print_row_instant("sold", award->occurred_at);
    print_row_number("points", award->points);
    for (size_t i = 0; i < award->n_by_rule; i++) {
        char number[PRINT_TEXT_BYTES];
        print_row("", "%s by %s", print_number(award->by_rule[i]->points, number),
                  award->by_rule[i]->rule_id);
    }
    print_row_number("score given", award->score);
    if (award->points > 0) {
        print_row_instant("points until", award->expires_at);
        if (award->spendable_at != NULL) {
            print_row_instant("spendable from", award->spendable_at);
        }
    }
    print_card("new card", award->new_card);
    print_standing(award->standing);
    print_receipt_lines(award->receipt_lines, award->n_receipt_lines);
}

static void print_redemption(const Loyalty__V1__RedeemResponse *redemption)
{
    print_row("member", "%s", redemption->member_id);
    print_row_number("points spent", redemption->points);
    print_money("worth", redemption->value);
    print_lots("from", redemption->taken, redemption->n_taken);
    print_standing(redemption->standing);
    print_receipt_lines(redemption->receipt_lines, redemption->n_receipt_lines);
}

static void print_reservation(const Loyalty__V1__ReserveResponse *reservation)
{
    print_row("member", "%s", reservation->member_id);
    print_row_number("points held", reservation->points);
    print_money("worth", reservation->value);
    print_lots("from", reservation->held, reservation->n_held);
    print_row_instant("lapses", reservation->lapses_at);
    print_standing(reservation->standing);
}

static void print_freed(int64_t freed, int64_t expired)
{
    print_some("points freed", freed);
    print_some("of them ended", expired);
}

static void print_capture(const Loyalty__V1__CaptureResponse *capture)
{
    print_row("member", "%s", capture->member_id);
    print_row_number("points spent", capture->points);
    print_money("worth", capture->value);
    print_lots("from", capture->taken, capture->n_taken);
    print_freed(capture->freed, capture->expired);
    print_standing(capture->standing);
    print_receipt_lines(capture->receipt_lines, capture->n_receipt_lines);
}

static void print_release(const Loyalty__V1__ReleaseResponse *release)
{
    print_row("member", "%s", release->member_id);
    print_freed(release->freed, release->expired);
    print_standing(release->standing);
}

static const char *result_text(Loyalty__V1__ReverseResult result)
{
    switch (result) {
    case LOYALTY__V1__REVERSE_RESULT__REVERSE_RESULT_REVERSED:
        return "taken back";
    case LOYALTY__V1__REVERSE_RESULT__REVERSE_RESULT_FURTHER_ACTIVITY:
        return "taken back, though points of it had been used";
    case LOYALTY__V1__REVERSE_RESULT__REVERSE_RESULT_PREVIOUSLY_REVERSED:
        return "nothing is left to take back";
    case LOYALTY__V1__REVERSE_RESULT__REVERSE_RESULT_ORIGINAL_NOT_FOUND:
        return "not known here: it is refused if it arrives later";
    case LOYALTY__V1__REVERSE_RESULT__REVERSE_RESULT_NOTHING_TO_REVERSE:
        return "it moved no points";
    default:
        return "?";
    }
}

static void print_reversal(const Loyalty__V1__ReverseResponse *reversal)
{
    print_row("member", "%s", reversal->member_id);
    print_row("result", "%s", result_text(reversal->result));
    print_some("points taken", reversal->points_taken);
    print_some("given back", reversal->points_returned);
    print_money("worth", reversal->value);
    print_some("of them ended", reversal->expired);
    print_some("forgiven", reversal->forgiven);
    print_some("score taken", reversal->score);
    print_lots("lots", reversal->lots, reversal->n_lots);
    print_standing(reversal->standing);
    print_receipt_lines(reversal->receipt_lines, reversal->n_receipt_lines);
}

static void print_enrolment(const Loyalty__V1__EnrollResponse *enrolment)
{
    print_row("member", "%s", enrolment->member_id);
    print_row_instant("enrolled", enrolment->enrolled_at);
    print_standing(enrolment->standing);
}

void points_print(const ProtobufCMessage *answer)
{
    const ProtobufCMessageDescriptor *type = answer->descriptor;
    if (type == &loyalty__v1__award_response__descriptor) {
        print_award((const Loyalty__V1__AwardResponse *)answer);
    } else if (type == &loyalty__v1__redeem_response__descriptor) {
        print_redemption((const Loyalty__V1__RedeemResponse *)answer);
    } else if (type == &loyalty__v1__reserve_response__descriptor) {
        print_reservation((const Loyalty__V1__ReserveResponse *)answer);
    } else if (type == &loyalty__v1__capture_response__descriptor) {
        print_capture((const Loyalty__V1__CaptureResponse *)answer);
    } else if (type == &loyalty__v1__release_response__descriptor) {
        print_release((const Loyalty__V1__ReleaseResponse *)answer);
    } else if (type == &loyalty__v1__reverse_response__descriptor) {
        print_reversal((const Loyalty__V1__ReverseResponse *)answer);
    } else if (type == &loyalty__v1__enroll_response__descriptor) {
        print_enrolment((const Loyalty__V1__EnrollResponse *)answer);
    } else if (type == &loyalty__v1__standing__descriptor) {
        print_standing((const Loyalty__V1__Standing *)answer);
    }
}

const ProtobufCMessage *points_reply(const Loyalty__V1__GetOutcomeResponse *outcome)
{
    switch (outcome->reply_case) {
    case LOYALTY__V1__GET_OUTCOME_RESPONSE__REPLY_AWARD:
        return &outcome->award->base;
    case LOYALTY__V1__GET_OUTCOME_RESPONSE__REPLY_REDEEM:
        return &outcome->redeem->base;
    case LOYALTY__V1__GET_OUTCOME_RESPONSE__REPLY_RESERVE:
        return &outcome->reserve->base;
    case LOYALTY__V1__GET_OUTCOME_RESPONSE__REPLY_CAPTURE:
        return &outcome->capture->base;
    case LOYALTY__V1__GET_OUTCOME_RESPONSE__REPLY_RELEASE:
        return &outcome->release->base;
    case LOYALTY__V1__GET_OUTCOME_RESPONSE__REPLY_REVERSE:
        return &outcome->reverse->base;
    case LOYALTY__V1__GET_OUTCOME_RESPONSE__REPLY_ENROLL:
        return &outcome->enroll->base;
    case LOYALTY__V1__GET_OUTCOME_RESPONSE__REPLY_STANDING:
        return &outcome->standing->base;
    default:
        return NULL;
    }
}

Google__Protobuf__Timestamp *points_recorded(const Loyalty__V1__GetOutcomeResponse *outcome)
{
    const ProtobufCMessage *reply = points_reply(outcome);
    if (reply == NULL) {
        return NULL;
    }
    const ProtobufCFieldDescriptor *field =
        field_find(reply->descriptor, span_of_text("recorded_at"));
    return field == NULL ? NULL
                         : *(Google__Protobuf__Timestamp *const *)field_place_const(reply, field);
}

int points_answer(struct session *session, const char *method, const ProtobufCMessage *request,
                  const char *request_id, const ProtobufCMessageDescriptor *type)
{
    ProtobufCMessage *answer = NULL;
    int code = session_call(session, method, request, request_id, type, &answer);
    if (code == CTL_OK && session->globals->json) {
        return print_json(session, answer, true);
    }
    if (code == CTL_OK) {
        points_print(answer);
        print_row("request", "%s%s", request_id,
                  session->replayed ? " (repeated: this is the stored answer)" : "");
    }
    return code;
}
