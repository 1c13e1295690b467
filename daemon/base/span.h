// Borrowed bytes. A span owns nothing and is valid as long as what it points into; `data` may be
// NULL only when `len` is 0.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
    const uint8_t *data;
    size_t len;
};

static inline struct span span_of(const void *data, size_t len)
{
    return (struct span){.data = data, .len = len};
}

static inline struct span span_of_text(const char *text)
{
    return (struct span){.data = (const uint8_t *)text, .len = text == NULL ? 0 : strlen(text)};
}

static inline bool span_equal(struct span a, struct span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline bool span_is_text(struct span a, const char *text)
{
    return span_equal(a, span_of_text(text));
}

// The bytes from `from` on; `from` must be at most `len`.
static inline struct span span_from(struct span a, size_t from)
{
    return (struct span){.data = a.data == NULL ? NULL : a.data + from, .len = a.len - from};
}
