// The store in Redis on a loop of its own, against a real redis-server of the scenario's. Only the
// store's code counts: its calls and its part of the loop's turns. Between turns Redis is given the
// time to answer all that it has been sent, so that a run goes as the one before it.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "store/redis.h"
#include "support/redis_process.h"

struct event_base;

enum { REDIS_STAGE_PARTITIONS = 4, REDIS_STAGE_BYTES = 4096 };

struct redis_stage {
    struct redis_process redis;
    struct redis_options options;
    // of one case
    struct event_base *loop;
    struct store *store;
    bool ready;
    bool stopped; // Redis does not answer, so nobody waits for it
    char reason[256];
};

extern struct redis_stage redis_stage;

// In the scenario's process: a redis-server with partitions.
void redis_stage_prepare(void);
// The same with settings of its own, pairs ending in NULL; no partitions.
void redis_stage_prepare_with(const char *const *settings);
void redis_stage_finish(void);

// A store, not ready yet. False: there was no memory for it.
bool redis_stage_open(void);
// The same with nothing failing, and ready.
void redis_stage_open_ready(void);
void redis_stage_close(void);

void redis_stage_turn(void);
int64_t redis_stage_ms(void);
// Turns until it is so; the case fails after a while.
#define REDIS_UNTIL(condition)                                                                     \
    for (int64_t since_ = redis_stage_ms(); !(condition); redis_stage_wait(since_, #condition)) {  \
    }
void redis_stage_wait(int64_t since_ms, const char *condition);

// What one call came to.
struct redis_asked {
    uint32_t times;
    enum store_result result;
    uint64_t len;
    uint8_t bytes[REDIS_STAGE_BYTES];
    struct store_head head;
    size_t ids;        // or events
    uint64_t revision; // of a value
};

void redis_stage_load(const struct store_account *account, struct redis_asked *asked);
// All of it, or from a byte on.
void redis_stage_load_from(const struct store_account *account, uint64_t from_bytes,
                           struct redis_asked *asked);
void redis_stage_append(const struct store_append *append, struct redis_asked *asked);
void redis_stage_compact(const struct store_compact *compact, struct redis_asked *asked);
void redis_stage_claim(const char *key, const char *member, struct redis_asked *asked);
void redis_stage_find(const char *key, struct redis_asked *asked);
void redis_stage_scan(uint32_t partition, struct redis_asked *asked);
void redis_stage_head(struct redis_asked *asked);
void redis_stage_clock(int64_t now_ms, struct redis_asked *asked);
void redis_stage_create(uint32_t count, struct redis_asked *asked);
// A value of partition 1, whose name a put brings into a set.
void redis_stage_put(const char *name, uint64_t expected_revision, struct redis_asked *asked);
void redis_stage_get(const char *name, struct redis_asked *asked);
// The first two events of each partition.
void redis_stage_events(struct redis_asked *asked);
