// Events of many partitions: one function call a partition (in a cluster they are of different
// slots), pipelined, and gathered into one reply. A call goes over its partition's connection
// behind what is in flight there, and what was acknowledged before is executed already: so a reader
// misses nothing.
//
//     read_events ──► ly1_events × places ──► each answer is copied ──► the last one tells all
#include <stdlib.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/vec.h"
#include "store/bounds.h"
#include "store/redis_calls.h"

enum {
    GATHERED_BYTES_MAX = 64 << 20,
    TRIMMED_MAX = 100000, // events in one call, which takes Redis some milliseconds
};

struct gathering;

struct part {
    struct gathering *gathering;
    uint32_t partition;
    struct store_event_bounds bounds;
};

struct gathering {
    store_events_fn *done;
    void *context;
    enum store_result result; // the first that is not OK
    size_t missing;           // answers
    bool short_of_memory;     // some events were left out
    struct arena bytes;       // of the events
    VEC(struct store_event) events;
    size_t count;
    struct part parts[];
};

static void gathering_free(struct gathering *gathering)
{
    arena_fini(&gathering->bytes);
    vec_fini(&gathering->events);
    free(gathering);
}

// --- telling ---

static void tell_result(struct gathering *gathering, enum store_result result)
{
    struct store_events_reply reply = {.result = result};
    gathering->done(gathering->context, &reply);
}

static void tell_events(struct gathering *gathering)
{
    struct store_event_bounds bounds[STORE_EVENT_PARTITIONS_MAX];
    for (size_t i = 0; i < gathering->count; i++) {
        bounds[i] = gathering->parts[i].bounds;
    }
    struct store_events_reply reply = {
        .result = STORE_OK,
        .events = gathering->events.items,
        .count = gathering->events.count,
        .bounds = bounds,
    };
    gathering->done(gathering->context, &reply);
}

// What was left out for want of memory is asked for again by who goes on from what he has; if that
// is nothing, he must know why.
static void gathering_end(struct gathering *gathering)
{
    if (gathering->result == STORE_OK && gathering->short_of_memory &&
        gathering->events.count == 0) {
        gathering->result = STORE_UNAVAILABLE;
    }
    if (gathering->result == STORE_OK) {
        tell_events(gathering);
    } else {
        tell_result(gathering, gathering->result);
    }
    gathering_free(gathering);
}

// --- gathering ---

bool redis_read_number(const struct resp_value *value, uint64_t *ret_number)
{
    return value->type == RESP_STRING && value->text.len > 2 && value->text.data[0] == '0' &&
           value->text.data[1] == '-' &&
           resp_parse_u64(span_from(value->text, 2), ret_number) == STATUS_OK;
}

// False when there is no memory for it.
static bool keep_event(struct gathering *gathering, uint32_t partition, uint64_t number,
                       struct span bytes)
{
    struct store_event event = {.partition = partition, .number = number};
    if (vec_reserve_one(&gathering->events, UINT32_MAX) != STATUS_OK ||
        arena_copy(&gathering->bytes, bytes, &event.bytes) != STATUS_OK) {
        return false;
    }
    gathering->events.items[gathering->events.count++] = event;
    return true;
}

bool redis_read_bounds(const struct resp_value *first, const struct resp_value *last,
                       struct store_event_bounds *ret_bounds)
{
    if (!redis_read_number(last, &ret_bounds->last) || ret_bounds->last == UINT64_MAX) {
        return false;
    }
    ret_bounds->first = ret_bounds->last + 1;
    return first->text.len == 0 || redis_read_number(first, &ret_bounds->first);
}

// {tag, "OK", first's id or "", last id, then id and bytes of each event}.
static enum store_result take_events(struct part *part, const struct resp_value *value)
{
    struct gathering *gathering = part->gathering;
    bool bounded = redis_read_bounds(value->items[2], value->items[3], &part->bounds);
    enum store_result result = bounded ? STORE_OK : STORE_FAILED;
    for (size_t i = 4; i + 1 < value->count && result == STORE_OK; i += 2) {
        uint64_t number = 0;
        if (!redis_read_number(value->items[i], &number)) {
            result = STORE_FAILED;
        } else if (!keep_event(gathering, part->partition, number, value->items[i + 1]->text)) {
            gathering->short_of_memory = true;
            break;
        }
    }
    return result;
}

static bool on_events(const struct redis_call *call, const struct redis_answer *answer)
{
    struct part *part = call->context;
    struct gathering *gathering = part->gathering;
    struct store_reply outcome;
    if (!redis_read_outcome(answer, &outcome)) {
        return false;
    }
    enum store_result result = outcome.result;
    if (result == STORE_OK) {
        if (answer->value->count < 4) {
            return false;
        }
        result = take_events(part, answer->value);
    }
    if (gathering->result == STORE_OK) {
        gathering->result = result;
    }
    if (--gathering->missing == 0) {
        gathering_end(gathering);
    }
    return true;
}

// --- asking ---

static void ask_part(struct redis *redis, struct part *part, uint64_t after, uint32_t events_max,
                     uint32_t bytes_max)
{
    struct redis_call call = redis_call_of(on_events, NULL, part, false);
    struct redis_link *link = redis_pool_route(&redis->pool, false, part->partition, &call);
    struct store_key key = store_key_partition(false, part->partition, "ev");
    struct resp_writer *writer = redis_begin_function(link, &call, "ly1_events", &key, 1, 3);
    resp_put_unsigned(writer, after);
    resp_put_number(writer, events_max);
    resp_put_number(writer, bytes_max);
    redis_pool_send(&redis->pool, link, &call);
}

static bool on_refused(const struct redis_call *call, const struct redis_answer *answer)
{
    struct store_events_reply reply = {.result = answer->result};
    ((store_events_fn *)call->done)(call->context, &reply);
    return true;
}

static struct gathering *gathering_new(const struct store_event_place *places, size_t count,
                                       store_events_fn *done, void *context)
{
    struct gathering *gathering =
        calloc(1, sizeof(*gathering) + count * sizeof(gathering->parts[0]));
    if (gathering == NULL) {
        return NULL;
    }
    gathering->done = done;
    gathering->context = context;
    gathering->missing = count;
    gathering->count = count;
    arena_init(&gathering->bytes, GATHERED_BYTES_MAX);
    for (size_t i = 0; i < count; i++) {
        gathering->parts[i] =
            (struct part){.gathering = gathering, .partition = places[i].partition};
    }
    return gathering;
}

void redis_read_events(struct store *store, const struct store_event_place *places, size_t count,
                       uint32_t events_max, store_events_fn *done, void *context)
{
    struct redis *redis = redis_of(store);
    struct redis_call refusal = redis_call_of(on_refused, (void (*)(void))done, context, false);
    if (redis_refused(redis, &refusal, store_places_problem(places, count))) {
        return;
    }
    const char *reason = NULL;
    struct gathering *gathering = redis_pool_is_ready(&redis->pool, &reason)
                                      ? gathering_new(places, count, done, context)
                                      : NULL;
    if (gathering == NULL) {
        redis_pool_refuse(&redis->pool, &refusal, STORE_UNAVAILABLE, "");
        return;
    }
    for (size_t i = 0; i < count; i++) {
        ask_part(redis, &gathering->parts[i], places[i].after,
                 store_events_share(count, events_max), store_events_room(count));
    }
}

// --- trimming ---

static bool on_trimmed(const struct redis_call *call, const struct redis_answer *answer)
{
    struct store_reply reply = {.result = answer->result, .bytes = answer->text};
    if (answer->value != NULL && answer->value->type != RESP_INTEGER) {
        return false;
    }
    ((store_done_fn *)call->done)(call->context, &reply);
    return true;
}

void redis_trim_events(struct store *store, uint32_t partition, uint64_t keep, store_done_fn *done,
                       void *context)
{
    struct redis *redis = redis_of(store);
    struct redis_call call = redis_call_of(on_trimmed, (void (*)(void))done, context, true);
    if (redis_refused(redis, &call, store_partition_problem(partition))) {
        return;
    }
    struct redis_link *link = redis_pool_route(&redis->pool, false, partition, &call);
    struct store_key key = store_key_partition(false, partition, "ev");
    struct resp_writer *writer = redis_link_writer(link);
    resp_begin(writer, 7);
    resp_put_text(writer, "XTRIM");
    resp_put(writer, store_key_span(&key));
    resp_put_text(writer, "MAXLEN");
    resp_put_text(writer, "~"); // whole nodes of the stream: about a hundred events
    resp_put_number(writer, keep < INT64_MAX ? (int64_t)keep : INT64_MAX);
    resp_put_text(writer, "LIMIT");
    resp_put_number(writer, TRIMMED_MAX);
    redis_pool_send(&redis->pool, link, &call);
}
