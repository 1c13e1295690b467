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
                                          uint64_t cursor, uint32_t count, struct span *ids,
                                          int64_t *due_ms)
{
    const struct memory_partition *index = &world->partitions[partition];
    struct store_scan_reply reply = {.result = STORE_OK, .ids = ids, .due_ms = due_ms};
    uint64_t at = cursor;
    for (; at < index->due.count && reply.count < count; at++) {
        due_ms[reply.count] = index->due.items[at].entry->due_ms;
        ids[reply.count++] = id_of(index->due.items[at].entry);
    }
    reply.next_cursor = at < index->due.count ? at : 0;
    return reply;
}

// As Redis has it: by score, then by the bytes of the member.
static int compare_places(int64_t left_ms, struct span left, int64_t right_ms, struct span right)
{
    if (left_ms != right_ms) {
        return left_ms < right_ms ? -1 : 1;
    }
    int order = memcmp(left.data, right.data, left.len < right.len ? left.len : right.len);
    return order != 0 ? order : (left.len > right.len) - (left.len < right.len);
}

static int compare_due(const void *a, const void *b)
{
    const struct memory_entry *left = ((const struct memory_place *)a)->entry;
    const struct memory_entry *right = ((const struct memory_place *)b)->entry;
    return compare_places(left->due_ms, id_of(left), right->due_ms, id_of(right));
}

static bool is_asked(const struct memory_entry *entry, const struct store_due *asked)
{
    if (entry->due_ms > asked->until_ms || entry->due_ms == INSTANT_NEVER) {
        return false;
    }
    return asked->after_id.len == 0 ||
           compare_places(entry->due_ms, id_of(entry), asked->after_ms, asked->after_id) > 0;
}

struct store_scan_reply memory_world_due(const struct memory_world *world,
                                         const struct store_due *asked, struct span *ids,
                                         int64_t *due_ms)
{
    const struct memory_partition *index = &world->partitions[asked->partition];
    struct memory_place *found = calloc((size_t)index->due.count + 1, sizeof(*found));
    CHECK(found != NULL);
    size_t found_count = 0;
    for (uint32_t i = 0; i < index->due.count; i++) {
        if (is_asked(index->due.items[i].entry, asked)) {
            found[found_count++] = index->due.items[i];
        }
    }
    qsort(found, found_count, sizeof(*found), compare_due);
    struct store_scan_reply reply = {.result = STORE_OK, .ids = ids, .due_ms = due_ms};
    for (size_t i = 0; i < found_count && i < asked->count; i++) {
        due_ms[reply.count] = found[i].entry->due_ms;
        ids[reply.count++] = id_of(found[i].entry);
    }
    free(found);
    return reply;
}
