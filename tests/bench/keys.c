// Random numbers are splitmix64 (Steele, Lea, Flood 2014). Zipf's ranks are drawn by
// rejection-inversion (Hörmann, Derflinger 1996), exact at any number of members without a table:
// a point is drawn under the curve x^-s, whose area over a rank covers the rank's own.
#include "bench/keys.h"

#include <math.h>

#define PERMUTATION_STEP UINT64_C(2654435761) // a prime above any number of members

static uint64_t draw_bits(struct bench_keys *keys)
{
    uint64_t z = keys->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

// From 0 to 1, without 1.
static double draw_unit(struct bench_keys *keys)
{
    return (double)(draw_bits(keys) >> 11) * 0x1p-53;
}

uint32_t bench_keys_draw(struct bench_keys *keys, uint32_t below)
{
    return (uint32_t)(((draw_bits(keys) >> 32) * below) >> 32);
}

static double height(double x)
{
    return pow(x, -BENCH_ZIPF_EXPONENT);
}

static double area(double x)
{
    return (pow(x, 1 - BENCH_ZIPF_EXPONENT) - 1) / (1 - BENCH_ZIPF_EXPONENT);
}

static double area_inverse(double y)
{
    return pow(1 + y * (1 - BENCH_ZIPF_EXPONENT), 1 / (1 - BENCH_ZIPF_EXPONENT));
}

void bench_keys_init(struct bench_keys *keys, enum bench_keys_kind kind, uint32_t members,
                     uint64_t seed)
{
    *keys = (struct bench_keys){.kind = kind, .members = members, .random = seed};
    keys->scramble = bench_keys_draw(keys, members);
    keys->area_first = area(1.5) - 1;
    keys->area_last = area(members + 0.5);
    keys->sure = 2 - area_inverse(area(2.5) - height(2));
}

static uint32_t draw_rank(struct bench_keys *keys)
{
    for (;;) {
        double y = keys->area_last + draw_unit(keys) * (keys->area_first - keys->area_last);
        double x = area_inverse(y);
        double rank = fmin(fmax(floor(x + 0.5), 1), keys->members);
        if (rank - x <= keys->sure || y >= area(rank + 0.5) - height(rank)) {
            return (uint32_t)rank - 1;
        }
    }
}

uint32_t bench_keys_member_of(const struct bench_keys *keys, uint32_t rank)
{
    return (uint32_t)((rank * PERMUTATION_STEP + keys->scramble) % keys->members);
}

uint32_t bench_keys_next(struct bench_keys *keys)
{
    switch (keys->kind) {
    case BENCH_KEYS_UNIFORM:
        return bench_keys_draw(keys, keys->members);
    case BENCH_KEYS_ZIPF:
        return bench_keys_member_of(keys, draw_rank(keys));
    case BENCH_KEYS_ROUND:
        break;
    }
    uint32_t member = keys->next;
    keys->next = member + 1 == keys->members ? 0 : member + 1;
    return member;
}
