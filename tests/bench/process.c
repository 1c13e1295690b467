// What every load asks of its process: clocks, memory, and an end with a message.
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bench/bench.h"

enum { NS_A_MS = 1000000, NS_A_S = 1000000000 };

void bench_give_up(const char *why)
{
    fprintf(stderr, "loyalty-bench: %s\n", why);
    exit(EXIT_FAILURE);
}

void *bench_alloc(size_t count, size_t bytes)
{
    void *memory = calloc(count, bytes);
    if (memory == NULL) {
        bench_give_up("no memory");
    }
    return memory;
}

static int64_t read_clock(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * NS_A_S + now.tv_nsec;
}

int64_t bench_now_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int64_t bench_wall_ms(void)
{
    return read_clock(CLOCK_REALTIME) / NS_A_MS;
}

int64_t bench_cpu_ns(void)
{
    return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}
