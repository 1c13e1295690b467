// Families by the names in doc/monitoring; one that a daemon does not tell gives no figure.
#include "ctl/top_summary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char handled[] = "grpc_server_handled_total";
static const char handling[] = "grpc_server_handling_seconds";
static const char loop_delay[] = "loyaltyd_loop_delay_seconds";
static const char redis_calls[] = "loyaltyd_store_calls_total";
static const char redis_times[] = "loyaltyd_store_round_trip_seconds";
static const char redis_in_flight[] = "loyaltyd_store_in_flight";
static const char cache_looks[] = "loyaltyd_cache_lookups_total";
static const char event_lag[] = "loyaltyd_event_lag_events";
static const char points[] = "loyaltyd_points_total";

struct interval {
    const struct top_moment *before;
    const struct top_moment *now;
    double seconds;
};

static double rate_of(const struct interval *interval, const char *family,
                      const struct top_label *label)
{
    return (double)top_gain(&interval->before->figures, &interval->now->figures, family, label) /
           interval->seconds;
}

static void quantiles(const struct interval *interval, const char *family,
                      const struct top_label *label, int64_t *ret_p50_us, int64_t *ret_p99_us)
{
    struct top_spread spread;
    top_spread(&interval->before->figures, &interval->now->figures, family, label, &spread);
    *ret_p50_us = top_quantile(&spread, 500);
    *ret_p99_us = top_quantile(&spread, 990);
}

// --- methods ---

static const char *label_of(const Loyalty__V1__MetricSample *sample, const char *name)
{
    for (size_t i = 0; i < sample->n_labels; i++) {
        if (strcmp(sample->labels[i]->name, name) == 0) {
            return sample->labels[i]->value;
        }
    }
    return "";
}

static struct top_method *method_of(struct top_summary *summary, const char *service,
                                    const char *method)
{
    char name[TOP_NAME_BYTES];
    const char *dot = strrchr(service, '.');
    (void)snprintf(name, sizeof(name), "%.40s/%.20s", dot == NULL ? service : dot + 1, method);
    for (size_t i = 0; i < summary->method_count; i++) {
        if (strcmp(summary->methods[i].name, name) == 0) {
            return &summary->methods[i];
        }
    }
    if (summary->method_count == TOP_METHODS) {
        return NULL;
    }
    struct top_method *made = &summary->methods[summary->method_count++];
    *made = (struct top_method){.p50_us = -1, .p99_us = -1};
    memcpy(made->name, name, sizeof(name));
    return made;
}

// What one sample, a method and its outcome, stood at before.
static int64_t before_of(const struct top_figures *before, const Loyalty__V1__MetricSample *sample)
{
    for (size_t page = 0; page < before->count; page++) {
        for (size_t i = 0; i < before->pages[page]->n_families; i++) {
            const Loyalty__V1__MetricFamily *family = before->pages[page]->families[i];
            for (size_t j = 0; strcmp(family->name, handled) == 0 && j < family->n_samples; j++) {
                const Loyalty__V1__MetricSample *other = family->samples[j];
                if (strcmp(label_of(other, "grpc_service"), label_of(sample, "grpc_service")) ==
                        0 &&
                    strcmp(label_of(other, "grpc_method"), label_of(sample, "grpc_method")) == 0 &&
                    strcmp(label_of(other, "grpc_code"), label_of(sample, "grpc_code")) == 0) {
                    return other->whole;
                }
            }
        }
    }
    return 0;
}

static void add_handled(struct top_summary *summary, const struct interval *interval,
                        const Loyalty__V1__MetricSample *sample)
{
    int64_t was = before_of(&interval->before->figures, sample);
    int64_t gain = sample->whole >= was ? sample->whole - was : sample->whole;
    struct top_method *method =
        method_of(summary, label_of(sample, "grpc_service"), label_of(sample, "grpc_method"));
    double rate = (double)gain / interval->seconds;
    bool good = strcmp(label_of(sample, "grpc_code"), "OK") == 0;
    summary->rate += rate;
    summary->error_rate += good ? 0 : rate;
    if (method != NULL) {
        method->rate += rate;
        method->error_rate += good ? 0 : rate;
    }
}

static int busier_method(const void *left, const void *right)
{
    const struct top_method *a = left;
    const struct top_method *b = right;
    int by_rate = a->rate < b->rate ? 1 : a->rate > b->rate ? -1 : 0;
    return by_rate != 0 ? by_rate : strcmp(a->name, b->name);
}

// Of methods with one name in two services the times are told together.
static void time_method(struct top_method *method, const struct interval *interval)
{
    const char *slash = strchr(method->name, '/');
    const struct top_label label = {"grpc_method", slash == NULL ? "" : slash + 1};
    if (method->rate > 0) {
        quantiles(interval, handling, &label, &method->p50_us, &method->p99_us);
    }
}

static void sum_methods(struct top_summary *summary, const struct interval *interval)
{
    const struct top_figures *figures = &interval->now->figures;
    for (size_t page = 0; page < figures->count; page++) {
        for (size_t i = 0; i < figures->pages[page]->n_families; i++) {
            const Loyalty__V1__MetricFamily *family = figures->pages[page]->families[i];
            for (size_t j = 0; strcmp(family->name, handled) == 0 && j < family->n_samples; j++) {
                add_handled(summary, interval, family->samples[j]);
            }
        }
    }
    qsort(summary->methods, summary->method_count, sizeof(summary->methods[0]), busier_method);
    while (summary->method_count > 0 && !(summary->methods[summary->method_count - 1].rate > 0)) {
        summary->method_count--;
    }
    for (size_t i = 0; i < summary->method_count; i++) {
        time_method(&summary->methods[i], interval);
    }
    quantiles(interval, handling, NULL, &summary->p50_us, &summary->p99_us);
}

// --- partitions ---

static const Loyalty__V1__Partition *
partition_before(const Loyalty__V1__ListPartitionsResponse *before, uint32_t number)
{
    for (size_t i = 0; before != NULL && i < before->n_partitions; i++) {
        if (before->partitions[i]->number == number) {
            return before->partitions[i];
        }
    }
    return NULL;
}

static double partition_rate(uint64_t was, uint64_t is, double seconds)
{
    return (double)(is >= was ? is - was : is) / seconds;
}

static int busier_partition(const void *left, const void *right)
{
    const struct top_partition *a = left;
    const struct top_partition *b = right;
    if (a->append_rate < b->append_rate || a->append_rate > b->append_rate) {
        return a->append_rate < b->append_rate ? 1 : -1;
    }
    return a->number < b->number ? -1 : 1;
}

// Into a list that stays in order and drops its last.
static void keep_partition(struct top_summary *summary, const struct top_partition *partition)
{
    size_t at = summary->partition_count;
    while (at > 0 && busier_partition(partition, &summary->partitions[at - 1]) < 0) {
        at--;
    }
    if (at == TOP_PARTITIONS) {
        return;
    }
    size_t last =
        summary->partition_count < TOP_PARTITIONS ? summary->partition_count : TOP_PARTITIONS - 1;
    memmove(&summary->partitions[at + 1], &summary->partitions[at],
            (last - at) * sizeof(summary->partitions[0]));
    summary->partitions[at] = *partition;
    summary->partition_count = last + 1;
}

static void sum_partitions(struct top_summary *summary, const struct interval *interval)
{
    const Loyalty__V1__ListPartitionsResponse *list = interval->now->partitions;
    summary->due_lag_s = list == NULL ? -1 : 0;
    for (size_t i = 0; list != NULL && i < list->n_partitions; i++) {
        const Loyalty__V1__Partition *now = list->partitions[i];
        const Loyalty__V1__Partition *before =
            partition_before(interval->before->partitions, now->number);
        const struct top_partition partition = {
            .number = now->number,
            .append_rate = partition_rate(before == NULL ? now->appends : before->appends,
                                          now->appends, interval->seconds),
            .conflict_rate = partition_rate(before == NULL ? now->conflicts : before->conflicts,
                                            now->conflicts, interval->seconds),
            .due_accounts = now->due_accounts,
            .due_lag_s = now->due_lag_seconds,
        };
        summary->conflict_rate += partition.conflict_rate;
        if ((int64_t)now->due_lag_seconds > summary->due_lag_s) {
            summary->due_lag_s = (int64_t)now->due_lag_seconds;
        }
        keep_partition(summary, &partition);
    }
}

// --- the rest ---

static void sum_parts(struct top_summary *summary, const struct interval *interval)
{
    static const struct top_label in = {"how", "awarded"};
    static const struct top_label out = {"how", "redeemed"};
    static const struct top_label hit = {"result", "hit"};
    const struct top_figures *now = &interval->now->figures;
    double looks = rate_of(interval, cache_looks, NULL);
    summary->redis_rate = rate_of(interval, redis_calls, NULL);
    quantiles(interval, redis_times, NULL, &summary->redis_p50_us, &summary->redis_p99_us);
    if (!top_sum(now, redis_in_flight, NULL, &summary->redis_in_flight)) {
        summary->redis_in_flight = -1;
    }
    if (!top_sum(now, event_lag, NULL, &summary->event_lag)) {
        summary->event_lag = -1;
    }
    summary->cache_hits = looks > 0 ? rate_of(interval, cache_looks, &hit) * 100 / looks : -1;
    struct top_spread delays;
    top_spread(&interval->before->figures, now, loop_delay, NULL, &delays);
    summary->loop_p99_us = top_quantile(&delays, 990);
    summary->points_in = rate_of(interval, points, &in);
    summary->points_out = rate_of(interval, points, &out);
}

void top_summarize(const struct top_moment *before, const struct top_moment *now,
                   struct top_summary *ret_summary)
{
    const Loyalty__V1__GetStatusResponse *status = now->status;
    int64_t micros = now->at_us - before->at_us;
    const struct interval interval = {
        .before = before, .now = now, .seconds = (double)(micros < 1 ? 1 : micros) / 1000000};
    *ret_summary = (struct top_summary){
        .seconds = interval.seconds,
        .connections = status == NULL ? -1 : (int64_t)status->connections,
        .in_hand = status == NULL ? -1 : (int64_t)status->requests_in_hand,
    };
    sum_methods(ret_summary, &interval);
    sum_partitions(ret_summary, &interval);
    sum_parts(ret_summary, &interval);
}
