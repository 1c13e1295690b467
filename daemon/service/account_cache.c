// The table, chained, and the list of idle entries. Invariants: an entry is in exactly one bucket;
// it is in the idle list exactly when it has no task; `bytes` is the sum over all entries.
#include "service/account_cache.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/hash.h"

enum { BUCKETS_MIN = 1024 };

enum status account_cache_init(struct account_cache *cache, size_t count_max, size_t bytes_max)
{
    *cache = (struct account_cache){.count_max = count_max, .bytes_max = bytes_max};
    cache->bucket_count = BUCKETS_MIN;
    while (cache->bucket_count < count_max) {
        cache->bucket_count *= 2;
    }
    cache->buckets = calloc(cache->bucket_count, sizeof(struct account_entry *));
    return cache->buckets == NULL ? STATUS_NO_MEMORY : STATUS_OK;
}

void account_cache_fini(struct account_cache *cache)
{
    if (cache == NULL) {
        return;
    }
    for (size_t i = 0; i < cache->bucket_count && cache->buckets != NULL; i++) {
        struct account_entry *entry = cache->buckets[i];
        while (entry != NULL) {
            struct account_entry *next = entry->bucket_next;
            account_fini(&entry->account);
            free(entry);
            entry = next;
        }
    }
    while (cache->spare != NULL) {
        struct account_entry *next = cache->spare->bucket_next;
        free(cache->spare);
        cache->spare = next;
    }
    free(cache->buckets);
    *cache = (struct account_cache){0};
}

static struct account_entry **bucket_of(const struct account_cache *cache, uint64_t hash)
{
    return &cache->buckets[hash & (cache->bucket_count - 1)];
}

struct account_entry *account_cache_find(const struct account_cache *cache, struct span id)
{
    uint64_t hash = hash_fnv1a(id);
    struct account_entry *entry = *bucket_of(cache, hash);
    while (entry != NULL &&
           (entry->hash != hash || !span_equal(span_of(entry->id, entry->id_len), id))) {
        entry = entry->bucket_next;
    }
    return entry;
}

// What an account's arrays hold, by capacity.
static size_t account_bytes(const struct account *account)
{
    return account->lots.capacity * sizeof(*account->lots.items) +
           account->pending.capacity * sizeof(*account->pending.items) +
           account->holds.capacity * sizeof(*account->holds.items) +
           account->held_lots.capacity * sizeof(*account->held_lots.items) +
           account->ended.capacity * sizeof(*account->ended.items) +
           account->steps.capacity * sizeof(*account->steps.items) +
           account->contributions.capacity * sizeof(*account->contributions.items) +
           account->cards.capacity * sizeof(*account->cards.items) +
           account->uses.capacity * sizeof(*account->uses.items) +
           account->identifiers.capacity * sizeof(*account->identifiers.items) +
           account->names.bytes.capacity +
           account->names.places.capacity * sizeof(*account->names.places.items) +
           account->ids.prints.capacity * sizeof(*account->ids.prints.items) +
           account->ids.slot_count * sizeof(*account->ids.slots) +
           account->claims.capacity * sizeof(*account->claims.items) +
           account->claim_keys.prints.capacity * sizeof(*account->claim_keys.prints.items) +
           account->claim_keys.slot_count * sizeof(*account->claim_keys.slots);
}

static void count_bytes(struct account_cache *cache, struct account_entry *entry)
{
    size_t bytes = sizeof(*entry) + account_bytes(&entry->account);
    cache->bytes = cache->bytes - entry->bytes + bytes;
    entry->bytes = bytes;
}

struct account_entry *account_cache_add(struct account_cache *cache, struct span id,
                                        uint32_t partition)
{
    CHECK(id.len > 0 && id.len <= LIMIT_MEMBER_ID_BYTES);
    struct account_entry *entry = cache->spare;
    if (entry != NULL) {
        cache->spare = entry->bucket_next;
    } else {
        entry = malloc(sizeof(*entry));
        if (entry == NULL) {
            return NULL;
        }
    }
    *entry =
        (struct account_entry){.hash = hash_fnv1a(id), .id_len = id.len, .partition = partition};
    memcpy(entry->id, id.data, id.len);
    account_init(&entry->account);
    struct account_entry **bucket = bucket_of(cache, entry->hash);
    entry->bucket_next = *bucket;
    *bucket = entry;
    cache->count++;
    count_bytes(cache, entry);
    return entry;
}

static void idle_remove(struct account_cache *cache, struct account_entry *entry)
{
    CHECK(entry->idle);
    *(entry->idle_prev == NULL ? &cache->idle_first : &entry->idle_prev->idle_next) =
        entry->idle_next;
    *(entry->idle_next == NULL ? &cache->idle_last : &entry->idle_next->idle_prev) =
        entry->idle_prev;
    entry->idle_prev = NULL;
    entry->idle_next = NULL;
    entry->idle = false;
}

void account_cache_use(struct account_cache *cache, struct account_entry *entry)
{
    if (entry->idle) {
        idle_remove(cache, entry);
    }
}

static void evict(struct account_cache *cache, struct account_entry *entry)
{
    idle_remove(cache, entry);
    struct account_entry **place = bucket_of(cache, entry->hash);
    while (*place != entry) {
        place = &(*place)->bucket_next;
    }
    *place = entry->bucket_next;
    cache->count--;
    cache->bytes -= entry->bytes;
    account_fini(&entry->account);
    entry->bucket_next = cache->spare;
    cache->spare = entry;
}

void account_cache_release(struct account_cache *cache, struct account_entry *entry)
{
    CHECK(entry->first == NULL && !entry->idle);
    entry->idle_prev = cache->idle_last;
    *(cache->idle_last == NULL ? &cache->idle_first : &cache->idle_last->idle_next) = entry;
    cache->idle_last = entry;
    entry->idle = true;
    count_bytes(cache, entry);
    while (cache->idle_first != NULL &&
           (cache->count > cache->count_max || cache->bytes > cache->bytes_max)) {
        evict(cache, cache->idle_first);
    }
}
