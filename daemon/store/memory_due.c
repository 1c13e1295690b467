// The due index in memory: accounts in the order of entering, for a scan, and by their instants.
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "store/memory_world.h"

static struct span id_of(const struct memory_entry *entry)
{
    struct span key = store_key_span(&entry->key);
    return span_from(key, key.len - entry->id_bytes);
}

// Entries never leave the index, so a place in it is a cursor.
struct store_scan_reply memory_world_scan(const struct memory_world *world, uint32_t partition,
                                          uint64_t cursor, uint32_t count, struct span *ids)
{
    const struct memory_partition *index = &world->partitions[partition];
    struct store_scan_reply reply = {.result = STORE_OK, .ids = ids};
    uint64_t at = cursor;
    for (; at < index->due.count && reply.count < count; at++) {
        ids[reply.count++] = id_of(index->due.items[at].entry);
    }
    reply.next_cursor = at < index->due.count ? at : 0;
    return reply;
}

// As Redis has it: by score, then by the bytes of the member.
static int compare_due(const void *a, const void *b)
{
    const struct memory_entry *left = ((const struct memory_place *)a)->entry;
    const struct memory_entry *right = ((const struct memory_place *)b)->entry;
    if (left->due_ms != right->due_ms) {
        return left->due_ms < right->due_ms ? -1 : 1;
    }
    struct span x = id_of(left);
    struct span y = id_of(right);
    int order = memcmp(x.data, y.data, x.len < y.len ? x.len : y.len);
    return order != 0 ? order : (x.len > y.len) - (x.len < y.len);
}

struct store_scan_reply memory_world_due(const struct memory_world *world, uint32_t partition,
                                         int64_t until_ms, uint32_t count, struct span *ids)
{
    const struct memory_partition *index = &world->partitions[partition];
    struct memory_place *found = calloc((size_t)index->due.count + 1, sizeof(*found));
    CHECK(found != NULL);
    size_t found_count = 0;
    for (uint32_t i = 0; i < index->due.count; i++) {
        int64_t due_ms = index->due.items[i].entry->due_ms;
        if (due_ms <= until_ms && due_ms != INSTANT_NEVER) {
            found[found_count++] = index->due.items[i];
        }
    }
    qsort(found, found_count, sizeof(*found), compare_due);
    struct store_scan_reply reply = {.result = STORE_OK, .ids = ids};
    for (size_t i = 0; i < found_count && i < count; i++) {
        ids[reply.count++] = id_of(found[i].entry);
    }
    free(found);
    return reply;
}
