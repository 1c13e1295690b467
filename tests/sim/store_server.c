// The store: executes calls one after the other on the world in memory, and answers nothing before
// the next fsync, as Redis does with appendfsync always. A restart loses what came after the last
// fsync, which nobody was told of; a failover loses acknowledged changes of the last seconds too.
#include "base/check.h"
#include "sim/transit.h"

enum {
    // A replica is at most this far behind. Were it a minute, a version in force could be lost: a
    // publish leads by 60 s, and who knew it may act on it for the 20 s of a lease.
    LAG_MS = 10000,
    LOST_MAX = 24, // changes one failover loses at most
};

int64_t server_now(const struct sim *sim)
{
    return sim->now_ms + sim->server.clock_offset_ms;
}

void server_set_clock(struct sim *sim, int64_t offset_ms)
{
    sim->server.clock_offset_ms = offset_ms;
    sim->server.clock_moved_ms = sim->now_ms;
    memory_set_now(sim->server.base, server_now(sim));
    sim_note(sim, "the store's clock is set: ahead by", offset_ms, 0, 0);
}

// --- fsync ---

static void reply_to(struct sim *sim, struct transit *transit)
{
    struct daemon *daemon = transit->daemon;
    bool lost = !transit->open || transit->connection != daemon->connection ||
                sim_fault(sim, FAULT_REPLY_LOST);
    if (lost) {
        transit_release(transit);
        return;
    }
    int64_t at_ms = sim->now_ms + sim_below(sim, 3);
    daemon->replied_ms = at_ms > daemon->replied_ms ? at_ms : daemon->replied_ms;
    agenda_put(&sim->agenda, daemon->replied_ms, link_reply, transit, 0);
}

// What a failover can no longer lose is forgotten.
static void keep_old(struct sim *sim)
{
    struct server *server = &sim->server;
    uint64_t kept = sim->kind->loses ? 0 : server->synced;
    if (sim->kind->loses) {
        CHECK(vec_reserve_one(&server->recent, UINT32_MAX) == STATUS_OK);
        server->recent.items[server->recent.count++] =
            (struct recent_sync){server->synced, sim->now_ms};
        uint32_t gone = 0;
        while (server->recent.items[gone].at_ms < sim->now_ms - LAG_MS) {
            kept = server->recent.items[gone].changes;
            gone++;
        }
        server->recent.count -= gone;
        memmove(server->recent.items, server->recent.items + gone,
                server->recent.count * sizeof(*server->recent.items));
    }
    memory_journal_keep(server->base, kept);
    observer_keep(sim, kept);
}

static void on_sync(struct sim *sim, void *what, uint64_t number)
{
    (void)what;
    struct server *server = &sim->server;
    if (number != server->incarnation) {
        return;
    }
    server->sync_put = false;
    server->synced = memory_journal_count(server->base);
    sim_note(sim, "the store syncs: changes, calls", (int64_t)server->synced,
             server->unsynced.count, 0);
    for (uint32_t i = 0; i < server->unsynced.count; i++) {
        reply_to(sim, server->unsynced.items[i].transit);
    }
    server->unsynced.count = 0;
    observer_synced(sim);
    keep_old(sim);
}

void server_touched(struct sim *sim)
{
    if (!sim->server.sync_put) {
        sim->server.sync_put = true;
        sim_put(sim, sim_below(sim, 2), on_sync, NULL, sim->server.incarnation);
    }
}

// --- executing ---

static void note_execution(struct sim *sim, const struct transit *transit)
{
    const struct store_append *append = memory_call_append(transit->call);
    enum store_result result = memory_call_result(transit->call);
    sim->counts->executions++;
    sim->counts->results[result]++;
    if (append != NULL && result == STORE_OK && !transit->open) {
        sim->counts->faults[FAULT_ZOMBIE_LANDED]++;
    }
    sim_note(sim, append == NULL ? "executed: result, daemon" : "append executed: result, daemon",
             (int64_t)result, transit->daemon->number, 0);
}

void server_arrive(struct sim *sim, void *what, uint64_t number)
{
    (void)number;
    struct transit *transit = what;
    struct server *server = &sim->server;
    if (transit->incarnation != server->incarnation || sim->now_ms < server->down_until_ms) {
        transit_release(transit); // on a connection that is no more
        return;
    }
    if (sim->now_ms < server->stalled_until_ms) {
        agenda_put(&sim->agenda, server->stalled_until_ms, server_arrive, transit, 0);
        return;
    }
    memory_set_now(server->base, server_now(sim));
    server->known_entries = transit->known_entries;
    server->asking = transit->daemon;
    memory_call_execute(transit->call);
    server->asking = NULL;
    server->known_entries = 0;
    if (memory_call_reads_head(transit->call)) {
        transit->known_entries = sim->versions.entries;
        transit->store_ms = server_now(sim);
    }
    note_execution(sim, transit);
    CHECK(vec_reserve_one(&server->unsynced, UINT32_MAX) == STATUS_OK);
    server->unsynced.items[server->unsynced.count++].transit = transit;
    server_touched(sim);
    if (server->doomed && memory_journal_count(server->base) > server->synced) {
        server_restart(sim);
    }
}

// --- dying ---

static void on_reset(struct sim *sim, void *what, uint64_t number)
{
    struct daemon *daemon = what;
    if (!daemon->up || daemon->connection != number) {
        return;
    }
    if (daemon_is_frozen(daemon)) {
        agenda_put(&sim->agenda, daemon->paused_until_ms, on_reset, what, number);
        return;
    }
    link_break(daemon);
}

// All connections end; the changes after the first `count` are gone.
static void server_lose(struct sim *sim, uint64_t count, enum fault fault)
{
    struct server *server = &sim->server;
    uint64_t lost = memory_journal_count(server->base) - count;
    sim->counts->faults[fault] += lost;
    sim_note(sim, "the store loses: changes, of", (int64_t)lost,
             (int64_t)memory_journal_count(server->base), 0);
    memory_journal_lose(server->base, count);
    observer_lose(sim, count);
    for (uint32_t i = 0; i < server->unsynced.count; i++) {
        transit_release(server->unsynced.items[i].transit);
    }
    server->unsynced.count = 0;
    server->incarnation++;
    server->sync_put = false;
    server->stalled_until_ms = 0;
    for (uint32_t i = 0; i < sim->daemon_count; i++) {
        struct daemon *daemon = &sim->daemons[i];
        sim_put(sim, 1 + sim_below(sim, 5), on_reset, daemon, daemon->connection);
    }
}

void server_doom(struct sim *sim)
{
    sim->server.doomed = true;
}

void server_restart(struct sim *sim)
{
    sim->server.doomed = false;
    server_lose(sim, sim->server.synced, FAULT_CHANGES_UNSYNCED);
    sim->server.down_until_ms = sim->now_ms + 20 + sim_below(sim, 3000);
}

void server_fail_over(struct sim *sim)
{
    struct server *server = &sim->server;
    uint64_t floor = observer_first(sim, sim->now_ms - LAG_MS);
    uint64_t least = server->synced > LOST_MAX ? server->synced - LOST_MAX : 0;
    least = least > floor ? least : floor;
    least = least < server->synced ? least : server->synced; // a stall keeps old ones unsynced
    uint64_t count = least + (uint64_t)sim_below(sim, (int64_t)(server->synced - least) + 1);
    if (count < server->synced) {
        server->losses++;
    }
    server->recent.count = 0;
    server->synced = count;
    server_lose(sim, count, FAULT_CHANGES_ACKNOWLEDGED);
    server->down_until_ms = sim->now_ms + 100 + sim_below(sim, 2000);
}
