// An entry of a partition's event stream: what one commit added to one account. Layout:
//     byte    EVENT_FORMAT
//     sized   member id
//     varint  sequence number of the first record
//     bytes   the records as stored in the log, hashes included, to the end
// A subscriber thus gets exactly what the ledger holds, and can check the chain itself.
#pragma once

#include <stdint.h>

#include "base/buffer.h"
#include "base/span.h"
#include "base/status.h"

enum { EVENT_FORMAT = 1 };

struct event {
    struct span member_id;
    uint64_t first_seq;
    struct span records;
};

// Appends to `out`.
MUST_CHECK enum status event_encode(const struct event *event, struct buffer *out);
// Borrows from `bytes`. STATUS_UNKNOWN_TYPE for another format, STATUS_CORRUPT for what is none.
MUST_CHECK enum status event_decode(struct span bytes, struct event *ret_event);
