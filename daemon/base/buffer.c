// Growth of the byte buffer. Invariants: len <= capacity; capacity <= cap_bytes unless that is 0;
// data is NULL exactly when capacity is 0.
#include "base/buffer.h"

#include <stdlib.h>

#include "base/check.h"

enum { FIRST_CAPACITY = 64 };

static void buffer_check(const struct buffer *buffer)
{
    CHECK(buffer->len <= buffer->capacity);
    CHECK((buffer->data == NULL) == (buffer->capacity == 0));
}

void buffer_init(struct buffer *buffer, size_t cap_bytes)
{
    *buffer = (struct buffer){.cap_bytes = cap_bytes};
}

void buffer_fini(struct buffer *buffer)
{
    if (buffer == NULL) {
        return;
    }
    free(buffer->data);
    *buffer = (struct buffer){.cap_bytes = buffer->cap_bytes};
}

void buffer_clear(struct buffer *buffer)
{
    buffer->len = 0;
}

void buffer_truncate(struct buffer *buffer, size_t len)
{
    CHECK(len <= buffer->len);
    buffer->len = len;
}

static size_t grown_capacity(size_t capacity, size_t needed, size_t cap_bytes)
{
    size_t grown = capacity < FIRST_CAPACITY ? FIRST_CAPACITY : capacity;
    while (grown < needed) {
        grown = grown > SIZE_MAX / 2 ? needed : grown * 2;
    }
    return cap_bytes != 0 && grown > cap_bytes ? cap_bytes : grown;
}

enum status buffer_grow(struct buffer *buffer, size_t more_bytes)
{
    buffer_check(buffer);
    size_t needed = 0;
    if (__builtin_add_overflow(buffer->len, more_bytes, &needed)) {
        return STATUS_TOO_LARGE;
    }
    if (buffer->cap_bytes != 0 && needed > buffer->cap_bytes) {
        return STATUS_TOO_LARGE;
    }
    size_t capacity = grown_capacity(buffer->capacity, needed, buffer->cap_bytes);
    uint8_t *data = realloc(buffer->data, capacity);
    if (data == NULL) {
        return STATUS_NO_MEMORY;
    }
    buffer->data = data;
    buffer->capacity = capacity;
    buffer_check(buffer);
    return STATUS_OK;
}
