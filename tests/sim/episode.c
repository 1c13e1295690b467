// One episode, from its seed to its end: the world is made and the first program published, then
// clients and faults have their way until all commands are asked; then nothing goes wrong any more,
// and everything must come to rest: every intent answered, no request hanging, every log in order.
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/check.h"
#include "sim/commands.h"

enum {
    ARENA_BYTES = 1 << 30,
    SETTING_UP_MS = 20000, // long enough that no failover loses the first program
    REST_MS = 900000,      // until every intent is settled
    DRAIN_MS = 60000,      // and what is late has come
    FAILURE_LINES = 60,    // of the trace
    FINAL_ASKS = 10,
    FINAL_DAYS = 12,
    STEPS_A_COMMAND = 100000,
};

// --- what all parts use ---

int64_t sim_below(struct sim *sim, int64_t below)
{
    return random_below(&sim->random, below);
}

bool sim_once_in(struct sim *sim, int64_t times)
{
    return random_once_in(&sim->random, times);
}

bool sim_fault(struct sim *sim, enum fault fault)
{
    uint16_t often = sim->kind->often[fault];
    if (sim->calm || often == 0 || sim_below(sim, 1000) >= often) {
        return false;
    }
    sim->counts->faults[fault]++;
    sim_note(sim, fault_names[fault], 0, 0, 0);
    return true;
}

void sim_put(struct sim *sim, int64_t delay_ms, agenda_fn *run, void *what, uint64_t number)
{
    agenda_put(&sim->agenda, sim->now_ms + delay_ms, run, what, number);
}

void sim_note(struct sim *sim, const char *what, int64_t a, int64_t b, int64_t c)
{
    trace_note(sim->trace, what, a, b, c);
}

void sim_violated(struct sim *sim, const char *invariant, const char *format, ...)
{
    (void)fflush(stdout);
    trace_tell(sim->trace, FAILURE_LINES);
    (void)fprintf(stderr,
                  "violated: %s\n    seed %" PRIu64 ", episode %" PRIu64 " (%s), step %" PRIu64
                  ", operation %" PRIu64 " of the episode, %" PRIu64 " of the run\n    ",
                  invariant, sim->seed, sim->episode, sim->kind->name, sim->trace->step, sim->asked,
                  sim->counts->operations);
    va_list args;
    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    (void)fprintf(stderr,
                  "\nto see it again: loyalty-sim --seed %" PRIu64 " --from %" PRIu64
                  " --episodes 1 --trace%s%s\n",
                  sim->seed, sim->episode, sim->kind_given ? " --kind " : "",
                  sim->kind_given ? sim->kind->name : "");
    (void)fflush(stderr);
    _exit(1);
}

// --- running ---

// The daemon whose timer is due first, and when.
static struct daemon *next_timer(struct sim *sim, int64_t *ret_at_ms)
{
    struct daemon *first = NULL;
    *ret_at_ms = INSTANT_NEVER;
    for (uint32_t i = 0; i < sim->daemon_count; i++) {
        struct daemon *daemon = &sim->daemons[i];
        int64_t at_ms = daemon->up ? timers_next(&daemon->timers) : INSTANT_NEVER;
        if (at_ms < daemon->paused_until_ms) {
            at_ms = daemon->paused_until_ms;
        }
        if (at_ms < *ret_at_ms) {
            *ret_at_ms = at_ms;
            first = daemon;
        }
    }
    return first;
}

// Does what is next, if it is due before `until_ms`; else time is `until_ms`.
static bool sim_step(struct sim *sim, int64_t until_ms)
{
    int64_t timer_ms = INSTANT_NEVER;
    struct daemon *daemon = next_timer(sim, &timer_ms);
    int64_t item_ms = agenda_next(&sim->agenda);
    int64_t at_ms = timer_ms <= item_ms ? timer_ms : item_ms;
    if (at_ms > until_ms && sim->now_ms < until_ms) {
        sim->now_ms = until_ms;
        return false;
    }
    if (at_ms > until_ms) {
        return false;
    }
    sim->now_ms = at_ms > sim->now_ms ? at_ms : sim->now_ms;
    sim->trace->now_ms = sim->now_ms;
    sim->trace->step++;
    if (timer_ms <= item_ms) {
        sim_note(sim, "timer: daemon", daemon->number, 0, 0);
        daemon_run_timers(daemon);
    } else {
        struct agenda_item item = agenda_take(&sim->agenda);
        item.run(sim, item.what, item.number);
    }
    return true;
}

static void run_for(struct sim *sim, int64_t ms)
{
    int64_t until_ms = sim->now_ms + ms;
    while (sim_step(sim, until_ms)) {
    }
}

// Until no client has anything to do; false when that takes longer.
static bool run_until_idle(struct sim *sim, int64_t limit_ms)
{
    int64_t until_ms = sim->now_ms + limit_ms;
    while (sim->busy > 0) {
        if (!sim_step(sim, until_ms)) {
            return false;
        }
    }
    return true;
}

// Until all commands are asked. Faults may slow that down, but not for ever.
static void run_until_asked(struct sim *sim)
{
    uint64_t asked = 0;
    uint64_t since = sim->trace->step;
    while (sim->asked < sim->operations) {
        CHECK(sim_step(sim, INSTANT_NEVER));
        since = sim->asked == asked ? since : sim->trace->step;
        asked = sim->asked;
        if (sim->trace->step - since > STEPS_A_COMMAND) {
            sim_violated(sim, "everything comes to rest", "nothing new is asked for %d steps",
                         STEPS_A_COMMAND);
        }
    }
}

// --- making ---

static void make_world(struct sim *sim)
{
    CHECK(memory_new(&sim->server.base) == STATUS_OK);
    server_set_clock(sim, 0);
    sim->server.clock_moved_ms = 0;
    observer_begin(sim);
    sim->member_count = sim->kind->crowds ? 1 + (uint32_t)sim_below(sim, 2)
                                          : 3 + (uint32_t)sim_below(sim, SIM_MEMBERS - 2);
    for (uint32_t i = 0; i < sim->member_count; i++) {
        book_init(&sim->books[i], i);
    }
    sim->daemon_count = 2 + (uint32_t)sim_below(sim, SIM_DAEMONS - 1);
    for (uint32_t i = 0; i < sim->daemon_count; i++) {
        sim->daemons[i].sim = sim;
        sim->daemons[i].number = i;
        daemon_start(&sim->daemons[i]);
    }
    sim->client_count =
        sim->kind->crowds ? SIM_CLIENTS : 3 + (uint32_t)sim_below(sim, SIM_CLIENTS - 2);
    for (uint32_t i = 0; i < sim->client_count; i++) {
        sim->clients[i].number = i;
        sim->clients[i].daemon = i % sim->daemon_count;
    }
}

// The first version, in force since long ago, which every daemon knows before anything else begins.
static void publish_first(struct sim *sim)
{
    size_t row = 0;
    while (row < command_count && commands[row].answered != judge_publish) {
        row++;
    }
    CHECK(row < command_count);
    struct intent *intent = intent_new(sim, &commands[row]);
    run_for(sim, SETTING_UP_MS);
    CHECK(commands[row].make(sim, intent));
    sim->resting = true;
    client_give(sim, &sim->clients[0], intent, false);
    if (!run_until_idle(sim, SETTING_UP_MS) || sim->versions.count != 1) {
        sim_violated(sim, "everything comes to rest", "the first program is not published");
    }
    run_for(sim, SETTING_UP_MS);
    sim->resting = false;
}

// --- coming to rest ---

static void must_rest(struct sim *sim)
{
    if (run_until_idle(sim, REST_MS)) {
        return;
    }
    for (uint32_t i = 0; i < sim->client_count; i++) {
        const struct intent *intent = sim->clients[i].intent;
        if (intent != NULL) {
            sim_violated(sim, "everything comes to rest",
                         "client %u: %s, request %" PRIu64 ", has asked %u times in vain", i,
                         intent->row->name, intent->ask == NULL ? 0 : intent->ask->number,
                         intent->attempts);
        }
    }
}

static void check_nothing_hangs(struct sim *sim)
{
    for (uint32_t i = 0; i < sim->daemon_count; i++) {
        const struct daemon *daemon = &sim->daemons[i];
        if (daemon->open_calls > 0 || dispatch_in_hand(daemon->service->dispatch) > 0) {
            sim_violated(sim, "no request hangs", "daemon %u has %zu not answered, %zu in hand", i,
                         daemon->open_calls, dispatch_in_hand(daemon->service->dispatch));
        }
    }
}

// Some of what was settled is asked once more, one by one: each is answered as it was.
static void ask_once_more(struct sim *sim)
{
    for (size_t i = 0; i < FINAL_ASKS && sim->asks.count > 0; i++) {
        const struct ask *ask = sim->asks.items[sim_below(sim, sim->asks.count)].ask;
        if (ask->winner != NULL && ask->recorded) {
            client_give(sim, &sim->clients[0], (struct intent *)ask->winner, true);
            must_rest(sim);
        }
    }
}

// Terminals' days must be what has landed in them, and are closed; of many, the last ones.
static void reconcile_days(struct sim *sim)
{
    const struct command_row *row = commands;
    while (row->answered != judge_reconcile) {
        row++;
    }
    uint32_t first = sim->days.count > FINAL_DAYS ? sim->days.count - FINAL_DAYS : 0;
    for (uint32_t i = first; i < sim->days.count; i++) {
        struct intent *intent = intent_new(sim, row);
        command_reconcile(sim, intent, sim->days.items[i].day);
        intent->final = true;
        client_give(sim, &sim->clients[0], intent, false);
        must_rest(sim);
    }
}

// Given long enough, sweepers leave nothing due behind.
static void check_nothing_is_due(struct sim *sim)
{
    if (sim->kind->sweep_pace == 0) {
        return;
    }
    run_for(sim, SWEEP_SKIP_MS + SWEEP_BACKOFF_MAX_MS + 2 * SWEEP_ROUND_IDLE_MS);
    for (uint32_t i = 0; i < sim->member_count; i++) {
        const struct book *book = &sim->books[i];
        int64_t due_ms = memory_due(sim->server.base, &book->place);
        if (book->exists && due_ms < server_now(sim) - 2 * SWEEP_ROUND_IDLE_MS) {
            sim_violated(sim, "what time makes is written near its time",
                         "%s has been due since %" PRId64, book->id, due_ms);
        }
    }
}

static void come_to_rest(struct sim *sim)
{
    sim_note(sim, "from here on nothing goes wrong", 0, 0, 0);
    sim->calm = true;
    chaos_end(sim);
    sim->resting = true;
    must_rest(sim);
    run_for(sim, DRAIN_MS);
    check_nothing_hangs(sim);
    ask_once_more(sim);
    reconcile_days(sim);
    run_for(sim, DRAIN_MS);
    check_nothing_hangs(sim);
    check_nothing_is_due(sim);
    verify_rest(sim);
}

static void take_apart(struct sim *sim)
{
    for (uint32_t i = 0; i < sim->daemon_count; i++) {
        daemon_kill(&sim->daemons[i]);
    }
    while (sim->agenda.heap.count > 0) {
        struct agenda_item item = agenda_take(&sim->agenda);
        transit_end(&item);
    }
    for (uint32_t i = 0; i < sim->server.unsynced.count; i++) {
        transit_release(sim->server.unsynced.items[i].transit);
    }
    store_free(sim->server.base);
    for (uint32_t i = 0; i < sim->member_count; i++) {
        book_fini(&sim->books[i]);
    }
    vec_fini(&sim->server.unsynced);
    vec_fini(&sim->server.recent);
    for (uint32_t i = 0; i < sim->days.count; i++) {
        day_fini(sim->days.items[i].day);
    }
    vec_fini(&sim->days);
    vec_fini(&sim->landed);
    vec_fini(&sim->asks);
    vec_fini(&sim->changes);
    vec_fini(&sim->claims);
    agenda_fini(&sim->agenda);
    arena_fini(&sim->arena);
    arena_fini(&sim->scratch);
}

void sim_run(struct sim *sim)
{
    arena_init(&sim->arena, ARENA_BYTES);
    arena_init(&sim->scratch, ARENA_BYTES);
    sim->random = random_of(sim->seed, sim->episode);
    sim->now_ms = SIM_START_MS;
    trace_begin(sim->trace, sim->seed ^ sim->episode, sim->now_ms, sim->trace->print);
    sim->calm = true;
    make_world(sim);
    chaos_begin(sim);
    publish_first(sim);
    sim->calm = false;
    for (uint32_t i = 0; i < sim->client_count; i++) {
        client_wake(sim, &sim->clients[i], sim_below(sim, 10));
    }
    run_until_asked(sim);
    come_to_rest(sim);
    sim->counts->episodes++;
    sim->counts->kinds[sim->kind - kinds]++;
    sim->counts->hash = trace_hash(sim->counts->hash, span_of(&sim->trace->hash, 8));
    take_apart(sim);
}
