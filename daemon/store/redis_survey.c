// What stands in a few partitions: one function call each (in a cluster they are of different
// slots), pipelined, and gathered into one reply, which the last answer tells.
#include <stdlib.h>

#include "base/limits.h"
#include "store/bounds.h"
#include "store/redis_calls.h"

enum { SURVEY_ITEMS = 8 }; // tag, outcome, and six figures

struct surveying;

struct surveyed {
    struct surveying *surveying;
    struct store_survey figures;
};

struct surveying {
    store_survey_fn *done;
    void *context;
    enum store_result result; // the first that is not OK
    uint32_t missing;         // answers
    uint32_t count;
    struct surveyed parts[STORE_SURVEY_MAX];
};

static void surveying_end(struct surveying *surveying)
{
    struct store_survey partitions[STORE_SURVEY_MAX];
    struct store_survey_reply reply = {.result = surveying->result, .partitions = partitions};
    reply.count = reply.result == STORE_OK ? surveying->count : 0;
    for (uint32_t i = 0; i < surveying->count; i++) {
        partitions[i] = surveying->parts[i].figures;
    }
    surveying->done(surveying->context, &reply);
    free(surveying);
}

static bool read_count(const struct resp_value *value, uint64_t *ret_count)
{
    *ret_count = value->integer > 0 ? (uint64_t)value->integer : 0;
    return value->type == RESP_INTEGER && value->integer >= 0;
}

// {tag, "OK", due, the first due or "", events, last id, waiting, their bytes}. What is none of
// ours is FAILED: definite, and no reason to doubt the connection.
static enum store_result read_survey(struct resp_value *const *items, struct store_survey *figures)
{
    figures->first_due_ms = INSTANT_NEVER;
    bool ours = read_count(items[2], &figures->due) && read_count(items[4], &figures->events) &&
                read_count(items[6], &figures->waiting) &&
                read_count(items[7], &figures->waiting_bytes) &&
                redis_read_number(items[5], &figures->last_event);
    if (ours && items[3]->text.len > 0) {
        ours = redis_read_instant(items[3]->text, &figures->first_due_ms);
    }
    return ours ? STORE_OK : STORE_FAILED;
}

static bool on_survey(const struct redis_call *call, const struct redis_answer *answer)
{
    struct surveyed *part = call->context;
    struct surveying *surveying = part->surveying;
    struct store_reply outcome;
    if (!redis_read_outcome(answer, &outcome)) {
        return false;
    }
    enum store_result result = outcome.result;
    if (result == STORE_OK) {
        if (answer->value->count != SURVEY_ITEMS) {
            return false;
        }
        result = read_survey(answer->value->items, &part->figures);
    }
    if (surveying->result == STORE_OK) {
        surveying->result = result;
    }
    if (--surveying->missing == 0) {
        surveying_end(surveying);
    }
    return true;
}

static void ask_part(struct redis *redis, struct surveyed *part, uint32_t partition)
{
    struct redis_call call = redis_call_of(on_survey, NULL, part, false);
    struct redis_link *link = redis_pool_route(&redis->pool, false, partition, &call);
    const struct store_key keys[] = {
        store_key_partition(false, partition, "due"),
        store_key_partition(false, partition, "ev"),
        store_key_partition(false, partition, "arch"),
    };
    (void)redis_begin_function(link, &call, "ly1_survey", keys, 3, 0);
    redis_pool_send(&redis->pool, link, &call);
}

static bool on_refused(const struct redis_call *call, const struct redis_answer *answer)
{
    struct store_survey_reply reply = {.result = answer->result};
    ((store_survey_fn *)call->done)(call->context, &reply);
    return true;
}

static struct surveying *surveying_new(uint32_t count, store_survey_fn *done, void *context)
{
    struct surveying *surveying = calloc(1, sizeof(*surveying));
    if (surveying == NULL) {
        return NULL;
    }
    surveying->done = done;
    surveying->context = context;
    surveying->missing = count;
    surveying->count = count;
    for (uint32_t i = 0; i < count; i++) {
        surveying->parts[i].surveying = surveying;
    }
    return surveying;
}

void redis_survey(struct store *store, uint32_t from, uint32_t count, store_survey_fn *done,
                  void *context)
{
    struct redis *redis = redis_of(store);
    struct redis_call refusal = redis_call_of(on_refused, (void (*)(void))done, context, false);
    if (redis_refused(redis, &refusal, store_survey_problem(from, count))) {
        return;
    }
    const char *reason = NULL;
    struct surveying *surveying =
        redis_pool_is_ready(&redis->pool, &reason) ? surveying_new(count, done, context) : NULL;
    if (surveying == NULL) {
        redis_pool_refuse(&redis->pool, &refusal, STORE_UNAVAILABLE, "");
        return;
    }
    uint32_t asked = 0;
    do { // there is at least one, whose answer frees it
        ask_part(redis, &surveying->parts[asked], from + asked);
    } while (++asked < count);
}
