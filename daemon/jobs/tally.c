// Edges and samples are a few, and looked through one by one.
#include "jobs/tally.h"

#include <stdio.h>
#include <string.h>

// Where the edge is, or would be added.
static uint32_t edge_place(const struct tally *tally, const char *from, const char *to)
{
    uint32_t at = 0;
    while (at < tally->edge_count &&
           (strcmp(tally->edges[at].from, from) != 0 || strcmp(tally->edges[at].to, to) != 0)) {
        at++;
    }
    return at;
}

static void add_edge(struct tally *tally, const struct tally_edge *more)
{
    uint32_t at = edge_place(tally, more->from, more->to);
    bool rest = at >= TALLY_EDGES - 1;
    at = rest ? edge_place(tally, "", "") : at;
    struct tally_edge *edge = &tally->edges[at];
    if (at == tally->edge_count) {
        snprintf(edge->from, sizeof edge->from, "%s", rest ? "" : more->from);
        snprintf(edge->to, sizeof edge->to, "%s", rest ? "" : more->to);
        tally->edge_count++;
    }
    edge->count += more->count;
    edge->points += more->points;
    edge->pending += more->pending;
}

void tally_edge(struct tally *tally, const char *from, const char *to)
{
    struct tally_edge one = {.count = 1};
    snprintf(one.from, sizeof one.from, "%s", from);
    snprintf(one.to, sizeof one.to, "%s", to);
    add_edge(tally, &one);
}

void tally_holder(struct tally *tally, const char *tier, int64_t points, int64_t pending)
{
    struct tally_edge one = {.count = 1, .points = points, .pending = pending};
    snprintf(one.to, sizeof one.to, "%s", tier);
    add_edge(tally, &one);
}

void tally_error(struct tally *tally, struct span member_id, const char *what)
{
    tally->errors++;
    if (tally->error_sample_count < TALLY_SAMPLES) {
        struct tally_sample *sample = &tally->error_samples[tally->error_sample_count++];
        *sample = (struct tally_sample){0};
        memcpy(sample->member_id, member_id.data, member_id.len);
        snprintf(sample->what, sizeof sample->what, "%s", what);
    }
}

void tally_difference(struct tally *tally, const char *member_id, const char *planned,
                      const char *actual)
{
    tally->differ++;
    if (tally->difference_sample_count < TALLY_SAMPLES) {
        struct tally_sample *sample = &tally->difference_samples[tally->difference_sample_count++];
        *sample = (struct tally_sample){0};
        snprintf(sample->member_id, sizeof sample->member_id, "%s", member_id);
        snprintf(sample->planned, sizeof sample->planned, "%s", planned);
        snprintf(sample->actual, sizeof sample->actual, "%s", actual);
    }
}

static void merge_samples(struct tally_sample *samples, uint32_t *count,
                          const struct tally_sample *others, uint32_t other_count)
{
    for (uint32_t i = 0; i < other_count && *count < TALLY_SAMPLES; i++) {
        samples[(*count)++] = others[i];
    }
}

void tally_merge(struct tally *tally, const struct tally *other)
{
    tally->members += other->members;
    tally->moves += other->moves;
    tally->moved_before += other->moved_before;
    tally->errors += other->errors;
    tally->corrected += other->corrected;
    tally->differ += other->differ;
    for (uint32_t i = 0; i < other->edge_count; i++) {
        add_edge(tally, &other->edges[i]);
    }
    merge_samples(tally->error_samples, &tally->error_sample_count, other->error_samples,
                  other->error_sample_count);
    merge_samples(tally->difference_samples, &tally->difference_sample_count,
                  other->difference_samples, other->difference_sample_count);
}

// --- into a job ---

static char *copy_text(struct arena *arena, const char *text)
{
    return arena_printf(arena, "%s", text);
}

// A longer list with the same first items; NULL when out of memory.
static void *grown(struct arena *arena, void *items, size_t count, size_t more)
{
    void **list = arena_alloc_array(arena, count + more, sizeof(void *));
    if (list != NULL && count > 0) {
        memcpy(list, items, count * sizeof(void *));
    }
    return list;
}

static enum status add_samples(const struct tally_sample *samples, uint32_t count,
                               struct arena *arena, Loyaltyd__JobSample ***list, size_t *length)
{
    size_t room = *length < TALLY_SAMPLES ? TALLY_SAMPLES - *length : 0;
    size_t more = count < room ? count : room;
    Loyaltyd__JobSample **rows = grown(arena, *list, *length, more);
    if (rows == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < more; i++) {
        Loyaltyd__JobSample *row = arena_alloc(arena, sizeof *row);
        if (row == NULL) {
            return STATUS_NO_MEMORY;
        }
        loyaltyd__job_sample__init(row);
        row->member_id = copy_text(arena, samples[i].member_id);
        row->what = copy_text(arena, samples[i].what);
        row->planned = copy_text(arena, samples[i].planned);
        row->actual = copy_text(arena, samples[i].actual);
        if (row->member_id == NULL || row->what == NULL || row->planned == NULL ||
            row->actual == NULL) {
            return STATUS_NO_MEMORY;
        }
        rows[*length + i] = row;
    }
    *list = rows;
    *length += more;
    return STATUS_OK;
}

enum status tally_add_to(const struct tally *tally, Loyaltyd__Job *job, struct arena *arena)
{
    job->members += tally->members;
    job->moves += tally->moves;
    job->moved_before += tally->moved_before;
    job->errors += tally->errors;
    job->corrected += tally->corrected;
    job->differ += tally->differ;
    for (uint32_t i = 0; i < tally->edge_count; i++) {
        const struct tally_edge *edge = &tally->edges[i];
        Loyaltyd__JobEdge more = LOYALTYD__JOB_EDGE__INIT;
        more.from_tier = (char *)edge->from; // only read
        more.to_tier = (char *)edge->to;
        more.count = edge->count;
        more.points = edge->points;
        more.pending = edge->pending;
        TRY(job_add_edge(job, arena, &more));
    }
    TRY(add_samples(tally->error_samples, tally->error_sample_count, arena, &job->error_samples,
                    &job->n_error_samples));
    return add_samples(tally->difference_samples, tally->difference_sample_count, arena,
                       &job->difference_samples, &job->n_difference_samples);
}
