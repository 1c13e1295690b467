// The operations with structs: write the message, call, read the answer. A result is written only
// when the request took effect.
#include <string.h>

#include "lib/client.h"
#include "lib/decode.h"
#include "lib/encode.h"
#include "lib/reply.h"

enum { REQUEST_MEMORY_MAX = 256 * 1024 };

bool loyalty_request_init(const struct loyalty *client, struct loyalty_request *ret_request)
{
    struct loyalty_request request = {.created_at_ms = loyalty_now_ms(client)};
    if (!loyalty_uuid(request.request_id)) {
        return false;
    }
    *ret_request = request;
    return true;
}

// Of a request that could not be written; if it can be at all, there was no memory to do it.
static enum loyalty_outcome turn_away(struct arena *arena, bool writable,
                                      struct loyalty_reply *ret_reply)
{
    arena_fini(arena);
    if (writable) {
        ly_reply_set(ret_reply, LOYALTY_RETRY_LATER, "NO_MEMORY", "Out of memory.");
    } else {
        ly_reply_set(ret_reply, LOYALTY_REFUSED, "BAD_REQUEST", "The request cannot be written.");
    }
    return ret_reply->outcome;
}

static bool took_effect(enum loyalty_outcome outcome)
{
    return outcome == LOYALTY_APPLIED || outcome == LOYALTY_DUPLICATE;
}

// Packs and calls; `*ret_message` is the answer's message, NULL unless the request took effect.
// Frees the arena the request was built in.
static enum loyalty_outcome call(struct loyalty *client, struct arena *arena, const char *method,
                                 const ProtobufCMessage *message, uint32_t timeout_ms,
                                 const ProtobufCMessageDescriptor *answer,
                                 struct loyalty_reply *ret_reply, ProtobufCMessage **ret_message)
{
    *ret_message = NULL;
    size_t len = protobuf_c_message_get_packed_size(message);
    bool fits = len <= LOYALTY_REQUEST_BYTES_MAX;
    uint8_t *bytes = fits ? arena_alloc(arena, len) : NULL;
    if (bytes == NULL) {
        return turn_away(arena, fits, ret_reply);
    }
    (void)protobuf_c_message_pack(message, bytes);
    (void)loyalty_call(client, method, bytes, len, timeout_ms, ret_reply);
    arena_fini(arena);
    if (took_effect(ret_reply->outcome)) {
        *ret_message = ly_reply_unpack(ret_reply, answer);
        if (*ret_message == NULL) {
            loyalty_reply_fini(ret_reply);
            ly_reply_set(ret_reply, LOYALTY_OUTCOME_UNKNOWN, "BAD_ANSWER",
                         "The server's answer cannot be read.");
        }
    }
    return ret_reply->outcome;
}

enum loyalty_outcome loyalty_enrol(struct loyalty *client, const struct loyalty_request *request,
                                   const char *member_id, const struct loyalty_member *identifiers,
                                   size_t identifier_count, struct loyalty_enrolment *ret_enrolment,
                                   struct loyalty_reply *ret_reply)
{
    struct arena arena;
    arena_init(&arena, REQUEST_MEMORY_MAX);
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
        return turn_away(&arena, writable, ret_reply);
    }
    message.identifiers = list;
    message.n_identifiers = identifier_count;
    if (member_id != NULL) {
        message.member_id = (char *)member_id;
    }
    ProtobufCMessage *answer = NULL;
    (void)call(client, &arena, "/loyalty.v1.MembersService/Enroll", &message.base,
               request->timeout_ms, &loyalty__v1__enroll_response__descriptor, ret_reply, &answer);
    if (answer != NULL) {
        ly_decode_enrolment((const Loyalty__V1__EnrollResponse *)answer, ret_enrolment);
    }
    return ret_reply->outcome;
}

enum loyalty_outcome loyalty_get_member(struct loyalty *client, const struct loyalty_member *member,
                                        struct loyalty_account *ret_account,
                                        struct loyalty_reply *ret_reply)
{
    struct arena arena;
    arena_init(&arena, REQUEST_MEMORY_MAX);
    Loyalty__V1__GetMemberRequest message = LOYALTY__V1__GET_MEMBER_REQUEST__INIT;
    message.member = ly_encode_member(&arena, member);
    if (message.member == NULL) {
        return turn_away(&arena, ly_can_encode_member(member), ret_reply);
    }
    ProtobufCMessage *answer = NULL;
    (void)call(client, &arena, "/loyalty.v1.MembersService/GetMember", &message.base, 0,
               &loyalty__v1__get_member_response__descriptor, ret_reply, &answer);
    if (answer != NULL &&
        !ly_decode_account(ret_reply, (const Loyalty__V1__GetMemberResponse *)answer,
                           ret_account)) {
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
    arena_init(&arena, REQUEST_MEMORY_MAX);
    Loyalty__V1__QuoteRequest message = LOYALTY__V1__QUOTE_REQUEST__INIT;
    message.member = ly_encode_member(&arena, member);
    message.sale = ly_encode_sale(&arena, sale);
    if (message.member == NULL || message.sale == NULL) {
        return turn_away(&arena, ly_can_encode_member(member) && ly_can_encode_sale(sale),
                         ret_reply);
    }
    ProtobufCMessage *answer = NULL;
    (void)call(client, &arena, "/loyalty.v1.PointsService/Quote", &message.base, 0,
               &loyalty__v1__quote_response__descriptor, ret_reply, &answer);
    const Loyalty__V1__QuoteResponse *quote = (const Loyalty__V1__QuoteResponse *)answer;
    if (quote != NULL && quote->award != NULL) {
        ly_decode_award(quote->award, ret_award);
    } else if (quote != NULL) {
        loyalty_reply_fini(ret_reply);
        ly_reply_set(ret_reply, LOYALTY_RETRY_LATER, "BAD_ANSWER", "The server's quote is empty.");
    }
    return ret_reply->outcome;
}

enum loyalty_outcome loyalty_award(struct loyalty *client, const struct loyalty_request *request,
                                   const struct loyalty_member *member,
                                   const struct loyalty_sale *sale,
                                   struct loyalty_awarded *ret_award,
                                   struct loyalty_reply *ret_reply)
{
    struct arena arena;
    arena_init(&arena, REQUEST_MEMORY_MAX);
    Loyalty__V1__AwardRequest message = LOYALTY__V1__AWARD_REQUEST__INIT;
    message.mutation = ly_encode_mutation(&arena, request);
    message.member = ly_encode_member(&arena, member);
    message.sale = ly_encode_sale(&arena, sale);
    if (message.mutation == NULL || message.member == NULL || message.sale == NULL) {
        return turn_away(&arena, ly_can_encode_member(member) && ly_can_encode_sale(sale),
                         ret_reply);
    }
    ProtobufCMessage *answer = NULL;
    (void)call(client, &arena, "/loyalty.v1.PointsService/Award", &message.base,
               request->timeout_ms, &loyalty__v1__award_response__descriptor, ret_reply, &answer);
    if (answer != NULL) {
        ly_decode_award((const Loyalty__V1__AwardResponse *)answer, ret_award);
    }
    return ret_reply->outcome;
}

enum loyalty_outcome loyalty_redeem(struct loyalty *client, const struct loyalty_request *request,
                                    const struct loyalty_member *member, int64_t points,
                                    struct loyalty_redemption *ret_redemption,
                                    struct loyalty_reply *ret_reply)
{
    struct arena arena;
    arena_init(&arena, REQUEST_MEMORY_MAX);
    Loyalty__V1__RedeemRequest message = LOYALTY__V1__REDEEM_REQUEST__INIT;
    message.mutation = ly_encode_mutation(&arena, request);
    message.member = ly_encode_member(&arena, member);
    message.points = points;
    if (message.mutation == NULL || message.member == NULL) {
        return turn_away(&arena, ly_can_encode_member(member), ret_reply);
    }
    ProtobufCMessage *answer = NULL;
    (void)call(client, &arena, "/loyalty.v1.PointsService/Redeem", &message.base,
               request->timeout_ms, &loyalty__v1__redeem_response__descriptor, ret_reply, &answer);
    if (answer != NULL) {
        ly_decode_redemption((const Loyalty__V1__RedeemResponse *)answer, ret_redemption);
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
    arena_init(&arena, REQUEST_MEMORY_MAX);
    Loyalty__V1__GetOutcomeRequest message = LOYALTY__V1__GET_OUTCOME_REQUEST__INIT;
    message.member = ly_encode_member(&arena, member);
    message.request_id = (char *)request_id;
    if (message.member == NULL) {
        return turn_away(&arena, ly_can_encode_member(member), ret_reply);
    }
    ProtobufCMessage *answer = NULL;
    (void)call(client, &arena, "/loyalty.v1.PointsService/GetOutcome", &message.base, 0,
               &loyalty__v1__get_outcome_response__descriptor, ret_reply, &answer);
    if (answer != NULL) {
        *ret_fate = fate_of(ret_reply, (const Loyalty__V1__GetOutcomeResponse *)answer);
    }
    return ret_reply->outcome;
}
