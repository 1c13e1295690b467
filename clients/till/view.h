// What one sees while it runs: on a terminal a table drawn over itself, at most five times a
// second; else a plain line now and then; with --json nothing. And the result in the end.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "till/world.h"

struct view {
    bool terminal;
    bool silent;
    unsigned lines; // drawn last
    int64_t drawn_ms;
    int64_t began_ms;
};

struct result {
    uint64_t compared; // members
    uint32_t closed;   // business days
    uint64_t exceptions;
    const uint64_t *chaos; // how often each kind happened
};

void view_begin(struct view *view, bool json);
// `now`: whatever was drawn when.
void view_draw(struct view *view, const struct world *world, bool now);
// The result, for people or as JSON. True when there is no difference at all.
bool view_result(struct view *view, const struct world *world, const struct result *result);
