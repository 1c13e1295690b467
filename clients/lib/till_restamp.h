// Rows made before the service's time was ever known, by a clock that may turn out wrong: they get
// the time they were made at by the service's clock, once, before any of them is sent.
#pragma once

#include "lib/till_queue.h"

// Rewrites all open rows and stores what was learned, in one transaction. False: nothing is
// changed.
bool ly_restamp(struct ly_queue *queue, const struct ly_learned_clock *learned);
