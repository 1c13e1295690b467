// By the clocks of their CPU time, which count nanoseconds where /proc has hundredths of a second.
#include "bench/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WATCHED_MAX = 8, NS_A_US = 1000, NS_A_S = 1000000000 };

static struct {
    const char *name;
    clockid_t clock;
    int64_t used_ns; // of the timed part; while that runs, less what had been used before
} watched[WATCHED_MAX];
static size_t watched_count;

static int64_t used_ns(clockid_t clock)
{
    struct timespec used;
    if (clock_gettime(clock, &used) != 0) {
        fprintf(stderr, "loyalty-bench: a process that was to be watched has ended\n");
        exit(EXIT_FAILURE);
    }
    return (int64_t)used.tv_sec * NS_A_S + used.tv_nsec;
}

bool watch_add(char *name_and_pid)
{
    char *separator = strchr(name_and_pid, '=');
    if (separator == NULL || watched_count == WATCHED_MAX) {
        return false;
    }
    char *end;
    long pid = strtol(separator + 1, &end, 10);
    clockid_t clock;
    if (pid <= 0 || *end != '\0' || clock_getcpuclockid((pid_t)pid, &clock) != 0) {
        return false;
    }
    *separator = '\0';
    watched[watched_count].name = name_and_pid;
    watched[watched_count].clock = clock;
    watched_count++;
    return true;
}

void watch_begin(void)
{
    for (size_t i = 0; i < watched_count; i++) {
        watched[i].used_ns = -used_ns(watched[i].clock);
    }
}

void watch_end(void)
{
    for (size_t i = 0; i < watched_count; i++) {
        watched[i].used_ns += used_ns(watched[i].clock);
    }
}

void watch_print(double operations)
{
    for (size_t i = 0; i < watched_count; i++) {
        printf("%s_cpu %.2f\n", watched[i].name, (double)watched[i].used_ns / NS_A_US / operations);
    }
}
