// Reads and writes behind the port's back, for what tests check and plant.
#include "base/check.h"
#include "store/memory.h"
#include "store/memory_world.h"

static const struct memory_entry *entry_of(const struct store *store,
                                           const struct store_account *account)
{
    struct store_key key = store_key_account(account);
    return memory_world_find(memory_world_of(store), &key);
}

static const struct memory_partition *partition_of(const struct store *store, uint32_t partition)
{
    CHECK(partition < MEMORY_PARTITIONS);
    return &memory_world_of(store)->partitions[partition];
}

struct span memory_log(const struct store *store, const struct store_account *account)
{
    const struct memory_entry *entry = entry_of(store, account);
    return entry == NULL ? (struct span){0} : buffer_span(&entry->value);
}

uint64_t memory_event_count(const struct store *store, uint32_t partition)
{
    const struct memory_partition *events = partition_of(store, partition);
    return events->trimmed + events->events.count;
}

struct span memory_event(const struct store *store, uint32_t partition, uint64_t index)
{
    const struct memory_partition *events = partition_of(store, partition);
    CHECK(index >= events->trimmed && index - events->trimmed < events->events.count);
    return buffer_span(&events->events.items[index - events->trimmed]);
}

int64_t memory_due(const struct store *store, const struct store_account *account)
{
    const struct memory_entry *entry = entry_of(store, account);
    return entry == NULL || !entry->indexed ? 0 : entry->due_ms;
}

uint64_t memory_rewrites(const struct store *store)
{
    return memory_world_of(store)->rewrites;
}

uint64_t memory_archived_bytes(const struct store *store, uint32_t partition)
{
    const struct memory_partition *archive = partition_of(store, partition);
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < archive->archive.count; i++) {
        bytes += archive->archive.items[i].prefix.len;
    }
    return bytes;
}

void memory_plant(struct store *store, const struct store_account *account, struct span bytes)
{
    struct store_key key = store_key_account(account);
    struct memory_entry *entry = memory_world_enter(memory_world_of(store), &key);
    buffer_clear(&entry->value);
    CHECK(buffer_append(&entry->value, bytes) == STATUS_OK);
}
