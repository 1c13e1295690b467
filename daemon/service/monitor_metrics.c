// MonitorService.GetMetrics: what the daemon counts, as numbers. All is told each time; a page
// takes the samples behind those that the pages before have given, as many as fit an answer.
#include <string.h>

#include "base/histogram.h"
#include "base/metrics.h"
#include "loyalty/v1/monitor.pb-c.h"
#include "service/bounds.h"
#include "service/handlers.h"
#include "service/monitor_parts.h"
#include "wire/bounds.h"
#include "wire/message.h"
#include "wire/replies.h"

enum {
    FAMILIES_MAX = 256,  // of an answer
    SAMPLES_MAX = 1024,  // and of one family in it
    FAMILY_BYTES = 64,   // of a family besides its name: its kind, and what stands around it
    RESERVED_BYTES = 64, // the answer's token
    SAMPLE_VALUES = 8,   // of a sample and its family, besides labels and buckets
    LABEL_VALUES = 3,
};

struct writer {
    struct arena *arena;
    struct monitor_page page;
    uint64_t told; // samples so far, those of the pages before too
    size_t room;
    size_t values; // that the answer may still have: else nobody could decode it
    bool full;
    enum status status;
    const struct metric_family *announced; // whose samples come
    Loyalty__V1__MetricFamily *family;     // NULL: no sample of it is taken yet
    Loyalty__V1__MetricSample **samples;   // of the family; room for SAMPLES_MAX
    size_t sample_count;
    Loyalty__V1__GetMetricsResponse response;
};

// --- a family ---

static void close_family(struct writer *writer)
{
    Loyalty__V1__MetricFamily *family = writer->family;
    size_t count = writer->sample_count;
    writer->family = NULL;
    writer->sample_count = 0;
    if (family == NULL || writer->status != STATUS_OK) {
        return;
    }
    family->samples = arena_alloc_array(writer->arena, count, sizeof(Loyalty__V1__MetricSample *));
    if (family->samples == NULL) {
        writer->status = STATUS_NO_MEMORY;
        return;
    }
    memcpy(family->samples, writer->samples, count * sizeof(Loyalty__V1__MetricSample *));
    family->n_samples = count;
}

static void on_family(void *context, const struct metric_family *family)
{
    struct writer *writer = context;
    close_family(writer);
    writer->announced = family;
}

static Loyalty__V1__MetricKind kind_of(enum metric_kind kind)
{
    switch (kind) {
    case METRIC_COUNTER:
        return LOYALTY__V1__METRIC_KIND__METRIC_KIND_COUNTER;
    case METRIC_GAUGE:
        return LOYALTY__V1__METRIC_KIND__METRIC_KIND_GAUGE;
    case METRIC_HISTOGRAM:
        break;
    }
    return LOYALTY__V1__METRIC_KIND__METRIC_KIND_HISTOGRAM;
}

static enum status open_family(struct writer *writer)
{
    Loyalty__V1__MetricFamily *family = (Loyalty__V1__MetricFamily *)message_new(
        &loyalty__v1__metric_family__descriptor, writer->arena);
    if (family == NULL) {
        return STATUS_NO_MEMORY;
    }
    TRY(replies_text(writer->arena, span_of_text(writer->announced->name), &family->name));
    family->kind = kind_of(writer->announced->kind);
    writer->family = family;
    writer->response.families[writer->response.n_families++] = family;
    return STATUS_OK;
}

// Room for a family is taken with its first sample.
static bool has_family(struct writer *writer)
{
    if (writer->family != NULL) {
        return writer->sample_count < SAMPLES_MAX;
    }
    size_t bytes = strlen(writer->announced->name) + FAMILY_BYTES;
    if (bytes > writer->room || writer->response.n_families == FAMILIES_MAX) {
        return false;
    }
    writer->room -= bytes;
    writer->status = open_family(writer);
    return true;
}

// --- a sample ---

static enum status copy_labels(struct arena *arena, const struct metric_label *labels, size_t count,
                               Loyalty__V1__MetricSample *sample)
{
    sample->labels = arena_alloc_array(arena, count, sizeof(Loyalty__V1__MetricLabel *));
    if (sample->labels == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        Loyalty__V1__MetricLabel *label =
            (Loyalty__V1__MetricLabel *)message_new(&loyalty__v1__metric_label__descriptor, arena);
        if (label == NULL) {
            return STATUS_NO_MEMORY;
        }
        TRY(replies_text(arena, span_of_text(labels[i].name), &label->name));
        TRY(replies_text(arena, span_of_text(labels[i].value), &label->value));
        sample->labels[sample->n_labels++] = label;
    }
    return STATUS_OK;
}

// NULL: it was given before, or does not fit any more, or there is no memory.
static Loyalty__V1__MetricSample *begin_sample(struct writer *writer,
                                               const struct metric_label *labels, size_t count)
{
    if (writer->told < writer->page.place) {
        writer->told++;
        return NULL;
    }
    if (writer->full || writer->status != STATUS_OK) {
        return NULL;
    }
    Loyalty__V1__MetricSample *sample = (Loyalty__V1__MetricSample *)message_new(
        &loyalty__v1__metric_sample__descriptor, writer->arena);
    writer->status =
        sample == NULL ? STATUS_NO_MEMORY : copy_labels(writer->arena, labels, count, sample);
    return writer->status == STATUS_OK ? sample : NULL;
}

static bool fits(struct writer *writer, const Loyalty__V1__MetricSample *sample)
{
    size_t values = SAMPLE_VALUES + sample->n_labels * LABEL_VALUES + sample->n_buckets +
                    sample->n_bounds_micros;
    if (values > writer->values || !monitor_fits(&writer->room, &sample->base)) {
        return false;
    }
    writer->values -= values;
    return true;
}

static void end_sample(struct writer *writer, Loyalty__V1__MetricSample *sample)
{
    if (!has_family(writer) || !fits(writer, sample)) {
        writer->full = true;
        return;
    }
    if (writer->status == STATUS_OK) {
        writer->samples[writer->sample_count++] = sample;
        writer->told++;
    }
}

static void on_whole(void *context, const struct metric_label *labels, size_t count, int64_t value)
{
    Loyalty__V1__MetricSample *sample = begin_sample(context, labels, count);
    if (sample != NULL) {
        sample->whole = value;
        end_sample(context, sample);
    }
}

static void on_micros(void *context, const struct metric_label *labels, size_t count,
                      int64_t micros)
{
    Loyalty__V1__MetricSample *sample = begin_sample(context, labels, count);
    if (sample != NULL) {
        sample->micros = micros;
        end_sample(context, sample);
    }
}

static enum status copy_histogram(struct arena *arena, const struct histogram *histogram,
                                  Loyalty__V1__MetricSample *sample)
{
    sample->buckets = arena_alloc_array(arena, HISTOGRAM_BOUNDS + 1, sizeof(*sample->buckets));
    sample->bounds_micros =
        arena_alloc_array(arena, HISTOGRAM_BOUNDS, sizeof(*sample->bounds_micros));
    if (sample->buckets == NULL || sample->bounds_micros == NULL) {
        return STATUS_NO_MEMORY;
    }
    sample->whole = (int64_t)histogram->count;
    sample->sum_micros = histogram->sum_us;
    sample->n_buckets = HISTOGRAM_BOUNDS + 1;
    sample->n_bounds_micros = HISTOGRAM_BOUNDS;
    memcpy(sample->buckets, histogram->counts, sizeof(histogram->counts));
    for (size_t i = 0; i < HISTOGRAM_BOUNDS; i++) {
        sample->bounds_micros[i] = histogram_bounds_us[i];
    }
    return STATUS_OK;
}

static void on_histogram(void *context, const struct metric_label *labels, size_t count,
                         const struct histogram *histogram)
{
    struct writer *writer = context;
    Loyalty__V1__MetricSample *sample = begin_sample(writer, labels, count);
    if (sample != NULL) {
        writer->status = copy_histogram(writer->arena, histogram, sample);
        if (writer->status == STATUS_OK) {
            end_sample(writer, sample);
        }
    }
}

// --- the answer ---

static void tell_all(struct writer *writer, const struct service *service)
{
    const struct metrics_out out = {
        .family = on_family,
        .whole = on_whole,
        .micros = on_micros,
        .histogram = on_histogram,
        .context = writer,
    };
    if (service->monitor != NULL && service->monitor->metrics != NULL) {
        service->monitor->metrics(service->monitor->context, &out);
    } else {
        monitor_metrics(service, &out);
    }
    close_family(writer);
}

void monitor_get_metrics(struct request *request)
{
    const Loyalty__V1__GetMetricsRequest *message =
        (const Loyalty__V1__GetMetricsRequest *)request->message;
    struct writer writer = {
        .arena = &request->arena,
        .room = LIMIT_REPLY_BYTES - RESERVED_BYTES,
        .values = WIRE_MESSAGE_VALUES - SAMPLE_VALUES,
        .response = LOYALTY__V1__GET_METRICS_RESPONSE__INIT,
    };
    if (!monitor_page_read(request, 0, message->page_token, &writer.page)) {
        return;
    }
    writer.response.families =
        arena_alloc_array(&request->arena, FAMILIES_MAX, sizeof(Loyalty__V1__MetricFamily *));
    writer.samples =
        arena_alloc_array(&request->arena, SAMPLES_MAX, sizeof(Loyalty__V1__MetricSample *));
    if (writer.response.families == NULL || writer.samples == NULL) {
        writer.status = STATUS_NO_MEMORY;
    } else {
        tell_all(&writer, request->service);
    }
    if (writer.status == STATUS_OK && writer.full) {
        writer.status =
            monitor_page_token(&request->arena, writer.told, &writer.response.next_page_token);
    }
    monitor_end(request, writer.status, &writer.response.base);
}
