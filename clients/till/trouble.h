// What goes wrong on purpose, and when: by the seed, over the time that tills sell, so that every
// kind that was asked for happens some times however short that is.
#pragma once

#include <stdint.h>

#include "till/chance.h"
#include "till/world.h"

struct trouble_kind {
    uint32_t left;   // times still to come
    int64_t next_ms; // steady
};

struct trouble {
    struct chance chance;
    int64_t began_ms;
    struct trouble_kind kinds[CHAOS_KINDS];
    int64_t restart_ms;     // the service comes back then; 0: it is there
    int64_t *line_until_ms; // by shop; 0: its line is up
    uint64_t done[CHAOS_KINDS];
};

// False when memory is short.
bool trouble_begin(struct trouble *trouble, struct world *world);
// What is due by now.
void trouble_step(struct trouble *trouble, struct world *world, int64_t now_ms);
// Everything is put right again; nothing more goes wrong.
void trouble_end(struct trouble *trouble, struct world *world);
