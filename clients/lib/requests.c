// A table of slots with a free list. Deadlines are looked through only when the earliest one there
// was may have passed; with one timeout for all requests that is seldom.
#include "lib/requests.h"

#include <assert.h>
#include <stdlib.h>

enum { SLOT_BITS = 12, SLOTS_FIRST = 16 };

static_assert((1 << SLOT_BITS) == LOYALTY_IN_FLIGHT_MAX, "a slot's number fits its bits");

void ly_requests_fini(struct ly_requests *requests)
{
    free(requests->slots);
    *requests = (struct ly_requests){0};
}

static bool grow(struct ly_requests *requests)
{
    uint32_t count = requests->slot_count == 0 ? SLOTS_FIRST : requests->slot_count * 2;
    if (count > LOYALTY_IN_FLIGHT_MAX) {
        return false;
    }
    struct ly_request *slots = realloc(requests->slots, count * sizeof(*slots));
    if (slots == NULL) {
        return false;
    }
    for (uint32_t i = count; i > requests->slot_count; i--) {
        slots[i - 1] = (struct ly_request){.next_free = requests->first_free};
        requests->first_free = i;
    }
    requests->slots = slots;
    requests->slot_count = count;
    return true;
}

struct ly_request *ly_requests_add(struct ly_requests *requests, int64_t deadline_ms)
{
    if (requests->first_free == 0 && !grow(requests)) {
        return NULL;
    }
    uint32_t index = requests->first_free - 1;
    struct ly_request *request = &requests->slots[index];
    requests->first_free = request->next_free;
    requests->serial++;
    *request = (struct ly_request){
        .correlation_id = requests->serial << SLOT_BITS | index,
        .deadline_ms = deadline_ms,
    };
    if (requests->used == 0 || deadline_ms < requests->earliest_ms) {
        requests->earliest_ms = deadline_ms;
    }
    requests->used++;
    return request;
}

static void take(struct ly_requests *requests, uint32_t index, struct ly_request *ret_request)
{
    *ret_request = requests->slots[index];
    requests->slots[index] = (struct ly_request){.next_free = requests->first_free};
    requests->first_free = index + 1;
    requests->used--;
}

bool ly_requests_take(struct ly_requests *requests, uint64_t correlation_id,
                      struct ly_request *ret_request)
{
    uint32_t index = (uint32_t)(correlation_id & (LOYALTY_IN_FLIGHT_MAX - 1));
    if (correlation_id == 0 || index >= requests->slot_count ||
        requests->slots[index].correlation_id != correlation_id) {
        return false;
    }
    take(requests, index, ret_request);
    return true;
}

bool ly_requests_take_expired(struct ly_requests *requests, int64_t now_ms,
                              struct ly_request *ret_request)
{
    if (requests->used == 0 || now_ms < requests->earliest_ms) {
        return false;
    }
    int64_t earliest_ms = INT64_MAX;
    for (uint32_t i = 0; i < requests->slot_count; i++) {
        const struct ly_request *request = &requests->slots[i];
        if (request->correlation_id == 0) {
            continue;
        }
        if (request->deadline_ms <= now_ms) {
            take(requests, i, ret_request);
            return true;
        }
        earliest_ms = request->deadline_ms < earliest_ms ? request->deadline_ms : earliest_ms;
    }
    requests->earliest_ms = earliest_ms;
    return false;
}

bool ly_requests_take_any(struct ly_requests *requests, struct ly_request *ret_request)
{
    for (uint32_t i = 0; requests->used > 0 && i < requests->slot_count; i++) {
        if (requests->slots[i].correlation_id != 0) {
            take(requests, i, ret_request);
            return true;
        }
    }
    return false;
}
