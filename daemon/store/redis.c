// The port in Redis: the object and the calls about one account or identifier. Plain reads are
// GETRANGE with an end, so that no reply is larger than what the reader holds; everything that
// writes is a function (functions.lua).
#include "store/redis.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "store/bounds.h"
#include "store/redis_calls.h"

struct redis_call redis_call_of(redis_answer_fn *on_answer, void (*done)(void), void *context,
                                bool mutation)
{
    return (struct redis_call){
        .on_answer = on_answer, .done = done, .context = context, .mutation = mutation};
}

struct resp_writer *redis_begin_function(struct redis_link *link, struct redis_call *call,
                                         const char *name, const struct store_key *keys,
                                         uint32_t key_count, uint32_t arguments)
{
    call->tag = redis_link_next_tag(link);
    struct resp_writer *writer = redis_link_writer(link);
    resp_begin(writer, 3 + key_count + 1 + arguments);
    resp_put_text(writer, "FCALL");
    resp_put_text(writer, name);
    resp_put_number(writer, key_count);
    for (uint32_t i = 0; i < key_count; i++) {
        resp_put(writer, store_key_span(&keys[i]));
    }
    resp_put_number(writer, (int64_t)call->tag);
    return writer;
}

// --- answers ---

// An outcome and what more is said: bytes (a string) or a log's length (an integer).
static bool read_outcome(struct resp_value *const *items, size_t count,
                         struct store_reply *ret_reply)
{
    static const struct {
        const char *name;
        enum store_result result;
    } outcomes[] = {
        {"OK", STORE_OK},         {"BEHIND", STORE_BEHIND},   {"RELOAD", STORE_RELOAD},
        {"CLOCK", STORE_CLOCK},   {"EXPIRED", STORE_EXPIRED}, {"TAKEN", STORE_TAKEN},
        {"FAILED", STORE_FAILED}, {"HALF", STORE_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]) && count > 0; i++) {
        if (span_is_text(items[0]->text, outcomes[i].name)) {
            *ret_reply = (struct store_reply){.result = outcomes[i].result};
            if (count > 1) {
                ret_reply->bytes = items[1]->text;
                ret_reply->log_bytes = items[1]->integer > 0 ? (uint64_t)items[1]->integer : 0;
            }
            return true;
        }
    }
    return false;
}

bool redis_read_outcome(const struct redis_answer *answer, struct store_reply *ret_reply)
{
    if (answer->value == NULL) {
        *ret_reply = (struct store_reply){.result = answer->result, .bytes = answer->text};
        return true;
    }
    CHECK(answer->value->type == RESP_ARRAY && answer->value->count >= 2); // the tag was checked
    return read_outcome(answer->value->items + 1, answer->value->count - 1, ret_reply);
}

static bool on_function(const struct redis_call *call, const struct redis_answer *answer)
{
    struct store_reply reply;
    if (!redis_read_outcome(answer, &reply)) {
        return false;
    }
    ((store_done_fn *)call->done)(call->context, &reply);
    return true;
}

// Of one append of a batch: the log's new length, or an outcome.
static bool on_append(const struct redis_call *call, const struct redis_answer *answer)
{
    struct store_reply reply = {.result = answer->result, .bytes = answer->text};
    const struct resp_value *value = answer->value;
    if (value != NULL && value->type == RESP_INTEGER && value->integer > 0) {
        reply.log_bytes = (uint64_t)value->integer;
    } else if (value != NULL &&
               (value->type != RESP_ARRAY || !read_outcome(value->items, value->count, &reply) ||
                reply.result == STORE_OK)) {
        return false;
    }
    ((store_done_fn *)call->done)(call->context, &reply);
    return true;
}

// Of GETRANGE: an absent key has no bytes.
static bool on_bytes(const struct redis_call *call, const struct redis_answer *answer)
{
    struct store_reply reply = {.result = answer->result, .bytes = answer->text};
    if (answer->value != NULL) {
        if (answer->value->type != RESP_STRING) {
            return false;
        }
        reply.bytes = answer->value->text;
        reply.log_bytes = reply.bytes.len;
    }
    ((store_done_fn *)call->done)(call->context, &reply);
    return true;
}

static bool on_log(const struct redis_call *call, const struct redis_answer *answer)
{
    if (answer->value != NULL && answer->value->text.len > LIMIT_LOG_BYTES) {
        struct redis_answer failed = {.result = STORE_FAILED,
                                      .text = span_of_text("the log exceeds its bound")};
        return on_bytes(call, &failed);
    }
    return on_bytes(call, answer);
}

// --- calls ---

// The connection for a call on an account that is within bounds.
static struct redis_link *route(struct redis *redis, const struct store_account *account,
                                struct redis_call *call)
{
    return redis_pool_route(&redis->pool, account->meta, account->partition, call);
}

bool redis_refused(struct redis *redis, const struct redis_call *call, const char *problem)
{
    if (problem != NULL) {
        redis_pool_refuse(&redis->pool, call, STORE_FAILED, problem);
    }
    return problem != NULL;
}

void redis_send_range(struct redis *redis, struct redis_link *link, const struct redis_call *call,
                      const struct store_key *key, uint64_t first, uint64_t last)
{
    struct resp_writer *writer = redis_link_writer(link);
    resp_begin(writer, 4);
    resp_put_text(writer, "GETRANGE");
    resp_put(writer, store_key_span(key));
    resp_put_number(writer, (int64_t)first);
    resp_put_number(writer, (int64_t)last);
    redis_pool_send(&redis->pool, link, call);
}

static void load(struct store *store, const struct store_account *account, store_done_fn *done,
                 void *context)
{
    struct redis *redis = redis_of(store);
    struct redis_call call = redis_call_of(on_log, (void (*)(void))done, context, false);
    if (redis_refused(redis, &call, store_account_problem(account))) {
        return;
    }
    struct redis_link *link = route(redis, account, &call);
    struct store_key key = store_key_account(account);
    redis_send_range(redis, link, &call, &key, 0,
                     LIMIT_LOG_BYTES); // one byte more than a log may have
}

static void load_from(struct store *store, const struct store_account *account, uint64_t from_bytes,
                      store_done_fn *done, void *context)
{
    struct redis *redis = redis_of(store);
    struct redis_call call = redis_call_of(on_bytes, (void (*)(void))done, context, false);
    if (redis_refused(redis, &call, store_account_problem(account))) {
        return;
    }
    struct redis_link *link = route(redis, account, &call);
    struct store_key key = store_key_account(account);
    uint64_t from = from_bytes < LIMIT_LOG_BYTES ? from_bytes : LIMIT_LOG_BYTES;
    redis_send_range(redis, link, &call, &key, from, from + LIMIT_SUFFIX_BYTES - 1);
}

static void append(struct store *store, const struct store_append *append, store_done_fn *done,
                   void *context)
{
    struct redis *redis = redis_of(store);
    struct redis_call call = redis_call_of(on_append, (void (*)(void))done, context, true);
    if (redis_refused(redis, &call, store_append_problem(append))) {
        return;
    }
    struct redis_link *link = route(redis, &append->account, &call);
    redis_pool_append(&redis->pool, link, append, &call);
}

static void compact(struct store *store, const struct store_compact *compact, store_done_fn *done,
                    void *context)
{
    struct redis *redis = redis_of(store);
    struct redis_call call = redis_call_of(on_function, (void (*)(void))done, context, true);
    if (redis_refused(redis, &call, store_compact_problem(compact))) {
        return;
    }
    const struct store_account *account = &compact->account;
    struct redis_link *link = route(redis, account, &call);
    const struct store_key keys[] = {
        store_key_account(account),
        store_key_partition(account->meta, account->partition, "arch"),
    };
    struct resp_writer *writer = redis_begin_function(link, &call, "ly1_compact_if", keys, 2, 4);
    resp_put(writer, span_of(compact->cut_hash, STORE_HASH_BYTES));
    resp_put_number(writer, (int64_t)compact->cut_bytes);
    resp_put(writer, compact->snapshot);
    resp_put(writer, account->id);
    redis_pool_send(&redis->pool, link, &call);
}

static void claim(struct store *store, uint32_t partition, struct span key, struct span member_id,
                  struct span take_over_from, store_done_fn *done, void *context)
{
    struct redis *redis = redis_of(store);
    struct redis_call call = redis_call_of(on_function, (void (*)(void))done, context, true);
    if (redis_refused(redis, &call, store_claim_problem(partition, key, member_id))) {
        return;
    }
    struct redis_link *link = redis_pool_route(&redis->pool, false, partition, &call);
    struct store_key identifier = store_key_identifier(partition, key);
    struct resp_writer *writer = redis_begin_function(link, &call, "ly1_claim", &identifier, 1, 2);
    resp_put(writer, member_id);
    resp_put(writer, take_over_from);
    redis_pool_send(&redis->pool, link, &call);
}

static void unclaim(struct store *store, uint32_t partition, struct span key, struct span member_id,
                    store_done_fn *done, void *context)
{
    struct redis *redis = redis_of(store);
    struct redis_call call = redis_call_of(on_function, (void (*)(void))done, context, true);
    if (redis_refused(redis, &call, store_claim_problem(partition, key, member_id))) {
        return;
    }
    struct redis_link *link = redis_pool_route(&redis->pool, false, partition, &call);
    struct store_key identifier = store_key_identifier(partition, key);
    struct resp_writer *writer =
        redis_begin_function(link, &call, "ly1_unclaim", &identifier, 1, 1);
    resp_put(writer, member_id);
    redis_pool_send(&redis->pool, link, &call);
}

static void find(struct store *store, uint32_t partition, struct span key, store_done_fn *done,
                 void *context)
{
    struct redis *redis = redis_of(store);
    struct redis_call call = redis_call_of(on_bytes, (void (*)(void))done, context, false);
    if (redis_refused(redis, &call, store_identifier_problem(partition, key))) {
        return;
    }
    struct redis_link *link = redis_pool_route(&redis->pool, false, partition, &call);
    struct store_key identifier = store_key_identifier(partition, key);
    redis_send_range(redis, link, &call, &identifier, 0, LIMIT_MEMBER_ID_BYTES - 1);
}

static void set_sandbox_clock(struct store *store, int64_t now_ms, store_done_fn *done,
                              void *context)
{
    struct redis *redis = redis_of(store);
    struct redis_call call = redis_call_of(on_function, (void (*)(void))done, context, true);
    if (redis_refused(redis, &call, store_clock_problem(now_ms))) {
        return;
    }
    struct redis_link *link = redis_pool_route(&redis->pool, true, 0, &call);
    struct store_key clock = store_key_partition(true, 0, "clock");
    struct resp_writer *writer = redis_begin_function(link, &call, "ly1_set_clock", &clock, 1, 1);
    resp_put_number(writer, now_ms);
    redis_pool_send(&redis->pool, link, &call);
}

// --- the object ---

static bool is_ready(const struct store *store, const char **ret_reason)
{
    return redis_pool_is_ready(&((const struct redis *)store)->pool, ret_reason);
}

static void redis_free(struct store *store)
{
    struct redis *redis = redis_of(store);
    redis_pool_fini(&redis->pool);
    free(redis);
}

static const struct store_ops operations = {
    .load = load,
    .load_from = load_from,
    .append = append,
    .compact = compact,
    .claim = claim,
    .find = find,
    .scan = redis_scan,
    .head = redis_head,
    .set_sandbox_clock = set_sandbox_clock,
    .create_partitions = redis_create_partitions,
    .unclaim = unclaim,
    .due = redis_due,
    .get = redis_get,
    .put = redis_put,
    .list_values = redis_list_values,
    .list_set = redis_list_set,
    .read_events = redis_read_events,
    .trim_events = redis_trim_events,
    .read_archive = redis_read_archive,
    .drop_archived = redis_drop_archived,
    .survey = redis_survey,
    .rewrite = redis_rewrite,
    .is_ready = is_ready,
    .free = redis_free,
};

const struct redis_facts *redis_facts(const struct store *store)
{
    return &((const struct redis *)store)->pool.facts;
}

enum status redis_new(struct event_base *base, const struct redis_options *options,
                      redis_state_fn *on_state, void *context, struct store **ret_store)
{
    if (options->user != NULL && options->password == NULL) {
        return STATUS_INVALID;
    }
    struct redis *redis = calloc(1, sizeof(*redis));
    if (redis == NULL) {
        return STATUS_NO_MEMORY;
    }
    enum status status = redis_pool_init(&redis->pool, base, options, on_state, context);
    if (status != STATUS_OK) {
        free(redis);
        return status;
    }
    redis->pool.on_look = redis_rewrite_owed;
    redis->pool.look_context = redis;
    redis->store.ops = &operations;
    *ret_store = &redis->store;
    return STATUS_OK;
}
