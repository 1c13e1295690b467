// Which member each operation of a load is for. The same kind, members and seed give the same
// sequence, so that two servers are asked the same.
#pragma once

#include <stdint.h>

enum bench_keys_kind {
    BENCH_KEYS_ROUND,   // one after another: no two in flight meet while there are more members
    BENCH_KEYS_UNIFORM, // each as likely
    BENCH_KEYS_ZIPF,    // the k-th likeliest as often as 1 / k^0.99; which they are is scrambled
};

struct bench_keys {
    enum bench_keys_kind kind;
    uint32_t members;
    uint32_t next;   // round
    uint64_t random; // the generator's state
    double zeta;     // zipf: sum of 1 / k^0.99
    double eta;
    uint64_t scramble; // zipf: the rank's permutation
};

void bench_keys_init(struct bench_keys *keys, enum bench_keys_kind kind, uint32_t members,
                     uint64_t seed);
// From 0 to members - 1.
uint32_t bench_keys_next(struct bench_keys *keys);
// Zipf's likeliest is rank 0; which member that is. A permutation of 0 to members - 1.
uint32_t bench_keys_member_of(const struct bench_keys *keys, uint32_t rank);
// The next 64 random bits, of the same sequence.
uint64_t bench_keys_random(struct bench_keys *keys);
