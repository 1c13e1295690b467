// The requests sent and not answered yet. A correlation id names a slot and a serial number that is
// never used again on the connection, so that an answer that comes after its request was given up
// finds nothing.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/loyalty.h"

struct ly_request {
    uint64_t correlation_id; // 0: the slot is free
    int64_t deadline_ms;     // by the steady clock
    uint64_t end_byte;       // of its frame in the connection's output
    loyalty_reply_fn *on_reply;
    void *user;
    uint32_t next_free;
};

struct ly_requests {
    struct ly_request *slots;
    uint32_t slot_count; // grows up to LOYALTY_IN_FLIGHT_MAX
    uint32_t used;
    uint32_t first_free; // index + 1; 0: none
    uint64_t serial;
    int64_t earliest_ms; // no deadline is before it
};

void ly_requests_fini(struct ly_requests *requests);
// A slot with a fresh correlation id; NULL when there is no room.
struct ly_request *ly_requests_add(struct ly_requests *requests, int64_t deadline_ms);
// Forgets it and hands it out. False when nothing waits for this id.
bool ly_requests_take(struct ly_requests *requests, uint64_t correlation_id,
                      struct ly_request *ret_request);
// Any one whose deadline has passed, forgotten and handed out.
bool ly_requests_take_expired(struct ly_requests *requests, int64_t now_ms,
                              struct ly_request *ret_request);
// Any one at all.
bool ly_requests_take_any(struct ly_requests *requests, struct ly_request *ret_request);
