// What members have, read from the server, and whether it grew by what the answers said.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "bench/driver.h"

struct bench_balances {
    const struct bench_options *options;
    int64_t *before; // by member; points of all kinds
    int64_t *gained; // by member; what the answers said
};

// Reads all members' balances; exits with a message when one cannot be read.
void bench_balances_begin(struct bench_balances *balances, struct bench_driver *driver,
                          const struct bench_options *options);
void bench_balances_fini(struct bench_balances *balances);
// An answer that said so many points; below 0: were spent.
static inline void bench_balances_add(struct bench_balances *balances, uint32_t member,
                                      int64_t points)
{
    balances->gained[member] += points;
}
// Reads them again; says what differs, at most a few members, and returns false when one does.
bool bench_balances_agree(struct bench_balances *balances, struct bench_driver *driver);
