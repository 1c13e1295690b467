// A region of memory with a hard cap: allocation is a bump, freeing is all at once. Memory comes
// back zeroed. One arena serves one request; it keeps its chunks across resets, so a warm arena
// allocates nothing. Running out gives NULL and is answered RETRY_LATER by the service.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"
#include "base/status.h"

struct arena_chunk;

struct arena {
    struct arena_chunk *first;   // owned list of chunks
    struct arena_chunk *current; // the chunk allocations come from
    size_t used_bytes;           // handed out since the last reset, alignment included
    size_t cap_bytes;
    bool over_cap; // something since the last reset did not fit the cap, and never would
};

void arena_init(struct arena *arena, size_t cap_bytes);
void arena_fini(struct arena *arena);
// Forgets all allocations; keeps the memory for the next request.
void arena_reset(struct arena *arena);

// Zeroed, aligned to 16 bytes; NULL when the cap or the allocator says no. `bytes` 0 gives a valid
// pointer to nothing.
void *arena_alloc(struct arena *arena, size_t bytes);
// Like arena_alloc for `count` objects of `bytes` each, overflow checked.
void *arena_alloc_array(struct arena *arena, size_t count, size_t bytes);
// A copy of the bytes, with a NUL behind them that is not counted.
MUST_CHECK enum status arena_copy(struct arena *arena, struct span bytes, struct span *ret_copy);
// printf into the arena; NULL when out of memory.
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
