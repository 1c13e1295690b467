// The difference between this machine's clock and the service's, as it was found at the first
// connect, is taken to be what it was when the rows were made. It goes into the rows together with
// the learned time, so it is never applied twice.
#include "lib/till_restamp.h"

#include "lib/encode.h"
#include "lib/till_intent.h"
#include "lib/till_sql.h"

enum { TOLERATED_MS = 2000, RESTAMP_MEMORY_MAX = 1024 * 1024 };

static int64_t shifted(const struct ly_learned_clock *learned, int64_t at_ms)
{
    int64_t shift_ms = learned->server_ms - learned->wall_ms;
    if (learned->stands) {
        return learned->server_ms;
    }
    return shift_ms > TOLERATED_MS || shift_ms < -TOLERATED_MS ? at_ms + shift_ms : at_ms;
}

static void *allocate(void *arena, size_t bytes)
{
    return arena_alloc(arena, bytes);
}

static void release(void *arena, void *memory)
{
    (void)arena;
    (void)memory;
}

static int64_t instant_ms(const Google__Protobuf__Timestamp *instant)
{
    return instant == NULL ? 0 : instant->seconds * 1000 + instant->nanos / 1000000;
}

// A sale that was given its time here has that of its row.
static bool restamp_sale(struct arena *arena, const struct ly_row *row,
                         Loyalty__V1__AwardRequest *award, int64_t now_ms)
{
    Loyalty__V1__Sale *sale = award->sale;
    if (sale->occurred_case == LOYALTY__V1__SALE__OCCURRED_OCCURRED_AT &&
        instant_ms(sale->occurred_at) == row->created_at_ms) {
        sale->occurred_at = ly_encode_instant(arena, now_ms);
    }
    return sale->occurred_case != LOYALTY__V1__SALE__OCCURRED_OCCURRED_AT ||
           sale->occurred_at != NULL;
}

// What it reverses was made by the same clock when it is in the same queue.
static bool restamp_reversal(struct ly_queue *queue, struct arena *arena,
                             const struct ly_learned_clock *learned,
                             Loyalty__V1__ReverseRequest *reverse)
{
    struct ly_row original;
    bool found = false;
    if (!ly_queue_find(queue, reverse->original_request_id, &original, &found)) {
        return false;
    }
    if (found) {
        ly_row_fini(&original);
        reverse->original_created_at =
            ly_encode_instant(arena, shifted(learned, instant_ms(reverse->original_created_at)));
    }
    return reverse->original_created_at != NULL;
}

static bool rewrite(struct ly_queue *queue, struct arena *arena,
                    const struct ly_learned_clock *learned, struct ly_row *row)
{
    int64_t now_ms = shifted(learned, row->created_at_ms);
    ProtobufCAllocator allocator = {.alloc = allocate, .free = release, .allocator_data = arena};
    ProtobufCMessage *message = protobuf_c_message_unpack(
        ly_intent_descriptor(row->kind), &allocator, row->message.len, row->message.data);
    Google__Protobuf__Timestamp *created = ly_encode_instant(arena, now_ms);
    if (message == NULL || created == NULL) {
        return false;
    }
    bool good = true;
    if (row->kind == LOYALTY_TILL_AWARD) {
        good = restamp_sale(arena, row, (Loyalty__V1__AwardRequest *)message, now_ms);
    } else if (row->kind == LOYALTY_TILL_REVERSE) {
        good = restamp_reversal(queue, arena, learned, (Loyalty__V1__ReverseRequest *)message);
    }
    (*ly_intent_mutation(message))->created_at = created;
    uint8_t *bytes = arena_alloc(arena, protobuf_c_message_get_packed_size(message));
    if (!good || bytes == NULL) {
        return false;
    }
    row->message = span_of(bytes, protobuf_c_message_pack(message, bytes));
    row->created_at_ms = now_ms;
    return true;
}

static bool update(struct ly_queue *queue, const struct ly_row *row)
{
    sqlite3_stmt *restamp = ly_sql(queue, LY_SQL_RESTAMP);
    (void)sqlite3_bind_int64(restamp, 1, row->sequence);
    (void)sqlite3_bind_int64(restamp, 2, row->created_at_ms);
    ly_sql_bind_bytes(restamp, 3, row->message);
    return ly_sql_run(queue, restamp, NULL);
}

static bool restamp_all(struct ly_queue *queue, const struct ly_learned_clock *learned)
{
    int64_t after = 0;
    while (true) {
        struct ly_row row;
        struct arena arena;
        bool found = false;
        if (!ly_queue_next(queue, LOYALTY_TILL_OPEN, after, &row, &found)) {
            return false;
        }
        if (!found) {
            return true;
        }
        after = row.sequence;
        arena_init(&arena, RESTAMP_MEMORY_MAX);
        bool done = rewrite(queue, &arena, learned, &row) && update(queue, &row);
        arena_fini(&arena);
        ly_row_fini(&row);
        if (!done) {
            return false;
        }
    }
}

bool ly_restamp(struct ly_queue *queue, const struct ly_learned_clock *learned)
{
    if (!ly_sql_begin(queue)) {
        return false;
    }
    bool done = restamp_all(queue, learned) && ly_queue_write_clock(queue, learned);
    return ly_sql_commit(queue, done);
}
