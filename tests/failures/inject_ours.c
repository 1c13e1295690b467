// The daemon's own ways to memory: arenas, buffers and typed arrays. They keep what they have, so
// that a warm daemon asks the allocator for nothing; each taking from an arena fails here all the
// same, as it does when a cap is reached, and each growing of the others. The linker puts these
// before the functions of base/ (--wrap).
#include <stdarg.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/vec.h"
#include "failures/inject.h"

// The linker gives the names. NOLINTBEGIN(bugprone-reserved-identifier)
extern void *__real_arena_alloc_elsewhere(struct arena *arena, size_t bytes);
extern enum status __real_arena_copy(struct arena *arena, struct span bytes, struct span *ret_copy);
extern void __real_arena_init(struct arena *arena, size_t cap_bytes);
extern void __real_arena_fini(struct arena *arena);
extern void __real_arena_reset(struct arena *arena);
extern enum status __real_buffer_grow(struct buffer *buffer, size_t more_bytes);
extern enum status __real_vec_grow(void **items, uint32_t count, uint32_t *capacity, size_t bytes,
                                   uint32_t count_max);

void *__wrap_arena_alloc_elsewhere(struct arena *arena, size_t bytes);
enum status __wrap_arena_copy(struct arena *arena, struct span bytes, struct span *ret_copy);
char *__wrap_arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void __wrap_arena_init(struct arena *arena, size_t cap_bytes);
void __wrap_arena_fini(struct arena *arena);
void __wrap_arena_reset(struct arena *arena);
enum status __wrap_buffer_grow(struct buffer *buffer, size_t more_bytes);
enum status __wrap_vec_grow(void **items, uint32_t count, uint32_t *capacity, size_t bytes,
                            uint32_t count_max);

static bool refuses(const char *what)
{
    if (inject_way(INJECT_ARENA, 1) < 0) {
        return false;
    }
    inject_note(what, "no");
    return true;
}

// --- arenas ---

// An arena that has room takes from it without a call. So what it has is kept from it, here.
enum { ARENAS_MAX = 256 };

static struct {
    const struct arena *arena;
    size_t room_bytes;
} hidden[ARENAS_MAX];
static size_t hidden_count;

static void hide_room(struct arena *arena)
{
    if (hidden_count < ARENAS_MAX) {
        hidden[hidden_count].arena = arena;
        hidden[hidden_count++].room_bytes = arena->room_bytes;
        arena->room_bytes = 0;
    }
}

// What was hidden of it, and is no more; 0: nothing was.
static size_t take_hidden(const struct arena *arena)
{
    for (size_t i = 0; i < hidden_count; i++) {
        if (hidden[i].arena == arena) {
            size_t room_bytes = hidden[i].room_bytes;
            hidden[i] = hidden[--hidden_count];
            return room_bytes;
        }
    }
    return 0;
}

static void show_room(struct arena *arena)
{
    arena->room_bytes += take_hidden(arena);
}

void __wrap_arena_init(struct arena *arena, size_t cap_bytes)
{
    (void)take_hidden(arena); // of one that stood here before
    __real_arena_init(arena, cap_bytes);
}

void __wrap_arena_fini(struct arena *arena)
{
    (void)take_hidden(arena);
    __real_arena_fini(arena);
}

void __wrap_arena_reset(struct arena *arena)
{
    show_room(arena);
    __real_arena_reset(arena);
    hide_room(arena);
}

void *__wrap_arena_alloc_elsewhere(struct arena *arena, size_t bytes)
{
    if (refuses("arena_alloc")) {
        return NULL;
    }
    show_room(arena);
    void *memory = bytes > arena->room_bytes ? __real_arena_alloc_elsewhere(arena, bytes)
                                             : arena_alloc_raw(arena, bytes);
    hide_room(arena);
    return memory;
}

enum status __wrap_arena_copy(struct arena *arena, struct span bytes, struct span *ret_copy)
{
    if (refuses("arena_copy")) {
        return STATUS_NO_MEMORY;
    }
    show_room(arena);
    enum status status = __real_arena_copy(arena, bytes, ret_copy);
    hide_room(arena);
    return status;
}

char *__wrap_arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = len < 0 ? NULL : arena_alloc_raw(arena, (size_t)len + 1);
    if (text != NULL) {
        va_start(args, format);
        (void)vsnprintf(text, (size_t)len + 1, format, args);
        va_end(args);
    }
    return text;
}

// --- buffers and arrays ---

enum status __wrap_buffer_grow(struct buffer *buffer, size_t more_bytes)
{
    return refuses("buffer_grow") ? STATUS_NO_MEMORY : __real_buffer_grow(buffer, more_bytes);
}

enum status __wrap_vec_grow(void **items, uint32_t count, uint32_t *capacity, size_t bytes,
                            uint32_t count_max)
{
    return refuses("vec_grow") ? STATUS_NO_MEMORY
                               : __real_vec_grow(items, count, capacity, bytes, count_max);
}
// NOLINTEND(bugprone-reserved-identifier)
