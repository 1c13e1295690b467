// Loads through the store's port, a bounded number at a time, each folded as its bytes come.
#include "bench/existing.h"

#include "app/digests.h"
#include "base/arena.h"
#include "base/hash.h"
#include "base/limits.h"
#include "bench/bench.h"
#include "core/ledger.h"

enum { LOADS_IN_FLIGHT = 256 };

struct reading {
    struct event_base *base;
    struct store *store;
    struct account *accounts;
    uint32_t first;
    uint32_t count;
    uint32_t next;
    uint32_t done;
    struct arena scratch; // one fold
};

// One load in flight.
struct seat {
    struct reading *reading;
    uint32_t member;
    char id[BENCH_MEMBER_BYTES];
};

uint32_t bench_partition(struct span id)
{
    return (uint32_t)(hash_fnv1a(id) % BENCH_PARTITIONS);
}

static void read_next(struct seat *seat);

static void on_load(void *context, const struct store_reply *reply)
{
    struct seat *seat = context;
    struct reading *reading = seat->reading;
    struct span id = span_of_text(seat->id);
    bench_must(reply->result == STORE_OK && reply->bytes.len > 0, "a member is not there");
    bench_must(ledger_fold(&reading->accounts[seat->member], reply->bytes, id, bench_partition(id),
                           digests_chain, &reading->scratch, NULL) == STATUS_OK,
               "a member's log does not hold together");
    reading->done++;
    if (reading->done == reading->count) {
        event_base_loopbreak(reading->base);
        return;
    }
    read_next(seat);
}

static void read_next(struct seat *seat)
{
    struct reading *reading = seat->reading;
    if (reading->next == reading->count) {
        return;
    }
    seat->member = reading->next++;
    bench_member_id(reading->first + seat->member, seat->id);
    struct span id = span_of_text(seat->id);
    struct store_account account = {.partition = bench_partition(id), .id = id};
    store_load(reading->store, &account, on_load, seat);
}

void bench_existing_read(struct event_base *base, struct store *store, uint32_t first,
                         struct account *accounts, uint32_t count)
{
    struct seat seats[LOADS_IN_FLIGHT];
    struct reading reading = {
        .base = base, .store = store, .accounts = accounts, .first = first, .count = count};
    arena_init(&reading.scratch, LIMIT_ARENA_BYTES);
    for (uint32_t i = 0; i < LOADS_IN_FLIGHT; i++) {
        seats[i].reading = &reading;
        read_next(&seats[i]);
    }
    bench_must(event_base_dispatch(base) >= 0, "the event loop does not run");
    arena_fini(&reading.scratch);
}
