// Collects from all parts; and writes Prometheus's text.
#include "app/metrics.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "app/monitor_port.h"
#include "app/process.h"
#include "app/reload.h"
#include "app/watch.h"
#include "base/histogram.h"
#include "base/log.h"
#include "jobs/runner.h"
#include "jobs/sweep.h"
#include "net/server.h"
#include "service/monitor.h"
#include "store/redis_figures.h"

enum { LINE_BYTES = 1024, MICROS = 1000000 };

// --- collecting ---

static bool on_reason(void *context, const char *sentence)
{
    (void)sentence;
    *(bool *)context = false;
    return false;
}

static void tell_build(const struct metrics_out *out)
{
    static const struct metric_family build = {"loyaltyd_build_info",
                                               "Always 1; the version is a label.", METRIC_GAUGE};
    struct metric_label version = {"version", LOYALTY_VERSION};
    out->family(out->context, &build);
    out->whole(out->context, &version, 1, 1);
}

static void tell_ready(const struct metrics_sources *sources, const struct metrics_out *out)
{
    static const struct metric_family family = {
        "loyaltyd_ready", "Whether it can award and spend: as /readyz.", METRIC_GAUGE};
    const struct monitor_port *port = &sources->around->port;
    bool ready = true;
    port->reasons(port->context, on_reason, &ready);
    metrics_tell(out, &family, ready);
}

static void tell_dates(const struct server *server, const struct metrics_out *out)
{
    static const struct metric_family certificate = {
        "loyaltyd_certificate_not_after_seconds",
        "When the server's certificate ends, in seconds since 1970.", METRIC_GAUGE};
    static const struct metric_family list = {
        "loyaltyd_crl_next_update_seconds",
        "When the revocation list must be renewed, in seconds since 1970.", METRIC_GAUGE};
    struct server_dates dates = server_dates(server);
    metrics_tell(out, &certificate, dates.certificate_not_after_ms / 1000);
    if (dates.crl_next_update_ms != 0) {
        metrics_tell(out, &list, dates.crl_next_update_ms / 1000);
    }
}

static void tell_reloads(const struct reload *reload, const struct metrics_out *out)
{
    static const struct metric_family reloads = {"loyaltyd_reloads_total",
                                                 "Reloads of the configuration, by how they went.",
                                                 METRIC_COUNTER};
    static const struct metric_family refused = {
        "loyaltyd_reload_refused", "1 while the last reload was refused.", METRIC_GAUGE};
    struct metric_label good = {"result", "good"};
    struct metric_label bad = {"result", "refused"};
    out->family(out->context, &reloads);
    out->whole(out->context, &good, 1, (int64_t)reload->successes);
    out->whole(out->context, &bad, 1, (int64_t)reload->failures);
    metrics_tell(out, &refused, reload->error[0] != '\0');
}

void metrics_collect(const struct metrics_sources *sources, const struct metrics_out *out)
{
    tell_build(out);
    tell_ready(sources, out);
    monitor_metrics(sources->service, out);
    redis_metrics(sources->store, out);
    if (sources->server != NULL) {
        server_metrics(sources->server, out);
        tell_dates(sources->server, out);
    }
    if (sources->sweep != NULL) {
        sweep_metrics(sources->sweep, out);
    }
    if (sources->runner != NULL) {
        runner_metrics(sources->runner, out);
    }
    if (sources->watch != NULL) {
        watch_metrics(sources->watch, out);
    }
    tell_reloads(sources->reload, out);
    log_metrics(out);
    process_metrics(out);
}

// --- Prometheus's text ---

__attribute__((format(printf, 2, 3))) static void put(struct metrics_writer *writer,
                                                      const char *format, ...)
{
    char line[LINE_BYTES];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (writer->status == STATUS_OK) {
        bool whole = len >= 0 && (size_t)len < sizeof line;
        writer->status =
            whole ? buffer_append(writer->text, span_of(line, (size_t)len)) : STATUS_TOO_LARGE;
    }
}

static const char *type_of(enum metric_kind kind)
{
    return kind == METRIC_COUNTER ? "counter" : kind == METRIC_GAUGE ? "gauge" : "histogram";
}

static void on_family(void *context, const struct metric_family *family)
{
    struct metrics_writer *writer = context;
    writer->family = family;
    writer->announced = false;
}

// A family without samples is not told of.
static void announce(struct metrics_writer *writer)
{
    if (!writer->announced) {
        put(writer, "# HELP %s %s\n# TYPE %s %s\n", writer->family->name, writer->family->help,
            writer->family->name, type_of(writer->family->kind));
        writer->announced = true;
    }
}

// A value with '\', '"' and newlines escaped.
static void put_value(struct metrics_writer *writer, const char *value)
{
    for (const char *at = value; *at != '\0'; at++) {
        if (*at == '\\' || *at == '"') {
            put(writer, "\\%c", *at);
        } else if (*at == '\n') {
            put(writer, "\\n");
        } else {
            put(writer, "%c", *at);
        }
    }
}

// "name_bucket{a="b",le="0.5"} ", `le` NULL: without.
static void put_name(struct metrics_writer *writer, const char *suffix,
                     const struct metric_label *labels, size_t count, const char *le)
{
    put(writer, "%s%s", writer->family->name, suffix);
    for (size_t i = 0; i < count; i++) {
        put(writer, "%s%s=\"", i == 0 ? "{" : ",", labels[i].name);
        put_value(writer, labels[i].value);
        put(writer, "\"");
    }
    if (le != NULL) {
        put(writer, "%sle=\"%s\"", count == 0 ? "{" : ",", le);
    }
    put(writer, count > 0 || le != NULL ? "} " : " ");
}

static void on_whole(void *context, const struct metric_label *labels, size_t count, int64_t value)
{
    struct metrics_writer *writer = context;
    announce(writer);
    put_name(writer, "", labels, count, NULL);
    put(writer, "%" PRId64 "\n", value);
}

static void put_seconds(struct metrics_writer *writer, int64_t micros)
{
    uint64_t size = micros < 0 ? (uint64_t)-micros : (uint64_t)micros;
    put(writer, "%s%" PRIu64 ".%06" PRIu64 "\n", micros < 0 ? "-" : "", size / MICROS,
        size % MICROS);
}

static void on_micros(void *context, const struct metric_label *labels, size_t count,
                      int64_t micros)
{
    struct metrics_writer *writer = context;
    announce(writer);
    put_name(writer, "", labels, count, NULL);
    put_seconds(writer, micros);
}

static void on_histogram(void *context, const struct metric_label *labels, size_t count,
                         const struct histogram *histogram)
{
    struct metrics_writer *writer = context;
    uint64_t sum = 0;
    announce(writer);
    for (size_t i = 0; i < HISTOGRAM_BOUNDS; i++) {
        char le[32];
        sum += histogram->counts[i];
        (void)snprintf(le, sizeof le, "%g", histogram_bounds_us[i] / 1e6);
        put_name(writer, "_bucket", labels, count, le);
        put(writer, "%" PRIu64 "\n", sum);
    }
    put_name(writer, "_bucket", labels, count, "+Inf");
    put(writer, "%" PRIu64 "\n", histogram->count);
    put_name(writer, "_sum", labels, count, NULL);
    put_seconds(writer, (int64_t)histogram->sum_us);
    put_name(writer, "_count", labels, count, NULL);
    put(writer, "%" PRIu64 "\n", histogram->count);
}

struct metrics_out metrics_writer_port(struct metrics_writer *writer)
{
    return (struct metrics_out){
        .family = on_family,
        .whole = on_whole,
        .micros = on_micros,
        .histogram = on_histogram,
        .context = writer,
    };
}

enum status metrics_text(const struct metrics_sources *sources, struct buffer *out)
{
    struct metrics_writer writer = {.text = out};
    const struct metrics_out port = metrics_writer_port(&writer);
    metrics_collect(sources, &port);
    return writer.status;
}
