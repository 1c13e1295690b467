// From the public structs to messages of the contract, built in an arena that borrows the texts.
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "lib/loyalty.h"
#include "loyalty/v1/common.pb-c.h"
#include "loyalty/v1/points.pb-c.h"

// Whether it can be said at all: a kind there is, not too many lines.
bool ly_can_encode_member(const struct loyalty_member *member);
bool ly_can_encode_identifier(const struct loyalty_member *member);
bool ly_can_encode_sale(const struct loyalty_sale *sale);

// All give NULL when that is not so, or memory is short.
Google__Protobuf__Timestamp *ly_encode_instant(struct arena *arena, int64_t instant_ms);
Loyalty__V1__Mutation *ly_encode_mutation(struct arena *arena,
                                          const struct loyalty_request *request);
Loyalty__V1__MemberRef *ly_encode_member(struct arena *arena, const struct loyalty_member *member);
Loyalty__V1__Identifier *ly_encode_identifier(struct arena *arena,
                                              const struct loyalty_member *member);
// False when memory is short. Number 0: none.
bool ly_encode_receipt(struct arena *arena, uint64_t number, const char *business_date,
                       Loyalty__V1__ReceiptKey **ret_receipt);
// Borrowed; "" for NULL.
char *ly_encode_text(const char *borrowed);
Loyalty__V1__Sale *ly_encode_sale(struct arena *arena, const struct loyalty_sale *sale);
