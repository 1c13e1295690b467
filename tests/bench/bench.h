// loyalty-bench: what the benches share. A load is so many operations, a bounded number of them in
// flight; it is timed from the first sent to the last answered, and checked by its caller.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct bench_options {
    const char *server; // award, enrol: HOST:PORT
    const char *tls;    // award, enrol: folder with ca.pem, NAME.pem, NAME.key
    const char *as;     // NAME
    const char *redis;  // append: path of a unix socket
    uint32_t members;
    uint32_t operations;
    uint32_t connections;
    uint32_t depth; // requests in flight a connection
};

enum {
    BENCH_PARTITIONS = 1024,
    BENCH_REQUEST_BYTES = 512, // of one request, packed
    BENCH_PATIENCE_MS = 5000,  // without any answer, then the load is given up
};

#define BENCH_ENROL "/loyalty.v1.MembersService/Enroll"
#define BENCH_AWARD "/loyalty.v1.PointsService/Award"

// Packs the n-th request of a load; its request id is of this run alone. Returns its bytes.
typedef size_t bench_pack_fn(uint32_t operation, int64_t now_ms,
                             const struct bench_options *options, uint8_t *ret_bytes);
bench_pack_fn bench_pack_enrol;
bench_pack_fn bench_pack_award;

// Monotonic nanoseconds.
int64_t bench_now_ns(void);
// The id of the n-th member.
void bench_member_id(uint32_t member, char *ret_id, size_t bytes);
// The amount of the n-th operation, in minor units: 1.00 to 500.99.
int64_t bench_amount(uint32_t operation);

// One load's outcome.
struct bench_result {
    uint32_t done;
    uint32_t failed;
    int64_t began_ns;
    int64_t ended_ns;
    uint32_t *latency_us; // one an operation, owned
    uint32_t latency_count;
};

// Room for so many operations; exits when there is no memory.
void bench_begin(struct bench_result *result, uint32_t operations);
void bench_sample(struct bench_result *result, int64_t sent_ns);
// Prints `rate`, `p50_us`, `p99_us` and `failed`, one a line; returns the exit code.
int bench_end(struct bench_result *result);

int bench_enrol(const struct bench_options *options);
int bench_award(const struct bench_options *options);
int bench_award_grpc(const struct bench_options *options);
int bench_append(const struct bench_options *options);
