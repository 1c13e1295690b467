// The daemon's own ways to memory: arenas, buffers and typed arrays. They keep what they have, so
// that a warm daemon asks the allocator for nothing; each asking of them fails here all the same,
// as it does when a cap is reached. The linker puts these before the functions of base/ (--wrap).
#include <stdarg.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/vec.h"
#include "failures/inject.h"

// The linker gives the names. NOLINTBEGIN(bugprone-reserved-identifier)
extern void *__real_arena_alloc(struct arena *arena, size_t bytes);
extern void *__real_arena_alloc_array(struct arena *arena, size_t count, size_t bytes);
extern enum status __real_arena_copy(struct arena *arena, struct span bytes, struct span *ret_copy);
extern enum status __real_buffer_reserve(struct buffer *buffer, size_t more_bytes);
extern enum status __real_buffer_append(struct buffer *buffer, struct span bytes);
extern enum status __real_buffer_append_byte(struct buffer *buffer, uint8_t byte);
extern enum status __real_vec_grow(void **items, uint32_t count, uint32_t *capacity, size_t bytes,
                                   uint32_t count_max);

void *__wrap_arena_alloc(struct arena *arena, size_t bytes);
void *__wrap_arena_alloc_array(struct arena *arena, size_t count, size_t bytes);
enum status __wrap_arena_copy(struct arena *arena, struct span bytes, struct span *ret_copy);
char *__wrap_arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
enum status __wrap_buffer_reserve(struct buffer *buffer, size_t more_bytes);
enum status __wrap_buffer_append(struct buffer *buffer, struct span bytes);
enum status __wrap_buffer_append_byte(struct buffer *buffer, uint8_t byte);
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

void *__wrap_arena_alloc(struct arena *arena, size_t bytes)
{
    return refuses("arena_alloc") ? NULL : __real_arena_alloc(arena, bytes);
}

void *__wrap_arena_alloc_array(struct arena *arena, size_t count, size_t bytes)
{
    return refuses("arena_alloc_array") ? NULL : __real_arena_alloc_array(arena, count, bytes);
}

enum status __wrap_arena_copy(struct arena *arena, struct span bytes, struct span *ret_copy)
{
    return refuses("arena_copy") ? STATUS_NO_MEMORY : __real_arena_copy(arena, bytes, ret_copy);
}

char *__wrap_arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    bool refused = len < 0 || refuses("arena_printf");
    char *text = refused ? NULL : __real_arena_alloc(arena, (size_t)len + 1);
    if (text != NULL) {
        va_start(args, format);
        (void)vsnprintf(text, (size_t)len + 1, format, args);
        va_end(args);
    }
    return text;
}

enum status __wrap_buffer_reserve(struct buffer *buffer, size_t more_bytes)
{
    return refuses("buffer_reserve") ? STATUS_NO_MEMORY : __real_buffer_reserve(buffer, more_bytes);
}

enum status __wrap_buffer_append(struct buffer *buffer, struct span bytes)
{
    return refuses("buffer_append") ? STATUS_NO_MEMORY : __real_buffer_append(buffer, bytes);
}

enum status __wrap_buffer_append_byte(struct buffer *buffer, uint8_t byte)
{
    return refuses("buffer_append_byte") ? STATUS_NO_MEMORY
                                         : __real_buffer_append_byte(buffer, byte);
}

enum status __wrap_vec_grow(void **items, uint32_t count, uint32_t *capacity, size_t bytes,
                            uint32_t count_max)
{
    return refuses("vec_grow") ? STATUS_NO_MEMORY
                               : __real_vec_grow(items, count, capacity, bytes, count_max);
}
// NOLINTEND(bugprone-reserved-identifier)
