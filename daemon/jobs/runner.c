// Turns. One timer drives it all. Invariants: one thing of the stored job or list is under way at a
// time; a claim is held from the answer that gave it until the one that took it.
#include "jobs/runner.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/log.h"
#include "jobs/runner_parts.h"

int64_t runner_now(const struct runner *runner)
{
    return timers_now(runner->options.service->options.timers);
}

int64_t runner_store_now(const struct runner *runner)
{
    return lease_store_now_ms(runner->options.service->lease);
}

bool runner_is_idle(const struct runner *runner)
{
    return runner->claimed.attempt == 0 && !runner->update.busy && crew_is_idle(runner->crew);
}

static void on_turn(struct timer *timer);

static void turn_at(struct runner *runner, int64_t at_ms)
{
    if (!runner->options.service->stopping) {
        timers_set(runner->options.service->options.timers, &runner->timer, at_ms, on_turn);
    }
}

static void turn_soon(struct runner *runner)
{
    turn_at(runner, runner_now(runner));
}

static void rest(struct runner *runner, int64_t ms)
{
    runner->looking = false;
    runner->next_look_ms = runner_now(runner) + ms;
}

static void on_job(void *context)
{
    struct runner *runner = context;
    runner->woken = true;
    turn_soon(runner);
}

// --- a claim ---

static void claim_forget(struct runner *runner)
{
    runner->claimed = (struct claimed){0};
    runner->begun = 0;
    runner->done = 0;
    runner->sent = 0;
    runner->reported = 0;
    runner->tally = (struct tally){0};
    runner->fault = NULL;
}

// What is under way for it ends, for nothing.
static void claim_lose(struct runner *runner)
{
    claim_forget(runner);
    crew_quit(runner->crew);
}

static void claim_begin(struct runner *runner)
{
    claim_forget(runner);
    runner->claimed = runner->next;
    runner->report_ms = runner_now(runner);
    crew_set_work(runner->crew, &runner->work);
}

static uint32_t claim_count(const struct runner *runner)
{
    return runner->claimed.until - runner->claimed.from;
}

static void begin_partitions(struct runner *runner)
{
    while (runner->begun < claim_count(runner) && crew_has_room(runner->crew) &&
           !runner->options.service->draining) {
        runner->begun++;
        crew_begin(runner->crew, runner->claimed.from + runner->begun - 1);
    }
}

static void on_partition(void *owner, uint32_t partition, const struct tally *tally,
                         const char *fault)
{
    struct runner *runner = owner;
    CHECK(partition >= runner->claimed.from && partition < runner->claimed.until);
    if (fault != NULL) {
        runner->fault = fault;
    } else {
        runner->done |= UINT32_C(1) << (partition - runner->claimed.from);
        tally_merge(&runner->tally, tally);
    }
    turn_soon(runner);
}

// --- reports ---

static void note_rate(struct runner *runner, int64_t now_ms)
{
    int64_t passed_ms = now_ms - runner->rate_from_ms;
    if (passed_ms >= RUNNER_REPORT_MS) {
        uint64_t visits = crew_visits(runner->crew);
        runner->rate = (uint32_t)((visits - runner->rate_from) * 1000 / (uint64_t)passed_ms);
        runner->rate_from = visits;
        runner->rate_from_ms = now_ms;
    }
}

static bool report_is_due(const struct runner *runner, int64_t now_ms)
{
    uint32_t known = runner->done | runner->sent | runner->reported;
    bool whole = known == (UINT32_MAX >> (32 - claim_count(runner)));
    bool drained = runner->options.service->draining && crew_is_idle(runner->crew);
    int64_t since_ms = now_ms - runner->report_ms;
    bool some = (runner->done | runner->sent) != 0 && since_ms >= RUNNER_REPORT_MS;
    return whole || drained || runner->fault != NULL || some || since_ms >= RUNNER_RENEW_MS;
}

void runner_reported(struct runner *runner, enum store_result result)
{
    int64_t now_ms = runner_now(runner);
    runner->report_ms = now_ms;
    if (runner->options.service->stopping) {
        return;
    }
    if (result == STORE_FAILED) { // what is stored is of no use; somebody may mend or delete it
        log_event(LOG_ERROR, "job-unreadable", "job=%s", runner->id);
        claim_lose(runner);
        runner->id_at++;
    } else if (result != STORE_OK) {
        runner->resume_ms = now_ms + RUNNER_BACKOFF_MS;
        turn_at(runner, runner->resume_ms);
        return;
    } else if (runner->news == NEWS_MINE) {
        runner->reported |= runner->sent;
        runner->sent = 0;
    } else if (runner->news == NEWS_CLAIMED) {
        claim_begin(runner);
        runner->looking = false;
    } else if (runner->news == NEWS_OVER) {
        claim_lose(runner);
        runner_close(runner);
        return;
    } else { // lost, nothing left, or not to be judged now: the next one of the list
        claim_lose(runner);
        runner->id_at++;
    }
    turn_soon(runner);
}

// --- looks ---

static void take_next(struct runner *runner)
{
    if (runner->id_at < runner->id_count) {
        memcpy(runner->id, runner->ids[runner->id_at], sizeof runner->id);
        runner_report(runner);
    } else if (runner->wanted != 0) {
        runner_make_wanted(runner);
    } else if (runner_has_new_census(runner)) {
        runner_read_census(runner);
    } else {
        rest(runner, runner->woken ? 0 : RUNNER_LOOK_MS);
        turn_at(runner, runner->next_look_ms);
    }
}

void runner_listed(struct runner *runner, enum store_result result)
{
    if (result != STORE_OK) {
        rest(runner, RUNNER_LOOK_MS);
    }
    turn_soon(runner);
}

// A head was ended, a job made, or a census read: what the list says now is looked at anew. One
// whose job is not there yet keeps nobody from the next.
void runner_settled(struct runner *runner, enum store_result result)
{
    if (result == STORE_OK && runner->missing && !runner->deleted && runner->looking) {
        runner->id_at++;
    } else {
        rest(runner, result == STORE_OK ? 0 : RUNNER_LOOK_MS);
    }
    runner->missing = false;
    turn_soon(runner);
}

static void look(struct runner *runner, int64_t now_ms)
{
    if (runner->looking) {
        take_next(runner);
    } else if (runner->woken || now_ms >= runner->next_look_ms) {
        runner->woken = false;
        runner->looking = true;
        runner->id_count = 0;
        runner->id_at = 0;
        runner_list(runner);
    }
}

// --- turns ---

// When its next turn is, in how many ms.
static int64_t work(struct runner *runner, int64_t now_ms)
{
    int64_t next_ms = 0;
    note_rate(runner, now_ms);
    if (runner->options.service->draining) {
        crew_quit(runner->crew);
    } else if (runner->fault == NULL) {
        begin_partitions(runner);
        next_ms = crew_turn(runner->crew);
    }
    if (!runner->update.busy && report_is_due(runner, now_ms)) {
        runner_report(runner);
    }
    return next_ms == 0 ? RUNNER_TURN_MS : next_ms;
}

static bool may_act(struct runner *runner, int64_t now_ms)
{
    const struct service *service = runner->options.service;
    return now_ms >= runner->resume_ms && lease_check(service->lease, true) == TROUBLE_NONE;
}

static void on_turn(struct timer *timer)
{
    struct runner *runner =
        (struct runner *)(void *)((char *)timer - offsetof(struct runner, timer));
    const struct service *service = runner->options.service;
    int64_t now_ms = runner_now(runner);
    int64_t next_ms = RUNNER_TURN_MS;
    if (service->stopping) {
        return;
    }
    if (!may_act(runner, now_ms)) {
        next_ms = RUNNER_BACKOFF_MS;
    } else if (runner->claimed.attempt != 0) {
        next_ms = work(runner, now_ms);
    } else if (!runner->update.busy && crew_is_idle(runner->crew) && !service->draining) {
        look(runner, now_ms);
        next_ms = runner->looking || runner->next_look_ms <= now_ms ? RUNNER_TURN_MS
                                                                    : runner->next_look_ms - now_ms;
    }
    if (runner->timer.place == 0) {
        turn_at(runner, now_ms + next_ms);
    }
}

enum status runner_new(const struct runner_options *options, struct runner **ret_runner)
{
    struct runner *runner = calloc(1, sizeof *runner);
    if (runner == NULL) {
        return STATUS_NO_MEMORY;
    }
    runner->options = *options;
    struct crew_options crew = {
        .service = options->service,
        .pace = options->pace,
        .owner = runner,
        .on_partition = on_partition,
    };
    enum status status = crew_new(&crew, &runner->crew);
    if (status != STATUS_OK) {
        free(runner);
        return status;
    }
    runner->begun_ms = runner_now(runner);
    runner->tail_ms = runner->begun_ms;
    service_on_job(options->service, on_job, runner);
    turn_at(runner, runner_now(runner) + RUNNER_LOOK_MS);
    *ret_runner = runner;
    return STATUS_OK;
}

void runner_free(struct runner *runner)
{
    if (runner == NULL) {
        return;
    }
    CHECK(!runner->update.busy);
    service_on_job(runner->options.service, NULL, NULL);
    timers_clear(runner->options.service->options.timers, &runner->timer);
    crew_free(runner->crew);
    free(runner);
}
