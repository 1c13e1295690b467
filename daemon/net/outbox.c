// Its size has no cap of its own: a connection has at most so many requests in flight and an answer
// at most so many bytes, and reading pauses well before both are reached (connection.c).
#include "net/outbox.h"

#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "net/stream.h"

enum {
    LENGTH_BYTES = 4,
    FIRST_BYTES = 1024, // a turn's usual answers fit without growing
};

void outbox_init(struct outbox *outbox)
{
    *outbox = (struct outbox){0};
    buffer_init(&outbox->bytes, 0);
}

void outbox_fini(struct outbox *outbox)
{
    if (outbox != NULL) {
        buffer_fini(&outbox->bytes);
        outbox->sent = 0;
        outbox->record = 0;
    }
}

// Moves the unsent bytes to the front once they are the smaller part: each byte moves at most once.
static void outbox_trim(struct outbox *outbox)
{
    size_t pending = outbox_pending(outbox);
    if (outbox->sent > pending) {
        memmove(outbox->bytes.data, outbox->bytes.data + outbox->sent, pending);
        buffer_truncate(&outbox->bytes, pending);
        outbox->sent = 0;
    }
}

// So many bytes more can be appended.
static enum status outbox_reserve(struct outbox *outbox, size_t bytes)
{
    outbox_trim(outbox);
    size_t room = outbox->bytes.capacity == 0 && bytes < FIRST_BYTES ? FIRST_BYTES : bytes;
    return buffer_reserve(&outbox->bytes, room);
}

enum status outbox_append(struct outbox *outbox, struct span bytes)
{
    if (bytes.len == 0) {
        return STATUS_OK;
    }
    TRY(outbox_reserve(outbox, bytes.len));
    return buffer_append(&outbox->bytes, bytes);
}

enum status outbox_put(struct outbox *outbox, struct span frame)
{
    CHECK(frame.len > 0 && frame.len <= LIMIT_FRAME_BYTES);
    TRY(outbox_reserve(outbox, LENGTH_BYTES + frame.len));
    const uint8_t length[LENGTH_BYTES] = {(uint8_t)(frame.len >> 24), (uint8_t)(frame.len >> 16),
                                          (uint8_t)(frame.len >> 8), (uint8_t)frame.len};
    TRY(buffer_append(&outbox->bytes, span_of(length, LENGTH_BYTES)));
    return buffer_append(&outbox->bytes, frame);
}

size_t outbox_pending(const struct outbox *outbox)
{
    CHECK(outbox->sent <= outbox->bytes.len);
    return outbox->bytes.len - outbox->sent;
}

struct span outbox_record(struct outbox *outbox)
{
    size_t pending = outbox_pending(outbox);
    CHECK(pending > 0);
    if (outbox->record == 0) {
        outbox->record = pending < STREAM_RECORD_BYTES ? pending : STREAM_RECORD_BYTES;
    }
    return span_of(outbox->bytes.data + outbox->sent, outbox->record);
}

static void forget(struct outbox *outbox, size_t bytes)
{
    outbox->sent += bytes;
    if (outbox_pending(outbox) == 0) {
        buffer_fini(&outbox->bytes);
        outbox->sent = 0;
    }
}

void outbox_record_sent(struct outbox *outbox)
{
    CHECK(outbox->record > 0 && outbox->record <= outbox_pending(outbox));
    forget(outbox, outbox->record);
    outbox->record = 0;
}

size_t outbox_take(struct outbox *outbox, uint8_t *into, size_t bytes)
{
    CHECK(outbox->record == 0);
    size_t pending = outbox_pending(outbox);
    size_t taken = pending < bytes ? pending : bytes;
    if (taken > 0) {
        memcpy(into, outbox->bytes.data + outbox->sent, taken);
        forget(outbox, taken);
    }
    return taken;
}
