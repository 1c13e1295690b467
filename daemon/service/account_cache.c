// The table: open addressing with linear probing; beside each entry stand 32 bits of its id's hash,
// so that only the entry looked for is touched, and whether it was looked up since the clock's hand
// last passed. Invariants: no free slot lies between an entry and the slot its hash names; `bytes`
// is the sum over all entries and the table.
#include "service/account_cache.h"

#include <stdlib.h>

#include "base/check.h"

enum {
    SLOTS_MIN = 1024,
    ALLOCATION_BYTES = 16, // what the allocator adds to each array, about
    ARRAYS = 21,           // of an account
};

struct account_slot {
    struct account_entry *entry; // NULL: free
    uint32_t print;              // of the id: names the slot, by its lowest bits
    bool looked_up;              // since the hand passed
};

enum status account_cache_init(struct account_cache *cache, size_t count_max, size_t bytes_max)
{
    *cache = (struct account_cache){.count_max = count_max, .bytes_max = bytes_max};
    cache->slots = calloc(SLOTS_MIN, sizeof(struct account_slot));
    if (cache->slots == NULL) {
        return STATUS_NO_MEMORY;
    }
    cache->slot_count = SLOTS_MIN;
    cache->bytes = SLOTS_MIN * sizeof(struct account_slot);
    return STATUS_OK;
}

static void entry_free(struct account_entry *entry)
{
    account_fini(&entry->account);
    free(entry);
}

void account_cache_fini(struct account_cache *cache)
{
    if (cache == NULL) {
        return;
    }
    size_t place = 0;
    struct account_entry *entry = account_cache_next(cache, &place);
    while (entry != NULL) {
        entry_free(entry);
        entry = account_cache_next(cache, &place);
    }
    free(cache->slots);
    *cache = (struct account_cache){0};
}

struct account_entry *account_cache_next(const struct account_cache *cache, size_t *place)
{
    while (*place < cache->slot_count) {
        struct account_entry *entry = cache->slots[*place].entry;
        (*place)++;
        if (entry != NULL) {
            return entry;
        }
    }
    return NULL;
}

// --- the table ---

// Eight bytes at a time: FNV-1a would be most of a look-up.
static uint32_t print_of(struct span id)
{
    static const uint64_t golden = UINT64_C(0x9e3779b97f4a7c15);
    uint64_t hash = id.len * golden;
    while (id.len > 0) {
        uint64_t word = 0;
        size_t bytes = id.len < sizeof(word) ? id.len : sizeof(word);
        memcpy(&word, id.data, bytes);
        hash = (hash ^ word) * golden;
        hash ^= hash >> 29;
        id = span_from(id, bytes);
    }
    return (uint32_t)(hash >> 32 ^ hash);
}

static struct span entry_id(const struct account_entry *entry)
{
    return span_of(entry->id, entry->id_len);
}

// The slot of the id, or the free one where it would go.
static size_t slot_of(const struct account_cache *cache, uint32_t print, struct span id)
{
    size_t mask = cache->slot_count - 1;
    size_t at = print & mask;
    while (cache->slots[at].entry != NULL &&
           (cache->slots[at].print != print || !span_equal(entry_id(cache->slots[at].entry), id))) {
        at = (at + 1) & mask;
    }
    return at;
}

static void slot_clear(struct account_cache *cache, size_t at)
{
    size_t mask = cache->slot_count - 1;
    struct account_slot *slots = cache->slots;
    for (size_t next = (at + 1) & mask; slots[next].entry != NULL; next = (next + 1) & mask) {
        size_t home = slots[next].print & mask;
        if (((next - home) & mask) >= ((next - at) & mask)) { // it may stand at `at`
            slots[at] = slots[next];
            at = next;
        }
    }
    slots[at] = (struct account_slot){0};
}

static enum status table_grow(struct account_cache *cache)
{
    struct account_slot *old = cache->slots;
    size_t old_count = cache->slot_count;
    struct account_slot *slots = calloc(2 * old_count, sizeof(*slots));
    if (slots == NULL) {
        return STATUS_NO_MEMORY;
    }
    cache->slots = slots;
    cache->slot_count = 2 * old_count;
    cache->bytes += old_count * sizeof(*slots);
    for (size_t i = 0; i < old_count; i++) {
        if (old[i].entry != NULL) {
            slots[slot_of(cache, old[i].print, entry_id(old[i].entry))] = old[i];
        }
    }
    free(old);
    return STATUS_OK;
}

struct account_entry *account_cache_find(struct account_cache *cache, struct span id)
{
    struct account_slot *slot = &cache->slots[slot_of(cache, print_of(id), id)];
    slot->looked_up = slot->entry != NULL;
    cache->hits += slot->looked_up ? 1 : 0;
    cache->misses += slot->looked_up ? 0 : 1;
    return slot->entry;
}

struct account_entry *account_cache_peek(struct account_cache *cache, struct span id)
{
    return cache->slots[slot_of(cache, print_of(id), id)].entry;
}

// --- entries ---

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
           account->obligations.capacity * sizeof(*account->obligations.items) +
           account->perk_uses.capacity * sizeof(*account->perk_uses.items) +
           account->reported.capacity * sizeof(*account->reported.items) +
           account->pool_members.capacity * sizeof(*account->pool_members.items) +
           account->pool_uses.capacity * sizeof(*account->pool_uses.items) +
           account->absorbed.capacity * sizeof(*account->absorbed.items) +
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
    size_t bytes =
        sizeof(*entry) + (size_t)ARRAYS * ALLOCATION_BYTES + account_bytes(&entry->account);
    cache->bytes = cache->bytes - entry->bytes + bytes;
    entry->bytes = bytes;
}

struct account_entry *account_cache_add(struct account_cache *cache, struct span id,
                                        uint32_t partition)
{
    CHECK(id.len > 0 && id.len <= LIMIT_MEMBER_ID_BYTES);
    if (cache->count >= cache->slot_count / 4 * 3 && table_grow(cache) != STATUS_OK) {
        return NULL;
    }
    struct account_entry *entry = malloc(sizeof(*entry));
    if (entry == NULL) {
        return NULL;
    }
    *entry = (struct account_entry){.id_len = id.len, .partition = partition};
    memcpy(entry->id, id.data, id.len);
    account_init(&entry->account);
    uint32_t print = print_of(id);
    struct account_slot *slot = &cache->slots[slot_of(cache, print, id)];
    CHECK(slot->entry == NULL);
    *slot = (struct account_slot){.entry = entry, .print = print, .looked_up = true};
    cache->count++;
    count_bytes(cache, entry);
    return entry;
}

void account_cache_use(struct account_cache *cache, struct account_entry *entry)
{
    cache->idle_count -= entry->idle ? 1 : 0;
    entry->idle = false;
}

// The idle entry of a slot goes.
static void slot_evict(struct account_cache *cache, size_t at)
{
    struct account_entry *entry = cache->slots[at].entry;
    cache->count--;
    cache->idle_count--;
    cache->bytes -= entry->bytes;
    entry_free(entry);
    slot_clear(cache, at); // another one may stand here now
    cache->evicted++;
}

// --- the clock ---

// The hand comes to the next slot: an idle entry that was not looked up since it last came goes.
static void hand_step(struct account_cache *cache)
{
    struct account_slot *slot = &cache->slots[cache->hand];
    struct account_entry *entry = slot->entry;
    if (entry != NULL && !slot->looked_up && entry->idle) {
        slot_evict(cache, cache->hand);
        return;
    }
    slot->looked_up = false;
    cache->hand = (cache->hand + 1) & (cache->slot_count - 1);
}

void account_cache_release(struct account_cache *cache, struct account_entry *entry)
{
    CHECK(entry->first == NULL && !entry->idle);
    entry->idle = true;
    cache->idle_count++;
    if (entry->passing) {
        struct span id = entry_id(entry);
        slot_evict(cache, slot_of(cache, print_of(id), id));
        return;
    }
    count_bytes(cache, entry);
    while (cache->idle_count > 0 &&
           (cache->count > cache->count_max || cache->bytes > cache->bytes_max)) {
        hand_step(cache);
    }
}
