// A growable run of owned bytes with a cap. Growth doubles; a cleared buffer keeps its memory. A
// failed append leaves the contents as they were.
#pragma once

#include <stddef.h>
#include <stdint.h>

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

// STATUS_NO_MEMORY, or STATUS_TOO_LARGE past the cap.
MUST_CHECK enum status buffer_reserve(struct buffer *buffer, size_t more_bytes);
MUST_CHECK enum status buffer_append(struct buffer *buffer, struct span bytes);
MUST_CHECK enum status buffer_append_byte(struct buffer *buffer, uint8_t byte);

static inline struct span buffer_span(const struct buffer *buffer)
{
    return span_of(buffer->data, buffer->len);
}
