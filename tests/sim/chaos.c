// What happens to machines and clocks: every tick each fault of the kind's table may come, and is
// mended some time later. Time also leaps, often to just beside an instant at which something falls
// due.
#include "base/check.h"
#include "core/snapshot.h"
#include "sim/sim.h"
#include "support/log_cut.h"

enum { TICK_MS = 100, CLOCK_APART_MS = 60000 };

#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)
#define LAST_MS INT64_C(3700000000000) // 2087: no leaps beyond

static struct daemon *draw_daemon(struct sim *sim)
{
    return &sim->daemons[sim_below(sim, sim->daemon_count)];
}

// --- daemons ---

static void on_mended(struct sim *sim, void *what, uint64_t number)
{
    (void)number;
    struct daemon *daemon = what;
    if (daemon->cut) {
        daemon->cut = false;
        daemon->refused_until_ms = 0;
        sim_note(sim, "no longer cut off: daemon", daemon->number, 0, 0);
    }
}

static void cut_off(struct sim *sim)
{
    struct daemon *daemon = draw_daemon(sim);
    if (daemon->up && !daemon->cut) {
        daemon->cut = true;
        sim_note(sim, "cut off from the store: daemon", daemon->number, 0, 0);
        sim_put(sim, SECOND_MS + sim_below(sim, 50 * SECOND_MS), on_mended, daemon, 0);
    }
}

static void pause_daemon(struct sim *sim)
{
    struct daemon *daemon = draw_daemon(sim);
    if (daemon->up) {
        daemon->paused_until_ms = sim->now_ms + 100 + sim_below(sim, 40 * SECOND_MS);
        daemon->paused_ms += daemon->paused_until_ms - sim->now_ms;
        sim_note(sim, "paused: daemon, until", daemon->number, daemon->paused_until_ms, 0);
    }
}

static void on_start(struct sim *sim, void *what, uint64_t number)
{
    (void)sim;
    (void)number;
    struct daemon *daemon = what;
    if (!daemon->up) {
        daemon_start(daemon);
    }
}

static void on_killed(struct sim *sim, void *what, uint64_t number)
{
    (void)number;
    struct daemon *daemon = what;
    if (daemon->up) {
        daemon_kill(daemon);
        sim_put(sim, 10 + sim_below(sim, 3000), on_start, daemon, 0);
    }
}

static void kill_daemon(struct sim *sim)
{
    on_killed(sim, draw_daemon(sim), 0);
}

void chaos_claimed(struct sim *sim)
{
    if (sim->server.asking != NULL && sim_fault(sim, FAULT_CLAIM_ORPHANED)) {
        sim_put(sim, 0, on_killed, sim->server.asking, 0);
    }
}

static void on_told_to_accept(struct sim *sim, void *what, uint64_t number)
{
    (void)number;
    struct daemon *daemon = what;
    if (daemon->up) {
        daemon_kill(daemon);
        on_start(sim, daemon, 0);
    }
}

// Some time later the operator has seen the alarm, and restarts the daemons that remember more.
static void fail_over(struct sim *sim)
{
    server_fail_over(sim);
    for (uint32_t i = 0; i < sim->daemon_count; i++) {
        sim_put(sim, SECOND_MS + sim_below(sim, 30 * SECOND_MS), on_told_to_accept,
                &sim->daemons[i], 0);
    }
}

static void drop_cache(struct sim *sim)
{
    struct daemon *daemon = draw_daemon(sim);
    if (daemon->up) {
        accounts_forget(daemon->service->accounts);
    }
}

// --- clocks ---

static void move_daemon_clock(struct sim *sim)
{
    static const int64_t OFFSETS[] = {0,    1500,  -1500,    1999,   -1999,
                                      2500, -2500, 30000,    -30000, HOUR_MS,
                                      0,    0,     -HOUR_MS, DAY_MS, 400 * DAY_MS};
    struct daemon *daemon = draw_daemon(sim);
    int64_t choices = (int64_t)(sizeof(OFFSETS) / sizeof(OFFSETS[0]));
    daemon->clock_offset_ms = OFFSETS[sim_below(sim, choices)] + sim_below(sim, 3) - 1;
    sim_note(sim, "clock is set: daemon, ahead by", daemon->number, daemon->clock_offset_ms, 0);
}

static void on_store_clock_back(struct sim *sim, void *what, uint64_t number)
{
    (void)what;
    (void)number;
    server_set_clock(sim, 0);
}

// Ahead by anything that no daemon's clock shares, for then nobody writes; back by no more than the
// margin that publishing leaves (README.md, "What is not promised").
static void move_store_clock(struct sim *sim)
{
    static const int64_t OFFSETS[] = {1500,   -1500, -5000,          -30000,
                                      -12000, 25000, 45 * MINUTE_MS, 2 * DAY_MS};
    if (sim->server.clock_offset_ms != 0 ||
        sim->now_ms - sim->server.clock_moved_ms < CLOCK_APART_MS) {
        return;
    }
    int64_t choices = (int64_t)(sizeof(OFFSETS) / sizeof(OFFSETS[0]));
    server_set_clock(sim, OFFSETS[sim_below(sim, choices)]);
    sim_put(sim, 200 + sim_below(sim, 15 * SECOND_MS), on_store_clock_back, NULL, 0);
}

// --- time ---

static void leap(struct sim *sim, int64_t by_ms)
{
    if (by_ms <= 0 || sim->now_ms + by_ms > LAST_MS) {
        return;
    }
    sim->now_ms += by_ms;
    sim->leapt_ms += by_ms;
    sim->trace->now_ms = sim->now_ms;
    sim_note(sim, "time leaps: by", by_ms, 0, 0);
}

static void leap_days(struct sim *sim)
{
    struct book *book = &sim->books[sim_below(sim, sim->member_count)];
    if (book->exists && sim_once_in(sim, 2)) {
        int64_t due_ms = book_due(book, &sim->versions, sim->versions.entries);
        if (due_ms < LAST_MS && due_ms - sim->now_ms < 800 * DAY_MS) {
            leap(sim, due_ms - sim->now_ms - 40 + sim_below(sim, 60)); // just before it, or on it
            return;
        }
    }
    leap(sim, sim_below(sim, sim_once_in(sim, 4) ? 250 * DAY_MS : 40 * DAY_MS));
}

// --- compaction by somebody else ---

// A place between two appends of a log.
static size_t draw_cut(struct sim *sim, const struct book *book, struct span log)
{
    struct record_cursor cursor = {.rest = log};
    struct record_place place;
    size_t cut = log.len;
    while (record_next(&cursor, &place) == STATUS_OK) {
        cut = log.len - cursor.rest.len;
        if (sim_once_in(sim, 12)) {
            break;
        }
    }
    return log_cut(log, cut, book->place.id, book->place.partition, sim_chain_hash);
}

static void on_compacted(void *context, const struct store_reply *reply)
{
    CHECK(reply->result == STORE_OK);
    *(bool *)context = true;
}

static void compact_elsewhere(struct sim *sim)
{
    const struct book *book = &sim->books[sim_below(sim, sim->member_count)];
    struct store *store = sim->server.base;
    struct span log = memory_log(store, &book->place);
    if (log.len == 0 || sim->now_ms < sim->server.down_until_ms) {
        return;
    }
    struct store_compact compact = {.account = book->place, .cut_bytes = draw_cut(sim, book, log)};
    struct buffer snapshot;
    bool done = false;
    buffer_init(&snapshot, 0);
    arena_reset(&sim->scratch);
    CHECK(snapshot_build(span_of(log.data, compact.cut_bytes), book->place.id,
                         book->place.partition, server_now(sim) - LIMIT_HORIZON_MS - DAY_MS,
                         sim_chain_hash, &sim->scratch, &snapshot) == STATUS_OK);
    memcpy(compact.cut_hash, log.data + compact.cut_bytes - CHAIN_HASH_BYTES, CHAIN_HASH_BYTES);
    compact.snapshot = buffer_span(&snapshot);
    store_compact(store, &compact, on_compacted, &done);
    memory_run(store);
    CHECK(done);
    buffer_fini(&snapshot);
}

// --- the store ---

static void restart_store(struct sim *sim)
{
    if (sim_once_in(sim, 3)) {
        server_restart(sim);
    } else {
        server_doom(sim);
    }
}

// --- ticks ---

static const struct {
    enum fault fault;
    void (*happens)(struct sim *sim);
} rows[] = {
    {FAULT_STORE_RESTARTED, restart_store},
    {FAULT_STORE_FAILED_OVER, fail_over},
    {FAULT_DAEMON_CUT_OFF, cut_off},
    {FAULT_DAEMON_PAUSED, pause_daemon},
    {FAULT_DAEMON_KILLED, kill_daemon},
    {FAULT_DAEMON_CLOCK, move_daemon_clock},
    {FAULT_STORE_CLOCK, move_store_clock},
    {FAULT_CACHE_DROPPED, drop_cache},
    {FAULT_COMPACTED_ELSEWHERE, compact_elsewhere},
    {FAULT_DAYS_PASSED, leap_days},
};

static void tick(struct sim *sim)
{
    if (sim_fault(sim, FAULT_STORE_STALLED)) {
        sim->server.stalled_until_ms = sim->now_ms + 50 + sim_below(sim, 6 * SECOND_MS);
    }
    if (sim_fault(sim, FAULT_MINUTES_PASSED)) {
        leap(sim, 15 * SECOND_MS + sim_below(sim, 3 * MINUTE_MS));
    }
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (sim_fault(sim, rows[i].fault)) {
            rows[i].happens(sim);
        }
    }
}

static void on_tick(struct sim *sim, void *what, uint64_t number)
{
    (void)what;
    (void)number;
    for (uint32_t i = 0; i < sim->daemon_count; i++) {
        link_watch(&sim->daemons[i]);
    }
    tick(sim);
    sim_put(sim, TICK_MS, on_tick, NULL, 0);
}

void chaos_begin(struct sim *sim)
{
    sim_put(sim, TICK_MS, on_tick, NULL, 0);
}

void chaos_end(struct sim *sim)
{
    sim->server.doomed = false;
    sim->server.stalled_until_ms = 0;
    sim->server.down_until_ms = 0;
    if (sim->server.clock_offset_ms != 0) {
        server_set_clock(sim, 0);
    }
    for (uint32_t i = 0; i < sim->daemon_count; i++) {
        struct daemon *daemon = &sim->daemons[i];
        on_mended(sim, daemon, 0);
        daemon->paused_until_ms = 0;
        daemon->clock_offset_ms = 0;
        if (daemon->up && sim->kind->loses) {
            daemon_kill(daemon); // what it knew of the lost future is forgotten
        }
        on_start(sim, daemon, 0);
    }
}
