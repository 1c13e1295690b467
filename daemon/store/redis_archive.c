// What compaction has cut off logs and waits in a partition's archive stream: read in pieces, so
// that no reply is larger than what the reader holds; dropped as a whole up to a number.
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "store/bounds.h"
#include "store/redis_calls.h"

enum {
    ABOUT = 4,      // what stands before the pieces: tag, outcome, the stream's bounds
    PIECE_ITEMS = 5 // id, account, the entry's length, offset, bytes
};

static_assert(INT64_MAX > LIMIT_LOG_BYTES, "an offset is a number of Redis");

static void tell_result(const struct redis_call *call, enum store_result result)
{
    struct store_archive_reply reply = {.result = result};
    ((store_archive_fn *)call->done)(call->context, &reply);
}

// --- reading ---

static bool read_piece(struct resp_value *const *items, struct store_archive_piece *ret_piece)
{
    uint64_t number = 0;
    if (!redis_read_number(items[0], &number) || items[1]->text.len > LIMIT_MEMBER_ID_BYTES ||
        items[2]->integer < 0 || items[3]->integer < 0) {
        return false;
    }
    *ret_piece = (struct store_archive_piece){
        .number = number,
        .account_id = items[1]->text,
        .total_bytes = (uint64_t)items[2]->integer,
        .offset = (uint64_t)items[3]->integer,
        .bytes = items[4]->text,
    };
    return ret_piece->offset <= ret_piece->total_bytes &&
           ret_piece->bytes.len <= ret_piece->total_bytes - ret_piece->offset;
}

// A stream that somebody else has written to is FAILED: definite, and no reason to doubt the
// connection.
static void tell_pieces(const struct redis_call *call, const struct resp_value *value)
{
    size_t count = (value->count - ABOUT) / PIECE_ITEMS;
    struct store_archive_piece *pieces = calloc(count + 1, sizeof(*pieces));
    if (pieces == NULL) {
        tell_result(call, STORE_UNAVAILABLE);
        return;
    }
    struct store_archive_reply reply = {.result = STORE_OK, .pieces = pieces, .count = count};
    bool ours = redis_read_bounds(value->items[2], value->items[3], &reply.bounds);
    for (size_t i = 0; i < count && ours; i++) {
        ours = read_piece(value->items + ABOUT + i * PIECE_ITEMS, &pieces[i]) &&
               pieces[i].number <= reply.bounds.last;
    }
    if (!ours) {
        reply = (struct store_archive_reply){.result = STORE_FAILED};
    } else if (count > 0) {
        reply.waiting = reply.bounds.last - pieces[count - 1].number;
    }
    ((store_archive_fn *)call->done)(call->context, &reply);
    free(pieces);
}

static bool on_pieces(const struct redis_call *call, const struct redis_answer *answer)
{
    struct store_reply outcome;
    if (!redis_read_outcome(answer, &outcome)) {
        return false;
    }
    if (outcome.result != STORE_OK) {
        tell_result(call, outcome.result);
        return true;
    }
    if (answer->value->count < ABOUT || (answer->value->count - ABOUT) % PIECE_ITEMS != 0) {
        return false;
    }
    tell_pieces(call, answer->value);
    return true;
}

void redis_read_archive(struct store *store, const struct store_archive_place *place,
                        store_archive_fn *done, void *context)
{
    struct redis *redis = redis_of(store);
    struct redis_call call = redis_call_of(on_pieces, (void (*)(void))done, context, false);
    if (redis_refused(redis, &call, store_partition_problem(place->partition))) {
        return;
    }
    struct redis_link *link = redis_pool_route(&redis->pool, false, place->partition, &call);
    struct store_key key = store_key_partition(false, place->partition, "arch");
    struct resp_writer *writer = redis_begin_function(link, &call, "ly1_archive", &key, 1, 3);
    resp_put_unsigned(writer, place->number);
    resp_put_unsigned(writer, place->offset < LIMIT_LOG_BYTES ? place->offset : LIMIT_LOG_BYTES);
    resp_put_number(writer, store_archive_room(place->bytes_max));
    redis_pool_send(&redis->pool, link, &call);
}

// --- dropping ---

static bool on_dropped(const struct redis_call *call, const struct redis_answer *answer)
{
    struct store_reply reply = {.result = answer->result, .bytes = answer->text};
    if (answer->value != NULL) {
        if (answer->value->type != RESP_INTEGER || answer->value->integer < 0) {
            return false;
        }
        reply.dropped = (uint64_t)answer->value->integer;
    }
    ((store_done_fn *)call->done)(call->context, &reply);
    return true;
}

void redis_drop_archived(struct store *store, uint32_t partition, uint64_t through,
                         store_done_fn *done, void *context)
{
    struct redis *redis = redis_of(store);
    struct redis_call call = redis_call_of(on_dropped, (void (*)(void))done, context, true);
    if (redis_refused(redis, &call, store_through_problem(partition, through))) {
        return;
    }
    struct redis_link *link = redis_pool_route(&redis->pool, false, partition, &call);
    struct store_key key = store_key_partition(false, partition, "arch");
    struct resp_writer *writer = redis_link_writer(link);
    resp_begin(writer, 5);
    resp_put_text(writer, "XTRIM");
    resp_put(writer, store_key_span(&key));
    resp_put_text(writer, "MINID");
    resp_put_text(writer, "=");
    char id[32]; // of the first one that stays
    (void)snprintf(id, sizeof(id), "0-%llu", (unsigned long long)(through + 1));
    resp_put_text(writer, id);
    redis_pool_send(&redis->pool, link, &call);
}
