// Turns, lanes and pace. Invariant: at most one update is under way; lanes are at work only on
// partitions of `claimed`.
#include "jobs/runner_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

enum { ACCOUNT = 1000 };

int64_t runner_now(const struct runner *runner)
{
    return timers_now(runner->options.service->options.timers);
}

static void on_turn(struct timer *timer);

void runner_turn_at(struct runner *runner, int64_t at_ms)
{
    timers_set(runner->options.service->options.timers, &runner->timer, at_ms, on_turn);
}

static bool is_stopping(const struct runner *runner)
{
    return runner->options.service->stopping || runner->options.service->draining;
}

static uint32_t lanes_busy(const struct runner *runner)
{
    uint32_t busy = 0;
    for (uint32_t i = 0; i < RUNNER_LANES; i++) {
        busy += runner->lanes[i].busy ? 1 : 0;
    }
    return busy;
}

// --- pace ---

static bool is_busy(struct runner *runner)
{
    const struct service *service = runner->options.service;
    int64_t now_ms = runner_now(runner);
    if (service_in_hand(service) > service->waiting) {
        runner->busy_until_ms = now_ms + RUNNER_BUSY_MS;
    }
    return now_ms < runner->busy_until_ms;
}

static bool on_allow(struct lane *lane)
{
    struct runner *runner = lane->context;
    uint32_t width = is_busy(runner) ? RUNNER_WIDTH_BUSY : RUNNER_WIDTH;
    if (runner->at_work >= width || (runner->options.pace > 0 && runner->allowed < ACCOUNT)) {
        return false;
    }
    runner->at_work++;
    runner->allowed -= runner->options.pace > 0 ? ACCOUNT : 0;
    return true;
}

static void on_visited_one(struct lane *lane)
{
    struct runner *runner = lane->context;
    CHECK(runner->at_work > 0);
    runner->at_work--;
}

static void allow_more(struct runner *runner, int64_t now_ms)
{
    int64_t passed_ms = now_ms - runner->allowed_at_ms;
    int64_t most = (int64_t)runner->options.pace * RUNNER_TICK_MS * 4 + ACCOUNT;
    passed_ms = passed_ms < RUNNER_IDLE_MS ? passed_ms : RUNNER_IDLE_MS;
    runner->allowed += passed_ms * runner->options.pace;
    runner->allowed = runner->allowed < most ? runner->allowed : most;
    runner->allowed_at_ms = now_ms;
}

// --- lanes ---

static void begin_lane(struct runner *runner, struct lane *lane)
{
    if (runner->claimed_next < runner->claimed_count && !is_stopping(runner)) {
        lane_begin(lane, &runner->order, runner->claimed[runner->claimed_next++]);
    }
}

static void on_over(struct lane *lane, bool done)
{
    struct runner *runner = lane->context;
    if (!done) {
        if (!is_stopping(runner) && !lane->stopping) {
            runner_fail(runner);
        }
        return;
    }
    if (vec_reserve_one(&runner->results, RUNNER_CLAIM) != STATUS_OK) {
        runner_fail(runner);
        return;
    }
    runner->results.items[runner->results.count++] = lane->result;
    begin_lane(runner, lane);
    if (lanes_busy(runner) == 0 && !runner->update.busy) {
        runner_turn_at(runner, runner_now(runner));
    }
}

void runner_begin_lanes(struct runner *runner)
{
    for (uint32_t i = 0; i < RUNNER_LANES; i++) {
        if (!runner->lanes[i].busy) {
            begin_lane(runner, &runner->lanes[i]);
        }
    }
}

static void stop_lanes(struct runner *runner)
{
    runner->claimed_next = runner->claimed_count;
    for (uint32_t i = 0; i < RUNNER_LANES; i++) {
        if (runner->lanes[i].busy) {
            lane_stop(&runner->lanes[i]);
        }
    }
}

void runner_leave(struct runner *runner)
{
    runner->id[0] = '\0';
    runner->claimed_count = 0;
    runner->claimed_next = 0;
    runner->results.count = 0;
    stop_lanes(runner);
}

void runner_fail(struct runner *runner)
{
    runner->resume_ms = runner_now(runner) + RUNNER_BACKOFF_MS;
    runner_leave(runner);
}

// --- turns ---

static bool has_work_left(const struct runner *runner)
{
    return lanes_busy(runner) > 0 || runner->claimed_next < runner->claimed_count;
}

static void know_programs(struct runner *runner, int64_t now_ms)
{
    const struct program_log *log = lease_programs(runner->options.service->lease);
    if (!runner->has_etag || memcmp(runner->etag, log->tail, sizeof(runner->etag)) != 0) {
        memcpy(runner->etag, log->tail, sizeof(runner->etag));
        runner->has_etag = true;
        runner->etag_since_ms = now_ms;
    }
}

static void work(struct runner *runner, int64_t now_ms)
{
    if (runner->id[0] == '\0') {
        if (lanes_busy(runner) == 0) {
            runner_look(runner);
        }
    } else if (!has_work_left(runner)) {
        runner_step(runner, true);
    } else if (now_ms >= runner->merged_at_ms + RUNNER_MERGE_MS) {
        runner_step(runner, false);
    }
}

static void on_turn(struct timer *timer)
{
    struct runner *runner =
        (struct runner *)(void *)((char *)timer - offsetof(struct runner, timer));
    struct service *service = runner->options.service;
    int64_t now_ms = runner_now(runner);
    if (is_stopping(runner)) {
        stop_lanes(runner);
        runner_turn_at(runner, now_ms + RUNNER_IDLE_MS);
        return;
    }
    bool may = lease_check(service->lease, true) == TROUBLE_NONE && now_ms >= runner->resume_ms;
    if (may) {
        know_programs(runner, now_ms);
        allow_more(runner, now_ms);
    }
    if (may && !runner->update.busy) {
        work(runner, now_ms);
    }
    for (uint32_t i = 0; may && i < RUNNER_LANES; i++) {
        lane_poke(&runner->lanes[i]);
    }
    bool working = runner->id[0] != '\0' && !runner->waits;
    if (runner->timer.place == 0) {
        runner_turn_at(runner, now_ms + (working || !may || runner->update.busy ? RUNNER_TICK_MS
                                                                                : RUNNER_IDLE_MS));
    }
}

static void on_job(void *context)
{
    struct runner *runner = context;
    runner_turn_at(runner, runner_now(runner));
}

enum status runner_new(const struct runner_options *options, struct runner **ret_runner)
{
    struct runner *runner = calloc(1, sizeof(*runner));
    if (runner == NULL) {
        return STATUS_NO_MEMORY;
    }
    runner->options = *options;
    for (uint32_t i = 0; i < RUNNER_LANES; i++) {
        struct lane *lane = &runner->lanes[i];
        lane_init(lane, options->service);
        lane->context = runner;
        lane->allow = on_allow;
        lane->visited_one = on_visited_one;
        lane->on_over = on_over;
    }
    runner->update.service = options->service;
    runner->allowed_at_ms = runner_now(runner);
    service_on_job(options->service, on_job, runner);
    runner_turn_at(runner, runner_now(runner) + RUNNER_TICK_MS);
    *ret_runner = runner;
    return STATUS_OK;
}

void runner_free(struct runner *runner)
{
    if (runner == NULL) {
        return;
    }
    CHECK(!runner->update.busy && runner->at_work == 0);
    service_on_job(runner->options.service, NULL, NULL);
    timers_clear(runner->options.service->options.timers, &runner->timer);
    for (uint32_t i = 0; i < RUNNER_LANES; i++) {
        lane_fini(&runner->lanes[i]);
    }
    vec_fini(&runner->results);
    free(runner);
}
