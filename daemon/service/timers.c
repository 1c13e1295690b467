// A binary heap of timers. Invariants: heap[i]->place == i + 1; no timer is later than its
// children.
#include "service/timers.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/limits.h"

enum status timers_init(struct timers *timers, uint32_t capacity, clock_fn *monotonic_ms,
                        void *clock_context)
{
    *timers = (struct timers){.monotonic_ms = monotonic_ms, .clock_context = clock_context};
    timers->heap = calloc(capacity, sizeof(struct timer *));
    if (timers->heap == NULL) {
        return STATUS_NO_MEMORY;
    }
    timers->capacity = capacity;
    return STATUS_OK;
}

void timers_fini(struct timers *timers)
{
    if (timers == NULL) {
        return;
    }
    free(timers->heap);
    *timers = (struct timers){0};
}

int64_t timers_now(const struct timers *timers)
{
    return timers->monotonic_ms(timers->clock_context);
}

static void heap_put(struct timers *timers, uint32_t at, struct timer *timer)
{
    timers->heap[at] = timer;
    timer->place = at + 1;
}

static void heap_up(struct timers *timers, uint32_t at)
{
    struct timer *timer = timers->heap[at];
    while (at > 0) {
        uint32_t parent = (at - 1) / 2;
        if (timers->heap[parent]->at_ms <= timer->at_ms) {
            break;
        }
        heap_put(timers, at, timers->heap[parent]);
        at = parent;
    }
    heap_put(timers, at, timer);
}

static void heap_down(struct timers *timers, uint32_t at)
{
    struct timer *timer = timers->heap[at];
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= timers->count) {
            break;
        }
        if (child + 1 < timers->count &&
            timers->heap[child + 1]->at_ms < timers->heap[child]->at_ms) {
            child++;
        }
        if (timer->at_ms <= timers->heap[child]->at_ms) {
            break;
        }
        heap_put(timers, at, timers->heap[child]);
        at = child;
    }
    heap_put(timers, at, timer);
}

void timers_clear(struct timers *timers, struct timer *timer)
{
    if (timer->place == 0) {
        return;
    }
    uint32_t at = timer->place - 1;
    CHECK(at < timers->count && timers->heap[at] == timer);
    timer->place = 0;
    struct timer *last = timers->heap[--timers->count];
    if (last == timer) {
        return;
    }
    heap_put(timers, at, last);
    heap_down(timers, at);
    heap_up(timers, last->place - 1);
}

void timers_set(struct timers *timers, struct timer *timer, int64_t at_ms, timer_fn *on_fire)
{
    timers_clear(timers, timer);
    CHECK(timers->count < timers->capacity);
    timer->at_ms = at_ms;
    timer->on_fire = on_fire;
    bool sooner = at_ms < timers_next(timers);
    timers->heap[timers->count++] = timer;
    heap_up(timers, timers->count - 1);
    if (sooner && timers->on_sooner != NULL) {
        timers->on_sooner(timers->sooner_context, at_ms);
    }
}

int64_t timers_next(const struct timers *timers)
{
    return timers->count == 0 ? INSTANT_NEVER : timers->heap[0]->at_ms;
}

void timers_run(struct timers *timers)
{
    int64_t now_ms = timers_now(timers);
    while (timers->count > 0 && timers->heap[0]->at_ms <= now_ms) {
        struct timer *timer = timers->heap[0];
        timers_clear(timers, timer);
        timer->on_fire(timer);
    }
}
