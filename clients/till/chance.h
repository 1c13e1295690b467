// Random numbers that follow from a seed, one stream for each who draws (splitmix64). Not for
// secrets.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/loyalty.h"

struct chance {
    uint64_t state;
};

// The stream `number` of a seed.
struct chance chance_new(uint64_t seed, uint64_t number);
uint64_t chance_next(struct chance *chance);
// 0 to `bound` - 1; `bound` is at least 1.
uint64_t chance_below(struct chance *chance, uint64_t bound);
// From `least` to `most`, both included.
int64_t chance_between(struct chance *chance, int64_t least, int64_t most);
bool chance_percent(struct chance *chance, unsigned percent);
// A waiting time that is `mean_ms` on average: customers come when they come.
int64_t chance_wait_ms(struct chance *chance, int64_t mean_ms);
// A UUID of the stream, version 4 by its form.
void chance_uuid(struct chance *chance, char ret_uuid[LOYALTY_UUID_BYTES]);
