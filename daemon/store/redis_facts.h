// What Redis says of itself (INFO), as far as an operator wants to hear of it: asked when a
// connection becomes ready and at each later look at its settings (store/redis_check.h). Nothing is
// decided by it; what decides is the check's.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

enum { REDIS_VERSION_BYTES = 24 };

struct redis_facts {
    int64_t read_ms; // monotonic, when it was heard; 0: never yet
    char version[REDIS_VERSION_BYTES];
    bool writes_fail;        // the append-only file's last write
    bool rewrite_failed;     // the append-only file's last rewrite
    bool rewriting;          // one is under way
    uint64_t delayed_fsyncs; // since Redis started
    uint64_t memory_bytes;
    uint64_t memory_max_bytes; // 0: no bound
    uint64_t machine_bytes;    // memory of its machine; 0: not told
    uint64_t clients;          // connected ones, ours too
    uint64_t replicas;
    uint64_t evicted; // keys, since Redis started
    uint64_t uptime_s;
};

// The value of a line "name:value" of INFO, asked for with its colon; empty when there is none.
struct span redis_info_field(struct span info, const char *name);
void redis_facts_take(struct redis_facts *facts, struct span info, int64_t now_ms);
