// Growth of the typed arrays. The callers' pointers are of many types, so they are read and written
// through memcpy: a `void **` into a `struct lot *` would break the aliasing rules.
#include "base/vec.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

enum { FIRST_CAPACITY = 4 };

static uint32_t grown_capacity(uint32_t capacity, uint32_t count_max)
{
    if (capacity == 0) {
        return FIRST_CAPACITY < count_max ? FIRST_CAPACITY : count_max;
    }
    return capacity <= count_max / 2 ? capacity * 2 : count_max;
}

enum status vec_grow(void **items, uint32_t count, uint32_t *capacity, size_t bytes,
                     uint32_t count_max)
{
    CHECK(count <= *capacity);
    CHECK(bytes > 0);
    if (count >= count_max) {
        return STATUS_TOO_LARGE;
    }
    if (count < *capacity) {
        return STATUS_OK;
    }
    uint32_t new_capacity = grown_capacity(*capacity, count_max);
    void *old = NULL;
    memcpy(&old, items, sizeof(old));
    void *grown = reallocarray(old, new_capacity, bytes);
    if (grown == NULL) {
        return STATUS_NO_MEMORY;
    }
    memcpy(items, &grown, sizeof(grown));
    *capacity = new_capacity;
    return STATUS_OK;
}

void vec_free(void **items, uint32_t *count, uint32_t *capacity)
{
    void *old = NULL;
    memcpy(&old, items, sizeof(old));
    free(old);
    old = NULL;
    memcpy(items, &old, sizeof(old));
    *count = 0;
    *capacity = 0;
}
