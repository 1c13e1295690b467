// Values with a revision. A value stands as its revision, 8 bytes big-endian, and its bytes; what
// is to be written is put together here, so that Redis only compares (functions.lua, put).
#include <string.h>

#include "store/bounds.h"
#include "store/redis_calls.h"

enum { REVISION_BYTES = 8 };

static void write_revision(uint8_t out[REVISION_BYTES], uint64_t revision)
{
    for (size_t i = 0; i < REVISION_BYTES; i++) {
        out[i] = (uint8_t)(revision >> (8 * (REVISION_BYTES - 1 - i)));
    }
}

static uint64_t read_revision(struct span stored)
{
    uint64_t revision = 0;
    for (size_t i = 0; i < REVISION_BYTES && i < stored.len; i++) {
        revision = revision << 8 | stored.data[i];
    }
    return revision;
}

// What stands there, which is nothing if there are no bytes. What is none of ours is FAILED:
// definite, and no reason to doubt the connection.
static void read_value(struct span stored, struct store_value_reply *ret_reply)
{
    if (stored.len == 0) {
        return;
    }
    if (stored.len <= REVISION_BYTES || stored.len > REVISION_BYTES + STORE_VALUE_BYTES_MAX) {
        ret_reply->result = STORE_FAILED;
        return;
    }
    ret_reply->revision = read_revision(stored);
    ret_reply->bytes = span_from(stored, REVISION_BYTES);
}

// --- get ---

static bool on_value(const struct redis_call *call, const struct redis_answer *answer)
{
    struct store_value_reply reply = {.result = answer->result};
    if (answer->value != NULL) {
        if (answer->value->type != RESP_STRING) {
            return false;
        }
        read_value(answer->value->text, &reply);
    }
    ((store_value_fn *)call->done)(call->context, &reply);
    return true;
}

void redis_get(struct store *store, const struct store_value *value, store_value_fn *done,
               void *context)
{
    struct redis *redis = redis_of(store);
    struct redis_call call = redis_call_of(on_value, (void (*)(void))done, context, false);
    if (redis_refused(redis, &call, store_value_problem(value))) {
        return;
    }
    struct redis_link *link = redis_pool_route(&redis->pool, value->meta, value->partition, &call);
    struct store_key key = store_key_value(value);
    // One byte more than a value may have.
    redis_send_range(redis, link, &call, &key, 0, REVISION_BYTES + STORE_VALUE_BYTES_MAX);
}

// --- put ---

static bool on_put(const struct redis_call *call, const struct redis_answer *answer)
{
    struct store_reply outcome;
    if (!redis_read_outcome(answer, &outcome)) {
        return false;
    }
    struct store_value_reply reply = {.result = outcome.result};
    if (outcome.result == STORE_OK) {
        reply.revision = read_revision(outcome.bytes);
    } else if (outcome.result == STORE_BEHIND) {
        read_value(outcome.bytes, &reply);
    }
    ((store_value_fn *)call->done)(call->context, &reply);
    return true;
}

static void put_arguments(struct resp_writer *writer, const struct store_put *put,
                          const struct store_put_sets *sets)
{
    uint8_t stored[REVISION_BYTES + STORE_VALUE_BYTES_MAX];
    write_revision(stored, put->expected_revision);
    resp_put(writer, span_of(stored, put->expected_revision == 0 ? 0 : REVISION_BYTES));
    resp_put(writer, put->value.name);
    size_t len = put->bytes.len;
    if (len > 0) {
        write_revision(stored, put->expected_revision + 1);
        memcpy(stored + REVISION_BYTES, put->bytes.data, len);
    }
    resp_put(writer, span_of(stored, len == 0 ? 0 : REVISION_BYTES + len));
    for (uint32_t i = 0; i < sets->count; i++) {
        resp_put_text(writer, sets->enters[i] ? "1" : "0");
    }
}

void redis_put(struct store *store, const struct store_put *put, store_value_fn *done,
               void *context)
{
    struct redis *redis = redis_of(store);
    struct redis_call call = redis_call_of(on_put, (void (*)(void))done, context, true);
    if (redis_refused(redis, &call, store_put_problem(put))) {
        return;
    }
    const struct store_value *value = &put->value;
    struct redis_link *link = redis_pool_route(&redis->pool, value->meta, value->partition, &call);
    struct store_put_sets sets = store_put_sets(put);
    struct store_key keys[1 + STORE_PUT_SETS] = {store_key_value(value)};
    for (uint32_t i = 0; i < sets.count; i++) {
        keys[1 + i] = sets.keys[i];
    }
    struct resp_writer *writer =
        redis_begin_function(link, &call, "ly1_put", keys, 1 + sets.count, 3 + sets.count);
    put_arguments(writer, put, &sets);
    redis_pool_send(&redis->pool, link, &call);
}
