// The calls on one connection and whose reply is whose, without any I/O. Bytes from Redis go in,
// calls are answered in the order they were sent. It finds out when the connection is of no more
// use: `broken` (give it up now) or `stale` (the handshake must be redone: send nothing more, give
// it up when all are answered).
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "base/status.h"
#include "store/redis_queue.h"
#include "store/redis_resp.h"

enum { REDIS_REASON_BYTES = 256 };

struct redis_figures;

struct redis_pipeline {
    struct resp_reader reader;
    struct redis_queue in_flight;
    uint64_t output_bytes;         // of commands so far
    uint64_t answered_bytes;       // of those whose reply has come
    struct redis_figures *figures; // the pool's, may be NULL
    uint64_t probe_bytes;          // output up to the command that is timed ...
    int64_t probe_us;              // ... since then; 0: none is
    bool open;
    bool answering; // an on_answer is on the stack
    bool broken;
    bool stale;
    char reason[REDIS_REASON_BYTES]; // why broken or stale, for the operator
};

// For a new connection; nothing may be in flight. STATUS_NO_MEMORY.
MUST_CHECK enum status redis_pipeline_open(struct redis_pipeline *pipeline);
// Answers what is in flight when the first `written_bytes` of the commands have left this process:
// a call whose command has not wholly left is UNAVAILABLE (Redis executes whole commands only); of
// the others reads are UNAVAILABLE and mutations UNKNOWN.
void redis_pipeline_close(struct redis_pipeline *pipeline, uint64_t written_bytes);
void redis_pipeline_fini(struct redis_pipeline *pipeline);

// Room for `calls` more. STATUS_TOO_LARGE when LIMIT_STORE_IN_FLIGHT would be, STATUS_NO_MEMORY.
MUST_CHECK enum status redis_pipeline_reserve(struct redis_pipeline *pipeline, uint32_t calls);
// A command of `bytes` bytes has been written, for which room was reserved.
void redis_pipeline_push(struct redis_pipeline *pipeline, const struct redis_call *call,
                         size_t bytes, int64_t deadline_ms);
// As many calls by one command, which Redis answers with the tag and one item a call: each call is
// answered with its item, or with the error that it is.
void redis_pipeline_push_batch(struct redis_pipeline *pipeline, const struct redis_call *calls,
                               uint32_t count, size_t bytes, int64_t deadline_ms);
// Answers all calls whose replies are complete.
void redis_pipeline_take(struct redis_pipeline *pipeline, struct span bytes);
// Answers one call; also for those that were never sent.
void redis_pipeline_answer(struct redis_pipeline *pipeline, const struct redis_call *call,
                           const struct redis_answer *answer);
// Of commands without a reply.
static inline uint64_t redis_pipeline_open_bytes(const struct redis_pipeline *pipeline)
{
    return pipeline->output_bytes - pipeline->answered_bytes;
}
// When the oldest call is too late; INT64_MAX when none is in flight.
int64_t redis_pipeline_deadline(const struct redis_pipeline *pipeline);

// Breaks it; the first reason stands.
void redis_pipeline_break(struct redis_pipeline *pipeline, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
// Makes it stale; the first reason stands.
void redis_pipeline_spoil(struct redis_pipeline *pipeline, const char *reason);
// Nothing more may be sent on it.
static inline bool redis_pipeline_is_spent(const struct redis_pipeline *pipeline)
{
    return pipeline->broken || pipeline->stale;
}
