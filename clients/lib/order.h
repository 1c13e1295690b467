// Whole requests: the messages of a till's mutations, built in an arena that borrows the texts.
// Both the blocking operations and the queue are made of these.
#pragma once

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

#include "base/arena.h"
#include "lib/loyalty.h"

#define LY_GET_TERMS "/loyalty.v1.TillsService/GetTerms"

struct ly_order {
    const char *method;
    const ProtobufCMessageDescriptor *answer;
    ProtobufCMessage *message; // NULL: memory is short, or it is not writable
    bool writable;             // false: it cannot be said at all (too many lines, no such kind)
};

// The place of a field that the message has, by its name in the contract.
void *ly_order_place(ProtobufCMessage *message, const char *field);

struct ly_order ly_order_award(struct arena *arena, const struct loyalty_request *request,
                               const struct loyalty_member *member,
                               const struct loyalty_sale *sale);
struct ly_order ly_order_redeem(struct arena *arena, const struct loyalty_request *request,
                                const struct loyalty_member *member,
                                const struct loyalty_spend *spend);
struct ly_order ly_order_reserve(struct arena *arena, const struct loyalty_request *request,
                                 const struct loyalty_member *member,
                                 const struct loyalty_spend *spend);
struct ly_order ly_order_capture(struct arena *arena, const struct loyalty_request *request,
                                 const struct loyalty_member *member,
                                 const struct loyalty_hold_end *end);
struct ly_order ly_order_release(struct arena *arena, const struct loyalty_request *request,
                                 const struct loyalty_member *member,
                                 const struct loyalty_hold_end *end);
struct ly_order ly_order_reverse(struct arena *arena, const struct loyalty_request *request,
                                 const struct loyalty_member *member,
                                 const struct loyalty_reversal *reversal);
struct ly_order ly_order_reconcile(struct arena *arena, const struct loyalty_request *request,
                                   const struct loyalty_day *day);
