// MonitorService over a service alone and with a daemon's port around it: pages, figures, and what
// is refused.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/histogram.h"
#include "loyalty/v1/monitor.pb-c.h"
#include "service/bounds.h"
#include "service/monitor.h"
#include "support/service_world.h"

enum { CONNECTIONS = 450, FAMILIES = 60, METHODS = 40 };

static struct service_world world;
static struct world_answer answer;
static size_t unit_bytes;

static int open_world(void **state)
{
    (void)state;
    service_world_open(&world, 2);
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    service_world_fini(&world);
    return 0;
}

static const char *ask(const char *method, const char *text)
{
    char path[64];
    (void)snprintf(path, sizeof(path), "MonitorService/%s", method);
    world_call(&world.daemons[0], "admin/night", path, text, &answer);
    return world_end(&answer);
}

static const Loyalty__V1__GetStatusResponse *status(void)
{
    assert_string_equal(ask("GetStatus", "{}"), "OK");
    return (const Loyalty__V1__GetStatusResponse *)answer.reply;
}

// --- a daemon around it ---

static void port_status(void *context, struct monitor_status *ret_status)
{
    (void)context;
    *ret_status = (struct monitor_status){
        .version = "9.9",
        .host = "till-host",
        .durability = "strict",
        .store_address = "unix:/run/redis.sock",
        .process_id = 77,
        .connections = CONNECTIONS,
        .started_ms = 5000,
        .draining = true,
    };
}

static void port_connections(void *context, uint64_t below, monitor_connection_fn *each, void *to)
{
    (void)context;
    char unit[LIMIT_UNIT_BYTES + 1] = "";
    memset(unit, 'u', unit_bytes);
    for (uint64_t id = below == 0 ? CONNECTIONS : below - 1; id > 0; id--) {
        bool open = id != 3;
        struct monitor_connection connection = {
            .id = id,
            .address = "192.0.2.7:51812",
            .role = open ? "pos" : "",
            .unit = open ? unit : "",
            .protocol = open ? "h2" : "",
            .since_ms = (int64_t)id * 1000,
            .requests = id * 3,
            .in_flight = (uint32_t)id % 4,
        };
        if (!each(to, &connection)) {
            return;
        }
    }
}

static void port_options(void *context, monitor_option_fn *each, void *to)
{
    (void)context;
    static char longest[2000];
    memset(longest, 'x', sizeof(longest) - 1);
    const struct monitor_option options[] = {
        {.name = "listen", .value = "127.0.0.1:7411", .source = "default"},
        {.name = "tls-crl", .value = longest, .source = "/etc/l.conf:12", .reloadable = true},
        {.name = "redis-user", .value = "", .source = "default"},
    };
    for (size_t i = 0; i < 3 && each(to, &options[i]); i++) {
    }
}

static void port_reasons(void *context, monitor_reason_fn *each, void *to)
{
    (void)context;
    for (int i = 0; i < 40 && each(to, "The store is not ready: it loads."); i++) {
    }
}

static void tell_family(const struct metrics_out *out, int number)
{
    struct histogram histogram = {.sum_us = 123456, .count = UINT32_MAX};
    char name[64];
    (void)snprintf(name, sizeof(name), "loyaltyd_family_%d_seconds", number);
    struct metric_family family = {.name = name, .kind = METRIC_HISTOGRAM};
    out->family(out->context, &family);
    for (int method = 0; method < METHODS; method++) {
        char value[64];
        (void)snprintf(value, sizeof(value), "LongNamedService/Method%d", method);
        struct metric_label label = {.name = "method", .value = value};
        histogram.counts[0] = (uint64_t)number * METHODS + (uint64_t)method;
        out->histogram(out->context, &label, 1, &histogram);
    }
}

// More than an answer holds.
static void port_metrics(void *context, const struct metrics_out *out)
{
    (void)context;
    for (int family = 0; family < FAMILIES; family++) {
        tell_family(out, family);
    }
    const struct metric_family last = {.name = "loyaltyd_up_seconds", .kind = METRIC_GAUGE};
    out->family(out->context, &last);
    out->micros(out->context, NULL, 0, 2500000);
}

static const struct monitor_port port = {
    .status = port_status,
    .metrics = port_metrics,
    .connections = port_connections,
    .options = port_options,
    .reasons = port_reasons,
};

static void put_around(void)
{
    unit_bytes = 20;
    service_set_monitor(world.daemons[0].service, &port);
}

// --- GetStatus ---

static void a_service_alone_says_what_it_knows(void **state)
{
    (void)state;
    const Loyalty__V1__GetStatusResponse *told = status();
    assert_true(told->ready && told->n_reasons == 0 && !told->draining && !told->sandbox);
    assert_int_equal(told->partitions, WORLD_PARTITIONS);
    assert_int_equal(told->program_version, 1);
    assert_true(told->program_id[0] != '\0');
    assert_int_equal(told->next_program_version, 0);
    assert_null(told->next_program_effective_from);
    assert_int_equal(told->requests_in_hand, 1);
    assert_int_equal(told->now->seconds, world.now_ms / 1000);
    assert_string_equal(told->version, "");
    assert_null(told->started_at);
}

static void a_daemon_around_it_adds_what_it_knows(void **state)
{
    (void)state;
    put_around();
    const Loyalty__V1__GetStatusResponse *told = status();
    assert_false(told->ready);
    assert_int_equal(told->n_reasons, SERVICE_MONITOR_REASONS);
    assert_string_equal(told->reasons[15], "The store is not ready: it loads.");
    assert_true(told->draining);
    assert_string_equal(told->version, "9.9");
    assert_string_equal(told->host, "till-host");
    assert_string_equal(told->store_address, "unix:/run/redis.sock");
    assert_string_equal(told->store_version, "");
    assert_int_equal(told->process_id, 77);
    assert_int_equal(told->connections, CONNECTIONS);
    assert_int_equal(told->started_at->seconds, 5);
    assert_null(told->reloaded_at);
}

// --- ListConnections ---

static const char *list_connections(uint32_t size, const char *token)
{
    return ask("ListConnections",
               world_text(&world, "{\"page_size\": %u, \"page_token\": \"%s\"}", size, token));
}

// All pages; returns how many there were.
static int read_connections(uint32_t size)
{
    char token[32] = "";
    uint64_t expected = CONNECTIONS;
    int pages = 0;
    do {
        assert_string_equal(list_connections(size, token), "OK");
        const Loyalty__V1__ListConnectionsResponse *page =
            (const Loyalty__V1__ListConnectionsResponse *)answer.reply;
        for (size_t i = 0; i < page->n_connections; i++) {
            assert_true(page->connections[i]->id == expected);
            expected--;
        }
        (void)snprintf(token, sizeof(token), "%s", page->next_page_token);
        pages++;
    } while (token[0] != '\0');
    assert_true(expected == 0);
    return pages;
}

static void connections_come_in_pages(void **state)
{
    (void)state;
    assert_string_equal(list_connections(0, ""), "OK");
    assert_int_equal(((Loyalty__V1__ListConnectionsResponse *)answer.reply)->n_connections, 0);
    put_around();
    assert_int_equal(read_connections(0), 3);
    assert_int_equal(read_connections(150), 3);
    assert_int_equal(read_connections(149), 4);
    unit_bytes = LIMIT_UNIT_BYTES; // the longest
    assert_int_equal(read_connections(0), 3);
}

static void a_connection_is_told_whole(void **state)
{
    (void)state;
    put_around();
    assert_string_equal(list_connections(2, "5"), "OK");
    const Loyalty__V1__ListConnectionsResponse *page =
        (const Loyalty__V1__ListConnectionsResponse *)answer.reply;
    assert_int_equal(page->n_connections, 2);
    assert_string_equal(page->next_page_token, "3");
    const Loyalty__V1__Connection *open = page->connections[0];
    assert_true(open->id == 4 && open->requests == 12 && open->in_flight == 0);
    assert_string_equal(open->address, "192.0.2.7:51812");
    assert_string_equal(open->caller, "pos/uuuuuuuuuuuuuuuuuuuu");
    assert_string_equal(open->protocol, "h2");
    assert_int_equal(open->since->seconds, 4);
    assert_null(open->certificate_not_after);
    assert_string_equal(page->connections[1]->caller, ""); // in its handshake
}

// --- ListPartitions ---

static const Loyalty__V1__ListPartitionsResponse *list_partitions(uint32_t size, const char *token)
{
    assert_string_equal(
        ask("ListPartitions",
            world_text(&world, "{\"page_size\": %u, \"page_token\": \"%s\"}", size, token)),
        "OK");
    return (const Loyalty__V1__ListPartitionsResponse *)answer.reply;
}

static void partitions_say_what_was_done_there(void **state)
{
    (void)state;
    world_enroll(&world, "anna");
    (void)world_award(&world, "anna", 5000);
    uint32_t number = world_place("anna").partition;
    const Loyalty__V1__ListPartitionsResponse *page = list_partitions(0, "");
    assert_int_equal(page->n_partitions, WORLD_PARTITIONS);
    assert_string_equal(page->next_page_token, "");
    for (uint32_t i = 0; i < page->n_partitions; i++) {
        const Loyalty__V1__Partition *partition = page->partitions[i];
        assert_int_equal(partition->number, i);
        assert_true(partition->events == (i == number ? 2 : 0));
        assert_true(partition->last_event == partition->events);
        assert_true(partition->appends == (i == number ? 2 : 0));
        assert_true(partition->conflicts == 0 && partition->archive_bytes == 0);
        assert_true(partition->due_lag_seconds == 0);
    }
    assert_true(page->partitions[number]->due_accounts == 1);
    world_misplace(&world, "anna", world.now_ms - 90000);
    assert_true(list_partitions(0, "")->partitions[number]->due_lag_seconds == 90);
}

static void a_daemon_that_was_slower_counts_it(void **state)
{
    (void)state;
    world_enroll(&world, "anna");
    struct world_answer other = {0};
    world_call(&world.daemons[1], "pos/store-1/till-1", "PointsService/Award",
               world_award_text(&world, world_id(&world), "anna", 5000), &other);
    assert_string_equal(world_end(&other), "OK");
    (void)world_award(&world, "anna", 700);
    uint32_t number = world_place("anna").partition;
    const Loyalty__V1__Partition *partition = list_partitions(0, "")->partitions[number];
    assert_true(partition->appends == 2 && partition->conflicts == 1);
    assert_true(partition->events == 3);
}

static void partitions_come_in_pages(void **state)
{
    (void)state;
    const Loyalty__V1__ListPartitionsResponse *page = list_partitions(3, "");
    assert_int_equal(page->n_partitions, 3);
    assert_string_equal(page->next_page_token, "3");
    page = list_partitions(5, "3");
    assert_int_equal(page->n_partitions, 5);
    assert_int_equal(page->partitions[4]->number, 7);
    assert_string_equal(page->next_page_token, "");
    assert_int_equal(list_partitions(5, "4000000000")->n_partitions, 0);
}

// --- GetMetrics ---

// Takes a page: each histogram is the next one. Returns whether the last family has come.
static bool take_families(const Loyalty__V1__GetMetricsResponse *page, uint64_t *samples)
{
    for (size_t i = 0; i < page->n_families; i++) {
        const Loyalty__V1__MetricFamily *family = page->families[i];
        assert_true(family->n_samples > 0);
        if (family->kind == LOYALTY__V1__METRIC_KIND__METRIC_KIND_GAUGE) {
            assert_true(family->samples[0]->micros == 2500000);
            return true;
        }
        for (size_t s = 0; s < family->n_samples; s++) {
            const Loyalty__V1__MetricSample *sample = family->samples[s];
            char name[64];
            (void)snprintf(name, sizeof(name), "loyaltyd_family_%llu_seconds",
                           (unsigned long long)(*samples / METHODS));
            assert_string_equal(family->name, name);
            assert_int_equal(sample->n_buckets, HISTOGRAM_BOUNDS + 1);
            assert_int_equal(sample->n_bounds_micros, HISTOGRAM_BOUNDS);
            assert_true(sample->buckets[0] == *samples);
            assert_true(sample->whole == UINT32_MAX && sample->sum_micros == 123456);
            (*samples)++;
        }
    }
    return false;
}

static void metrics_come_in_pages_and_whole(void **state)
{
    (void)state;
    put_around();
    char token[32] = "";
    uint64_t samples = 0;
    bool last = false;
    int pages = 0;
    do {
        assert_string_equal(
            ask("GetMetrics", world_text(&world, "{\"page_token\": \"%s\"}", token)), "OK");
        const Loyalty__V1__GetMetricsResponse *page =
            (const Loyalty__V1__GetMetricsResponse *)answer.reply;
        last = take_families(page, &samples);
        (void)snprintf(token, sizeof(token), "%s", page->next_page_token);
        pages++;
    } while (token[0] != '\0');
    assert_true(last);
    assert_true(samples == (uint64_t)FAMILIES * METHODS);
    assert_in_range(pages, 2, 20);
}

static void a_service_alone_tells_its_own_figures(void **state)
{
    (void)state;
    assert_string_equal(ask("GetMetrics", "{}"), "OK");
    assert_string_equal(((Loyalty__V1__GetMetricsResponse *)answer.reply)->next_page_token, "");
}

// --- GetConfig ---

static void options_are_told_with_their_sources(void **state)
{
    (void)state;
    assert_string_equal(ask("GetConfig", "{}"), "OK");
    assert_int_equal(((Loyalty__V1__GetConfigResponse *)answer.reply)->n_options, 0);
    put_around();
    assert_string_equal(ask("GetConfig", "{}"), "OK");
    const Loyalty__V1__GetConfigResponse *told =
        (const Loyalty__V1__GetConfigResponse *)answer.reply;
    assert_int_equal(told->n_options, 3);
    assert_string_equal(told->options[0]->value, "127.0.0.1:7411");
    assert_string_equal(told->options[0]->source, "default");
    assert_false(told->options[0]->reloadable);
    assert_string_equal(told->options[1]->source, "/etc/l.conf:12");
    assert_true(told->options[1]->reloadable);
    assert_int_equal(strlen(told->options[1]->value), SERVICE_MONITOR_TEXT);
    assert_string_equal(told->options[2]->value, "");
}

// --- what is refused ---

static void what_makes_no_sense_is_refused(void **state)
{
    (void)state;
    const char *const tokens[] = {"0", "x", "-1", "+5", "1x", "99999999999999999999999"};
    for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
        assert_string_equal(list_connections(1, tokens[i]), "BAD_TOKEN");
        assert_string_equal(
            ask("GetMetrics", world_text(&world, "{\"page_token\": \"%s\"}", tokens[i])),
            "BAD_TOKEN");
    }
    assert_string_equal(ask("ListPartitions", "{\"page_token\": \"1.5\"}"), "BAD_TOKEN");
    assert_string_equal(ask("ListPartitions", "{\"page_size\": 201}"), "OUT_OF_RANGE");
    assert_string_equal(list_connections(201, ""), "OUT_OF_RANGE");
}

static void a_store_that_fails_is_said_so(void **state)
{
    (void)state;
    memory_fail_next(world.daemons[0].store, MEMORY_FAULT_BEFORE);
    assert_string_equal(ask("ListPartitions", "{}"), "STORE_UNAVAILABLE");
    service_world_restart_apart(&world.daemons[0]);
    world_ask(&world.daemons[0], "admin/night", "MonitorService/ListPartitions", "{}", &answer);
    assert_string_equal(world_end(&answer), "NO_LEASE");
}

#define MONITOR_TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        MONITOR_TEST(a_service_alone_says_what_it_knows),
        MONITOR_TEST(a_daemon_around_it_adds_what_it_knows),
        MONITOR_TEST(connections_come_in_pages),
        MONITOR_TEST(a_connection_is_told_whole),
        MONITOR_TEST(partitions_say_what_was_done_there),
        MONITOR_TEST(a_daemon_that_was_slower_counts_it),
        MONITOR_TEST(partitions_come_in_pages),
        MONITOR_TEST(metrics_come_in_pages_and_whole),
        MONITOR_TEST(a_service_alone_tells_its_own_figures),
        MONITOR_TEST(options_are_told_with_their_sources),
        MONITOR_TEST(what_makes_no_sense_is_refused),
        MONITOR_TEST(a_store_that_fails_is_said_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
