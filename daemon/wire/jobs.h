// A stored job as the operation that users see (google.longrunning.Operation), and a plan's moves.
// Built in the arena; STATUS_NO_MEMORY is the only failure.
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "google/longrunning/operations.pb-c.h"
#include "loyalty/v1/rescoring.pb-c.h"
#include "loyaltyd/job.pb-c.h"

// `now_ms` by the store's clock: claims that have not lapsed are daemons at work.
MUST_CHECK enum status jobs_operation(const Loyaltyd__Job *job, int64_t now_ms, struct arena *arena,
                                      Google__Longrunning__Operation **ret_operation);
MUST_CHECK enum status jobs_move(const Loyaltyd__PlanMove *move, struct arena *arena,
                                 Loyalty__V1__Move **ret_move);
