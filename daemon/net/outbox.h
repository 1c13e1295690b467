// Bytes on their way out: frames one behind the other (ours, or those of HTTP/2), cut into records
// of up to STREAM_RECORD_BYTES without regard to frames. An empty outbox holds no memory.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/span.h"
#include "base/status.h"

struct outbox {
    struct buffer bytes; // owned; the first `sent` have gone out
    size_t sent;
    size_t record; // length of the record being tried; 0: none
};

void outbox_init(struct outbox *outbox);
void outbox_fini(struct outbox *outbox);

// Adds the length and the frame, 1 to LIMIT_FRAME_BYTES. STATUS_NO_MEMORY.
MUST_CHECK enum status outbox_put(struct outbox *outbox, struct span frame);
// Adds bytes that are frames already. STATUS_NO_MEMORY.
MUST_CHECK enum status outbox_append(struct outbox *outbox, struct span bytes);
// Bytes still to go.
size_t outbox_pending(const struct outbox *outbox);

// The next record; the same one until outbox_record_sent. Only while bytes are pending.
struct span outbox_record(struct outbox *outbox);
void outbox_record_sent(struct outbox *outbox);

// Moves up to `bytes` to `into` and returns how many; not while a record is being tried.
size_t outbox_take(struct outbox *outbox, uint8_t *into, size_t bytes);
