// A store before another one: where the service's code ends and the test's begins, and where store
// calls fail. The ways are those the port allows (store/store.h); an answer that claims something
// about the world is made true first: for BEHIND, RELOAD of a tail and TAKEN a rival acts.
#pragma once

#include <stdbool.h>

#include "store/store.h"

enum gate_rival {
    RIVAL_WRITES,   // something else is appended to the account: BEHIND
    RIVAL_COMPACTS, // the same, and the log is compacted: RELOAD
    RIVAL_CLAIMS,   // another member gets the identifier: TAKEN
};

// What a rival does just before a call is executed.
typedef void gate_rival_fn(enum gate_rival what);

// Takes `inner`, which is freed with it.
struct store *gate_store_new(struct store *inner);
// Of all gates; NULL: rivals do nothing.
void gate_store_set_rival(gate_rival_fn *rival);
// Gives the oldest answer that the gate gives by itself; false when there is none.
bool gate_store_step(struct store *store);
// Executes appends and claims that were answered as lost and have been under way since.
void gate_store_land(struct store *store);
