// A family may stand in two pages, where one ended amid it: all are looked through.
#include "ctl/top_figures.h"

#include <string.h>

typedef void sample_fn(void *context, const Loyalty__V1__MetricSample *sample);

static bool has_label(const Loyalty__V1__MetricSample *sample, const struct top_label *label)
{
    for (size_t i = 0; label != NULL && i < sample->n_labels; i++) {
        if (strcmp(sample->labels[i]->name, label->name) == 0) {
            return strcmp(sample->labels[i]->value, label->value) == 0;
        }
    }
    return label == NULL;
}

// Whether there is such a family at all.
static bool each_sample(const struct top_figures *figures, const char *name,
                        const struct top_label *label, sample_fn *each, void *context)
{
    bool found = false;
    for (size_t page = 0; page < figures->count; page++) {
        const Loyalty__V1__GetMetricsResponse *answer = figures->pages[page];
        for (size_t i = 0; i < answer->n_families; i++) {
            const Loyalty__V1__MetricFamily *family = answer->families[i];
            if (strcmp(family->name, name) != 0) {
                continue;
            }
            found = true;
            for (size_t j = 0; j < family->n_samples; j++) {
                if (has_label(family->samples[j], label)) {
                    each(context, family->samples[j]);
                }
            }
        }
    }
    return found;
}

static void add_whole(void *context, const Loyalty__V1__MetricSample *sample)
{
    *(int64_t *)context += sample->whole;
}

bool top_sum(const struct top_figures *figures, const char *family, const struct top_label *label,
             int64_t *ret_sum)
{
    *ret_sum = 0;
    return each_sample(figures, family, label, add_whole, ret_sum);
}

static void keep_largest(void *context, const Loyalty__V1__MetricSample *sample)
{
    int64_t *largest = context;
    *largest = sample->micros > *largest ? sample->micros : *largest;
}

bool top_largest(const struct top_figures *figures, const char *family, int64_t *ret_micros)
{
    *ret_micros = 0;
    return each_sample(figures, family, NULL, keep_largest, ret_micros);
}

int64_t top_gain(const struct top_figures *before, const struct top_figures *now,
                 const char *family, const struct top_label *label)
{
    int64_t was = 0;
    int64_t is = 0;
    (void)top_sum(before, family, label, &was);
    (void)top_sum(now, family, label, &is);
    return is >= was ? is - was : is;
}

static void add_buckets(void *context, const Loyalty__V1__MetricSample *sample)
{
    struct top_spread *spread = context;
    size_t buckets = sample->n_buckets < TOP_BUCKETS ? sample->n_buckets : TOP_BUCKETS;
    for (size_t i = 0; i < buckets; i++) {
        spread->counts[i] += sample->buckets[i];
        spread->count += sample->buckets[i];
        if (i < sample->n_bounds_micros) {
            spread->bounds_us[i] = sample->bounds_micros[i];
        }
    }
    spread->buckets = buckets > spread->buckets ? buckets : spread->buckets;
}

void top_spread(const struct top_figures *before, const struct top_figures *now, const char *family,
                const struct top_label *label, struct top_spread *ret_spread)
{
    struct top_spread was = {0};
    *ret_spread = (struct top_spread){0};
    (void)each_sample(before, family, label, add_buckets, &was);
    (void)each_sample(now, family, label, add_buckets, ret_spread);
    if (was.count > ret_spread->count) {
        return; // started anew
    }
    for (size_t i = 0; i < ret_spread->buckets; i++) {
        uint64_t old =
            was.counts[i] < ret_spread->counts[i] ? was.counts[i] : ret_spread->counts[i];
        ret_spread->counts[i] -= old;
        ret_spread->count -= old;
    }
}

int64_t top_quantile(const struct top_spread *spread, uint32_t per_mille)
{
    uint64_t wanted = (spread->count * per_mille + 999) / 1000;
    uint64_t seen = 0;
    size_t last = spread->buckets < 2 ? 0 : spread->buckets - 2;
    if (spread->count == 0) {
        return -1;
    }
    for (size_t i = 0; i <= last; i++) {
        seen += spread->counts[i];
        if (seen >= wanted) {
            return (int64_t)spread->bounds_us[i];
        }
    }
    return (int64_t)spread->bounds_us[last];
}
