// loyalty-bench: what the benches share. A load is so many operations, a bounded number of them in
// flight; it is timed from the first sent to the last answered, and its answers are checked.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/histogram.h"
#include "bench/keys.h"

struct bench_face;

// Whether an append moves its account's due instant, which costs it more.
enum bench_due { BENCH_DUE_REAL, BENCH_DUE_STILL, BENCH_DUE_MOVING };

struct bench_mix {
    uint32_t lookup_percent;
    uint32_t award_percent;
    uint32_t redeem_percent;
};

struct bench_options {
    const char *server; // HOST:PORT
    const char *tls;    // folder with ca.pem, NAME.pem, NAME.key
    const char *as;     // NAME
    const char *redis;  // append: path of a unix socket
    const struct bench_face *face;
    uint32_t first; // the first member; enrolled are `members` from it on
    uint32_t members;
    uint32_t operations;
    uint32_t connections;
    uint32_t depth;     // requests in flight a connection
    uint32_t rate;      // operations a second by schedule; 0: as fast as answers come
    uint32_t created_s; // when requests say they were made, Unix seconds; 0: now
    enum bench_keys_kind keys;
    uint64_t seed;
    struct bench_mix mix;
    enum bench_due due; // append
    bool existing;      // append: the members are there already
    bool receipts;      // each award bears a receipt key
    bool full;          // lookups ask for all there is of a member, not what a till needs
    bool check;         // balances before and after
};

enum {
    BENCH_COUNT_MAX = 100000000,  // of any number given
    BENCH_MEMBERS_MAX = 10000000, // first and members together
    BENCH_PARTITIONS = 1024,
    BENCH_REQUEST_BYTES = 512, // of one request, packed
    BENCH_PATIENCE_MS = 5000,  // without any answer, then the load is given up
    BENCH_MEMBER_DIGITS = 7,
    BENCH_MEMBER_BYTES = sizeof("bench-") + BENCH_MEMBER_DIGITS,
};

#define BENCH_CLOCK "/loyalty.v1.ClockService/GetClock" // the trivial request: an empty message
#define BENCH_ENROL "/loyalty.v1.MembersService/Enroll"
#define BENCH_LOOKUP "/loyalty.v1.MembersService/GetMember"
#define BENCH_AWARD "/loyalty.v1.PointsService/Award"
#define BENCH_REDEEM "/loyalty.v1.PointsService/Redeem"

// Ends the process with a message.
__attribute__((noreturn)) void bench_give_up(const char *why);
// Unless `good`.
static inline void bench_must(bool good, const char *why)
{
    if (!good) {
        bench_give_up(why);
    }
}
// Zeroed, owned by the caller; ends the process when there is no memory.
__attribute__((returns_nonnull)) void *bench_alloc(size_t count, size_t bytes);

// Monotonic nanoseconds; Unix milliseconds; this process's own CPU, user and system.
int64_t bench_now_ns(void);
int64_t bench_wall_ms(void);
int64_t bench_cpu_ns(void);
// The id of the n-th member.
void bench_member_id(uint32_t member, char ret_id[BENCH_MEMBER_BYTES]);
// The amount of the n-th operation, in minor units: 200.00 to 699.99, all of one length.
int64_t bench_amount(uint32_t operation);

// One load's outcome, and its clock.
struct bench_result {
    uint32_t done;
    uint32_t failed;
    int64_t began_ns;
    int64_t ended_ns;
    int64_t cpu_began_ns;
    int64_t cpu_ended_ns; // 0: still running
    struct histogram latency;
};

// The timed part begins now.
void bench_begin(struct bench_result *result);
// One operation is done that was sent, or by its schedule due, at `since_ns`.
void bench_sample(struct bench_result *result, int64_t since_ns);
// The timed part is over: what the process does from now on is not counted.
void bench_pause(struct bench_result *result);
// Prints rate, p50_us, p90_us, p99_us, p999_us, max_us, client_cpu_us, what is watched (watch.h)
// and failed, one a line; returns the exit code. Paused or not.
int bench_end(struct bench_result *result);

// The loads; each returns the process's exit code.
typedef int bench_load_fn(const struct bench_options *options);
bench_load_fn bench_enrol;
bench_load_fn bench_award;
bench_load_fn bench_lookup;
bench_load_fn bench_mixed;
bench_load_fn bench_once;
bench_load_fn bench_append;
bench_load_fn bench_handshake;
bench_load_fn bench_handshake_memory;
bench_load_fn bench_idle;
