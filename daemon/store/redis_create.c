// Creation of the partitions: look whether they are there, create the keys of each in batches, then
// write the count. Each step can be repeated, so a crash half way is mended by asking again.
//
//     GET count ─┬─ this very count ──► OK
//                ├─ another ──────────► FAILED
//                └─ none ──► ly1_create_partition × (count + meta) ──► ly1_set_partitions
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "store/bounds.h"
#include "store/redis_calls.h"

enum { BATCH = 256 };

struct creation {
    struct redis *redis;
    store_done_fn *done;
    void *context;
    uint32_t count;
    uint32_t next;      // partition to create; `count` stands for meta
    uint32_t in_flight; // creations whose answer is not there
    bool failed;
    enum store_result failure;
    char failure_text[128];
};

static void creation_end(struct creation *creation, const struct store_reply *reply)
{
    creation->done(creation->context, reply);
    free(creation);
}

// --- the count ---

static bool on_count_written(const struct redis_call *call, const struct redis_answer *answer)
{
    struct store_reply reply;
    if (!redis_read_outcome(answer, &reply)) {
        return false;
    }
    creation_end(call->context, &reply);
    return true;
}

static void write_count(struct creation *creation)
{
    struct redis_pool *pool = &creation->redis->pool;
    struct redis_call call = redis_call_of(on_count_written, NULL, creation, true);
    struct redis_link *link = redis_pool_route(pool, true, 0, &call);
    const struct store_key keys[] = {
        store_key_partition(true, 0, "partitions"),
        store_key_partition(true, 0, "epoch"),
    };
    struct resp_writer *writer =
        redis_begin_function(link, &call, "ly1_set_partitions", keys, 2, 1);
    resp_put_number(writer, creation->count);
    redis_pool_send(pool, link, &call);
}

// --- the partitions ---

static void create_some(struct creation *creation);

static bool on_created(const struct redis_call *call, const struct redis_answer *answer)
{
    struct creation *creation = call->context;
    struct store_reply reply;
    if (!redis_read_outcome(answer, &reply)) {
        return false;
    }
    creation->in_flight--;
    if (reply.result != STORE_OK && !creation->failed) {
        // Others may have been created: the whole is open, unless the store said why not.
        creation->failed = true;
        creation->failure = reply.result == STORE_FAILED ? STORE_FAILED : STORE_UNKNOWN;
        (void)snprintf(creation->failure_text, sizeof(creation->failure_text), "%.*s",
                       (int)reply.bytes.len, (const char *)reply.bytes.data);
    }
    if (creation->in_flight > 0) {
        return true;
    }
    if (creation->failed) {
        struct store_reply failed = {.result = creation->failure,
                                     .bytes = span_of_text(creation->failure_text)};
        creation_end(creation, &failed);
    } else if (creation->next > creation->count) {
        write_count(creation);
    } else {
        create_some(creation);
    }
    return true;
}

static void create_one(struct creation *creation)
{
    bool meta = creation->next == creation->count;
    uint32_t partition = meta ? 0 : creation->next;
    struct redis_pool *pool = &creation->redis->pool;
    struct redis_call call = redis_call_of(on_created, NULL, creation, true);
    struct redis_link *link = redis_pool_route(pool, meta, partition, &call);
    const struct store_key keys[] = {
        store_key_partition(meta, partition, "ev"),
        store_key_partition(meta, partition, "due"),
        store_key_partition(meta, partition, "arch"),
    };
    (void)redis_begin_function(link, &call, "ly1_create_partition", keys, 3, 0);
    redis_pool_send(pool, link, &call);
    creation->next++;
    creation->in_flight++;
}

static void create_some(struct creation *creation)
{
    for (uint32_t i = 0; i < BATCH && creation->next <= creation->count; i++) {
        create_one(creation);
    }
}

static bool on_refused(const struct redis_call *call, const struct redis_answer *answer)
{
    struct store_reply reply = {.result = answer->result, .bytes = answer->text};
    ((store_done_fn *)call->done)(call->context, &reply);
    return true;
}

static bool on_count_read(const struct redis_call *call, const struct redis_answer *answer)
{
    struct creation *creation = call->context;
    struct store_reply reply = {.result = answer->result, .bytes = answer->text};
    if (answer->value == NULL) {
        creation_end(creation, &reply);
        return true;
    }
    uint64_t count = 0;
    if (answer->value->type == RESP_NIL) {
        create_some(creation);
        return true;
    }
    if (resp_parse_u64(answer->value->text, &count) != STATUS_OK || count != creation->count) {
        reply.result = STORE_FAILED;
        reply.bytes = span_of_text("there are partitions already, of another count");
    }
    creation_end(creation, &reply);
    return true;
}

void redis_create_partitions(struct store *store, uint32_t count, store_done_fn *done,
                             void *context)
{
    struct redis *redis = redis_of(store);
    const char *problem = store_partition_count_problem(count);
    struct creation *creation = problem == NULL ? calloc(1, sizeof(*creation)) : NULL;
    if (creation == NULL) {
        struct redis_call refusal = redis_call_of(on_refused, (void (*)(void))done, context, false);
        redis_pool_refuse(&redis->pool, &refusal,
                          problem == NULL ? STORE_UNAVAILABLE : STORE_FAILED, problem);
        return;
    }
    *creation = (struct creation){.redis = redis, .done = done, .context = context, .count = count};
    struct redis_call call = redis_call_of(on_count_read, NULL, creation, false);
    struct redis_link *link = redis_pool_route(&redis->pool, true, 0, &call);
    struct store_key key = store_key_partition(true, 0, "partitions");
    struct resp_writer *writer = redis_link_writer(link);
    resp_begin(writer, 2);
    resp_put_text(writer, "GET");
    resp_put(writer, store_key_span(&key));
    redis_pool_send(&redis->pool, link, &call);
}
