// What a load comes to in figures.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/bench.h"
#include "bench/watch.h"

enum { NS_A_US = 1000, NS_A_S = 1000000000 };

void bench_begin(struct bench_result *result)
{
    histogram_init(&result->latency);
    result->done = 0;
    result->failed = 0;
    result->cpu_ended_ns = 0;
    watch_begin();
    result->cpu_began_ns = bench_cpu_ns();
    result->began_ns = bench_now_ns();
    result->ended_ns = result->began_ns;
}

void bench_sample(struct bench_result *result, int64_t since_ns)
{
    result->ended_ns = bench_now_ns();
    histogram_add(&result->latency, result->ended_ns - since_ns);
    result->done++;
}

void bench_pause(struct bench_result *result)
{
    result->cpu_ended_ns = bench_cpu_ns();
    watch_end();
}

static void print_percentile(const struct bench_result *result, const char *name,
                             uint32_t of_100000)
{
    printf("%s %.1f\n", name, (double)histogram_percentile(&result->latency, of_100000) / NS_A_US);
}

int bench_end(struct bench_result *result)
{
    if (result->cpu_ended_ns == 0) {
        bench_pause(result);
    }
    int64_t took_ns = result->ended_ns - result->began_ns;
    double done = result->done > 0 ? result->done : 1;
    printf("rate %.0f\n", took_ns <= 0 ? 0 : done * NS_A_S / (double)took_ns);
    print_percentile(result, "p50_us", 50000);
    print_percentile(result, "p90_us", 90000);
    print_percentile(result, "p99_us", 99000);
    print_percentile(result, "p999_us", 99900);
    print_percentile(result, "max_us", 100000);
    printf("client_cpu_us %.2f\n",
           (double)(result->cpu_ended_ns - result->cpu_began_ns) / NS_A_US / done);
    watch_print(done);
    printf("failed %" PRIu32 "\n", result->failed);
    return result->failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
