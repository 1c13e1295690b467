// Each reading is a run of lookups over all members.
#include "bench/balances.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/answers.h"

enum { DIFFERENCES_SAID = 5 };

struct reading {
    bool json;
    int64_t *points;
    struct bench_result result;
};

static void ask(void *context, uint32_t operation, struct bench_request *ret_request)
{
    (void)context;
    *ret_request = (struct bench_request){
        .kind = BENCH_REQUEST_LOOKUP, .member = operation, .operation = operation};
}

static bool on_answer(void *context, uint32_t operation, const struct bench_reply *reply)
{
    struct reading *reading = context;
    return reply->error == NULL && bench_answer_points(BENCH_REQUEST_LOOKUP, reading->json,
                                                       reply->bytes, &reading->points[operation]);
}

// Owned by the caller.
static int64_t *read_all(const struct bench_options *options, struct bench_driver *driver)
{
    struct reading *reading = bench_alloc(1, sizeof *reading);
    reading->json = options->face->json;
    reading->points = bench_alloc(options->members, sizeof *reading->points);
    const struct bench_run run = {
        .operations = options->members, .context = reading, .request = ask, .answered = on_answer};
    bench_driver_run(driver, &run, &reading->result);
    bench_must(reading->result.failed == 0, "balances cannot be read");
    int64_t *points = reading->points;
    free(reading);
    return points;
}

void bench_balances_begin(struct bench_balances *balances, struct bench_driver *driver,
                          const struct bench_options *options)
{
    balances->options = options;
    balances->before = read_all(options, driver);
    balances->gained = bench_alloc(options->members, sizeof *balances->gained);
}

void bench_balances_fini(struct bench_balances *balances)
{
    free(balances->before);
    free(balances->gained);
    *balances = (struct bench_balances){0};
}

bool bench_balances_agree(struct bench_balances *balances, struct bench_driver *driver)
{
    int64_t *after = read_all(balances->options, driver);
    uint32_t differences = 0;
    for (uint32_t i = 0; i < balances->options->members; i++) {
        int64_t grown = after[i] - balances->before[i];
        if (grown == balances->gained[i] || differences++ >= DIFFERENCES_SAID) {
            continue;
        }
        char id[BENCH_MEMBER_BYTES];
        bench_member_id(balances->options->first + i, id);
        fprintf(stderr, "%s: grew by %" PRId64 ", the answers said %" PRId64 "\n", id, grown,
                balances->gained[i]);
    }
    free(after);
    if (differences > 0) {
        fprintf(stderr, "loyalty-bench: %" PRIu32 " members have not what they were told\n",
                differences);
    }
    return differences == 0;
}
