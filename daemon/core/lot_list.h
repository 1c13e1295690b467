// Lots in order of their ends: equal ends are one lot, none is empty. A list is a VEC by its form.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "base/vec.h"

struct lot {
    int64_t ends_ms; // INSTANT_NEVER: never
    int64_t points;
};

struct lot_list {
    struct lot *items;
    uint32_t count;
    uint32_t capacity;
};

// The lot of an end, or NULL.
const struct lot *lot_list_find(const struct lot_list *lots, int64_t ends_ms);
// Nothing is added for no points. STATUS_NO_MEMORY; STATUS_TOO_LARGE past `count_max` lots.
MUST_CHECK enum status lot_list_add(struct lot_list *lots, int64_t ends_ms, int64_t points,
                                    uint32_t count_max);
// STATUS_CORRUPT when there are not so many points, or none are to be taken.
MUST_CHECK enum status lot_list_take(struct lot_list *lots, int64_t ends_ms, int64_t points);
