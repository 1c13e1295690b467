// A daemon's call on the store, on its way.
#pragma once

#include "sim/sim.h"

struct transit {
    struct transit *next; // open calls of the daemon, or spare ones
    struct transit *previous;
    struct daemon *daemon;
    struct memory_call *call;
    bool open;            // its caller waits
    uint32_t needed;      // by the agenda, by the store
    uint32_t connection;  // of the daemon
    uint32_t incarnation; // of the store
    int64_t asked_ms;
    size_t known_entries; // by the daemon when it asked; of a head: by the store when it was read
    int64_t store_ms;     // of a head: the store's time of that
};
