// An entry of a partition's event stream: what one commit added to one account. Layout:
//     byte    enum event_format
//     sized   id of the account
//     varint  sequence number of the first record
//     sized   what is told along with the records, by format
//     bytes   the records as stored in the log, hashes included, to the end
// A subscriber thus gets exactly what the ledger holds, can check the chain itself, and can say all
// of it in words without the account: what it refers to is told along.
#pragma once

#include <stdint.h>

#include "base/buffer.h"
#include "base/span.h"
#include "base/status.h"

enum event_format {
    EVENT_RECORDS = 1,   // along: what the records refer to (core/told.h); may be empty
    EVENT_BIRTHDAYS = 2, // along: whose birthday has begun (struct event_birthdays)
};

enum {
    EVENT_TOLD_BYTES_MAX = 32 * 1024,
    EVENT_IDS_MAX = 256, // of one entry of birthdays: they fit a message to a subscriber
};

struct event {
    enum event_format format;
    struct span member_id; // of BIRTHDAYS the id of the log beside the members
    uint64_t first_seq;
    struct span told;
    struct span records;
};

// Appends to `out`. STATUS_TOO_LARGE when `told` is longer than EVENT_TOLD_BYTES_MAX.
MUST_CHECK enum status event_encode(const struct event *event, struct buffer *out);
// Borrows from `bytes`. STATUS_UNKNOWN_TYPE for another format, STATUS_CORRUPT for what is none.
MUST_CHECK enum status event_decode(struct span bytes, struct event *ret_event);

// Layout: varint day, varint instant, then each id, sized, to the end.
struct event_birthdays {
    int32_t day;      // civil, that has begun; of 1970 or later
    int64_t begun_ms; // the instant of 00:00 of that day
    struct span ids;  // as event_put_id writes them
};

// For event.told. STATUS_RANGE for a day or an instant before 1970.
MUST_CHECK enum status event_put_birthdays(struct buffer *out, int32_t day, int64_t begun_ms);
MUST_CHECK enum status event_put_id(struct buffer *out, struct span member_id);
MUST_CHECK enum status event_birthdays(const struct event *event,
                                       struct event_birthdays *ret_birthdays);
// The next id, taken off `ids`. STATUS_NOT_FOUND at the end.
MUST_CHECK enum status event_next_id(struct span *ids, struct span *ret_member_id);
