// Counting allocations, through the hooks that AddressSanitizer's allocator has (leak checks use
// them too), and random numbers.
#include "fuzz/fuzz.h"

#include <stdbool.h>

#include "base/check.h"

// sanitizer/allocator_interface.h, which gcc does not ship; absent without AddressSanitizer.
// NOLINTNEXTLINE(bugprone-reserved-identifier)
int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *, size_t),
                                              void (*on_free)(const volatile void *))
    __attribute__((weak));

static bool counting;
static size_t left_bytes;

static void on_malloc(const volatile void *memory, size_t bytes)
{
    (void)memory;
    if (!counting) {
        return;
    }
    counting = false; // what follows allocates too
    CHECK(bytes <= left_bytes);
    left_bytes -= bytes;
    counting = true;
}

static void on_free(const volatile void *memory)
{
    (void)memory;
}

void fuzz_memory_begin(size_t bytes)
{
    static bool installed;
    if (!installed && __sanitizer_install_malloc_and_free_hooks != NULL) {
        CHECK(__sanitizer_install_malloc_and_free_hooks(on_malloc, on_free) > 0);
    }
    installed = true;
    left_bytes = bytes;
    counting = true;
}

void fuzz_memory_end(void)
{
    counting = false;
}

struct fuzz_random fuzz_random_of(uint64_t seed)
{
    return (struct fuzz_random){.state = seed * UINT64_C(0x2545f4914f6cdd1d) + 1};
}

// xorshift64*, never 0.
uint64_t fuzz_random_u64(struct fuzz_random *random)
{
    uint64_t state = random->state == 0 ? 1 : random->state;
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    random->state = state;
    return state * UINT64_C(0x2545f4914f6cdd1d);
}

size_t fuzz_random_below(struct fuzz_random *random, size_t below)
{
    return below == 0 ? 0 : (size_t)((fuzz_random_u64(random) >> 16) % below);
}
