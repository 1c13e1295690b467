// Logs behind the daemons' backs.
#include <stdio.h>

#include "base/check.h"
#include "base/hash.h"
#include "core/ledger.h"
#include "core/snapshot.h"
#include "support/club.h"
#include "support/service_world.h"

#include <string.h>

enum { FOLD_ARENA_BYTES = 128 << 20 };

struct store_account world_place(const char *member_id)
{
    struct span id = span_of_text(member_id);
    return (struct store_account){.partition = (uint32_t)(hash_fnv1a(id) % WORLD_PARTITIONS),
                                  .id = id};
}

struct span world_log(struct service_world *world, const char *member_id)
{
    struct store_account place = world_place(member_id);
    return memory_log(world->daemons[0].store, &place);
}

uint64_t world_verify(struct service_world *world, const char *member_id, int64_t *ret_balance)
{
    struct store_account place = world_place(member_id);
    struct account account;
    struct arena arena;
    struct ledger_fault fault = {0};
    const char *what = NULL;
    arena_init(&arena, FOLD_ARENA_BYTES);
    account_init(&account);
    enum status status = ledger_fold(&account, memory_log(world->daemons[0].store, &place),
                                     place.id, place.partition, club_chain_hash, &arena, &fault);
    if (status != STATUS_OK) {
        fprintf(stderr, "%s: record %llu: %s\n", member_id, (unsigned long long)fault.record,
                fault.what);
    }
    CHECK(status == STATUS_OK && account_check(&account, &what) == STATUS_OK);
    uint64_t seq = account.seq;
    *ret_balance = account.balance;
    account_fini(&account);
    arena_fini(&arena);
    return seq;
}

static void on_compacted(void *context, const struct store_reply *reply)
{
    CHECK(reply->result == STORE_OK);
    *(bool *)context = true;
}

void world_compact_now(struct service_world *world, const char *member_id, int64_t keep_from_ms)
{
    struct span log = world_log(world, member_id);
    struct store_compact compact = {.account = world_place(member_id), .cut_bytes = log.len};
    struct arena arena;
    struct buffer snapshot;
    arena_init(&arena, FOLD_ARENA_BYTES);
    buffer_init(&snapshot, 0);
    CHECK(snapshot_build(log, compact.account.id, compact.account.partition, keep_from_ms,
                         club_chain_hash, &arena, &snapshot) == STATUS_OK);
    memcpy(compact.cut_hash, log.data + log.len - CHAIN_HASH_BYTES, CHAIN_HASH_BYTES);
    compact.snapshot = buffer_span(&snapshot);
    struct store *store = NULL;
    bool done = false;
    CHECK(memory_share(world->daemons[0].store, &store) == STATUS_OK);
    store_compact(store, &compact, on_compacted, &done);
    memory_run(store);
    CHECK(done);
    store_free(store);
    buffer_fini(&snapshot);
    arena_fini(&arena);
}

static void on_misplaced(void *context, const struct store_reply *reply)
{
    *(enum store_result *)context = reply->result;
}

void world_misplace(struct service_world *world, const char *member_id, int64_t due_ms)
{
    struct span log = world_log(world, member_id);
    struct store_append move = {
        .account = world_place(member_id),
        .expected_bytes = log.len,
        .not_after_ms = INT64_MAX,
        .due_changed = true,
        .due_ms = due_ms,
    };
    memcpy(move.expected_hash, log.data + log.len - STORE_HASH_BYTES, STORE_HASH_BYTES);
    enum store_result result = STORE_FAILED;
    store_append(world->daemons[0].store, &move, on_misplaced, &result);
    memory_run(world->daemons[0].store);
    CHECK(result == STORE_OK);
}
