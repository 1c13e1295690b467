// The end of the day: every queue empties, every exception is looked at, every till reconciles its
// business day with the service and closes it.
#pragma once

#include <stdint.h>

#include "till/view.h"
#include "till/world.h"

struct evening {
    uint32_t closed; // business days in balance and closed
    uint64_t exceptions;
};

// What does not come out is a fault in the book. The service runs and all lines are up.
void evening_do(struct world *world, struct view *view, struct evening *ret_evening);
