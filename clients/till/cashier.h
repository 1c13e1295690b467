// The cashier of a counter: takes one customer after the other, asks the till what the errand needs
// and takes its answers. Only callbacks and one entry; the loop is world's.
#pragma once

#include <stdbool.h>

#include "till/counter.h"

// The next customer comes: nothing may be waited for.
void cashier_serve(struct counter *counter);
// The receipt of a sale that has counted is scanned at a desk that has no customer just now; else
// nothing happens.
void cashier_scan(struct counter *desk, uint32_t sale);
// What becomes of a visit when an answer has come; `visit.entry` is what it was put for last.
// In errands.c.
void errand_next(struct counter *counter, const struct loyalty_till_answer *answer);
void errand_begin(struct counter *counter);

// loyalty_till_answer_fn and loyalty_reply_fn; the user is the counter.
void cashier_on_answer(void *user, const struct loyalty_till_answer *answer);
void cashier_on_settled(void *user, const struct loyalty_till_answer *answer);
void cashier_on_scan(void *user, const struct loyalty_reply *reply);
void cashier_on_look(void *user, const struct loyalty_reply *reply);
