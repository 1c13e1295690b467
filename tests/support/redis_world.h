// A Redis store in a loop of its own, for tests: what it said of its readiness, waiting for that,
// and the fixture of the port's test set on it.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "store/redis.h"
#include "support/redis_process.h"
#include "support/store_port.h"

struct event;
struct event_base;

enum { WORLD_REASON_BYTES = 512 };

struct redis_world {
    struct redis_process *process; // whom the port's peeking asks; may be NULL
    struct event_base *base;
    struct event *tick; // so that a turn ends
    struct store_port port;
    bool ready;
    uint32_t changes; // of readiness, as told
    char reason[WORLD_REASON_BYTES];
};

// A store by these options, not waited for.
void redis_world_open(struct redis_world *world, struct redis_process *process,
                      const struct redis_options *options);
// By the process's socket, waited for until it is ready.
void redis_world_open_ready(struct redis_world *world, struct redis_process *process);
void redis_world_close(struct redis_world *world);

// One pass of the loop, a few milliseconds at most.
void redis_world_turn(struct redis_world *world);
// Turn until it is so, bounded; then the test fails.
void redis_world_wait_ready(struct redis_world *world);
void redis_world_wait_reason(struct redis_world *world, const char *part);

// Loads until the store is back, which it must be by itself; the log is then in port_last.
void redis_world_load_again(struct redis_world *world, const struct store_account *account);

// Many calls at once, counted by what came of them.
struct redis_tally {
    uint32_t asked;
    uint32_t answered;
    uint32_t results[STORE_FAILED + 1];
};

void redis_tally_done(void *context, const struct store_reply *reply);
void redis_world_wait_tally(struct redis_world *world, const struct redis_tally *tally,
                            uint32_t answered);
