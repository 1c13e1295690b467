// A region of memory with a hard cap: allocation is a bump, freeing is all at once. Memory comes
// back zeroed, unless asked for raw. One arena serves one request; it keeps its chunks across
// resets, so a warm arena allocates nothing. Running out gives NULL and is answered RETRY_LATER by
// the service.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/span.h"
#include "base/status.h"

enum { ARENA_ALIGNMENT = 16 };

struct arena_chunk;

struct arena {
    struct arena_chunk *first;   // owned list of chunks
    struct arena_chunk *current; // the chunk allocations come from
    uint8_t *next;               // in it: where the next one goes
    size_t room_bytes;           // from there on, within the chunk and the cap; whole alignments
    size_t used_bytes;           // handed out since the last reset, alignment included
    size_t cap_bytes;            // changes only right before a reset
    bool over_cap; // something since the last reset did not fit the cap, and never would
};

void arena_init(struct arena *arena, size_t cap_bytes);
void arena_fini(struct arena *arena);
// Forgets all allocations; keeps the memory for the next request.
void arena_reset(struct arena *arena);

// What arena_alloc_raw does when the current chunk has no room.
void *arena_alloc_elsewhere(struct arena *arena, size_t bytes);

static inline size_t arena_rounded(size_t bytes)
{
    return (bytes + ARENA_ALIGNMENT - 1) / ARENA_ALIGNMENT * ARENA_ALIGNMENT;
}

// Out of the current chunk, which has room for `rounded`.
static inline void *arena_take(struct arena *arena, size_t rounded)
{
    void *memory = arena->next;
    arena->next += rounded;
    arena->room_bytes -= rounded;
    arena->used_bytes += rounded;
    return memory;
}

// As arena_alloc, but with whatever was there: for what is written over at once.
static inline void *arena_alloc_raw(struct arena *arena, size_t bytes)
{
    size_t asked = bytes == 0 ? 1 : bytes;
    return asked <= arena->room_bytes ? arena_take(arena, arena_rounded(asked))
                                      : arena_alloc_elsewhere(arena, asked);
}

// Zeroed, aligned to 16 bytes; NULL when the cap or the allocator says no. `bytes` 0 gives a valid
// pointer to nothing.
static inline void *arena_alloc(struct arena *arena, size_t bytes)
{
    void *memory = arena_alloc_raw(arena, bytes);
    if (memory != NULL) {
        memset(memory, 0, bytes);
    }
    return memory;
}

// Like arena_alloc for `count` objects of `bytes` each, overflow checked.
static inline void *arena_alloc_array(struct arena *arena, size_t count, size_t bytes)
{
    size_t total = 0;
    return __builtin_mul_overflow(count, bytes, &total) ? NULL : arena_alloc(arena, total);
}
// A copy of the bytes, with a NUL behind them that is not counted.
MUST_CHECK enum status arena_copy(struct arena *arena, struct span bytes, struct span *ret_copy);
// printf into the arena; NULL when out of memory.
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
