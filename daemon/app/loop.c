// Waits of equal length that many connections share (event_base_init_common_timeout) take one place
// each, so the number of timers does not grow with that of clients.
#include "app/loop.h"

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>

static void on_never(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    (void)context;
}

// Sets LIMIT_LOOP_TIMERS timers at once; those that are made are the caller's.
static bool set_timers(struct event_base *loop, struct event **timers)
{
    const struct timeval some_day = {.tv_sec = 86400};
    for (size_t i = 0; i < LIMIT_LOOP_TIMERS; i++) {
        timers[i] = evtimer_new(loop, on_never, NULL);
        if (timers[i] == NULL || evtimer_add(timers[i], &some_day) != 0) {
            return false;
        }
    }
    return true;
}

enum status loop_new(struct event_base **ret_loop)
{
    struct event *timers[LIMIT_LOOP_TIMERS] = {NULL};
    struct event_base *loop = event_base_new();
    if (loop == NULL) {
        return STATUS_NO_MEMORY;
    }
    bool set = set_timers(loop, timers);
    for (size_t i = 0; i < LIMIT_LOOP_TIMERS && timers[i] != NULL; i++) {
        event_free(timers[i]);
    }
    if (!set) {
        event_base_free(loop);
        return STATUS_NO_MEMORY;
    }
    *ret_loop = loop;
    return STATUS_OK;
}
