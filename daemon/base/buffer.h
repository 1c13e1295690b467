// A growable run of owned bytes with a cap. Growth doubles; a cleared buffer keeps its memory. A
// failed append leaves the contents as they were.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/span.h"
#include "base/status.h"

struct buffer {
    uint8_t *data;
    size_t len;
    size_t capacity;
    size_t cap_bytes; // 0: no cap
};

void buffer_init(struct buffer *buffer, size_t cap_bytes);
void buffer_fini(struct buffer *buffer);
void buffer_clear(struct buffer *buffer);
// Cuts back to `len` bytes, at most the present length.
void buffer_truncate(struct buffer *buffer, size_t len);

// What buffer_reserve does when there is no room.
MUST_CHECK enum status buffer_grow(struct buffer *buffer, size_t more_bytes);

// Whether so much can be written behind the end as it is.
static inline bool buffer_has_room(const struct buffer *buffer, size_t bytes)
{
    return buffer->len <= buffer->capacity && bytes <= buffer->capacity - buffer->len;
}

// STATUS_NO_MEMORY, or STATUS_TOO_LARGE past the cap.
MUST_CHECK static inline enum status buffer_reserve(struct buffer *buffer, size_t more_bytes)
{
    return buffer_has_room(buffer, more_bytes) ? STATUS_OK : buffer_grow(buffer, more_bytes);
}

// As buffer_reserve.
MUST_CHECK static inline enum status buffer_append(struct buffer *buffer, struct span bytes)
{
    TRY(buffer_reserve(buffer, bytes.len));
    if (bytes.len > 0) {
        memcpy(buffer->data + buffer->len, bytes.data, bytes.len);
        buffer->len += bytes.len;
    }
    return STATUS_OK;
}

MUST_CHECK static inline enum status buffer_append_byte(struct buffer *buffer, uint8_t byte)
{
    return buffer_append(buffer, span_of(&byte, 1));
}

static inline struct span buffer_span(const struct buffer *buffer)
{
    return span_of(buffer->data, buffer->len);
}
