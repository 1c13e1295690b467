// The keyspace: a chained hash table that doubles. Entries stay where they are until the world
// ends, so the due index can point to them. Out of memory ends the process: this is for simulation.
#include <stdlib.h>

#include "base/check.h"
#include "base/hash.h"
#include "store/memory_world.h"

enum { FIRST_BUCKETS = 256 };

enum status memory_world_new(struct memory_world **ret_world)
{
    struct memory_world *world = calloc(1, sizeof(*world));
    if (world == NULL) {
        return STATUS_NO_MEMORY;
    }
    world->buckets = calloc(FIRST_BUCKETS, sizeof(struct memory_entry *));
    if (world->buckets == NULL) {
        free(world);
        return STATUS_NO_MEMORY;
    }
    world->bucket_count = FIRST_BUCKETS;
    world->references = 1;
    *ret_world = world;
    return STATUS_OK;
}

static void partition_fini(struct memory_partition *partition)
{
    for (uint32_t i = 0; i < partition->events.count; i++) {
        buffer_fini(&partition->events.items[i]);
    }
    vec_fini(&partition->events);
    vec_fini(&partition->due);
    memory_archive_fini(partition);
}

void memory_world_free(struct memory_world *world)
{
    if (world == NULL) {
        return;
    }
    for (size_t i = 0; i < world->bucket_count; i++) {
        struct memory_entry *entry = world->buckets[i];
        while (entry != NULL) {
            struct memory_entry *next = entry->next;
            buffer_fini(&entry->value);
            free(entry);
            entry = next;
        }
    }
    for (size_t i = 0; i < MEMORY_PARTITIONS; i++) {
        partition_fini(&world->partitions[i]);
    }
    memory_journal_fini(&world->journal);
    free((void *)world->buckets);
    free(world);
}

static struct memory_entry **bucket_of(const struct memory_world *world, uint64_t hash)
{
    return &world->buckets[hash & (world->bucket_count - 1)];
}

struct memory_entry *memory_world_find(const struct memory_world *world,
                                       const struct store_key *key)
{
    uint64_t hash = hash_fnv1a(store_key_span(key));
    struct memory_entry *entry = *bucket_of(world, hash);
    while (entry != NULL &&
           (entry->hash != hash || !span_equal(store_key_span(&entry->key), store_key_span(key)))) {
        entry = entry->next;
    }
    return entry;
}

static void world_grow(struct memory_world *world)
{
    size_t old_count = world->bucket_count;
    struct memory_entry **old = world->buckets;
    world->buckets = calloc(old_count * 2, sizeof(struct memory_entry *));
    CHECK(world->buckets != NULL);
    world->bucket_count = old_count * 2;
    for (size_t i = 0; i < old_count; i++) {
        struct memory_entry *entry = old[i];
        while (entry != NULL) {
            struct memory_entry *next = entry->next;
            struct memory_entry **bucket = bucket_of(world, entry->hash);
            entry->next = *bucket;
            *bucket = entry;
            entry = next;
        }
    }
    free((void *)old);
}

struct memory_entry *memory_world_enter(struct memory_world *world, const struct store_key *key)
{
    struct memory_entry *entry = memory_world_find(world, key);
    if (entry != NULL) {
        return entry;
    }
    if (world->entry_count >= world->bucket_count) {
        world_grow(world);
    }
    entry = calloc(1, sizeof(*entry));
    CHECK(entry != NULL);
    entry->hash = hash_fnv1a(store_key_span(key));
    entry->key = *key;
    buffer_init(&entry->value, 0);
    struct memory_entry **bucket = bucket_of(world, entry->hash);
    entry->next = *bucket;
    *bucket = entry;
    world->entry_count++;
    return entry;
}
