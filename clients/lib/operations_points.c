// The operations that move points, and those of a till's day, waiting for their answers. A result
// is written only when the request took effect.
#include "lib/client.h"
#include "lib/decode.h"
#include "lib/operate.h"
#include "lib/reply.h"

static void *operate(struct loyalty *client, const struct loyalty_request *request,
                     struct arena *arena, struct ly_order order, struct loyalty_reply *ret_reply)
{
    return ly_operate(client, arena, &order, request->timeout_ms, ret_reply);
}

enum loyalty_outcome loyalty_award(struct loyalty *client, const struct loyalty_request *request,
                                   const struct loyalty_member *member,
                                   const struct loyalty_sale *sale,
                                   struct loyalty_awarded *ret_award,
                                   struct loyalty_reply *ret_reply)
{
    struct arena arena;
    arena_init(&arena, LY_REQUEST_MEMORY_MAX);
    const void *answer =
        operate(client, request, &arena, ly_order_award(&arena, request, member, sale), ret_reply);
    if (answer != NULL) {
        ly_decode_award(answer, ret_award);
    }
    return ret_reply->outcome;
}

enum loyalty_outcome loyalty_redeem(struct loyalty *client, const struct loyalty_request *request,
                                    const struct loyalty_member *member,
                                    const struct loyalty_spend *spend,
                                    struct loyalty_redemption *ret_redemption,
                                    struct loyalty_reply *ret_reply)
{
    struct arena arena;
    arena_init(&arena, LY_REQUEST_MEMORY_MAX);
    const void *answer = operate(client, request, &arena,
                                 ly_order_redeem(&arena, request, member, spend), ret_reply);
    if (answer != NULL) {
        ly_decode_redeem(answer, ret_redemption);
    }
    return ret_reply->outcome;
}

enum loyalty_outcome loyalty_reserve(struct loyalty *client, const struct loyalty_request *request,
                                     const struct loyalty_member *member,
                                     const struct loyalty_spend *spend,
                                     struct loyalty_redemption *ret_hold,
                                     struct loyalty_reply *ret_reply)
{
    struct arena arena;
    arena_init(&arena, LY_REQUEST_MEMORY_MAX);
    const void *answer = operate(client, request, &arena,
                                 ly_order_reserve(&arena, request, member, spend), ret_reply);
    if (answer != NULL) {
        ly_decode_reserve(answer, ret_hold);
    }
    return ret_reply->outcome;
}

enum loyalty_outcome loyalty_capture(struct loyalty *client, const struct loyalty_request *request,
                                     const struct loyalty_member *member,
                                     const struct loyalty_hold_end *end,
                                     struct loyalty_redemption *ret_redemption,
                                     struct loyalty_reply *ret_reply)
{
    struct arena arena;
    arena_init(&arena, LY_REQUEST_MEMORY_MAX);
    const void *answer =
        operate(client, request, &arena, ly_order_capture(&arena, request, member, end), ret_reply);
    if (answer != NULL) {
        ly_decode_capture(answer, ret_redemption);
    }
    return ret_reply->outcome;
}

enum loyalty_outcome loyalty_release(struct loyalty *client, const struct loyalty_request *request,
                                     const struct loyalty_member *member,
                                     const struct loyalty_hold_end *end,
                                     struct loyalty_redemption *ret_release,
                                     struct loyalty_reply *ret_reply)
{
    struct arena arena;
    arena_init(&arena, LY_REQUEST_MEMORY_MAX);
    const void *answer =
        operate(client, request, &arena, ly_order_release(&arena, request, member, end), ret_reply);
    if (answer != NULL) {
        ly_decode_release(answer, ret_release);
    }
    return ret_reply->outcome;
}

enum loyalty_outcome loyalty_reverse(struct loyalty *client, const struct loyalty_request *request,
                                     const struct loyalty_member *member,
                                     const struct loyalty_reversal *reversal,
                                     struct loyalty_reversed *ret_reversed,
                                     struct loyalty_reply *ret_reply)
{
    struct arena arena;
    arena_init(&arena, LY_REQUEST_MEMORY_MAX);
    const void *answer = operate(client, request, &arena,
                                 ly_order_reverse(&arena, request, member, reversal), ret_reply);
    if (answer != NULL) {
        ly_decode_reverse(answer, ret_reversed);
    }
    return ret_reply->outcome;
}

enum loyalty_outcome loyalty_get_terms(struct loyalty *client, struct loyalty_terms *ret_terms,
                                       struct loyalty_reply *ret_reply)
{
    struct arena arena;
    arena_init(&arena, LY_REQUEST_MEMORY_MAX);
    Loyalty__V1__GetTermsRequest message = LOYALTY__V1__GET_TERMS_REQUEST__INIT;
    const struct ly_order order = {.method = LY_GET_TERMS,
                                   .answer = &loyalty__v1__get_terms_response__descriptor,
                                   .message = &message.base,
                                   .writable = true};
    const Loyalty__V1__GetTermsResponse *answer = ly_operate(client, &arena, &order, 0, ret_reply);
    if (answer != NULL) {
        ly_decode_terms(answer, ret_terms);
    }
    return ret_reply->outcome;
}

enum loyalty_outcome loyalty_reconcile(struct loyalty *client,
                                       const struct loyalty_request *request,
                                       const struct loyalty_day *day,
                                       struct loyalty_reconciled *ret_reconciled,
                                       struct loyalty_reply *ret_reply)
{
    struct arena arena;
    arena_init(&arena, LY_REQUEST_MEMORY_MAX);
    const Loyalty__V1__ReconcileResponse *answer =
        operate(client, request, &arena, ly_order_reconcile(&arena, request, day), ret_reply);
    if (answer != NULL && !ly_decode_reconciled(ret_reply, answer, ret_reconciled)) {
        loyalty_reply_fini(ret_reply);
        ly_reply_set(ret_reply, LOYALTY_OUTCOME_UNKNOWN, "NO_MEMORY", "Out of memory: ask again.");
    }
    return ret_reply->outcome;
}
