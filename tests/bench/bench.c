// loyalty-bench: options, clock and percentiles.
#include "bench/bench.h"

#include <argp.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int64_t bench_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void bench_member_id(uint32_t member, char *ret_id, size_t bytes)
{
    snprintf(ret_id, bytes, "bench-%07u", member);
}

int64_t bench_amount(uint32_t operation)
{
    return 100 + (int64_t)((operation * UINT64_C(2654435761)) % 50000);
}

void bench_begin(struct bench_result *result, uint32_t operations)
{
    *result = (struct bench_result){0};
    result->latency_us = calloc(operations, sizeof *result->latency_us);
    if (result->latency_us == NULL) {
        fprintf(stderr, "loyalty-bench: no memory for %u samples\n", operations);
        exit(EXIT_FAILURE);
    }
    result->began_ns = bench_now_ns();
}

void bench_sample(struct bench_result *result, int64_t sent_ns)
{
    result->ended_ns = bench_now_ns();
    result->latency_us[result->latency_count] = (uint32_t)((result->ended_ns - sent_ns) / 1000);
    result->latency_count++;
    result->done++;
}

static int compare_latency(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static uint32_t percentile(const struct bench_result *result, uint32_t percent)
{
    if (result->latency_count == 0) {
        return 0;
    }
    uint64_t index = (uint64_t)(result->latency_count - 1) * percent / 100;
    return result->latency_us[index];
}

int bench_end(struct bench_result *result)
{
    qsort(result->latency_us, result->latency_count, sizeof *result->latency_us, compare_latency);
    int64_t took_ns = result->ended_ns - result->began_ns;
    int64_t rate = took_ns <= 0 ? 0 : (int64_t)result->done * 1000000000 / took_ns;
    printf("rate %" PRId64 "\np50_us %u\np99_us %u\nfailed %u\n", rate, percentile(result, 50),
           percentile(result, 99), result->failed);
    free(result->latency_us);
    return result->failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static const struct argp_option argp_options[] = {
    {"server", 's', "HOST:PORT", 0, "the daemon", 0},
    {"tls", 't', "DIR", 0, "certificates", 0},
    {"as", 'a', "NAME", 0, "whose certificate", 0},
    {"redis", 'r', "PATH", 0, "unix socket of a Redis of its own (append)", 0},
    {"members", 'm', "N", 0, "members, enrolled as bench-0000000 and on", 0},
    {"operations", 'n', "N", 0, "operations in all", 0},
    {"connections", 'c', "N", 0, "connections", 0},
    {"depth", 'd', "N", 0, "requests in flight a connection", 0},
    {0},
};

static uint32_t parse_count(const char *text, struct argp_state *state)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (*end != '\0' || value == 0 || value > 100000000) {
        argp_error(state, "'%s' is not a count from 1 to 100000000", text);
    }
    return (uint32_t)value;
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct bench_options *options = state->input;
    switch (key) {
    case 's':
        options->server = text;
        return 0;
    case 't':
        options->tls = text;
        return 0;
    case 'a':
        options->as = text;
        return 0;
    case 'r':
        options->redis = text;
        return 0;
    case 'm':
        options->members = parse_count(text, state);
        return 0;
    case 'n':
        options->operations = parse_count(text, state);
        return 0;
    case 'c':
        options->connections = parse_count(text, state);
        return 0;
    case 'd':
        options->depth = parse_count(text, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int main(int argc, char **argv)
{
    static const struct argp argp = {
        .options = argp_options,
        .parser = parse_option,
        .doc = "enrol, award, award-grpc or append: one load on the daemon, or on append_if alone.",
    };
    struct bench_options options = {
        .members = 20000, .operations = 100000, .connections = 50, .depth = 16};
    if (argc < 2) {
        fprintf(stderr, "usage: loyalty-bench enrol|award|award-grpc|append [OPTION...]\n");
        return 2;
    }
    const char *load = argv[1];
    argv[1] = argv[0];
    argp_parse(&argp, argc - 1, argv + 1, 0, NULL, &options);
    if (strcmp(load, "enrol") == 0 && options.server != NULL) {
        return bench_enrol(&options);
    }
    if (strcmp(load, "award") == 0 && options.server != NULL) {
        return bench_award(&options);
    }
    if (strcmp(load, "award-grpc") == 0 && options.server != NULL) {
        return bench_award_grpc(&options);
    }
    if (strcmp(load, "append") == 0 && options.redis != NULL) {
        return bench_append(&options);
    }
    fprintf(stderr, "loyalty-bench: enrol and awards need --server, append needs --redis\n");
    return 2;
}
