// The allocator's functions, before those of the C library or of ASan, which they call.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "failures/inject.h"

// The names are the library's own. NOLINTBEGIN(bugprone-reserved-identifier)
// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name)
#if defined(FAILURES_OVER_ASAN)
extern void *__interceptor_malloc(size_t bytes);
extern void *__interceptor_calloc(size_t count, size_t bytes);
extern void *__interceptor_realloc(void *memory, size_t bytes);
extern void __interceptor_free(void *memory);
#define REAL(name) __interceptor_##name
#else
extern void *__libc_malloc(size_t bytes);
extern void *__libc_calloc(size_t count, size_t bytes);
extern void *__libc_realloc(void *memory, size_t bytes);
extern void __libc_free(void *memory);
#define REAL(name) __libc_##name
#endif

static int64_t blocks;

int64_t inject_blocks(void)
{
    return blocks;
}

static bool refuses(const char *what)
{
    if (inject_way(INJECT_MEMORY, 1) < 0) {
        return false;
    }
    inject_note(what, "ENOMEM");
    errno = ENOMEM;
    return true;
}

void *malloc(size_t bytes)
{
    void *memory = refuses("malloc") ? NULL : REAL(malloc)(bytes);
    blocks += memory != NULL;
    return memory;
}

void *calloc(size_t count, size_t bytes)
{
    void *memory = refuses("calloc") ? NULL : REAL(calloc)(count, bytes);
    blocks += memory != NULL;
    return memory;
}

void *realloc(void *old, size_t bytes)
{
    if (old == NULL) {
        return malloc(bytes);
    }
    if (bytes > 0 && refuses("realloc")) {
        return NULL;
    }
    void *memory = REAL(realloc)(old, bytes);
    blocks -= memory == NULL && bytes == 0;
    return memory;
}

void *reallocarray(void *old, size_t count, size_t bytes)
{
    size_t total = 0;
    if (__builtin_mul_overflow(count, bytes, &total)) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(old, total);
}

void free(void *memory)
{
    blocks -= memory != NULL;
    REAL(free)(memory);
}

char *strndup(const char *text, size_t len_max)
{
    size_t len = strnlen(text, len_max);
    char *copy = malloc(len + 1);
    if (copy != NULL) {
        memcpy(copy, text, len);
        copy[len] = '\0';
    }
    return copy;
}

char *strdup(const char *text)
{
    return strndup(text, SIZE_MAX);
}
// NOLINTEND(readability-inconsistent-declaration-parameter-name)
// NOLINTEND(bugprone-reserved-identifier)
