// Buckets by doublings, each in equal steps.
#include "till/meter.h"

enum { STEPS_DOUBLED = METER_STEPS * 2, MARK_MS = 1000 };

static unsigned bucket_of(uint64_t waited_us)
{
    unsigned doubling = 0;
    while (waited_us >= STEPS_DOUBLED && doubling < METER_DOUBLINGS - 1) {
        waited_us /= 2;
        doubling++;
    }
    if (waited_us < METER_STEPS) {
        return (unsigned)waited_us; // the first doubling is below one step: exact
    }
    unsigned step =
        waited_us >= STEPS_DOUBLED ? METER_STEPS - 1 : (unsigned)waited_us - METER_STEPS;
    unsigned bucket = METER_STEPS * (doubling + 1) + step;
    return bucket < METER_STEPS * METER_DOUBLINGS ? bucket : METER_STEPS * METER_DOUBLINGS - 1;
}

static int64_t top_of(unsigned bucket)
{
    if (bucket < METER_STEPS) {
        return bucket;
    }
    unsigned doubling = bucket / METER_STEPS - 1;
    return ((int64_t)(METER_STEPS + bucket % METER_STEPS) + 1) << doubling;
}

void meter_answer(struct meter *meter, enum loyalty_till_status status, int64_t waited_us)
{
    meter->statuses[status]++;
    if (status == LOYALTY_TILL_APPLIED || status == LOYALTY_TILL_DUPLICATE ||
        status == LOYALTY_TILL_REFUSED) {
        meter->waits[bucket_of(waited_us < 0 ? 0 : (uint64_t)waited_us)]++;
        meter->wait_count++;
    }
}

uint64_t meter_answers(const struct meter *meter)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < METER_STATUSES; i++) {
        sum += meter->statuses[i];
    }
    return sum;
}

int64_t meter_quantile_us(const struct meter *meter, unsigned permille)
{
    uint64_t wanted = (meter->wait_count * permille + 999) / 1000;
    uint64_t seen = 0;
    for (unsigned i = 0; i < METER_STEPS * METER_DOUBLINGS && wanted > 0; i++) {
        seen += meter->waits[i];
        if (seen >= wanted) {
            return top_of(i);
        }
    }
    return 0;
}

void meter_mark(struct meter *meter, int64_t now_ms)
{
    uint64_t answers = meter_answers(meter);
    int64_t passed_ms = now_ms - meter->marked_ms;
    if (passed_ms < MARK_MS) {
        return;
    }
    if (meter->marked_ms != 0) {
        meter->rate = (double)(answers - meter->marked) * 1000 / (double)passed_ms;
    }
    meter->marked = answers;
    meter->marked_ms = now_ms;
}
