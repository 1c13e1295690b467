// What differs between two documents, as trees: by field with its path, parts of lists matched by
// their ids, so that a rule that was put in front does not make all that follow look changed.
#pragma once

#include <jansson.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/status.h"

struct program_change {
    const char *path;     // "tiers[silver].threshold"
    const json_t *before; // borrowed from the trees or `owned`; NULL: there was none
    const json_t *after;  // NULL: there is none any more
};

struct program_changes {
    struct arena *arena; // borrowed: paths and the list
    struct program_change *items;
    size_t count;
    size_t capacity;
    json_t *owned; // what had to be made; freed by program_changes_fini
};

// Zeroed but for the arena before. STATUS_NO_MEMORY is the only failure.
MUST_CHECK enum status program_changes_find(const json_t *before, const json_t *after,
                                            struct program_changes *changes);
void program_changes_fini(struct program_changes *changes);
