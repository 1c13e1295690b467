// One way out and back for all operations.
#include "lib/operate.h"

#include "lib/reply.h"

enum loyalty_outcome ly_turn_away(struct arena *arena, bool writable,
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

void *ly_read_answer(struct loyalty_reply *reply, const ProtobufCMessageDescriptor *type)
{
    if (reply->outcome != LOYALTY_APPLIED && reply->outcome != LOYALTY_DUPLICATE) {
        return NULL;
    }
    ProtobufCMessage *answer = ly_reply_unpack(reply, type);
    if (answer == NULL) {
        loyalty_reply_fini(reply);
        ly_reply_set(reply, LOYALTY_OUTCOME_UNKNOWN, "BAD_ANSWER",
                     "The server's answer cannot be read.");
    }
    return answer;
}

void *ly_operate(struct loyalty *client, struct arena *arena, const struct ly_order *order,
                 uint32_t timeout_ms, struct loyalty_reply *ret_reply)
{
    if (order->message == NULL) {
        (void)ly_turn_away(arena, order->writable, ret_reply);
        return NULL;
    }
    size_t len = protobuf_c_message_get_packed_size(order->message);
    bool fits = len <= LOYALTY_REQUEST_BYTES_MAX;
    uint8_t *bytes = fits ? arena_alloc(arena, len) : NULL;
    if (bytes == NULL) {
        (void)ly_turn_away(arena, fits, ret_reply);
        return NULL;
    }
    (void)protobuf_c_message_pack(order->message, bytes);
    (void)loyalty_call(client, order->method, bytes, len, timeout_ms, ret_reply);
    arena_fini(arena);
    return ly_read_answer(ret_reply, order->answer);
}
