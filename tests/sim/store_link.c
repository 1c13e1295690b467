// Between a daemon and its store: calls travel, in order for each partition; are refused, lost, or
// come so late that the daemon has given up on them (and land all the same); replies travel back in
// order, or are lost. A call not answered in LIMIT_STORE_COMMAND_MS makes the daemon give up its
// connection, as store/redis_pool.c does: all that is open on it has an unknown end.
#include <stdlib.h>

#include "base/check.h"
#include "sim/transit.h"

enum { LATE_MS = 40000 };

// --- transits ---

static struct transit *transit_new(struct daemon *daemon, struct memory_call *call)
{
    struct sim *sim = daemon->sim;
    struct transit *transit = sim->spare_transits;
    if (transit != NULL) {
        sim->spare_transits = transit->next;
    } else {
        transit = arena_alloc(&sim->arena, sizeof(*transit));
        CHECK(transit != NULL);
    }
    *transit = (struct transit){.daemon = daemon,
                                .call = call,
                                .open = true,
                                .connection = daemon->connection,
                                .incarnation = sim->server.incarnation,
                                .known_entries = daemon->known_entries,
                                .asked_ms = sim->now_ms,
                                .previous = daemon->open_last};
    if (daemon->open_last != NULL) {
        daemon->open_last->next = transit;
    } else {
        daemon->open_first = transit;
    }
    daemon->open_last = transit;
    return transit;
}

static void transit_drop(struct transit *transit)
{
    struct sim *sim = transit->daemon->sim;
    if (transit->open || transit->needed > 0) {
        return;
    }
    memory_call_free(transit->call);
    transit->next = sim->spare_transits;
    sim->spare_transits = transit;
}

void transit_release(struct transit *transit)
{
    CHECK(transit->needed > 0);
    transit->needed--;
    transit_drop(transit);
}

// Its caller is told now, one way or the other.
static void transit_close(struct transit *transit)
{
    struct daemon *daemon = transit->daemon;
    *(transit->previous == NULL ? &daemon->open_first : &transit->previous->next) = transit->next;
    *(transit->next == NULL ? &daemon->open_last : &transit->next->previous) = transit->previous;
    transit->open = false;
}

static void transit_give_up(struct transit *transit, bool sent)
{
    transit_close(transit);
    transit->needed++;
    memory_call_give_up(transit->call, sent);
    transit_release(transit);
}

// --- asking ---

static void on_refused(struct sim *sim, void *what, uint64_t number)
{
    (void)number;
    struct transit *transit = what;
    if (transit->open && daemon_is_frozen(transit->daemon)) {
        agenda_put(&sim->agenda, transit->daemon->paused_until_ms, on_refused, what, 0);
        return;
    }
    if (transit->open) {
        transit_give_up(transit, false);
    }
    transit_release(transit);
}

static void travel(struct sim *sim, struct transit *transit, int64_t at_ms, agenda_fn *run)
{
    transit->needed++;
    agenda_put(&sim->agenda, at_ms, run, transit, 0);
}

static void check_right(struct sim *sim, const struct daemon *daemon,
                        const struct store_append *append)
{
    if (sim->now_ms - daemon->head_asked_ms > LIMIT_LEASE_MS) {
        sim_violated(sim, "no daemon writes without a lease",
                     "daemon %u asked for the head %lld ms ago and appends", daemon->number,
                     (long long)(sim->now_ms - daemon->head_asked_ms));
    }
    if (append->not_after_ms > daemon->head_store_ms + LIMIT_LEASE_MS) {
        sim_violated(sim, "no daemon writes without a lease",
                     "daemon %u sends an append that may land until %lld; its head is of %lld",
                     daemon->number, (long long)append->not_after_ms,
                     (long long)daemon->head_store_ms);
    }
}

static void on_call(void *context, struct memory_call *call)
{
    struct daemon *daemon = context;
    struct sim *sim = daemon->sim;
    struct transit *transit = transit_new(daemon, call);
    if (daemon->dying) {
        return; // given up by whoever ends it
    }
    const struct store_append *append = memory_call_append(call);
    if (append != NULL) {
        check_right(sim, daemon, append);
    }
    bool dead = daemon->refused_until_ms > sim->now_ms || sim->server.down_until_ms > sim->now_ms;
    if (dead || sim_fault(sim, FAULT_CALL_REFUSED)) {
        travel(sim, transit, sim->now_ms + 1, on_refused);
    } else if (daemon->cut) {
        if (sim_once_in(sim, 2)) {
            travel(sim, transit, sim->now_ms + sim_below(sim, LATE_MS), server_arrive);
        }
    } else if (sim_fault(sim, FAULT_CALL_LATE)) {
        travel(sim, transit, sim->now_ms + LIMIT_STORE_COMMAND_MS + sim_below(sim, LATE_MS),
               server_arrive);
    } else if (!sim_fault(sim, FAULT_CALL_LOST)) {
        uint32_t partition = memory_call_partition(call);
        int64_t *last_ms =
            &daemon->asked_ms[partition < SIM_PARTITIONS ? partition : SIM_PARTITIONS];
        int64_t at_ms = sim->now_ms + sim_below(sim, 3);
        *last_ms = at_ms > *last_ms ? at_ms : *last_ms;
        travel(sim, transit, *last_ms, server_arrive);
    }
}

void link_open(struct daemon *daemon)
{
    CHECK(memory_share(daemon->sim->server.base, &daemon->store) == STATUS_OK);
    memory_route(daemon->store, on_call, daemon);
    daemon->connection++;
    daemon->refused_until_ms = 0;
}

// --- answering ---

void link_reply(struct sim *sim, void *what, uint64_t number)
{
    (void)number;
    struct transit *transit = what;
    struct daemon *daemon = transit->daemon;
    bool comes = transit->open && transit->connection == daemon->connection && !daemon->cut;
    if (comes && daemon_is_frozen(daemon)) {
        agenda_put(&sim->agenda, daemon->paused_until_ms, link_reply, what, 0);
        return;
    }
    if (comes) {
        if (memory_call_reads_head(transit->call)) {
            daemon->known_entries = transit->known_entries;
            daemon->head_store_ms = transit->store_ms;
            daemon->head_asked_ms = transit->asked_ms;
        }
        transit_close(transit);
        memory_call_answer(transit->call);
    }
    transit_release(transit);
}

void link_break(struct daemon *daemon)
{
    struct sim *sim = daemon->sim;
    daemon->connection++;
    for (size_t i = 0; i <= SIM_PARTITIONS; i++) {
        daemon->asked_ms[i] = sim->now_ms;
    }
    daemon->replied_ms = sim->now_ms;
    daemon->refused_until_ms = daemon->cut ? INSTANT_NEVER : 0;
    sim_note(sim, "connections to the store break: daemon", daemon->number, 0, 0);
    while (daemon->open_first != NULL && daemon->open_first->connection != daemon->connection) {
        transit_give_up(daemon->open_first, true);
    }
}

void link_watch(struct daemon *daemon)
{
    const struct transit *oldest = daemon->open_first;
    struct sim *sim = daemon->sim;
    if (daemon->up && !daemon_is_frozen(daemon) && oldest != NULL &&
        sim->now_ms - oldest->asked_ms >= LIMIT_STORE_COMMAND_MS) {
        sim->counts->faults[FAULT_CALL_TIMED_OUT]++;
        link_break(daemon);
    }
}

void transit_end(const struct agenda_item *item)
{
    if (item->run == server_arrive || item->run == on_refused || item->run == link_reply) {
        transit_release(item->what);
    }
}
