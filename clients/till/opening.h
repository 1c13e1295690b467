// Before the first customer: folders, certificates, the service, the customers, the counters. And
// after the last: all of it taken down.
#pragma once

#include <stdbool.h>

#include "till/world.h"

// False with the reason on stderr; opening_undo is due in either case.
bool opening_do(struct world *world, const struct plan *plan);
// Ends what runs and frees; removes the folder unless it is to be kept or `keep`.
void opening_undo(struct world *world, bool keep);
