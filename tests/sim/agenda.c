// A binary heap by (instant, order).
#include "sim/agenda.h"

#include "base/check.h"
#include "base/limits.h"

void agenda_fini(struct agenda *agenda)
{
    vec_fini(&agenda->heap);
    agenda->order = 0;
}

static int before(const struct agenda_item *a, const struct agenda_item *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

void agenda_put(struct agenda *agenda, int64_t at_ms, agenda_fn *run, void *what, uint64_t number)
{
    CHECK(vec_reserve_one(&agenda->heap, UINT32_MAX) == STATUS_OK);
    struct agenda_item item = {at_ms, agenda->order, run, what, number};
    agenda->order++;
    struct agenda_item *heap = agenda->heap.items;
    uint32_t at = agenda->heap.count;
    agenda->heap.count++;
    while (at > 0 && before(&item, &heap[(at - 1) / 2])) {
        heap[at] = heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap[at] = item;
}

int64_t agenda_next(const struct agenda *agenda)
{
    return agenda->heap.count == 0 ? INSTANT_NEVER : agenda->heap.items[0].at_ms;
}

struct agenda_item agenda_take(struct agenda *agenda)
{
    CHECK(agenda->heap.count > 0);
    struct agenda_item *heap = agenda->heap.items;
    struct agenda_item first = heap[0];
    agenda->heap.count--;
    struct agenda_item last = heap[agenda->heap.count];
    uint32_t count = agenda->heap.count;
    uint32_t at = 0;
    for (uint32_t child = 1; child < count; child = 2 * at + 1) {
        if (child + 1 < count && before(&heap[child + 1], &heap[child])) {
            child++;
        }
        if (!before(&heap[child], &last)) {
            break;
        }
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = last;
    return first;
}
