// What `loyaltyctl top` computes from two answers, and its screen, against text.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "ctl/top_screen.h"

enum { SAMPLES = 8, LABELS = 3, BUCKETS = 4 };

// Answers are built by hand, in place.
struct sample {
    Loyalty__V1__MetricSample message;
    Loyalty__V1__MetricLabel labels[LABELS];
    Loyalty__V1__MetricLabel *label_list[LABELS];
    uint64_t buckets[BUCKETS];
    uint64_t bounds[BUCKETS];
};

struct answer {
    Loyalty__V1__GetMetricsResponse message;
    Loyalty__V1__MetricFamily families[SAMPLES];
    Loyalty__V1__MetricFamily *family_list[SAMPLES];
    Loyalty__V1__MetricSample *sample_list[SAMPLES];
    struct sample samples[SAMPLES];
};

struct moment {
    struct top_moment moment;
    struct answer answer;
    Loyalty__V1__GetStatusResponse status;
    Google__Protobuf__Timestamp started;
    Google__Protobuf__Timestamp now;
    Loyalty__V1__ListPartitionsResponse list;
    Loyalty__V1__Partition partitions[3];
    Loyalty__V1__Partition *partition_list[3];
    Loyalty__V1__ListSlowRequestsResponse slow;
    Loyalty__V1__SlowRequest request;
    Loyalty__V1__SlowRequest *request_list[1];
    Google__Protobuf__Timestamp at;
};

static struct moment before;
static struct moment now;
static struct top_summary summary;
static char screen[TOP_SCREEN_BYTES];

// Each sample is a family of its own: an answer whose pages end anywhere looks no worse.
static struct sample *add_sample(struct answer *answer, const char *family)
{
    size_t at = answer->message.n_families++;
    struct sample *sample = &answer->samples[at];
    loyalty__v1__metric_sample__init(&sample->message);
    sample->message.labels = sample->label_list;
    loyalty__v1__metric_family__init(&answer->families[at]);
    answer->families[at].name = (char *)family;
    answer->sample_list[at] = &sample->message;
    answer->families[at].samples = &answer->sample_list[at];
    answer->families[at].n_samples = 1;
    answer->family_list[at] = &answer->families[at];
    answer->message.families = answer->family_list;
    return sample;
}

static void add_label(struct sample *sample, const char *name, const char *value)
{
    Loyalty__V1__MetricLabel *label = &sample->labels[sample->message.n_labels];
    loyalty__v1__metric_label__init(label);
    label->name = (char *)name;
    label->value = (char *)value;
    sample->label_list[sample->message.n_labels++] = label;
}

static void add_handled(struct answer *answer, const char *method, const char *code, int64_t count)
{
    struct sample *sample = add_sample(answer, "grpc_server_handled_total");
    add_label(sample, "grpc_service", "loyalty.v1.PointsService");
    add_label(sample, "grpc_method", method);
    add_label(sample, "grpc_code", code);
    sample->message.whole = count;
}

// At most 1 ms, at most 2 ms, at most 5 ms, above.
static void add_times(struct answer *answer, const char *method, const uint64_t *counts)
{
    static const uint64_t bounds[] = {1000, 2000, 5000};
    struct sample *sample = add_sample(answer, "grpc_server_handling_seconds");
    add_label(sample, "grpc_service", "loyalty.v1.PointsService");
    add_label(sample, "grpc_method", method);
    memcpy(sample->buckets, counts, sizeof(sample->buckets));
    memcpy(sample->bounds, bounds, sizeof(bounds));
    sample->message.buckets = sample->buckets;
    sample->message.n_buckets = BUCKETS;
    sample->message.bounds_micros = sample->bounds;
    sample->message.n_bounds_micros = BUCKETS - 1;
}

static void fill_status(struct moment *moment)
{
    loyalty__v1__get_status_response__init(&moment->status);
    google__protobuf__timestamp__init(&moment->started);
    google__protobuf__timestamp__init(&moment->now);
    moment->started.seconds = 1000;
    moment->now.seconds = 1000 + 3 * 3600 + 5 * 60 + 7;
    moment->status.version = (char *)"0.1.0";
    moment->status.host = (char *)"ly-1";
    moment->status.process_id = 4711;
    moment->status.started_at = &moment->started;
    moment->status.now = &moment->now;
    moment->status.ready = true;
    moment->status.program_id = (char *)"retail";
    moment->status.program_version = 3;
    moment->status.store_version = (char *)"7.0.15";
    moment->status.durability = (char *)"strict";
    moment->status.partitions = 3;
    moment->status.connections = 12;
    moment->status.requests_in_hand = 4;
    moment->moment.status = &moment->status;
}

static void fill_partitions(struct moment *moment, const uint64_t appends[3])
{
    loyalty__v1__list_partitions_response__init(&moment->list);
    for (uint32_t i = 0; i < 3; i++) {
        loyalty__v1__partition__init(&moment->partitions[i]);
        moment->partitions[i].number = i;
        moment->partitions[i].appends = appends[i];
        moment->partitions[i].due_accounts = 10 + i;
        moment->partition_list[i] = &moment->partitions[i];
    }
    moment->list.partitions = moment->partition_list;
    moment->list.n_partitions = 3;
    moment->moment.partitions = &moment->list;
}

static void fill_slow(struct moment *moment)
{
    loyalty__v1__list_slow_requests_response__init(&moment->slow);
    loyalty__v1__slow_request__init(&moment->request);
    google__protobuf__timestamp__init(&moment->at);
    moment->at.seconds = moment->now.seconds - 42;
    moment->request.at = &moment->at;
    moment->request.method = (char *)"/loyalty.v1.PointsService/Award";
    moment->request.member_id = (char *)"an\033na";
    moment->request.micros = 1234567;
    moment->request.outcome = (char *)"OK";
    moment->request_list[0] = &moment->request;
    moment->slow.requests = moment->request_list;
    moment->slow.n_requests = 1;
    moment->moment.slow = &moment->slow;
}

static void fill(struct moment *moment, int64_t at_us)
{
    memset(moment, 0, sizeof(*moment));
    moment->moment.at_us = at_us;
    loyalty__v1__get_metrics_response__init(&moment->answer.message);
    moment->moment.figures.pages[0] = &moment->answer.message;
    moment->moment.figures.count = 1;
    fill_status(moment);
}

// Two seconds: 200 awards, 20 refused; 40 redemptions.
static int two_seconds(void **state)
{
    (void)state;
    fill(&before, 1000000);
    fill(&now, 3000000);
    add_handled(&before.answer, "Award", "OK", 1000);
    add_handled(&now.answer, "Award", "OK", 1180);
    add_handled(&now.answer, "Award", "FAILED_PRECONDITION", 20);
    add_handled(&before.answer, "Redeem", "OK", 7);
    add_handled(&now.answer, "Redeem", "OK", 47);
    add_handled(&before.answer, "Quote", "OK", 5); // nothing since
    add_handled(&now.answer, "Quote", "OK", 5);
    add_times(&before.answer, "Award", (const uint64_t[]){900, 100, 0, 0});
    add_times(&now.answer, "Award", (const uint64_t[]){1000, 190, 8, 2});
    fill_partitions(&before, (const uint64_t[]){5, 5, 5});
    fill_partitions(&now, (const uint64_t[]){5, 205, 25});
    fill_slow(&now);
    top_summarize(&before.moment, &now.moment, &summary);
    return 0;
}

static void rates_are_of_the_interval(void **state)
{
    (void)state;
    assert_int_equal(summary.method_count, 2);
    assert_string_equal(summary.methods[0].name, "PointsService/Award");
    assert_true(summary.methods[0].rate == 100);
    assert_true(summary.methods[0].error_rate == 10);
    assert_string_equal(summary.methods[1].name, "PointsService/Redeem");
    assert_true(summary.methods[1].rate == 20);
    assert_true(summary.rate == 120);
    assert_true(summary.error_rate == 10);
}

// Of the 200 of the interval, not of the 1200 there ever were: 100, 90, 8, and 2 above all bounds.
static void quantiles_are_of_the_interval(void **state)
{
    (void)state;
    assert_int_equal(summary.methods[0].p50_us, 1000);
    assert_int_equal(summary.methods[0].p99_us, 5000);
    assert_int_equal(summary.methods[1].p50_us, -1);
    struct top_spread all_above = {.counts = {0, 0, 0, 3}, .buckets = 4, .count = 3};
    all_above.bounds_us[2] = 5000;
    assert_int_equal(top_quantile(&all_above, 500), 5000);
}

static void busiest_partitions_come_first(void **state)
{
    (void)state;
    assert_int_equal(summary.partition_count, 3);
    assert_int_equal(summary.partitions[0].number, 1);
    assert_true(summary.partitions[0].append_rate == 100);
    assert_int_equal(summary.partitions[1].number, 2);
    assert_int_equal(summary.partitions[2].number, 0);
}

static void a_daemon_started_anew_counts_from_zero(void **state)
{
    (void)state;
    struct answer *answer = &before.answer;
    answer->samples[0].message.whole = 1000000;
    top_summarize(&before.moment, &now.moment, &summary);
    assert_true(summary.methods[0].rate == (1180 + 20) / 2.0);
}

static void screen_is_this(void **state)
{
    (void)state;
    static const char wanted[] =
        "loyaltyd 0.1.0 on ly-1, pid 4711, up 3:05:07, ready\n"
        "program retail 3, Redis 7.0.15 strict, 3 partitions\n"
        "requests 120/s, errors 10/s, p50 1 ms, p99 5 ms; points +0/s -0/s\n"
        "Redis 0/s, p50 -, p99 -, in flight -; conflicts 0/s\n"
        "connections 12, in hand 4, cache - %, loop p99 -, due lag 0 s, event lag -\n"
        "\n"
        "METHOD                                     RATE/S ERRORS/S       P50       P99\n"
        "PointsService/Award                           100       10      1 ms      5 ms\n"
        "PointsService/Redeem                           20        0         -         -\n"
        "\n"
        "PARTITION  APPENDS/S CONFLICTS/S DUE ACCOUNTS   DUE LAG\n"
        "1                100           0           11       0 s\n"
        "2                 10           0           12       0 s\n"
        "0                  0           0           10       0 s\n"
        "\n"
        "SLOWEST                           TOOK    AGO OUTCOME              MEMBER\n"
        "Award                           1.23 s   42 s OK                   an.na\n";
    size_t len = top_screen(&summary, &now.moment, 80, 24, screen);
    assert_string_equal(screen, wanted);
    assert_int_equal(len, strlen(wanted));
}

static void any_size_is_kept(void **state)
{
    (void)state;
    for (int width = 1; width < 260; width += 7) {
        for (int height = 1; height < 220; height += 9) {
            size_t len = top_screen(&summary, &now.moment, width, height, screen);
            int lines = 0;
            int columns = 0;
            for (size_t i = 0; i < len; i++) {
                columns = screen[i] == '\n' ? 0 : columns + 1;
                lines += screen[i] == '\n' ? 1 : 0;
                assert_true(columns <= (width < TOP_WIDTH_MIN ? (int)TOP_WIDTH_MIN : width));
            }
            assert_true(lines <= (height < TOP_HEIGHT_MIN ? (int)TOP_HEIGHT_MIN : height));
        }
    }
}

static void a_daemon_that_is_gone_is_said(void **state)
{
    (void)state;
    const struct top_moment nothing = {.at_us = 5000000};
    top_summarize(&now.moment, &nothing, &summary);
    (void)top_screen(&summary, &nothing, 80, 24, screen);
    assert_memory_equal(screen, "The daemon does not answer.\n", 28);
    assert_true(summary.rate == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(rates_are_of_the_interval, two_seconds),
        cmocka_unit_test_setup(quantiles_are_of_the_interval, two_seconds),
        cmocka_unit_test_setup(busiest_partitions_come_first, two_seconds),
        cmocka_unit_test_setup(a_daemon_started_anew_counts_from_zero, two_seconds),
        cmocka_unit_test_setup(screen_is_this, two_seconds),
        cmocka_unit_test_setup(any_size_is_kept, two_seconds),
        cmocka_unit_test_setup(a_daemon_that_is_gone_is_said, two_seconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
