// The arena: a list of chunks, filled in order. Invariants: every chunk before `current` is full
// as far as this request is concerned, every chunk behind it is empty; used_bytes, the sum of what
// was handed out rounded up to 16, never exceeds cap_bytes, and room_bytes is what may still be
// handed out of `current`, so whoever finds room there need look at nothing else. A reset moves
// `current` back to the first chunk; a chunk too small for an allocation is passed over and stays
// for the next request. Chunks double up to the cap, so all of them together stay below four times
// the cap.
#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"

enum { CHUNK_BYTES_MIN = 4096 };

struct arena_chunk {
    struct arena_chunk *next;
    size_t capacity;
    alignas(ARENA_ALIGNMENT) uint8_t data[];
};

void arena_init(struct arena *arena, size_t cap_bytes)
{
    *arena = (struct arena){.cap_bytes = cap_bytes};
}

void arena_fini(struct arena *arena)
{
    if (arena == NULL) {
        return;
    }
    struct arena_chunk *chunk = arena->first;
    while (chunk != NULL) {
        struct arena_chunk *next = chunk->next;
        free(chunk);
        chunk = next;
    }
    *arena = (struct arena){.cap_bytes = arena->cap_bytes};
}

// From here on allocations come from `chunk`, of which nothing is taken yet; NULL: from none.
static void chunk_enter(struct arena *arena, struct arena_chunk *chunk)
{
    CHECK(arena->used_bytes <= arena->cap_bytes);
    size_t room = arena->cap_bytes - arena->used_bytes;
    size_t capacity = chunk == NULL ? 0 : chunk->capacity;
    arena->current = chunk;
    arena->next = chunk == NULL ? NULL : chunk->data;
    arena->room_bytes = (capacity < room ? capacity : room) / ARENA_ALIGNMENT * ARENA_ALIGNMENT;
}

void arena_reset(struct arena *arena)
{
    arena->used_bytes = 0;
    arena->over_cap = false;
    chunk_enter(arena, arena->first);
}

// Puts a fresh chunk of at least `bytes` behind `last` (first of all if that is NULL).
static struct arena_chunk *chunk_add(struct arena *arena, struct arena_chunk *last, size_t bytes)
{
    size_t capacity = CHUNK_BYTES_MIN;
    if (last != NULL) {
        capacity = last->capacity <= arena->cap_bytes / 2 ? last->capacity * 2 : arena->cap_bytes;
    }
    if (capacity < bytes) {
        capacity = bytes;
    }
    struct arena_chunk *chunk = malloc(sizeof(*chunk) + capacity);
    if (chunk == NULL) {
        return NULL;
    }
    *chunk = (struct arena_chunk){.capacity = capacity};
    if (last == NULL) {
        arena->first = chunk;
    } else {
        last->next = chunk;
    }
    return chunk;
}

// A chunk behind `current` of at least `bytes`; NULL when the allocator says no.
static struct arena_chunk *chunk_behind(struct arena *arena, size_t bytes)
{
    struct arena_chunk *last = arena->current;
    struct arena_chunk *chunk = last == NULL ? arena->first : last->next;
    while (chunk != NULL && chunk->capacity < bytes) {
        last = chunk;
        chunk = chunk->next;
    }
    return chunk != NULL ? chunk : chunk_add(arena, last, bytes);
}

void *arena_alloc_elsewhere(struct arena *arena, size_t bytes)
{
    CHECK(arena->used_bytes <= arena->cap_bytes && bytes > arena->room_bytes);
    size_t rounded = arena_rounded(bytes);
    if (rounded < bytes || rounded > arena->cap_bytes - arena->used_bytes) {
        arena->over_cap = true;
        return NULL;
    }
    struct arena_chunk *chunk = chunk_behind(arena, rounded);
    if (chunk == NULL) {
        return NULL;
    }
    chunk_enter(arena, chunk);
    CHECK(rounded <= arena->room_bytes);
    return arena_take(arena, rounded);
}

enum status arena_copy(struct arena *arena, struct span bytes, struct span *ret_copy)
{
    if (bytes.len == SIZE_MAX) {
        return STATUS_NO_MEMORY;
    }
    uint8_t *copy = arena_alloc_raw(arena, bytes.len + 1);
    if (copy == NULL) {
        return STATUS_NO_MEMORY;
    }
    if (bytes.len > 0) {
        memcpy(copy, bytes.data, bytes.len);
    }
    copy[bytes.len] = '\0';
    *ret_copy = span_of(copy, bytes.len);
    return STATUS_OK;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0) {
        return NULL;
    }
    char *text = arena_alloc_raw(arena, (size_t)len + 1);
    if (text == NULL) {
        return NULL;
    }
    va_start(args, format);
    vsnprintf(text, (size_t)len + 1, format, args);
    va_end(args);
    return text;
}
