// Which member each operation of a load is for, and other draws of a load. The same kind, members
// and seed give the same sequence, so that two servers are asked the same.
#pragma once

#include <stdint.h>

enum bench_keys_kind {
    BENCH_KEYS_ROUND,   // one after another: no two in flight meet while there are more members
    BENCH_KEYS_UNIFORM, // each as likely
    BENCH_KEYS_ZIPF,    // the k-th likeliest as often as 1 / k^0.99; which they are is scrambled
};

#define BENCH_ZIPF_EXPONENT 0.99

struct bench_keys {
    enum bench_keys_kind kind;
    uint32_t members;
    uint32_t next;     // round
    uint32_t scramble; // zipf: where the permutation begins
    uint64_t random;   // the generator's state
    double area_first; // zipf, see keys.c
    double area_last;
    double sure;
};

// `members` is at least 1.
void bench_keys_init(struct bench_keys *keys, enum bench_keys_kind kind, uint32_t members,
                     uint64_t seed);
// From 0 to members - 1.
uint32_t bench_keys_next(struct bench_keys *keys);
// Zipf's likeliest is rank 0; which member that is. A permutation of 0 to members - 1.
uint32_t bench_keys_member_of(const struct bench_keys *keys, uint32_t rank);
// From 0 to below - 1, of the same sequence.
uint32_t bench_keys_draw(struct bench_keys *keys, uint32_t below);
