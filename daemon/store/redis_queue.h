// Calls waiting for their answer, first in, first out, in a ring that grows to a bound. Redis
// answers in order, so the front of the queue is whom the next reply belongs to.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "base/status.h"
#include "store/redis_resp.h"
#include "store/store.h"

struct redis_call;

// What came of a call. `value` is Redis's reply (never an error; of a function: the tag is checked)
// and there exactly when `result` is STORE_OK; else `text` may say more.
struct redis_answer {
    enum store_result result;
    const struct resp_value *value;
    struct span text;
};

// Interprets the answer and calls the port's `done`. False, and nothing called, when the value is
// not of the shape this call can get: the connection is then given up and the call answered again
// without a value. Answers without a value must be taken.
typedef bool redis_answer_fn(const struct redis_call *call, const struct redis_answer *answer);

struct redis_call {
    redis_answer_fn *on_answer;
    void (*done)(void); // the caller's, of the type that on_answer knows
    void *context;
    uint64_t tag;        // echoed by functions; 0: a plain command
    bool mutation;       // an open outcome is UNKNOWN; of the others UNAVAILABLE
    uint32_t *in_flight; // counts the call while it is in flight; may be NULL
};

struct redis_waiting {
    struct redis_call call;
    uint64_t end_offset;      // of the command in the connection's output
    uint32_t items;           // of the first call of a batch: how many; else 0
    int64_t deadline_ms;      // monotonic
    enum store_result result; // of calls that wait only to be told
    const char *text;         // static
};

struct redis_queue {
    struct redis_waiting *ring;
    uint32_t capacity; // a power of two, or 0
    uint32_t head;     // index of the front
    uint32_t count;
};

void redis_queue_fini(struct redis_queue *queue);
// Room for `count` in all, so that pushing up to there cannot fail. STATUS_NO_MEMORY.
MUST_CHECK enum status redis_queue_reserve(struct redis_queue *queue, uint32_t count);
// STATUS_NO_MEMORY, or STATUS_TOO_LARGE at `count_max`.
MUST_CHECK enum status redis_queue_push(struct redis_queue *queue,
                                        const struct redis_waiting *waiting, uint32_t count_max);
// NULL when empty; valid until the next push.
const struct redis_waiting *redis_queue_front(const struct redis_queue *queue);
// The front, taken out; the queue is not empty.
struct redis_waiting redis_queue_pop(struct redis_queue *queue);
