// What is to happen, by virtual time: a heap. What is due at one instant happens in the order in
// which it was put down, so an episode is the same whenever it is run again.
#pragma once

#include <stdint.h>

#include "base/vec.h"

struct sim;

typedef void agenda_fn(struct sim *sim, void *what, uint64_t number);

struct agenda_item {
    int64_t at_ms;
    uint64_t order;
    agenda_fn *run;
    void *what;
    uint64_t number;
};

struct agenda {
    VEC(struct agenda_item) heap;
    uint64_t order;
};

void agenda_fini(struct agenda *agenda);
void agenda_put(struct agenda *agenda, int64_t at_ms, agenda_fn *run, void *what, uint64_t number);
// When the next is due; INSTANT_NEVER when nothing is left.
int64_t agenda_next(const struct agenda *agenda);
// Removes and gives the next; there is one.
struct agenda_item agenda_take(struct agenda *agenda);
