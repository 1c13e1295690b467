// Appends that go to Redis as one call of ly1_append_if. A call costs Redis about as much as what
// one append does in it, so those of one turn of the loop are gathered on their connection and sent
// together. What becomes of one append is nothing to the others (store/functions.lua). No I/O here.
// Internal to the Redis store.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "store/redis_queue.h"
#include "store/redis_resp.h"
#include "store/store.h"

enum { REDIS_BATCH_CALLS = 32 };

struct redis_batch {
    struct resp_writer keys; // of all appends, then of all their arguments
    struct resp_writer arguments;
    struct resp_writer command; // another may be half written in the connection's own writer
    uint32_t key_count;
    uint32_t argument_count;
    struct redis_call calls[REDIS_BATCH_CALLS];
    uint32_t count;
};

void redis_batch_init(struct redis_batch *batch);
void redis_batch_fini(struct redis_batch *batch);

static inline bool redis_batch_is_full(const struct redis_batch *batch)
{
    return batch->count == REDIS_BATCH_CALLS;
}
// Of its command, nearly.
static inline size_t redis_batch_bytes(const struct redis_batch *batch)
{
    return batch->keys.bytes.len + batch->arguments.bytes.len;
}

// One more, into a batch that is not full; `append` is within bounds and copied, the call is
// counted as its partition's from now on. STATUS_NO_MEMORY, and the batch is as it was.
MUST_CHECK enum status redis_batch_add(struct redis_batch *batch, const struct store_append *append,
                                       const struct redis_call *call);
// All that was gathered as one command, valid until the next; gives the tag to the calls.
// STATUS_NO_MEMORY.
MUST_CHECK enum status redis_batch_finish(struct redis_batch *batch, uint64_t tag,
                                          struct span *ret_command);
// Empties it; its calls are not counted any more, and stay in `calls` until the next is added.
// Returns how many there were.
uint32_t redis_batch_take(struct redis_batch *batch);
