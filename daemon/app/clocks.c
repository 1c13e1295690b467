// Both clocks, read coarsely.
#include "app/clocks.h"

#include <time.h>

static int64_t read_ms(clockid_t clock)
{
    struct timespec now;
    (void)clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clocks_wall_ms(void)
{
    return read_ms(CLOCK_REALTIME_COARSE);
}

int64_t clocks_monotonic_ms(void *context)
{
    (void)context;
    return read_ms(CLOCK_MONOTONIC_COARSE);
}
