// Where in a message or document something is: steps on the stack of whoever walks it, turned into
// text ("earn.rules[0].rate") only when there is something to say about the place.
#pragma once

#include <stddef.h>

#include "base/span.h"

enum { PATH_BYTES = 256 };

// A step down. A field or key has a name; an element of a list has none, but an index.
struct path {
    const struct path *parent; // NULL: the whole
    struct span name;          // borrowed; data is NULL for an element
    size_t index;
};

static inline struct path path_name(const struct path *parent, struct span name)
{
    return (struct path){.parent = parent, .name = name};
}

static inline struct path path_element(const struct path *parent, size_t index)
{
    return (struct path){.parent = parent, .index = index};
}

// The text of a path, NULL giving "", always ending in a NUL; what does not fit is left out.
// Returns `out`.
const char *path_write(const struct path *path, char out[PATH_BYTES]);

// The same by hand: appends to the `len` characters at `out` and returns the new length.
size_t path_append_name(char out[PATH_BYTES], size_t len, struct span name);
size_t path_append_index(char out[PATH_BYTES], size_t len, size_t index);
