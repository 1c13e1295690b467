// Exactly once, before anything is timed: each award is sent three times at once, on three
// connections, and twice more when all are answered. All five answers must say the same points, and
// every balance must have grown by each award once.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/answers.h"
#include "bench/balances.h"
#include "bench/driver.h"

enum { AT_ONCE = 3, AFTERWARDS = 2 };

struct once {
    const struct bench_options *options;
    uint32_t copies; // of an award, one after another
    uint32_t *members;
    int64_t *points; // by award; below 0: not answered yet
    struct bench_balances balances;
    struct bench_result result;
};

static void ask(void *context, uint32_t operation, struct bench_request *ret_request)
{
    const struct once *once = context;
    uint32_t award = operation / once->copies;
    *ret_request = (struct bench_request){
        .kind = BENCH_REQUEST_AWARD, .member = once->members[award], .operation = award};
}

static bool on_answer(void *context, uint32_t operation, const struct bench_reply *reply)
{
    struct once *once = context;
    uint32_t award = operation / once->copies;
    int64_t points;
    if (reply->error != NULL || !bench_answer_points(BENCH_REQUEST_AWARD, once->options->face->json,
                                                     reply->bytes, &points)) {
        return false;
    }
    if (once->points[award] < 0) {
        once->points[award] = points;
        bench_balances_add(&once->balances, once->members[award], points);
        return true;
    }
    if (once->points[award] != points) {
        fprintf(stderr, "award %" PRIu32 ": %" PRId64 " points, then %" PRId64 "\n", award,
                once->points[award], points);
    }
    return once->points[award] == points;
}

static uint32_t send(struct once *once, struct bench_driver *driver, uint32_t copies, bool waves)
{
    once->copies = copies;
    const struct bench_run run = {.operations = copies * once->options->operations,
                                  .waves = waves,
                                  .context = once,
                                  .request = ask,
                                  .answered = on_answer};
    bench_driver_run(driver, &run, &once->result);
    return once->result.failed;
}

static void init(struct once *once, const struct bench_options *options)
{
    once->options = options;
    once->members = bench_alloc(options->operations, sizeof *once->members);
    once->points = bench_alloc(options->operations, sizeof *once->points);
    struct bench_keys keys;
    bench_keys_init(&keys, options->keys, options->members, options->seed);
    for (uint32_t i = 0; i < options->operations; i++) {
        once->members[i] = bench_keys_next(&keys);
        once->points[i] = -1;
    }
}

int bench_once(const struct bench_options *options)
{
    // A wave fills the connections in turn: copies of an award are never on the same one.
    struct bench_options whole = *options;
    whole.connections -= whole.connections % AT_ONCE;
    bench_must(whole.connections > 0, "once needs three connections");
    struct once *once = bench_alloc(1, sizeof *once);
    init(once, &whole);
    struct bench_driver *driver = bench_driver_new(&whole);
    bench_balances_begin(&once->balances, driver, &whole);
    uint32_t failed = send(once, driver, AT_ONCE, true);
    failed += send(once, driver, AFTERWARDS, false);
    bool good = bench_balances_agree(&once->balances, driver) && failed == 0;
    if (good) {
        printf("once ok\n");
    } else {
        fprintf(stderr, "loyalty-bench: not once; failed %" PRIu32 "\n", failed);
    }
    bench_driver_free(driver);
    bench_balances_fini(&once->balances);
    free(once->members);
    free(once->points);
    free(once);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
