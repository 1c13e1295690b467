// Names of values, and what is read and counted in a stored job.
#include "service/job_values.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "wire/message.h"

static const char operations_prefix[] = "operations/";

// A job's texts and lists at their longest: ids and tiers are at most LIMIT_NAME_BYTES.
enum {
    NAME_BYTES = LIMIT_NAME_BYTES + 2,
    EDGE_BYTES = 2 * NAME_BYTES + 3 * 11 + 3,
    MEMBER_BYTES = LIMIT_MEMBER_ID_BYTES + 5,
    WHAT_BYTES = 34,
    CLAIM_BYTES = 48,
};

static_assert(LIMIT_PARTITIONS / 8 + JOB_EDGES_MAX * EDGE_BYTES + JOB_CLAIMS_MAX * CLAIM_BYTES +
                      JOB_SAMPLES_MAX * (2 * MEMBER_BYTES + WHAT_BYTES + 2 * NAME_BYTES) +
                      2 * LIMIT_TEXT_BYTES + 512 <=
                  STORE_VALUE_BYTES_MAX,
              "a job fits a value");
static_assert(JOB_PAGE_MOVES * (LIMIT_MEMBER_ID_BYTES + 2 * LIMIT_NAME_BYTES + 60) <=
                  STORE_VALUE_BYTES_MAX,
              "a page of a plan fits a value");

bool job_id_of_name(const char *name, char ret_id[JOB_ID_BYTES + 1])
{
    size_t prefix = sizeof(operations_prefix) - 1;
    if (strncmp(name, operations_prefix, prefix) != 0) {
        return false;
    }
    const char *id = name + prefix;
    size_t len = strnlen(id, JOB_ID_BYTES + 1);
    if (len == 0 || len > JOB_ID_BYTES ||
        strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-") != len) {
        return false;
    }
    memcpy(ret_id, id, len + 1);
    return true;
}

struct store_value job_list_value(void)
{
    return (struct store_value){.meta = true, .name = span_of_text("jobs")};
}

static struct span named(const struct job_value_name *name)
{
    return span_of_text(name->text);
}

struct store_value job_value(const char *id, struct job_value_name *ret_name)
{
    snprintf(ret_name->text, sizeof(ret_name->text), "job.%s", id);
    return (struct store_value){.meta = true, .name = named(ret_name)};
}

struct store_value plan_head_value(uint32_t partition, const char *id,
                                   struct job_value_name *ret_name)
{
    snprintf(ret_name->text, sizeof(ret_name->text), ":%s", id);
    return (struct store_value){.partition = partition, .name = named(ret_name)};
}

struct store_value plan_page_value(uint32_t partition, const char *id, uint64_t attempt,
                                   uint32_t page, struct job_value_name *ret_name)
{
    int len = snprintf(ret_name->text, sizeof(ret_name->text), ":%s:%" PRIu64 ":%" PRIu32, id,
                       attempt, page);
    CHECK(len > 0 && (size_t)len < sizeof(ret_name->text));
    return (struct store_value){.partition = partition, .name = named(ret_name)};
}

enum status job_decode(const ProtobufCMessageDescriptor *type, struct span bytes,
                       struct arena *arena, ProtobufCMessage **ret_message)
{
    struct message_fault fault;
    if (bytes.len == 0) {
        *ret_message = message_new(type, arena);
        return *ret_message == NULL ? STATUS_NO_MEMORY : STATUS_OK;
    }
    // Spans of a store's reply go with it, and so does what was decoded from them.
    struct span copy;
    TRY(arena_copy(arena, bytes, &copy));
    enum status status = message_decode(type, copy, arena, ret_message, &fault);
    return status == STATUS_OK || status == STATUS_NO_MEMORY ? status : STATUS_CORRUPT;
}

bool job_is_done(const Loyaltyd__Job *job, uint32_t partition)
{
    return partition / 8 < job->done.len &&
           (job->done.data[partition / 8] >> partition % 8 & 1) != 0;
}

void job_set_done(Loyaltyd__Job *job, uint32_t partition)
{
    CHECK(partition / 8 < job->done.len);
    job->done.data[partition / 8] |= (uint8_t)(1U << partition % 8);
}

uint32_t job_done_count(const Loyaltyd__Job *job)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < job->partitions; i++) {
        count += job_is_done(job, i) ? 1 : 0;
    }
    return count;
}

static void add_to_edge(Loyaltyd__JobEdge *edge, const Loyaltyd__JobEdge *more)
{
    edge->count += more->count;
    edge->points += more->points;
    edge->pending += more->pending;
}

static Loyaltyd__JobEdge *find_edge(const Loyaltyd__Job *job, const char *from, const char *to)
{
    for (size_t i = 0; i < job->n_edges; i++) {
        if (strcmp(job->edges[i]->from_tier, from) == 0 &&
            strcmp(job->edges[i]->to_tier, to) == 0) {
            return job->edges[i];
        }
    }
    return NULL;
}

enum status job_add_edge(Loyaltyd__Job *job, struct arena *arena, const Loyaltyd__JobEdge *more)
{
    Loyaltyd__JobEdge *edge = find_edge(job, more->from_tier, more->to_tier);
    bool rest = edge == NULL && job->n_edges >= JOB_EDGES_MAX - 1;
    edge = rest ? find_edge(job, "", "") : edge;
    if (edge != NULL) {
        add_to_edge(edge, more);
        return STATUS_OK;
    }
    Loyaltyd__JobEdge **edges =
        arena_alloc_array(arena, job->n_edges + 1, sizeof(Loyaltyd__JobEdge *));
    edge = (Loyaltyd__JobEdge *)message_new(&loyaltyd__job_edge__descriptor, arena);
    if (edges == NULL || edge == NULL) {
        return STATUS_NO_MEMORY;
    }
    if (job->n_edges > 0) {
        memcpy(edges, job->edges, job->n_edges * sizeof(Loyaltyd__JobEdge *));
    }
    edge->from_tier = arena_printf(arena, "%s", rest ? "" : more->from_tier);
    edge->to_tier = arena_printf(arena, "%s", rest ? "" : more->to_tier);
    if (edge->from_tier == NULL || edge->to_tier == NULL) {
        return STATUS_NO_MEMORY;
    }
    add_to_edge(edge, more);
    edges[job->n_edges] = edge;
    job->edges = edges;
    job->n_edges++;
    return STATUS_OK;
}

Loyaltyd__JobHead *job_list_find(const Loyaltyd__Jobs *jobs, const char *id)
{
    for (size_t i = 0; i < jobs->n_heads; i++) {
        if (strcmp(jobs->heads[i]->id, id) == 0) {
            return jobs->heads[i];
        }
    }
    return NULL;
}

const Loyaltyd__JobHead *job_list_census(const Loyaltyd__Jobs *jobs)
{
    for (size_t i = 0; i < jobs->n_heads; i++) {
        const Loyaltyd__JobHead *head = jobs->heads[i];
        if (head->done && head->kind == LOYALTY__V1__JOB_KIND__JOB_KIND_CENSUS) {
            return head;
        }
    }
    return NULL;
}

void job_list_remove(Loyaltyd__Jobs *jobs, const char *id)
{
    size_t kept = 0;
    for (size_t i = 0; i < jobs->n_heads; i++) {
        if (strcmp(jobs->heads[i]->id, id) != 0) {
            jobs->heads[kept++] = jobs->heads[i];
        }
    }
    jobs->n_heads = kept;
}

static const char *kind_word(Loyalty__V1__JobKind kind)
{
    switch (kind) {
    case LOYALTY__V1__JOB_KIND__JOB_KIND_PLAN:
        return "plan";
    case LOYALTY__V1__JOB_KIND__JOB_KIND_RESCORE:
        return "rescore";
    case LOYALTY__V1__JOB_KIND__JOB_KIND_CENSUS:
        return "census";
    default:
        return "reindex";
    }
}

static enum status drop_oldest(Loyaltyd__Jobs *jobs, char ret_dropped[JOB_ID_BYTES + 1])
{
    for (size_t i = jobs->n_heads; i > 0; i--) {
        const Loyaltyd__JobHead *head = jobs->heads[i - 1];
        if (head->done && head->kind != LOYALTY__V1__JOB_KIND__JOB_KIND_PLAN) {
            snprintf(ret_dropped, JOB_ID_BYTES + 1, "%s", head->id);
            job_list_remove(jobs, ret_dropped);
            return STATUS_OK;
        }
    }
    return STATUS_TOO_LARGE;
}

enum status job_list_add(Loyaltyd__Jobs *jobs, struct arena *arena, Loyalty__V1__JobKind kind,
                         Loyaltyd__JobHead **ret_head, char ret_dropped[JOB_ID_BYTES + 1])
{
    ret_dropped[0] = '\0';
    if (jobs->n_heads >= JOBS_MAX) {
        TRY(drop_oldest(jobs, ret_dropped));
    }
    Loyaltyd__JobHead *head =
        (Loyaltyd__JobHead *)message_new(&loyaltyd__job_head__descriptor, arena);
    Loyaltyd__JobHead **heads =
        arena_alloc_array(arena, jobs->n_heads + 1, sizeof(Loyaltyd__JobHead *));
    if (head == NULL || heads == NULL) {
        return STATUS_NO_MEMORY;
    }
    jobs->next_number++;
    head->id = arena_printf(arena, "%s-%" PRIu64, kind_word(kind), jobs->next_number);
    head->kind = kind;
    if (head->id == NULL) {
        return STATUS_NO_MEMORY;
    }
    heads[0] = head;
    if (jobs->n_heads > 0) {
        memcpy(heads + 1, jobs->heads, jobs->n_heads * sizeof(Loyaltyd__JobHead *));
    }
    jobs->heads = heads;
    jobs->n_heads++;
    *ret_head = head;
    return STATUS_OK;
}

enum status job_set_partitions(Loyaltyd__Job *job, struct arena *arena, uint32_t partitions)
{
    size_t bytes = (partitions + 7) / 8;
    job->partitions = partitions;
    job->done.data = arena_alloc(arena, bytes);
    if (job->done.data == NULL) {
        return STATUS_NO_MEMORY;
    }
    memset(job->done.data, 0, bytes);
    job->done.len = bytes;
    return STATUS_OK;
}
