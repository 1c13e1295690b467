// The port's calls in memory, in the order and with the checks of functions.lua. The two are held
// together by one shared test set (tests/support/store_port.c).
#include "store/memory_world.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "store/bounds.h"

static struct store_reply only(enum store_result result)
{
    return (struct store_reply){.result = result};
}

static struct store_reply failed(const char *text)
{
    return (struct store_reply){.result = STORE_FAILED, .bytes = span_of_text(text)};
}

struct memory_partition *memory_world_partition(struct memory_world *world,
                                                const struct store_account *account)
{
    return &world->partitions[account->meta ? MEMORY_META : account->partition];
}

// Empty when the key is not there.
static struct span world_value(const struct memory_world *world, const struct store_key *key)
{
    const struct memory_entry *entry = memory_world_find(world, key);
    return entry == NULL ? (struct span){0} : buffer_span(&entry->value);
}

static struct span world_log(const struct memory_world *world, const struct store_account *account)
{
    struct store_key key = store_key_account(account);
    return world_value(world, &key);
}

static struct span span_cut(struct span bytes, uint64_t from, uint64_t bytes_max)
{
    struct span rest = span_from(bytes, from < bytes.len ? (size_t)from : bytes.len);
    rest.len = rest.len < bytes_max ? rest.len : (size_t)bytes_max;
    return rest;
}

// Whether the bytes before `end` are `hash`.
static bool hash_stands_before(struct span log, uint64_t end, const uint8_t *hash)
{
    return end >= STORE_HASH_BYTES && end <= log.len &&
           memcmp(log.data + end - STORE_HASH_BYTES, hash, STORE_HASH_BYTES) == 0;
}

struct store_reply memory_world_load(const struct memory_world *world,
                                     const struct store_account *account, uint64_t from_bytes,
                                     uint64_t bytes_max)
{
    struct span bytes = span_cut(world_log(world, account), from_bytes, bytes_max);
    return (struct store_reply){.result = STORE_OK, .bytes = bytes, .log_bytes = bytes.len};
}

// --- append ---

static struct store_reply behind(struct span log, const struct store_append *append)
{
    if (!hash_stands_before(log, append->expected_bytes, append->expected_hash) ||
        log.len - append->expected_bytes > LIMIT_SUFFIX_BYTES) {
        return only(STORE_RELOAD);
    }
    return (struct store_reply){.result = STORE_BEHIND,
                                .bytes = span_from(log, (size_t)append->expected_bytes)};
}

static void push_event(struct memory_partition *partition, struct span event)
{
    struct buffer copy;
    buffer_init(&copy, 0);
    CHECK(buffer_append(&copy, event) == STATUS_OK);
    CHECK(vec_reserve_one(&partition->events, UINT32_MAX) == STATUS_OK);
    partition->events.items[partition->events.count++] = copy;
}

static void index_due(struct memory_partition *partition, struct memory_entry *entry,
                      const struct store_append *append)
{
    if (!entry->indexed) {
        CHECK(vec_reserve_one(&partition->due, UINT32_MAX) == STATUS_OK);
        partition->due.items[partition->due.count++].entry = entry;
        entry->indexed = true;
        entry->id_bytes = (uint32_t)append->account.id.len;
    }
    entry->due_ms = append->due_ms;
}

struct store_reply memory_world_append(struct memory_world *world,
                                       const struct store_append *append)
{
    struct span log = world_log(world, &append->account);
    bool fits = log.len == 0 ? store_append_creates(append)
                             : hash_stands_before(log, log.len, append->expected_hash);
    if (!fits) {
        return behind(log, append);
    }
    if (append->now_ms != 0 && append->now_ms - world->now_ms > LIMIT_CLOCK_AHEAD_MS) {
        return only(STORE_CLOCK);
    }
    if (world->now_ms > append->not_after_ms) {
        return only(STORE_EXPIRED);
    }
    struct memory_partition *partition = memory_world_partition(world, &append->account);
    if (!partition->created) {
        return failed("the partition has not been created");
    }
    struct store_key key = store_key_account(&append->account);
    struct memory_entry *entry = memory_world_enter(world, &key);
    bool due_only = store_append_moves_due_only(append);
    memory_journal_note(world, partition, entry, due_only);
    if (!due_only) {
        CHECK(buffer_append(&entry->value, append->records) == STATUS_OK);
        push_event(partition, append->event);
    }
    if (append->due_changed) {
        index_due(partition, entry, append);
    }
    if (due_only) {
        memory_world_tell_other(world);
    } else if (world->observer != NULL) {
        world->observer->on_append(world->observer->context, append);
    }
    return (struct store_reply){.result = STORE_OK, .log_bytes = entry->value.len};
}

// --- compact ---

struct store_reply memory_world_compact(struct memory_world *world,
                                        const struct store_compact *compact)
{
    struct store_key key = store_key_account(&compact->account);
    struct memory_entry *entry = memory_world_find(world, &key);
    if (entry == NULL ||
        !hash_stands_before(buffer_span(&entry->value), compact->cut_bytes, compact->cut_hash)) {
        return only(STORE_RELOAD);
    }
    struct span suffix = span_from(buffer_span(&entry->value), (size_t)compact->cut_bytes);
    if (compact->snapshot.len + suffix.len > LIMIT_LOG_BYTES) {
        return failed("the log would exceed its bound");
    }
    struct memory_partition *partition = memory_world_partition(world, &compact->account);
    if (!partition->created) {
        return failed("the partition has not been created");
    }
    struct buffer compacted;
    buffer_init(&compacted, 0);
    CHECK(buffer_append(&compacted, compact->snapshot) == STATUS_OK);
    CHECK(buffer_append(&compacted, suffix) == STATUS_OK);
    memory_journal_note(world, partition, entry, true);
    memory_archive_push(partition, compact->account.id,
                        span_of(entry->value.data, (size_t)compact->cut_bytes));
    buffer_fini(&entry->value);
    entry->value = compacted;
    if (world->observer != NULL) {
        world->observer->on_compact(world->observer->context, compact);
    }
    return (struct store_reply){.result = STORE_OK, .log_bytes = compacted.len};
}

// --- identifiers ---

struct store_reply memory_world_claim(struct memory_world *world, uint32_t partition,
                                      struct span key, struct span member_id,
                                      struct span take_over_from)
{
    struct store_key name = store_key_identifier(partition, key);
    struct span owner = world_value(world, &name);
    if (span_equal(owner, member_id)) {
        return only(STORE_OK);
    }
    if (owner.len > 0 && !span_equal(owner, take_over_from)) {
        return (struct store_reply){.result = STORE_TAKEN, .bytes = owner};
    }
    struct memory_entry *entry = memory_world_enter(world, &name);
    memory_journal_note(world, NULL, entry, true);
    buffer_clear(&entry->value);
    CHECK(buffer_append(&entry->value, member_id) == STATUS_OK);
    if (world->observer != NULL) {
        world->observer->on_claim(world->observer->context, key, member_id);
    }
    return only(STORE_OK);
}

struct store_reply memory_world_unclaim(struct memory_world *world, uint32_t partition,
                                        struct span key, struct span member_id)
{
    struct store_key name = store_key_identifier(partition, key);
    struct memory_entry *entry = memory_world_find(world, &name);
    if (entry == NULL || entry->value.len == 0) {
        return only(STORE_OK);
    }
    if (!span_equal(buffer_span(&entry->value), member_id)) {
        return (struct store_reply){.result = STORE_TAKEN, .bytes = buffer_span(&entry->value)};
    }
    memory_journal_note(world, NULL, entry, true);
    buffer_clear(&entry->value);
    if (world->observer != NULL && world->observer->on_unclaim != NULL) {
        world->observer->on_unclaim(world->observer->context, key, member_id);
    }
    return only(STORE_OK);
}

struct store_reply memory_world_find_owner(const struct memory_world *world, uint32_t partition,
                                           struct span key)
{
    struct store_key name = store_key_identifier(partition, key);
    struct span owner = world_value(world, &name);
    return (struct store_reply){.result = STORE_OK, .bytes = owner, .log_bytes = owner.len};
}

// --- meta ---

struct store_reply memory_world_set_clock(struct memory_world *world, int64_t now_ms)
{
    if (world->sandbox_clock_ms > now_ms) {
        (void)snprintf(world->text, sizeof(world->text),
                       "the test clock stands at %lld and never goes back",
                       (long long)world->sandbox_clock_ms);
        return failed(world->text);
    }
    world->sandbox_clock_ms = now_ms;
    return only(STORE_OK);
}

struct store_reply memory_world_create(struct memory_world *world, uint32_t count)
{
    if (world->partition_count != 0) {
        return world->partition_count == count
                   ? only(STORE_OK)
                   : failed("there are partitions already, of another count");
    }
    for (uint32_t i = 0; i < count; i++) {
        world->partitions[i].created = true;
    }
    world->partitions[MEMORY_META].created = true;
    world->partition_count = count;
    world->epoch = world->now_ms > 0 ? (uint64_t)world->now_ms : 1;
    return only(STORE_OK);
}

struct store_head memory_world_head(const struct memory_world *world, uint64_t from_bytes)
{
    struct store_account account = {.meta = true, .id = span_of_text("program")};
    struct span program = world_log(world, &account);
    return (struct store_head){
        .result = STORE_OK,
        .store_now_ms = world->now_ms,
        .program = span_cut(program, from_bytes, UINT64_MAX),
        .program_bytes = program.len,
        .sandbox_clock_ms = world->sandbox_clock_ms,
        .partitions = world->partition_count,
        .epoch = world->epoch,
    };
}
