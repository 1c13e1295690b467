// From a cashier's intent to a row: the message as it will be sent, every time the same, and what
// the queue must know of it.
#pragma once

#include "base/arena.h"
#include "lib/till_queue.h"
#include "loyalty/v1/points.pb-c.h"

// The path of a kind's method.
const char *ly_intent_method(enum loyalty_till_kind kind);
const ProtobufCMessageDescriptor *ly_intent_descriptor(enum loyalty_till_kind kind);
// Where a message of these has its mutation.
Loyalty__V1__Mutation **ly_intent_mutation(ProtobufCMessage *message);
bool ly_kind_spends(enum loyalty_till_kind kind);

// What became of writing one.
enum ly_written { LY_WRITTEN, LY_UNWRITABLE, LY_NO_MEMORY };

// A row not yet in the queue, its message in the arena. `now_ms` is when it was made; `unit` goes
// into the message. Its `points` are what it asks for.
enum ly_written ly_intent_write(struct arena *arena, const struct loyalty_intent *intent,
                                const char *unit, int64_t now_ms, struct ly_row *ret_row);
// The reversal of a row that spends, whole, under an id of its own; told of as accepted.
enum ly_written ly_intent_write_void(struct arena *arena, const struct ly_row *row,
                                     const char *unit, int64_t now_ms, struct ly_row *ret_row);
