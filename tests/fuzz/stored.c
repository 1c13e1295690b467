// Chaining bodies, and taking logs apart into bodies.
#include "fuzz/stored.h"

#include "base/check.h"
#include "base/limits.h"
#include "base/varint.h"
#include "core/record.h"
#include "fuzz/fuzz_club.h"

struct span stored_id(void)
{
    return span_of_text("anna");
}

static void put(struct buffer *out, struct span bytes)
{
    CHECK(buffer_append(out, bytes) == STATUS_OK);
}

// A snapshot's hash is that of the cut, whatever it was; its checksum is over that and the state.
static void put_snapshot(struct span state, struct buffer *log, uint8_t *tail)
{
    static struct buffer body; // for the life of the process
    uint8_t checksum[CHAIN_HASH_BYTES];
    memset(tail, 0xa5, CHAIN_HASH_BYTES);
    fuzz_chain_hash(tail, state, checksum);
    buffer_clear(&body);
    CHECK(buffer_append_byte(&body, RECORD_SNAPSHOT) == STATUS_OK);
    put(&body, span_of(checksum, sizeof(checksum)));
    put(&body, state);
    CHECK(buffer_put_sized(log, buffer_span(&body)) == STATUS_OK);
    put(log, span_of(tail, CHAIN_HASH_BYTES));
}

static void put_body(struct span body, struct buffer *log, uint8_t *tail)
{
    if (body.data[0] == RECORD_SNAPSHOT) {
        put_snapshot(span_from(body, 1), log, tail);
        return;
    }
    size_t start = log->len;
    CHECK(buffer_put_sized(log, body) == STATUS_OK);
    fuzz_chain_hash(tail, span_from(buffer_span(log), start), tail);
    put(log, span_of(tail, CHAIN_HASH_BYTES));
}

void stored_chain(struct span bodies, struct buffer *log)
{
    uint8_t tail[CHAIN_HASH_BYTES] = {0};
    struct reader reader = {.rest = bodies};
    struct span body;
    buffer_clear(log);
    while (reader_sized(&reader, LIMIT_RECORD_BYTES, &body) == STATUS_OK && body.len > 0) {
        put_body(body, log, tail);
    }
}

void stored_bodies(struct span log, struct buffer *bodies)
{
    struct record_cursor cursor = {.rest = log};
    struct record_place place;
    while (record_next(&cursor, &place) == STATUS_OK) {
        if (place.body.data[0] != RECORD_SNAPSHOT) {
            CHECK(buffer_put_sized(bodies, place.body) == STATUS_OK);
            continue;
        }
        struct span state = span_from(place.body, 1 + CHAIN_HASH_BYTES);
        CHECK(buffer_put_u64(bodies, state.len + 1) == STATUS_OK);
        CHECK(buffer_append_byte(bodies, RECORD_SNAPSHOT) == STATUS_OK);
        put(bodies, state);
    }
}
