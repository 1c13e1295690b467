// Typed growable arrays, the one macro container. `VEC(struct lot) lots;` declares one (zeroed is
// empty); elements stay in order; a failed push leaves it as it was. Freed with vec_fini.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define VEC(type)                                                                                  \
    struct {                                                                                       \
        type *items;                                                                               \
        uint32_t count;                                                                            \
        uint32_t capacity;                                                                         \
    }

// Makes room for one more element of `bytes` each; growth doubles from 4. STATUS_NO_MEMORY, or
// STATUS_TOO_LARGE when `count` has reached `count_max`.
MUST_CHECK enum status vec_grow(void **items, uint32_t count, uint32_t *capacity, size_t bytes,
                                uint32_t count_max);

static inline bool vec_has_room(uint32_t count, uint32_t capacity, uint32_t count_max)
{
    return count < capacity && count < count_max;
}

#define vec_reserve_one(vec, count_max)                                                            \
    (vec_has_room((vec)->count, (vec)->capacity, (count_max))                                      \
         ? STATUS_OK                                                                               \
         : vec_grow((void **)&(vec)->items, (vec)->count, &(vec)->capacity, sizeof(*(vec)->items), \
                    (count_max)))

void vec_free(void **items, uint32_t *count, uint32_t *capacity);
#define vec_fini(vec) vec_free((void **)&(vec)->items, &(vec)->count, &(vec)->capacity)
