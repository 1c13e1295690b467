// Two timers. libevent reads a coarse clock, so a timer of an idle loop is up to 10 ms late: that
// is the floor of the figure, not a fault.
#include "app/watch.h"

#include <event2/event.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "base/check.h"
#include "base/histogram.h"
#include "base/log.h"

enum {
    FEEDS_A_PERIOD = 3, // two may be late or lost
    MEASURE_US = 100000,
    SECOND_US = 1000000,
};

struct watch {
    struct event *feed; // NULL: nobody waits for it
    struct event *measure;
    int64_t due_us; // when `measure` ought to run
    struct histogram delay;
};

int64_t watch_now_us(void)
{
    struct timespec now;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (int64_t)now.tv_sec * SECOND_US + now.tv_nsec / 1000;
}

static void on_feed(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    (void)context;
    (void)sd_notify(0, "WATCHDOG=1");
}

static void on_measure(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct watch *watch = context;
    int64_t late_us = watch_now_us() - watch->due_us;
    histogram_note(&watch->delay, late_us < 0 ? 0 : late_us);
    watch->due_us = watch_now_us() + MEASURE_US;
    log_tick();
    CHECK(event_add(watch->measure, &(struct timeval){.tv_usec = MEASURE_US}) == 0); // app/loop.h
}

// The first word at once: whoever waits for it need not wait a third of the time.
static enum status start_feeding(struct watch *watch, struct event_base *base, uint64_t period_us)
{
    uint64_t every_us = period_us / FEEDS_A_PERIOD;
    every_us = every_us == 0 ? 1 : every_us;
    const struct timeval every = {.tv_sec = (time_t)(every_us / SECOND_US),
                                  .tv_usec = (suseconds_t)(every_us % SECOND_US)};
    watch->feed = event_new(base, -1, EV_PERSIST, on_feed, watch);
    if (watch->feed == NULL || event_add(watch->feed, &every) != 0) {
        return STATUS_NO_MEMORY;
    }
    event_active(watch->feed, 0, 0);
    return STATUS_OK;
}

static enum status start(struct watch *watch, struct event_base *base)
{
    uint64_t period_us = 0;
    int wanted = sd_watchdog_enabled(0, &period_us);
    if (wanted < 0) {
        return STATUS_INVALID;
    }
    if (wanted > 0) {
        TRY(start_feeding(watch, base, period_us));
    }
    watch->measure = evtimer_new(base, on_measure, watch);
    watch->due_us = watch_now_us() + MEASURE_US;
    if (watch->measure == NULL ||
        event_add(watch->measure, &(struct timeval){.tv_usec = MEASURE_US}) != 0) {
        return STATUS_NO_MEMORY;
    }
    return STATUS_OK;
}

enum status watch_new(struct event_base *base, struct watch **ret_watch)
{
    struct watch *watch = calloc(1, sizeof *watch);
    if (watch == NULL) {
        return STATUS_NO_MEMORY;
    }
    enum status status = start(watch, base);
    if (status != STATUS_OK) {
        watch_free(watch);
        return status;
    }
    *ret_watch = watch;
    return STATUS_OK;
}

void watch_free(struct watch *watch)
{
    if (watch == NULL) {
        return;
    }
    if (watch->feed != NULL) {
        event_free(watch->feed);
    }
    if (watch->measure != NULL) {
        event_free(watch->measure);
    }
    free(watch);
}

void watch_metrics(const struct watch *watch, const struct metrics_out *out)
{
    static const struct metric_family family = {
        .name = "loyaltyd_loop_delay_seconds",
        .help = "How late a timer of the event loop ran; up to 10 ms is the clock's own.",
        .kind = METRIC_HISTOGRAM,
    };
    static const struct metric_label worker = {.name = "worker", .value = "0"};
    if (watch != NULL) {
        out->family(out->context, &family);
        out->histogram(out->context, &worker, 1, &watch->delay);
    }
}
