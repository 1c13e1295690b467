// Counts every malloc, calloc and realloc made while `counting` is set, with and without ASan. For
// one file of a program only: without ASan it is where malloc is.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"

// Volatile: to a compiler, malloc is a function that looks at no variable.
static volatile bool counting;
static size_t allocations;

#if defined(__SANITIZE_ADDRESS__)
// Not in the headers of every compiler that has it.
// NOLINTNEXTLINE(bugprone-reserved-identifier)
extern int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *,
                                                                       size_t),
                                                     void (*on_free)(const volatile void *));

static void count_malloc(const volatile void *memory, size_t bytes)
{
    (void)memory;
    (void)bytes;
    allocations += counting ? 1 : 0;
}

static void ignore_free(const volatile void *memory)
{
    (void)memory;
}

static void count_allocations(void)
{
    CHECK(__sanitizer_install_malloc_and_free_hooks(count_malloc, ignore_free) > 0);
}
#else
// NOLINTBEGIN(bugprone-reserved-identifier, readability-inconsistent-declaration-parameter-name)
extern void *__libc_malloc(size_t bytes);
extern void *__libc_calloc(size_t count, size_t bytes);
extern void *__libc_realloc(void *memory, size_t bytes);

void *malloc(size_t bytes)
{
    allocations += counting ? 1 : 0;
    return __libc_malloc(bytes);
}

void *calloc(size_t count, size_t bytes)
{
    allocations += counting ? 1 : 0;
    return __libc_calloc(count, bytes);
}

void *realloc(void *memory, size_t bytes)
{
    allocations += counting ? 1 : 0;
    return __libc_realloc(memory, bytes);
}
// NOLINTEND(bugprone-reserved-identifier, readability-inconsistent-declaration-parameter-name)

static void count_allocations(void)
{
}
#endif
