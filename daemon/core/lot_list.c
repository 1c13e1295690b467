// Lots in order of their ends.
#include "core/lot_list.h"

#include <string.h>

// Index of the lot of an end, or of where it would stand: mostly the last.
static uint32_t lot_index(const struct lot_list *lots, int64_t ends_ms)
{
    uint32_t low = 0;
    uint32_t high = lots->count;
    if (high > 0 && lots->items[high - 1].ends_ms <= ends_ms) {
        return lots->items[high - 1].ends_ms == ends_ms ? high - 1 : high;
    }
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (lots->items[middle].ends_ms < ends_ms) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool stands_at(const struct lot_list *lots, uint32_t at, int64_t ends_ms)
{
    return at < lots->count && lots->items[at].ends_ms == ends_ms;
}

const struct lot *lot_list_find(const struct lot_list *lots, int64_t ends_ms)
{
    uint32_t at = lot_index(lots, ends_ms);
    return stands_at(lots, at, ends_ms) ? &lots->items[at] : NULL;
}

enum status lot_list_add(struct lot_list *lots, int64_t ends_ms, int64_t points, uint32_t count_max)
{
    uint32_t at = lot_index(lots, ends_ms);
    if (points == 0) {
        return STATUS_OK;
    }
    if (stands_at(lots, at, ends_ms)) {
        lots->items[at].points += points; // equal expiries are one lot
        return STATUS_OK;
    }
    TRY(vec_reserve_one(lots, count_max));
    struct lot *items = lots->items;
    memmove(items + at + 1, items + at, (lots->count - at) * sizeof *items);
    items[at] = (struct lot){.ends_ms = ends_ms, .points = points};
    lots->count++;
    return STATUS_OK;
}

enum status lot_list_take(struct lot_list *lots, int64_t ends_ms, int64_t points)
{
    uint32_t at = lot_index(lots, ends_ms);
    if (!stands_at(lots, at, ends_ms) || points <= 0 || points > lots->items[at].points) {
        return STATUS_CORRUPT;
    }
    struct lot *lot = &lots->items[at];
    lot->points -= points;
    if (lot->points == 0) {
        lots->count--;
        memmove(lot, lot + 1, (lots->count - at) * sizeof *lot);
    }
    return STATUS_OK;
}
