// splitmix64, by Sebastiano Vigna; in the public domain.
#include "till/chance.h"

#include "wire/uuid.h"

enum { WAIT_STEPS = 16 };

static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

struct chance chance_new(uint64_t seed, uint64_t number)
{
    return (struct chance){.state = mix(mix(seed + 1) + number)};
}

uint64_t chance_next(struct chance *chance)
{
    chance->state += UINT64_C(0x9e3779b97f4a7c15);
    return mix(chance->state);
}

uint64_t chance_below(struct chance *chance, uint64_t bound)
{
    return chance_next(chance) % bound; // even enough for bounds far below 2^64
}

int64_t chance_between(struct chance *chance, int64_t least, int64_t most)
{
    return least + (int64_t)chance_below(chance, (uint64_t)(most - least) + 1);
}

bool chance_percent(struct chance *chance, unsigned percent)
{
    return chance_below(chance, 100) < percent;
}

int64_t chance_wait_ms(struct chance *chance, int64_t mean_ms)
{
    // An exponential's shape in whole numbers: the fewest of some even draws, scaled to its mean.
    int64_t least = mean_ms * (WAIT_STEPS + 1);
    for (int i = 0; i < WAIT_STEPS; i++) {
        int64_t draw = chance_between(chance, 0, mean_ms * (WAIT_STEPS + 1));
        least = draw < least ? draw : least;
    }
    return least;
}

void chance_uuid(struct chance *chance, char ret_uuid[LOYALTY_UUID_BYTES])
{
    uint8_t bytes[UUID_BYTES];
    for (int i = 0; i < UUID_BYTES; i += 8) {
        uint64_t draw = chance_next(chance);
        for (int k = 0; k < 8; k++) {
            bytes[i + k] = (uint8_t)(draw >> (8 * k));
        }
    }
    bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x40);
    bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80);
    uuid_format(bytes, ret_uuid);
}
