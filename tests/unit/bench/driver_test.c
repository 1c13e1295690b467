// bench/driver.h, over a face whose server stands still for a while at the first request: a load by
// schedule says how long everybody waited, and waves and depth are what they say.
#include "bench/driver.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    CONNECTIONS = 3,
    DEPTH = 4,
    OPERATIONS = 120,
    RATE = 1000,
    STALL_MS = 100,
    NS_A_MS = 1000000,
    SLOTS_MAX = 64,
};

// A connection whose answers are there when its timer has expired.
struct bench_link {
    int timer;
    bench_done_fn *done;
    void *slots[SLOTS_MAX];
    uint32_t slot_count;
};

static struct {
    int stall_ms; // before the first answers
    uint32_t in_flight;
    uint32_t in_flight_most;
    uint32_t links;
    struct bench_link *of[OPERATIONS]; // by operation: its connection
    uint32_t asked;
} server;

// Less than a second.
static void answer_after(struct bench_link *link, long ns)
{
    const struct itimerspec when = {.it_value.tv_nsec = ns};
    assert_int_equal(timerfd_settime(link->timer, 0, &when, NULL), 0);
}

static struct bench_link *fake_open(const struct bench_options *options, bench_done_fn *done)
{
    (void)options;
    struct bench_link *link = calloc(1, sizeof *link);
    assert_non_null(link);
    link->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    link->done = done;
    server.links++;
    return link;
}

static void fake_submit(struct bench_link *link, const char *path, struct span request, void *slot)
{
    assert_non_null(path);
    assert_true(request.len > 0);
    assert_true(link->slot_count < SLOTS_MAX);
    link->slots[link->slot_count++] = slot;
    server.of[server.asked++] = link;
    if (++server.in_flight > server.in_flight_most) {
        server.in_flight_most = server.in_flight;
    }
}

static int fake_interest(struct bench_link *link, short *ret_events)
{
    *ret_events = POLLIN;
    return link->timer;
}

static void fake_turn(struct bench_link *link, short revents)
{
    if (revents != 0) {
        uint64_t expired;
        assert_int_equal(read(link->timer, &expired, sizeof expired), sizeof expired);
        uint32_t count = link->slot_count;
        void *slots[SLOTS_MAX];
        for (uint32_t i = 0; i < count; i++) {
            slots[i] = link->slots[i];
        }
        link->slot_count = 0;
        server.in_flight -= count;
        for (uint32_t i = 0; i < count; i++) {
            link->done(slots[i], &(struct bench_reply){0});
        }
    }
    if (link->slot_count > 0) {
        answer_after(link, server.stall_ms > 0 ? server.stall_ms * (long)NS_A_MS : 1);
        server.stall_ms = 0;
    }
}

static void fake_close(struct bench_link *link)
{
    close(link->timer);
    free(link);
    server.links--;
}

static const struct bench_face fake_face = {
    .name = "fake",
    .open = fake_open,
    .submit = fake_submit,
    .interest = fake_interest,
    .turn = fake_turn,
    .close = fake_close,
};

static void ask(void *context, uint32_t operation, struct bench_request *ret_request)
{
    uint32_t *asked = context;
    assert_int_equal(operation, *asked);
    ++*asked;
    *ret_request = (struct bench_request){.kind = BENCH_REQUEST_AWARD, .operation = operation};
}

static bool on_answer(void *context, uint32_t operation, const struct bench_reply *reply)
{
    (void)context;
    assert_null(reply->error);
    return operation % 10 != 0; // each tenth is a bad one
}

// Runs OPERATIONS and returns what came of them; owned.
static struct bench_result *drive(const struct bench_options *options, uint32_t rate, bool waves)
{
    uint32_t asked = 0;
    struct bench_result *result = bench_alloc(1, sizeof *result);
    struct bench_driver *driver = bench_driver_new(options);
    const struct bench_run run = {.operations = OPERATIONS,
                                  .rate = rate,
                                  .waves = waves,
                                  .context = &asked,
                                  .request = ask,
                                  .answered = on_answer};
    bench_driver_run(driver, &run, result);
    bench_driver_free(driver);
    assert_int_equal(asked, OPERATIONS);
    assert_int_equal(result->done, OPERATIONS);
    assert_int_equal(result->failed, OPERATIONS / 10);
    assert_int_equal(result->latency.count, OPERATIONS);
    assert_int_equal(server.links, 0);
    assert_int_equal(server.in_flight, 0);
    return result;
}

static int set_up(void **state)
{
    (void)state;
    memset(&server, 0, sizeof server);
    return 0;
}

// One connection, one request at a time, the server still for 100 ms: a hundred operations were due
// meanwhile, one a millisecond. Half of them waited for 50 ms and more, though each but the first
// was answered at once when it was sent.
static void test_nothing_is_omitted(void **state)
{
    (void)state;
    const struct bench_options options = {.face = &fake_face, .connections = 1, .depth = 1};
    server.stall_ms = STALL_MS;
    struct bench_result *result = drive(&options, RATE, false);
    int64_t median_ns = histogram_percentile(&result->latency, 50000);
    assert_true(median_ns >= (STALL_MS - OPERATIONS / 2 - 5) * (int64_t)NS_A_MS);
    free(result);
}

// The same without a schedule: only the first waits.
static void test_closed_loop(void **state)
{
    (void)state;
    const struct bench_options options = {.face = &fake_face, .connections = 1, .depth = 1};
    server.stall_ms = STALL_MS;
    struct bench_result *result = drive(&options, 0, false);
    assert_true(histogram_percentile(&result->latency, 50000) < STALL_MS * (int64_t)NS_A_MS / 4);
    assert_true(result->latency.max_ns >= STALL_MS * (int64_t)NS_A_MS);
    assert_int_equal(server.in_flight_most, 1);
    free(result);
}

static void test_depth(void **state)
{
    (void)state;
    const struct bench_options options = {
        .face = &fake_face, .connections = CONNECTIONS, .depth = DEPTH};
    free(drive(&options, 0, false));
    assert_int_equal(server.in_flight_most, CONNECTIONS * DEPTH);
}

// Neighbours in a wave are on different connections.
static void test_waves(void **state)
{
    (void)state;
    const struct bench_options options = {
        .face = &fake_face, .connections = CONNECTIONS, .depth = DEPTH};
    free(drive(&options, 0, true));
    for (uint32_t i = 0; i < OPERATIONS; i += CONNECTIONS) {
        assert_ptr_not_equal(server.of[i], server.of[i + 1]);
        assert_ptr_not_equal(server.of[i], server.of[i + 2]);
        assert_ptr_not_equal(server.of[i + 1], server.of[i + 2]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_nothing_is_omitted, set_up),
        cmocka_unit_test_setup(test_closed_loop, set_up),
        cmocka_unit_test_setup(test_depth, set_up),
        cmocka_unit_test_setup(test_waves, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
