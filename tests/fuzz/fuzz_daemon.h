// A whole service for drivers: a daemon an input, started over the same few members in memory
// ("anna" with a card and points, "ben"); what the input wrote is taken back.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "support/service_world.h"

extern struct service_world fuzz_world;

// All allocations up to fuzz_daemon_end may ask for at most `memory_bytes`.
void fuzz_daemon_begin(size_t memory_bytes);
void fuzz_daemon_end(void);

// Runs until nothing happens.
void fuzz_daemon_run(void);
// So much time passes at once.
void fuzz_daemon_pass(int64_t ms);
// All accounts hold together. Costs nothing when nothing was written.
void fuzz_daemon_verify(void);
// Whether what was applied may leave nothing to be repeated: a training sale, told as if real; a
// day that is only looked at, each time anew, for it differs or was closed before.
bool fuzz_leaves_nothing(const char *path, struct span request);
