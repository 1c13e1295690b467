// What is counted while tills sell: answers by kind, and how long customers waited for them. A
// histogram of 16 steps a doubling, so a quantile is right to 5 %.
#pragma once

#include <stdint.h>

#include "lib/till.h"

enum { METER_STEPS = 16, METER_DOUBLINGS = 20, METER_STATUSES = 7 };

struct meter {
    int64_t began_ms;
    uint64_t statuses[METER_STATUSES]; // by loyalty_till_status
    uint64_t looks;                    // reads answered
    uint64_t scans;                    // tills' receipts refused at a desk
    uint64_t settled;                  // answers that came after the customer had gone
    uint64_t waits[METER_STEPS * METER_DOUBLINGS];
    uint64_t wait_count;
    uint64_t marked; // answers at the last mark
    int64_t marked_ms;
    double rate; // a second, between the last two marks
};

void meter_answer(struct meter *meter, enum loyalty_till_status status, int64_t waited_us);
uint64_t meter_answers(const struct meter *meter);
// So many microseconds or less waited `permille` of the customers who got a definite answer.
int64_t meter_quantile_us(const struct meter *meter, unsigned permille);
// Counts the rate anew when a second has passed since it was counted last.
void meter_mark(struct meter *meter, int64_t now_ms);
