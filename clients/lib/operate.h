// What every operation with structs shares: pack, call, read the answer.
#pragma once

#include "lib/order.h"

enum { LY_REQUEST_MEMORY_MAX = 256 * 1024 };

// Of a request that could not be written; if it can be at all, there was no memory to do it. Frees
// the arena the request was built in.
enum loyalty_outcome ly_turn_away(struct arena *arena, bool writable,
                                  struct loyalty_reply *ret_reply);
// Packs and calls; gives the answer's message, in the reply's memory, NULL unless the request took
// effect. Frees the arena.
void *ly_operate(struct loyalty *client, struct arena *arena, const struct ly_order *order,
                 uint32_t timeout_ms, struct loyalty_reply *ret_reply);
// The answer of a reply that took effect, as ly_operate gives it; a reply that cannot be read is
// OUTCOME_UNKNOWN after this.
void *ly_read_answer(struct loyalty_reply *reply, const ProtobufCMessageDescriptor *type);
