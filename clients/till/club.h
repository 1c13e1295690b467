// The service as its office sees it: enrols the customers before, and looks at them in the end.
#pragma once

#include <stdbool.h>

#include "till/world.h"

// Enrols world->members, a month ago, and learns the currency and the zone. False with
// the reason on stderr.
bool club_enrol(struct world *world);
// What the service has of every member that the book has used, against the book. What differs is a
// fault, said in full; gives how many were compared.
uint64_t club_compare(struct world *world);
