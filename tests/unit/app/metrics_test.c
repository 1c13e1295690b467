// Prometheus's text: families before their samples, and only where there are any; labels escaped;
// seconds exact to the microsecond; classes of a histogram that add up.
#include "app/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/histogram.h"

enum { TEXT_BYTES = 8192 };

static const struct metric_family counter = {"a_total", "A count.", METRIC_COUNTER};
static const struct metric_family gauge = {"b_seconds", "A time.", METRIC_GAUGE};
static const struct metric_family times = {"c_seconds", "Times.", METRIC_HISTOGRAM};

static struct buffer text;
static struct metrics_writer writer;
static struct metrics_out out;

static int setup(void **state)
{
    (void)state;
    buffer_init(&text, TEXT_BYTES);
    writer = (struct metrics_writer){.text = &text};
    out = metrics_writer_port(&writer);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    buffer_fini(&text);
    return 0;
}

static void assert_text(const char *expected)
{
    assert_int_equal(writer.status, STATUS_OK);
    assert_int_equal(text.len, strlen(expected));
    assert_memory_equal(text.data, expected, text.len);
}

static void a_family_stands_before_its_samples(void **state)
{
    (void)state;
    metrics_tell(&out, &counter, 7);
    out.family(out.context, &gauge); // without a sample
    out.family(out.context, &times);
    assert_text("# HELP a_total A count.\n# TYPE a_total counter\na_total 7\n");
}

static void labels_are_escaped(void **state)
{
    (void)state;
    const struct metric_label labels[] = {{"one", "say \"no\"\\"}, {"two", "a\nb"}};
    out.family(out.context, &counter);
    out.whole(out.context, labels, 2, INT64_MIN);
    out.whole(out.context, NULL, 0, INT64_MAX);
    assert_text("# HELP a_total A count.\n# TYPE a_total counter\n"
                "a_total{one=\"say \\\"no\\\"\\\\\",two=\"a\\nb\"} -9223372036854775808\n"
                "a_total 9223372036854775807\n");
}

static void seconds_are_exact(void **state)
{
    (void)state;
    out.family(out.context, &gauge);
    out.micros(out.context, NULL, 0, -1500000);
    out.micros(out.context, NULL, 0, -1);
    out.micros(out.context, NULL, 0, INT64_C(4102444800000001));
    assert_text("# HELP b_seconds A time.\n# TYPE b_seconds gauge\n"
                "b_seconds -1.500000\nb_seconds -0.000001\nb_seconds 4102444800.000001\n");
}

static void classes_add_up(void **state)
{
    (void)state;
    struct histogram histogram = {0};
    histogram_note(&histogram, -5); // a clock that went back is no time at all
    histogram_note(&histogram, 10);
    histogram_note(&histogram, 11);
    histogram_note(&histogram, 10000000);
    histogram_note(&histogram, INT64_C(10000001));
    out.family(out.context, &times);
    out.histogram(out.context, NULL, 0, &histogram);
    assert_int_equal(histogram.count, 5);
    assert_int_equal(writer.status, STATUS_OK);
    assert_int_equal(buffer_reserve(&text, 1), STATUS_OK);
    text.data[text.len] = '\0';
    const char *lines = (const char *)text.data;
    assert_non_null(strstr(lines, "c_seconds_bucket{le=\"1e-05\"} 2\n"));
    assert_non_null(strstr(lines, "c_seconds_bucket{le=\"2e-05\"} 3\n"));
    assert_non_null(strstr(lines, "c_seconds_bucket{le=\"5\"} 3\n"));
    assert_non_null(strstr(lines, "c_seconds_bucket{le=\"10\"} 4\n"));
    assert_non_null(strstr(lines, "c_seconds_bucket{le=\"+Inf\"} 5\n"));
    assert_non_null(strstr(lines, "c_seconds_sum 20.000022\n"));
    assert_non_null(strstr(lines, "c_seconds_count 5\n"));
}

static void what_does_not_fit_is_an_error(void **state)
{
    (void)state;
    text.cap_bytes = 20;
    metrics_tell(&out, &counter, 7);
    assert_int_not_equal(writer.status, STATUS_OK);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_family_stands_before_its_samples),
        TEST(labels_are_escaped),
        TEST(seconds_are_exact),
        TEST(classes_add_up),
        TEST(what_does_not_fit_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
