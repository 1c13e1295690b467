// What a program of the n-loop was told: by the environment for all, by arguments to do one case
// again.
//
//     LOYALTY_SEED=N     the seed of the short form's choice; else by the time
//     LOYALTY_EVERY=1    the long form: every n, every way, every pair
//     --every            the same
//     --list             names the scenarios
//     --only NAME        one scenario
//     --kind KIND        and one kind of failure
//     --nth N[:WAY]      and one case of it, with what it wrote and where the call came from
//     --then N[:WAY]     the second failure of a pair
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "failures/inject.h"

struct harness_options {
    bool every;
    bool list;
    uint32_t seed;
    const char *only;
    enum inject_kind kind; // INJECT_NOTHING: all
    struct inject_point nth;
    struct inject_point then;
};

extern struct harness_options options;

// Exits when the arguments are none of these.
void harness_options_read(int argc, char **argv);
