// What each connection's calls keep at the moment, and all of them together, so that no client
// takes the memory of the others. A connection is here while it has a call.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { QUOTA_BUCKETS = 4096 };

// Of one connection.
struct quota {
    uint64_t connection;
    size_t bytes;     // of requests not yet whole, and of answers not yet taken
    uint32_t calls;   // open
    uint32_t streams; // of them
    struct quota *next;
};

// Zeroed is empty.
struct quotas {
    struct quota *buckets[QUOTA_BUCKETS];
    struct quota *spare;
    size_t bytes;
    uint32_t streams;
};

// No call may be open.
void quotas_fini(struct quotas *quotas);
// One call more on this connection; NULL when there is no memory.
struct quota *quotas_enter(struct quotas *quotas, uint64_t connection);
// One call less; `quota` is not to be used afterwards.
void quotas_leave(struct quotas *quotas, struct quota *quota);
// A call that kept `from_bytes` keeps `to_bytes` now.
void quotas_charge(struct quotas *quotas, struct quota *quota, size_t from_bytes, size_t to_bytes);
