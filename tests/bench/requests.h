// The requests of the loads, the same for whichever face: made once as a template by the library of
// the encoding, then only what differs is set, so that a load costs little beside its server.
#pragma once

#include <stdint.h>

#include "base/span.h"
#include "bench/bench.h"

enum bench_request_kind {
    BENCH_REQUEST_ENROL,
    BENCH_REQUEST_LOOKUP,
    BENCH_REQUEST_AWARD,
    BENCH_REQUEST_REDEEM,
    BENCH_REQUEST_KINDS,
};

struct bench_request {
    enum bench_request_kind kind;
    uint32_t member;    // counted from 0, `first` not yet added
    uint32_t operation; // gives id, amount and receipt
};

struct bench_requests; // the templates of a process

// Owned. Request ids are of this process alone.
struct bench_requests *bench_requests_new(const struct bench_options *options);
void bench_requests_free(struct bench_requests *requests);
const char *bench_request_path(enum bench_request_kind kind);
// The request as the options' face takes it; valid until the next call.
struct span bench_request_write(struct bench_requests *requests,
                                const struct bench_request *request);
