// Answers on their way out: frames one behind the other, cut into records of up to
// STREAM_RECORD_BYTES without regard to frames. An empty outbox holds no memory.
#pragma once

#include <stddef.h>

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
// Bytes still to go.
size_t outbox_pending(const struct outbox *outbox);

// The next record; the same one until outbox_record_sent. Only while bytes are pending.
struct span outbox_record(struct outbox *outbox);
void outbox_record_sent(struct outbox *outbox);
