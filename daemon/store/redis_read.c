// Reads of more than one account: pages of a partition's due index, and the head.
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "store/bounds.h"
#include "store/redis_calls.h"

// --- pages of ids ---

static bool tell_no_page(const struct redis_call *call, enum store_result result)
{
    struct store_scan_reply reply = {.result = result};
    ((store_scan_fn *)call->done)(call->context, &reply);
    return true;
}

bool redis_read_instant(struct span score, int64_t *ret_instant_ms)
{
    uint64_t distance = 0;
    if (span_is_text(score, "inf")) {
        *ret_instant_ms = INSTANT_NEVER;
        return true;
    }
    bool negative = score.len > 0 && score.data[0] == '-';
    if (resp_parse_u64(span_from(score, negative ? 1 : 0), &distance) != STATUS_OK ||
        distance > INT64_MAX) {
        return false;
    }
    *ret_instant_ms = negative ? -(int64_t)distance : (int64_t)distance;
    return true;
}

// The ids, the sentinel aside, and behind each its score if there are scores. A score that is none
// of ours is FAILED: definite, and no reason to doubt the connection.
static void take_page(const struct resp_value *items, struct span *ids, int64_t *scores_ms,
                      struct store_scan_reply *reply)
{
    size_t stride = scores_ms == NULL ? 1 : 2;
    reply->ids = ids;
    reply->due_ms = scores_ms;
    for (size_t i = 0; i + stride <= items->count; i += stride) {
        struct span id = items->items[i]->text;
        if (span_is_text(id, "!")) {
            continue;
        }
        if (scores_ms != NULL &&
            !redis_read_instant(items->items[i + 1]->text, &scores_ms[reply->count])) {
            *reply = (struct store_scan_reply){.result = STORE_FAILED};
            return;
        }
        ids[reply->count++] = id;
    }
}

// Tells a page of ids, which is bounded by the reader's own bound.
static bool tell_page(const struct redis_call *call, uint64_t cursor,
                      const struct resp_value *items, bool scored)
{
    struct span *ids = calloc(items->count + 1, sizeof(*ids));
    int64_t *scores_ms = scored ? calloc(items->count + 1, sizeof(*scores_ms)) : NULL;
    struct store_scan_reply reply = {.result = STORE_OK, .next_cursor = cursor};
    if (ids == NULL || (scored && scores_ms == NULL)) {
        reply = (struct store_scan_reply){.result = STORE_UNAVAILABLE};
    } else {
        take_page(items, ids, scores_ms, &reply);
    }
    ((store_scan_fn *)call->done)(call->context, &reply);
    free(ids);
    free(scores_ms);
    return true;
}

static bool on_page(const struct redis_call *call, const struct redis_answer *answer)
{
    if (answer->value == NULL) {
        return tell_no_page(call, answer->result);
    }
    const struct resp_value *page = answer->value;
    uint64_t cursor = 0;
    if (page->type != RESP_ARRAY || page->count != 2 || page->items[1]->type != RESP_ARRAY ||
        resp_parse_u64(page->items[0]->text, &cursor) != STATUS_OK) {
        return false;
    }
    return tell_page(call, cursor, page->items[1], true);
}

void redis_scan(struct store *store, uint32_t partition, uint64_t cursor, uint32_t count,
                store_scan_fn *done, void *context)
{
    struct redis *redis = redis_of(store);
    struct redis_call call = redis_call_of(on_page, (void (*)(void))done, context, false);
    if (redis_refused(redis, &call, store_partition_problem(partition))) {
        return;
    }
    struct redis_link *link = redis_pool_route(&redis->pool, false, partition, &call);
    struct store_key due = store_key_partition(false, partition, "due");
    struct resp_writer *writer = redis_link_writer(link);
    resp_begin(writer, 5);
    resp_put_text(writer, "ZSCAN");
    resp_put(writer, store_key_span(&due));
    resp_put_unsigned(writer, cursor);
    resp_put_text(writer, "COUNT");
    resp_put_number(writer, store_page(count));
    redis_pool_send(&redis->pool, link, &call);
}

// --- due, and sets ---

// Of a function that gives {tag, "OK", members}.
static bool on_list(const struct redis_call *call, const struct redis_answer *answer, bool scored)
{
    struct store_reply reply;
    if (!redis_read_outcome(answer, &reply)) {
        return false;
    }
    if (reply.result != STORE_OK) {
        return tell_no_page(call, reply.result);
    }
    const struct resp_value *value = answer->value;
    return value->count == 3 && value->items[2]->type == RESP_ARRAY &&
           tell_page(call, 0, value->items[2], scored);
}

static bool on_due(const struct redis_call *call, const struct redis_answer *answer)
{
    return on_list(call, answer, true);
}

void redis_due(struct store *store, const struct store_due *due, store_scan_fn *done, void *context)
{
    struct redis *redis = redis_of(store);
    struct redis_call call = redis_call_of(on_due, (void (*)(void))done, context, false);
    if (redis_refused(redis, &call, store_due_problem(due))) {
        return;
    }
    struct redis_link *link = redis_pool_route(&redis->pool, false, due->partition, &call);
    struct store_key key = store_key_partition(false, due->partition, "due");
    struct resp_writer *writer = redis_begin_function(link, &call, "ly1_due", &key, 1, 4);
    resp_put_number(writer, due->until_ms); // the sentinel, and who is never due, are at +inf
    resp_put_number(writer, store_page(due->count));
    resp_put_number(writer, due->after_ms);
    resp_put(writer, due->after_id);
    redis_pool_send(&redis->pool, link, &call);
}

static bool on_members(const struct redis_call *call, const struct redis_answer *answer)
{
    return on_list(call, answer, false);
}

static void list_members(struct redis *redis, bool meta, uint32_t partition,
                         const struct store_key *set, struct redis_call *call)
{
    struct redis_link *link = redis_pool_route(&redis->pool, meta, partition, call);
    struct resp_writer *writer = redis_begin_function(link, call, "ly1_members", set, 1, 1);
    resp_put_number(writer, STORE_SET_MEMBERS_MAX);
    redis_pool_send(&redis->pool, link, call);
}

void redis_list_set(struct store *store, uint32_t partition, struct span set, store_scan_fn *done,
                    void *context)
{
    struct redis *redis = redis_of(store);
    struct redis_call call = redis_call_of(on_members, (void (*)(void))done, context, false);
    if (!redis_refused(redis, &call, store_set_problem(partition, set))) {
        struct store_key key = store_key_set(partition, set);
        list_members(redis, false, partition, &key, &call);
    }
}

void redis_list_values(struct store *store, store_scan_fn *done, void *context)
{
    struct redis_call call = redis_call_of(on_members, (void (*)(void))done, context, false);
    struct store_key key = store_key_partition(true, 0, "values");
    list_members(redis_of(store), true, 0, &key, &call);
}

// --- head ---

// {tag, "OK", store's now, test clock or "0", partitions or "0", program's length, its bytes, epoch
// or "0"}.
static bool read_head(const struct resp_value *value, struct store_head *ret_head)
{
    uint64_t clock = 0;
    uint64_t partitions = 0;
    uint64_t epoch = 0;
    if (value->count != 8 || !span_is_text(value->items[1]->text, "OK") ||
        value->items[2]->integer <= 0 || value->items[5]->integer < 0 ||
        value->items[6]->type != RESP_STRING) {
        return false;
    }
    // Keys that somebody else has written to: definite, and no reason to doubt the connection.
    if (resp_parse_u64(value->items[3]->text, &clock) != STATUS_OK || clock > INT64_MAX ||
        resp_parse_u64(value->items[4]->text, &partitions) != STATUS_OK ||
        partitions > LIMIT_PARTITIONS ||
        resp_parse_u64(value->items[7]->text, &epoch) != STATUS_OK) {
        *ret_head = (struct store_head){.result = STORE_FAILED};
        return true;
    }
    *ret_head = (struct store_head){
        .result = STORE_OK,
        .store_now_ms = value->items[2]->integer,
        .program = value->items[6]->text,
        .program_bytes = (uint64_t)value->items[5]->integer,
        .sandbox_clock_ms = (int64_t)clock,
        .partitions = (uint32_t)partitions,
        .epoch = epoch,
    };
    return true;
}

static bool on_head(const struct redis_call *call, const struct redis_answer *answer)
{
    struct store_head head = {.result = answer->result};
    if (answer->value != NULL && !read_head(answer->value, &head)) {
        return false;
    }
    ((store_head_fn *)call->done)(call->context, &head);
    return true;
}

void redis_head(struct store *store, uint64_t program_from_bytes, store_head_fn *done,
                void *context)
{
    struct redis *redis = redis_of(store);
    struct redis_call call = redis_call_of(on_head, (void (*)(void))done, context, false);
    struct redis_link *link = redis_pool_route(&redis->pool, true, 0, &call);
    const struct store_key keys[] = {
        store_key_partition(true, 0, "program"),
        store_key_partition(true, 0, "clock"),
        store_key_partition(true, 0, "partitions"),
        store_key_partition(true, 0, "epoch"),
    };
    uint64_t from = program_from_bytes < LIMIT_LOG_BYTES ? program_from_bytes : LIMIT_LOG_BYTES;
    struct resp_writer *writer = redis_begin_function(link, &call, "ly1_head", keys, 4, 1);
    resp_put_number(writer, (int64_t)from);
    redis_pool_send(&redis->pool, link, &call);
}
