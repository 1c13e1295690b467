// The event loop. Its timers never fail to be set: libevent takes memory when more are set at once
// than ever before, so that many are set, and forgotten, when the loop is made.
#pragma once

#include "base/limits.h"
#include "base/status.h"

struct event_base;

// STATUS_NO_MEMORY. Freed with event_base_free.
MUST_CHECK enum status loop_new(struct event_base **ret_loop);
