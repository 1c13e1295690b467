// Invariants between rounds: `view` is empty; `held` is empty, or starts at a frame's length.
#include "net/inbox.h"

#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "net/stream.h"

enum {
    LENGTH_BYTES = 4,
    // A rest is at most a frame less one byte; a paused connection holds one record more.
    HELD_BYTES_MAX = LENGTH_BYTES + LIMIT_FRAME_BYTES + STREAM_RECORD_BYTES,
};

void inbox_init(struct inbox *inbox)
{
    *inbox = (struct inbox){0};
    buffer_init(&inbox->held, HELD_BYTES_MAX);
}

void inbox_fini(struct inbox *inbox)
{
    if (inbox != NULL) {
        buffer_fini(&inbox->held);
        inbox->view = span_of(NULL, 0);
    }
}

enum status inbox_offer(struct inbox *inbox, struct span fresh)
{
    CHECK(inbox->view.len == 0);
    if (inbox->held.len == 0) {
        inbox->view = fresh;
        return STATUS_OK;
    }
    TRY(buffer_append(&inbox->held, fresh));
    inbox->view = buffer_span(&inbox->held);
    return STATUS_OK;
}

enum inbox_result inbox_next(struct inbox *inbox, struct span *ret_frame)
{
    struct span view = inbox->view;
    if (view.len < LENGTH_BYTES) {
        return INBOX_PARTIAL;
    }
    uint32_t len = (uint32_t)view.data[0] << 24 | (uint32_t)view.data[1] << 16 |
                   (uint32_t)view.data[2] << 8 | (uint32_t)view.data[3];
    if (len == 0 || len > LIMIT_FRAME_BYTES) {
        return len == 0 ? INBOX_EMPTY : INBOX_TOO_LONG;
    }
    if (view.len - LENGTH_BYTES < len) {
        return INBOX_PARTIAL;
    }
    *ret_frame = span_of(view.data + LENGTH_BYTES, len);
    inbox->view = span_from(view, LENGTH_BYTES + len);
    return INBOX_FRAME;
}

enum status inbox_settle(struct inbox *inbox)
{
    struct span rest = inbox->view;
    inbox->view = span_of(NULL, 0);
    if (rest.len == 0) {
        buffer_fini(&inbox->held);
        return STATUS_OK;
    }
    if (inbox->held.len == 0) {
        return buffer_append(&inbox->held, rest);
    }
    memmove(inbox->held.data, rest.data, rest.len);
    buffer_truncate(&inbox->held, rest.len);
    return STATUS_OK;
}

bool inbox_holds(const struct inbox *inbox)
{
    return inbox->held.len > 0;
}
