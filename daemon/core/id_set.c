// The prints of the request ids an account has answered: open addressing over an append-only list.
// Cutting back removes the latest first, so no probe sequence of an earlier one is broken.
#include "base/check.h"
#include "core/account.h"

#include <stdlib.h>

enum { ID_SLOTS_MIN = 16 };

uint64_t mark_print(const struct mark *mark)
{
    uint64_t high;
    uint64_t low;
    memcpy(&high, mark->id, sizeof high);
    memcpy(&low, mark->id + sizeof high, sizeof low);
    // Version bits of a UUID stand at fixed places: mixing keeps them from meeting in the table.
    uint64_t print = (high * UINT64_C(0x9e3779b97f4a7c15)) ^ low ^ (mark->system ? 1 : 0);
    return print ^ (print >> 29);
}

// The slot that holds `print`, or the free one where it would go.
static uint32_t id_slot(const struct id_set *ids, uint64_t print)
{
    uint32_t mask = ids->slot_count - 1;
    uint32_t slot = (uint32_t)print & mask;
    while (ids->slots[slot] != 0 && ids->prints.items[ids->slots[slot] - 1] != print) {
        slot = (slot + 1) & mask;
    }
    return slot;
}

// A print that comes again stays at its first place: cutting back to there must leave it found.
static void note_first(struct id_set *ids, uint32_t slot, uint32_t number)
{
    if (ids->slots[slot] == 0) {
        ids->slots[slot] = number;
    }
}

static enum status id_set_grow(struct id_set *ids)
{
    uint32_t slot_count = ids->slot_count == 0 ? ID_SLOTS_MIN : ids->slot_count * 2;
    uint32_t *slots = calloc(slot_count, sizeof *slots);
    if (slots == NULL) {
        return STATUS_NO_MEMORY;
    }
    free(ids->slots);
    ids->slots = slots;
    ids->slot_count = slot_count;
    for (uint32_t i = 0; i < ids->prints.count; i++) {
        note_first(ids, id_slot(ids, ids->prints.items[i]), i + 1);
    }
    return STATUS_OK;
}

enum status id_set_add(struct id_set *ids, uint64_t print)
{
    TRY(vec_reserve_one(&ids->prints, UINT32_MAX / 4));
    if (ids->prints.count + 1 > ids->slot_count / 2) {
        TRY(id_set_grow(ids));
    }
    uint32_t slot = id_slot(ids, print);
    ids->prints.items[ids->prints.count] = print;
    ids->prints.count++;
    note_first(ids, slot, ids->prints.count);
    return STATUS_OK;
}

bool id_set_has(const struct id_set *ids, uint64_t print)
{
    return ids->slot_count != 0 && ids->slots[id_slot(ids, print)] != 0;
}

void id_set_truncate(struct id_set *ids, uint32_t count)
{
    while (ids->prints.count > count) {
        uint32_t last = ids->prints.count;
        uint32_t slot = id_slot(ids, ids->prints.items[last - 1]);
        CHECK(ids->slots[slot] != 0);
        if (ids->slots[slot] == last) {
            ids->slots[slot] = 0;
        }
        ids->prints.count--;
    }
}

void id_set_fini(struct id_set *ids)
{
    vec_fini(&ids->prints);
    free(ids->slots);
    *ids = (struct id_set){0};
}
