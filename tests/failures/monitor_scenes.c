// What an operator asks, each with every allocation and every store call failing: an answer is
// whole, or it says that it is to be asked for again.
#include "failures/excluded.h"
#include "failures/harness.h"
#include "failures/service_stage.h"

#include "base/histogram.h"
#include "service/monitor.h"

#define ADMIN "admin/head-office"
#define MEMORY                                                                                     \
    (INJECT_BIT(INJECT_ARENA) | INJECT_BIT(INJECT_ARENA_ON) | INJECT_BIT(INJECT_MEMORY) |          \
     INJECT_BIT(INJECT_MEMORY_ON))
#define BOTH (MEMORY | INJECT_BIT(INJECT_STORE))

enum { CONNECTIONS = 5, FAMILIES = 3 };

const uint32_t scenario_cases = 8;

// --- the daemon around the service ---

static void tell_status(void *context, struct monitor_status *ret_status)
{
    (void)context;
    *ret_status = (struct monitor_status){.version = "1", .host = "host", .started_ms = 1000};
}

static void tell_connections(void *context, uint64_t below, monitor_connection_fn *each, void *to)
{
    (void)context;
    const struct monitor_connection connection = {.address = "192.0.2.7:51812",
                                                  .role = "pos",
                                                  .unit = "till",
                                                  .protocol = "h2",
                                                  .since_ms = 1};
    for (uint64_t id = below == 0 ? CONNECTIONS : below - 1; id > 0; id--) {
        struct monitor_connection told = connection;
        told.id = id;
        if (!each(to, &told)) {
            return;
        }
    }
}

static void tell_options(void *context, monitor_option_fn *each, void *to)
{
    (void)context;
    const struct monitor_option options[] = {
        {.name = "listen", .value = "x", .source = "default"},
        {.name = "slow-ms", .value = "7", .source = "command line", .reloadable = true},
    };
    (void)(each(to, &options[0]) && each(to, &options[1]));
}

static void tell_reasons(void *context, monitor_reason_fn *each, void *to)
{
    (void)context;
    (void)(each(to, "It is ending.") && each(to, "It has no lease."));
}

static void tell_metrics(void *context, const struct metrics_out *out)
{
    (void)context;
    static const struct metric_family families[FAMILIES] = {
        {.name = "loyaltyd_one_total", .kind = METRIC_COUNTER},
        {.name = "loyaltyd_two_seconds", .kind = METRIC_GAUGE},
        {.name = "loyaltyd_three_seconds", .kind = METRIC_HISTOGRAM},
    };
    const struct metric_label label = {.name = "method", .value = "Award"};
    const struct histogram histogram = {.count = 7};
    out->family(out->context, &families[0]);
    out->whole(out->context, &label, 1, 7);
    out->family(out->context, &families[1]);
    out->micros(out->context, NULL, 0, 7);
    out->family(out->context, &families[2]);
    out->histogram(out->context, &label, 1, &histogram);
}

static void tell_findings(void *context, monitor_finding_fn *each, void *to)
{
    (void)context;
    const struct finding finding = {
        .level = FINDING_GOOD, .code = "CRL", .what = "It is good.", .advice = ""};
    (void)(each(to, &finding) && each(to, &finding));
}

static const struct monitor_port around = {
    .status = tell_status,
    .metrics = tell_metrics,
    .connections = tell_connections,
    .options = tell_options,
    .findings = tell_findings,
    .reasons = tell_reasons,
};

// --- scenes ---

static void prepare(const char *method, const char *json)
{
    stage_open();
    world_enroll(&stage.world, "anna");
    service_set_monitor(stage.daemon->service, &around);
    scene_set(&(struct scene){.peer = ADMIN, .method = method, .json = json});
}

static void prepare_status(void)
{
    prepare("MonitorService/GetStatus", "{}");
}

static void prepare_metrics(void)
{
    prepare("MonitorService/GetMetrics", "{}");
}

static void prepare_connections(void)
{
    prepare("MonitorService/ListConnections", "{\"page_size\": 3}");
}

static void prepare_partitions(void)
{
    prepare("MonitorService/ListPartitions", "{\"page_size\": 5}");
}

static void prepare_config(void)
{
    prepare("MonitorService/GetConfig", "{}");
}

static void prepare_diagnosis(void)
{
    prepare("MonitorService/Diagnose", "{}");
}

#define SCENE(name_, kinds_)                                                                       \
    {                                                                                              \
        .name = #name_, .kinds = (kinds_), .prepare = prepare_##name_, .run = scene_run            \
    }

const struct excluded excluded[] = {
    {NULL, NULL},
};

const struct scenario scenarios[] = {SCENE(status, MEMORY),      SCENE(metrics, MEMORY),
                                     SCENE(connections, MEMORY), SCENE(partitions, BOTH),
                                     SCENE(config, MEMORY),      SCENE(diagnosis, MEMORY)};
const size_t scenario_count = sizeof(scenarios) / sizeof(scenarios[0]);
