// Invariant: a worker that is taken has a visit under way, or waits for its next try.
#include "jobs/crew.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

struct worker {
    struct crew *crew;
    struct walk *walk;
    bool taken;
    bool waiting;
    uint32_t tries;
    uint64_t seq; // of the account before time passed over it
    struct walk_seen seen;
    struct visit visit;
};

struct crew {
    struct crew_options options;
    struct work work;
    struct walk walks[CREW_WALKS];
    uint32_t next_walk; // round and round
    struct worker workers[CREW_VISITS];
    uint32_t out; // visits under way
    uint64_t visits;
    bool filling;
    bool quitting;
    int64_t busy_ms;    // when requests were last seen
    int64_t backoff_ms; // 0: all is well
    int64_t resume_ms;
    int64_t allowed; // visits by the pace, in thousandths
    int64_t allowed_at_ms;
};

static int64_t now_of(const struct crew *crew)
{
    return timers_now(crew->options.service->options.timers);
}

// --- how many ---

static bool is_busy(const struct crew *crew, int64_t now_ms)
{
    return now_ms - crew->busy_ms < CREW_QUIET_MS;
}

// Visits a second; 0: as many as go.
static int64_t pace_of(const struct crew *crew, int64_t now_ms)
{
    int64_t pace = crew->options.pace;
    bool slower = is_busy(crew, now_ms) && (pace == 0 || pace > CREW_PACE_BUSY);
    return slower ? CREW_PACE_BUSY : pace;
}

static uint32_t at_once(struct crew *crew, int64_t now_ms)
{
    const struct service *service = crew->options.service;
    size_t in_hand = service_in_hand(service);
    size_t requests = in_hand > service->waiting ? in_hand - service->waiting : 0;
    if (requests > 0) {
        crew->busy_ms = now_ms;
    }
    if (requests >= CREW_LOADED_REQUESTS) {
        return CREW_VISITS_LOADED;
    }
    return is_busy(crew, now_ms) ? CREW_VISITS_BUSY : CREW_VISITS;
}

static const int64_t VISIT = 1000;

static void allow(struct crew *crew, int64_t now_ms)
{
    int64_t at_most = is_busy(crew, now_ms) ? 2 * CREW_VISITS_BUSY : CREW_VISITS;
    int64_t most = at_most * VISIT;
    int64_t pace = pace_of(crew, now_ms);
    int64_t passed_ms = now_ms - crew->allowed_at_ms;
    passed_ms = passed_ms < 1000 ? passed_ms : 1000;
    crew->allowed += passed_ms * pace; // thousandths a millisecond
    crew->allowed = crew->allowed < most && pace > 0 ? crew->allowed : most;
    crew->allowed_at_ms = now_ms;
}

static bool may_begin(struct crew *crew, int64_t now_ms)
{
    uint32_t most = at_once(crew, now_ms); // sees the requests at hand, too
    bool paced = pace_of(crew, now_ms) > 0 && crew->allowed < VISIT;
    return !crew->quitting && !paced && now_ms >= crew->resume_ms && crew->out < most &&
           !crew->options.service->stopping && !crew->options.service->draining;
}

// --- failures ---

static void crew_failed(struct crew *crew)
{
    int64_t now_ms = now_of(crew);
    if (now_ms < crew->resume_ms) {
        return; // one of several that were under way
    }
    int64_t longer_ms = crew->backoff_ms == 0 ? CREW_BACKOFF_MS : 2 * crew->backoff_ms;
    crew->backoff_ms = longer_ms < CREW_BACKOFF_MAX_MS ? longer_ms : CREW_BACKOFF_MAX_MS;
    crew->resume_ms = now_ms + crew->backoff_ms;
}

// --- visits ---

static void see(struct visit *visit, const struct account *account,
                const struct program_set *programs, bool after)
{
    struct worker *worker =
        (struct worker *)(void *)((char *)visit - offsetof(struct worker, visit));
    const struct work *work = &worker->crew->work;
    struct walk_seen *seen = &worker->seen;
    seen->member = work->kind == WORK_REINDEX || account->kind == ACCOUNT_MEMBER;
    bool *found = after ? &seen->after : &seen->before;
    *found = false;
    if (work->kind == WORK_REINDEX) {
        return;
    }
    if (work->kind == WORK_CENSUS) {
        seen->member = holder_find(account, &seen->holder);
        return;
    }
    if (!after) {
        worker->seq = account->seq;
        seen->after = false;
    }
    if (seen->member && move_find(account, programs, work->at_ms, &seen->move)) {
        *found = true;
        seen->move.seq = worker->seq;
        seen->move.recorded = seen->before;
    }
}

static void crew_fill(struct crew *crew);

// Whether another try may end otherwise.
static bool is_passing(const struct worker *worker)
{
    return worker->tries < CREW_TRIES;
}

static void on_visited(struct visit *visit)
{
    struct worker *worker =
        (struct worker *)(void *)((char *)visit - offsetof(struct worker, visit));
    struct crew *crew = worker->crew;
    CHECK(worker->taken && crew->out > 0);
    crew->out--;
    if (crew->quitting) {
        worker->taken = false;
        walk_visited(worker->walk, visit, &worker->seen, NULL);
        return;
    }
    worker->tries += visit->end == VISIT_SKIP ? 1 : 0;
    if (visit->end == VISIT_FAILED || (visit->end == VISIT_SKIP && is_passing(worker))) {
        worker->waiting = true;
        if (visit->end == VISIT_FAILED) {
            crew_failed(crew);
        }
    } else {
        worker->taken = false;
        crew->backoff_ms = 0;
        walk_visited(worker->walk, visit, &worker->seen,
                     visit->end == VISIT_SKIP ? visit->why : NULL);
    }
    crew_fill(crew);
}

static void worker_begin(struct worker *worker)
{
    struct crew *crew = worker->crew;
    worker->waiting = false;
    worker->seen = (struct walk_seen){0};
    crew->out++;
    crew->visits++;
    crew->allowed -= VISIT;
    visit_begin(&worker->visit);
}

// The next account of whichever walk has one, round and round.
static bool next_account(struct crew *crew, struct worker *worker)
{
    for (uint32_t i = 0; i < CREW_WALKS; i++) {
        struct walk *walk = &crew->walks[crew->next_walk];
        crew->next_walk = (crew->next_walk + 1) % CREW_WALKS;
        if (walk->taken && walk_next(walk, &worker->visit.found)) {
            worker->walk = walk;
            return true;
        }
    }
    return false;
}

static void worker_take(struct worker *worker)
{
    const struct work *work = &worker->crew->work;
    worker->taken = true;
    worker->tries = 0;
    worker->visit.aim = work->kind == WORK_RESCORE   ? VISIT_ADVANCE
                        : work->kind == WORK_REINDEX ? VISIT_INDEX
                                                     : VISIT_LOOK;
    worker->visit.at_ms = work->at_ms;
    worker_begin(worker);
}

// Begins as many as may be. A visit that ends at once comes back here and is passed by.
static void crew_fill(struct crew *crew)
{
    if (crew->filling) {
        return;
    }
    crew->filling = true;
    int64_t now_ms = now_of(crew);
    for (uint32_t i = 0; i < CREW_VISITS && may_begin(crew, now_ms); i++) {
        struct worker *worker = &crew->workers[i];
        if (worker->taken && worker->waiting) {
            worker_begin(worker);
        } else if (!worker->taken && next_account(crew, worker)) {
            worker_take(worker);
        }
    }
    crew->filling = false;
}

// --- walks ---

static void on_ready(struct walk *walk)
{
    crew_fill(walk->owner);
}

static void on_failed(struct walk *walk)
{
    crew_failed(walk->owner);
}

static void on_done(struct walk *walk)
{
    struct crew *crew = walk->owner;
    walk->taken = false;
    crew->options.on_partition(crew->options.owner, walk->partition, &walk->tally, walk->fault);
}

bool crew_has_room(const struct crew *crew)
{
    for (uint32_t i = 0; i < CREW_WALKS && !crew->quitting; i++) {
        if (!crew->walks[i].taken) {
            return true;
        }
    }
    return false;
}

void crew_begin(struct crew *crew, uint32_t partition)
{
    struct walk *walk = crew->walks;
    while (walk->taken) {
        walk++;
        CHECK(walk < crew->walks + CREW_WALKS);
    }
    walk->taken = true;
    walk_begin(walk, partition);
}

int64_t crew_turn(struct crew *crew)
{
    int64_t now_ms = now_of(crew);
    allow(crew, now_ms);
    if (now_ms >= crew->resume_ms && !crew->quitting) {
        for (uint32_t i = 0; i < CREW_WALKS; i++) {
            if (crew->walks[i].taken) {
                walk_resume(&crew->walks[i]);
            }
        }
    }
    crew_fill(crew);
    return is_busy(crew, now_ms) ? CREW_TURN_BUSY_MS : 0;
}

void crew_quit(struct crew *crew)
{
    crew->quitting = true;
    for (uint32_t i = 0; i < CREW_WALKS; i++) {
        walk_quit(&crew->walks[i]);
    }
    for (uint32_t i = 0; i < CREW_VISITS; i++) {
        struct worker *worker = &crew->workers[i];
        if (worker->taken && worker->waiting) {
            worker->taken = false;
            worker->waiting = false;
            walk_visited(worker->walk, &worker->visit, &worker->seen, NULL);
        }
    }
}

bool crew_is_idle(const struct crew *crew)
{
    for (uint32_t i = 0; i < CREW_WALKS; i++) {
        const struct walk *walk = &crew->walks[i];
        if (walk->taken && !(crew->quitting && walk_is_quiet(walk))) {
            return false;
        }
    }
    return crew->out == 0;
}

void crew_set_work(struct crew *crew, const struct work *work)
{
    CHECK(crew_is_idle(crew));
    crew->work = *work;
    crew->quitting = false;
    for (uint32_t i = 0; i < CREW_WALKS; i++) {
        crew->walks[i].taken = false;
    }
}

uint64_t crew_visits(const struct crew *crew)
{
    return crew->visits;
}

enum status crew_new(const struct crew_options *options, struct crew **ret_crew)
{
    struct crew *crew = calloc(1, sizeof *crew);
    if (crew == NULL) {
        return STATUS_NO_MEMORY;
    }
    crew->options = *options;
    crew->work.service = options->service;
    for (uint32_t i = 0; i < CREW_WALKS; i++) {
        struct walk *walk = &crew->walks[i];
        walk_init(walk, &crew->work);
        walk->owner = crew;
        walk->on_ready = on_ready;
        walk->on_failed = on_failed;
        walk->on_done = on_done;
    }
    for (uint32_t i = 0; i < CREW_VISITS; i++) {
        struct worker *worker = &crew->workers[i];
        worker->crew = crew;
        visit_init(&worker->visit, options->service);
        worker->visit.through = true;
        worker->visit.see = see;
        worker->visit.on_ended = on_visited;
    }
    crew->allowed_at_ms = now_of(crew);
    crew->busy_ms = now_of(crew) - CREW_QUIET_MS;
    *ret_crew = crew;
    return STATUS_OK;
}

void crew_free(struct crew *crew)
{
    if (crew == NULL) {
        return;
    }
    CHECK(crew->out == 0);
    for (uint32_t i = 0; i < CREW_WALKS; i++) {
        walk_fini(&crew->walks[i]);
    }
    for (uint32_t i = 0; i < CREW_VISITS; i++) {
        visit_fini(&crew->workers[i].visit);
    }
    free(crew);
}
