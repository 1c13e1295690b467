// Drives the connections of a face in one loop: so many requests in flight, as fast as answers come
// or by schedule. What is asked and what an answer is worth is its caller's.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "bench/bench.h"
#include "bench/face.h"
#include "bench/requests.h"

// A run of operations over the open connections.
struct bench_run {
    uint32_t operations;
    uint32_t rate; // a second by schedule; 0: as fast as answers come
    // In waves: each fills all connections, one operation after another on the next connection, and
    // is answered whole before the next one begins.
    bool waves;
    void *context;
    // The n-th request. n rises by one from 0.
    void (*request)(void *context, uint32_t operation, struct bench_request *ret_request);
    // Whether the answer is a good one; after its latency was taken.
    bool (*answered)(void *context, uint32_t operation, const struct bench_reply *reply);
};

struct bench_driver;

// All connections are open. Owned; the options must outlive it.
struct bench_driver *bench_driver_new(const struct bench_options *options);
void bench_driver_free(struct bench_driver *driver);
// Returns when all operations are answered, the result begun and paused. Exits with a message when
// no answer comes for BENCH_PATIENCE_MS.
void bench_driver_run(struct bench_driver *driver, const struct bench_run *run,
                      struct bench_result *result);
