// The clocks the service runs by. Every request asks for the time several times; milliseconds are
// all that is wanted. The coarse clocks have that and cost a few loads, the others read the
// processor's counter. They may stand a tick (at most 10 ms) behind; libevent takes its own time
// from them too.
#pragma once

#include <stdint.h>

int64_t clocks_wall_ms(void);
// A clock_fn of service/timers.h; `context` is not used.
int64_t clocks_monotonic_ms(void *context);
