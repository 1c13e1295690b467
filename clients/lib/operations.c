// The operations of a back end, and what is asked without effect: write the message, call, read the
// answer. A result is written only when the request took effect.
#include "lib/client.h"
#include "lib/decode.h"
#include "lib/encode.h"
#include "lib/operate.h"
#include "lib/reply.h"

bool loyalty_request_init(const struct loyalty *client, struct loyalty_request *ret_request)
{
    struct loyalty_request request = {.created_at_ms = loyalty_now_ms(client)};
    if (!loyalty_uuid(request.request_id)) {
        return false;
    }
    *ret_request = request;
    return true;
}

enum loyalty_outcome loyalty_enrol(struct loyalty *client, const struct loyalty_request *request,
                                   const char *member_id, const struct loyalty_member *identifiers,
                                   size_t identifier_count, struct loyalty_enrolment *ret_enrolment,
                                   struct loyalty_reply *ret_reply)
{
    struct arena arena;
    arena_init(&arena, LY_REQUEST_MEMORY_MAX);
    Loyalty__V1__Identifier *list[LOYALTY_IDENTIFIERS_MAX];
    Loyalty__V1__EnrollRequest message = LOYALTY__V1__ENROLL_REQUEST__INIT;
    message.mutation = ly_encode_mutation(&arena, request);
    bool writable = identifier_count <= LOYALTY_IDENTIFIERS_MAX;
    bool written = message.mutation != NULL;
    for (size_t i = 0; writable && written && i < identifier_count; i++) {
        writable = ly_can_encode_identifier(&identifiers[i]);
        list[i] = ly_encode_identifier(&arena, &identifiers[i]);
        written = list[i] != NULL;
    }
    if (!writable || !written) {
        return ly_turn_away(&arena, writable, ret_reply);
    }
    message.identifiers = list;
    message.n_identifiers = identifier_count;
    if (member_id != NULL) {
        message.member_id = (char *)member_id;
    }
    const struct ly_order order = {.method = "/loyalty.v1.MembersService/Enroll",
                                   .answer = &loyalty__v1__enroll_response__descriptor,
                                   .message = &message.base,
                                   .writable = true};
    const Loyalty__V1__EnrollResponse *answer =
        ly_operate(client, &arena, &order, request->timeout_ms, ret_reply);
    if (answer != NULL) {
        ly_decode_enrolment(answer, ret_enrolment);
    }
    return ret_reply->outcome;
}

enum loyalty_outcome loyalty_get_member(struct loyalty *client, const struct loyalty_member *member,
                                        struct loyalty_account *ret_account,
                                        struct loyalty_reply *ret_reply)
{
    struct arena arena;
    arena_init(&arena, LY_REQUEST_MEMORY_MAX);
    Loyalty__V1__GetMemberRequest message = LOYALTY__V1__GET_MEMBER_REQUEST__INIT;
    message.member = ly_encode_member(&arena, member);
    if (message.member == NULL) {
        return ly_turn_away(&arena, ly_can_encode_member(member), ret_reply);
    }
    const struct ly_order order = {.method = "/loyalty.v1.MembersService/GetMember",
                                   .answer = &loyalty__v1__get_member_response__descriptor,
                                   .message = &message.base,
                                   .writable = true};
    const Loyalty__V1__GetMemberResponse *answer = ly_operate(client, &arena, &order, 0, ret_reply);
    if (answer != NULL && !ly_decode_account(ret_reply, answer, ret_account)) {
        loyalty_reply_fini(ret_reply);
        ly_reply_set(ret_reply, LOYALTY_RETRY_LATER, "NO_MEMORY", "Out of memory.");
    }
    return ret_reply->outcome;
}

enum loyalty_outcome loyalty_quote(struct loyalty *client, const struct loyalty_member *member,
                                   const struct loyalty_sale *sale,
                                   struct loyalty_awarded *ret_award,
                                   struct loyalty_reply *ret_reply)
{
    struct arena arena;
    arena_init(&arena, LY_REQUEST_MEMORY_MAX);
    Loyalty__V1__QuoteRequest message = LOYALTY__V1__QUOTE_REQUEST__INIT;
    message.member = ly_encode_member(&arena, member);
    message.sale = ly_encode_sale(&arena, sale);
    if (message.member == NULL || message.sale == NULL) {
        return ly_turn_away(&arena, ly_can_encode_member(member) && ly_can_encode_sale(sale),
                            ret_reply);
    }
    const struct ly_order order = {.method = "/loyalty.v1.PointsService/Quote",
                                   .answer = &loyalty__v1__quote_response__descriptor,
                                   .message = &message.base,
                                   .writable = true};
    const Loyalty__V1__QuoteResponse *quote = ly_operate(client, &arena, &order, 0, ret_reply);
    if (quote != NULL && quote->award != NULL) {
        ly_decode_award(quote->award, ret_award);
    } else if (quote != NULL) {
        loyalty_reply_fini(ret_reply);
        ly_reply_set(ret_reply, LOYALTY_RETRY_LATER, "BAD_ANSWER", "The server's quote is empty.");
    }
    return ret_reply->outcome;
}

static enum loyalty_fate fate_of(struct loyalty_reply *reply,
                                 const Loyalty__V1__GetOutcomeResponse *answer)
{
    switch (answer->status) {
    case LOYALTY__V1__OUTCOME_STATUS__OUTCOME_STATUS_APPLIED:
        return LOYALTY_FATE_APPLIED;
    case LOYALTY__V1__OUTCOME_STATUS__OUTCOME_STATUS_REFUSED:
        if (answer->refusal != NULL) {
            reply->reason = answer->refusal->reason;
            reply->field = answer->refusal->field;
            reply->message = answer->refusal->message;
        }
        return LOYALTY_FATE_REFUSED;
    default:
        return LOYALTY_FATE_NOT_SEEN_YET;
    }
}

enum loyalty_outcome loyalty_get_outcome(struct loyalty *client,
                                         const struct loyalty_member *member,
                                         const char *request_id, enum loyalty_fate *ret_fate,
                                         struct loyalty_reply *ret_reply)
{
    struct arena arena;
    arena_init(&arena, LY_REQUEST_MEMORY_MAX);
    Loyalty__V1__GetOutcomeRequest message = LOYALTY__V1__GET_OUTCOME_REQUEST__INIT;
    message.member = ly_encode_member(&arena, member);
    message.request_id = (char *)request_id;
    if (message.member == NULL) {
        return ly_turn_away(&arena, ly_can_encode_member(member), ret_reply);
    }
    const struct ly_order order = {.method = "/loyalty.v1.PointsService/GetOutcome",
                                   .answer = &loyalty__v1__get_outcome_response__descriptor,
                                   .message = &message.base,
                                   .writable = true};
    const Loyalty__V1__GetOutcomeResponse *answer =
        ly_operate(client, &arena, &order, 0, ret_reply);
    if (answer != NULL) {
        *ret_fate = fate_of(ret_reply, answer);
    }
    return ret_reply->outcome;
}
