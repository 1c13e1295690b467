// Received bytes on their way to becoming frames. A frame is a big-endian u32 length, 1 to
// LIMIT_FRAME_BYTES, and that many bytes (frame.proto). Frames that lie whole in what was just read
// are not copied; only a rest is kept, and an inbox without one holds no memory.
//
// One round: inbox_offer what was read, inbox_next until it is not INBOX_FRAME or the reader has
// had enough, inbox_settle while the offered bytes are still valid.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/span.h"
#include "base/status.h"

enum inbox_result {
    INBOX_FRAME,
    INBOX_PARTIAL,  // nothing, or a frame that has begun
    INBOX_EMPTY,    // a length of 0
    INBOX_TOO_LONG, // a length over LIMIT_FRAME_BYTES
};

struct inbox {
    struct buffer held; // owned: the rest of earlier rounds
    struct span view;   // this round's bytes not yet taken; in `held` or in what was offered
};

void inbox_init(struct inbox *inbox);
void inbox_fini(struct inbox *inbox);

// `fresh` may be empty: a round over the rest alone. STATUS_NO_MEMORY, or STATUS_TOO_LARGE when
// more is held than a frame and a record.
MUST_CHECK enum status inbox_offer(struct inbox *inbox, struct span fresh);
// `ret_frame` (without its length) is valid until inbox_settle.
enum inbox_result inbox_next(struct inbox *inbox, struct span *ret_frame);
MUST_CHECK enum status inbox_settle(struct inbox *inbox);

// Between rounds: whether a rest is held.
bool inbox_holds(const struct inbox *inbox);
