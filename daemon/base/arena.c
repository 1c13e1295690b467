// The arena: a list of chunks, filled in order. Invariants: every chunk before `current` is full
// as far as this request is concerned, every chunk behind it is empty; used_bytes, the sum of what
// was handed out rounded up to 16, never exceeds cap_bytes. A reset moves `current` back to the
// first chunk; a chunk too small for an allocation is passed over and stays for the next request.
// Chunks double up to the cap, so all of them together stay below four times the cap.
#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

enum { ALIGNMENT = 16, CHUNK_BYTES_MIN = 4096 };

struct arena_chunk {
    struct arena_chunk *next;
    size_t capacity;
    size_t used;
    alignas(ALIGNMENT) uint8_t data[];
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

void arena_reset(struct arena *arena)
{
    for (struct arena_chunk *chunk = arena->first; chunk != NULL; chunk = chunk->next) {
        chunk->used = 0;
    }
    arena->current = arena->first;
    arena->used_bytes = 0;
    arena->over_cap = false;
}

static size_t chunk_room(const struct arena_chunk *chunk)
{
    CHECK(chunk->used <= chunk->capacity);
    return chunk->capacity - chunk->used;
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

// The chunk at or behind `current` with room for `bytes`; NULL when the allocator says no.
static struct arena_chunk *chunk_with_room(struct arena *arena, size_t bytes)
{
    struct arena_chunk *last = NULL;
    for (struct arena_chunk *chunk = arena->current; chunk != NULL; chunk = chunk->next) {
        if (chunk_room(chunk) >= bytes) {
            return chunk;
        }
        last = chunk;
    }
    return chunk_add(arena, last, bytes);
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
    CHECK(arena->used_bytes <= arena->cap_bytes);
    size_t room = arena->cap_bytes - arena->used_bytes;
    size_t rounded = bytes == 0 ? ALIGNMENT : (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (bytes > room || rounded < bytes || rounded > room) {
        arena->over_cap = true;
        return NULL;
    }
    struct arena_chunk *chunk = chunk_with_room(arena, rounded);
    if (chunk == NULL) {
        return NULL;
    }
    arena->current = chunk;
    void *memory = chunk->data + chunk->used;
    memset(memory, 0, rounded);
    chunk->used += rounded;
    arena->used_bytes += rounded;
    return memory;
}

void *arena_alloc_array(struct arena *arena, size_t count, size_t bytes)
{
    size_t total = 0;
    if (__builtin_mul_overflow(count, bytes, &total)) {
        return NULL;
    }
    return arena_alloc(arena, total);
}

enum status arena_copy(struct arena *arena, struct span bytes, struct span *ret_copy)
{
    if (bytes.len == SIZE_MAX) {
        return STATUS_NO_MEMORY;
    }
    uint8_t *copy = arena_alloc(arena, bytes.len + 1);
    if (copy == NULL) {
        return STATUS_NO_MEMORY;
    }
    if (bytes.len > 0) {
        memcpy(copy, bytes.data, bytes.len);
    }
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
    char *text = arena_alloc(arena, (size_t)len + 1);
    if (text == NULL) {
        return NULL;
    }
    va_start(args, format);
    vsnprintf(text, (size_t)len + 1, format, args);
    va_end(args);
    return text;
}
