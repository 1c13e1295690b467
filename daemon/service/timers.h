// One-shot timers of the service over a monotonic clock that is injected, so that a test or the
// simulator owns time. A heap of a fixed capacity: setting a timer never fails. Whoever drives it
// calls timers_run when timers_next has come; `on_sooner` tells him that next has moved nearer.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

struct timer;

typedef void timer_fn(struct timer *timer);

// Embedded in its owner; zeroed is not set.
struct timer {
    int64_t at_ms;
    timer_fn *on_fire;
    uint32_t place; // in the heap, counted from 1; 0: not set
};

typedef int64_t clock_fn(void *context);

struct timers {
    clock_fn *monotonic_ms;
    void *clock_context;
    void (*on_sooner)(void *context, int64_t at_ms); // may be NULL
    void *sooner_context;
    struct timer **heap;
    uint32_t count;
    uint32_t capacity;
};

MUST_CHECK enum status timers_init(struct timers *timers, uint32_t capacity, clock_fn *monotonic_ms,
                                   void *clock_context);
void timers_fini(struct timers *timers);

int64_t timers_now(const struct timers *timers);
// Sets or moves a timer; `on_fire` is called once, from timers_run, and may set it again.
void timers_set(struct timers *timers, struct timer *timer, int64_t at_ms, timer_fn *on_fire);
void timers_clear(struct timers *timers, struct timer *timer);
// When the next one is due; INSTANT_NEVER when none is set.
int64_t timers_next(const struct timers *timers);
// Fires all that are due now.
void timers_run(struct timers *timers);
