// The fixture: blocking calls on the port, and made-up logs.
#include "support/store_port.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { WAIT_SECONDS = 20, SCRATCH_SPANS = 4 };

struct port_answer port_last;

// Copies of a call's spans, spoiled when the call has returned.
static uint8_t *scratch[SCRATCH_SPANS];
static size_t scratch_bytes[SCRATCH_SPANS];

struct span port_copy(size_t index, struct span bytes)
{
    free(scratch[index]);
    scratch[index] = malloc(bytes.len + 1);
    scratch_bytes[index] = bytes.len;
    assert_non_null(scratch[index]);
    if (bytes.len > 0) {
        memcpy(scratch[index], bytes.data, bytes.len);
    }
    return span_of(scratch[index], bytes.len);
}

static void scratch_spoil(void)
{
    for (size_t i = 0; i < SCRATCH_SPANS; i++) {
        if (scratch[i] != NULL) {
            memset(scratch[i], 0xee, scratch_bytes[i]);
        }
        free(scratch[i]);
        scratch[i] = NULL;
    }
}

static void answer_keep(struct port_answer *answer, enum store_result result, struct span bytes)
{
    answer->calls++;
    answer->result = result;
    buffer_fini(&answer->bytes);
    assert_int_equal(buffer_append(&answer->bytes, bytes), STATUS_OK);
}

void port_on_done(void *context, const struct store_reply *reply)
{
    struct port_answer *answer = context;
    answer_keep(answer, reply->result, reply->bytes);
    answer->log_bytes = reply->log_bytes;
    answer->dropped = reply->dropped;
}

void port_on_ids(void *context, const struct store_scan_reply *reply)
{
    struct port_answer *answer = context;
    struct buffer ids = {0};
    for (size_t i = 0; i < reply->count; i++) {
        assert_int_equal(buffer_append(&ids, reply->ids[i]), STATUS_OK);
        assert_int_equal(buffer_append_byte(&ids, ' '), STATUS_OK);
    }
    answer_keep(answer, reply->result, buffer_span(&ids));
    buffer_fini(&ids);
    assert_int_equal(reply->next_cursor, 0);
}

void port_wait(struct store_port *port, const struct port_answer *answer)
{
    time_t end = time(NULL) + WAIT_SECONDS;
    while (answer->calls == 0) {
        assert_true(time(NULL) < end);
        port->turn(port);
    }
    assert_int_equal(answer->calls, 1);
}

struct port_answer *port_begin(void)
{
    port_last.calls = 0;
    port_last.log_bytes = 0;
    return &port_last;
}

enum store_result port_end(struct store_port *port)
{
    assert_int_equal(port_last.calls, 0); // not from inside the call
    scratch_spoil();
    port_wait(port, &port_last);
    return port_last.result;
}

struct span port_bytes(void)
{
    return buffer_span(&port_last.bytes);
}

enum store_result port_load(struct store_port *port, const struct store_account *account)
{
    struct store_account copy = *account;
    copy.id = port_copy(0, account->id);
    store_load(port->store, &copy, port_on_done, port_begin());
    return port_end(port);
}

enum store_result port_load_from(struct store_port *port, const struct store_account *account,
                                 uint64_t from_bytes)
{
    struct store_account copy = *account;
    copy.id = port_copy(0, account->id);
    store_load_from(port->store, &copy, from_bytes, port_on_done, port_begin());
    return port_end(port);
}

enum store_result port_append(struct store_port *port, const struct store_append *append)
{
    struct store_append copy = *append;
    copy.account.id = port_copy(0, append->account.id);
    copy.records = port_copy(1, append->records);
    copy.event = port_copy(2, append->event);
    store_append(port->store, &copy, port_on_done, port_begin());
    return port_end(port);
}

enum store_result port_compact(struct store_port *port, const struct store_compact *compact)
{
    struct store_compact copy = *compact;
    copy.account.id = port_copy(0, compact->account.id);
    copy.snapshot = port_copy(1, compact->snapshot);
    store_compact(port->store, &copy, port_on_done, port_begin());
    return port_end(port);
}

enum store_result port_claim(struct store_port *port, uint32_t partition, const char *key,
                             const char *member_id, const char *take_over_from)
{
    store_claim(port->store, partition, port_copy(0, span_of_text(key)),
                port_copy(1, span_of_text(member_id)), port_copy(2, span_of_text(take_over_from)),
                port_on_done, port_begin());
    return port_end(port);
}

enum store_result port_find(struct store_port *port, uint32_t partition, const char *key)
{
    store_find(port->store, partition, port_copy(0, span_of_text(key)), port_on_done, port_begin());
    return port_end(port);
}

enum store_result port_set_clock(struct store_port *port, int64_t now_ms)
{
    store_set_sandbox_clock(port->store, now_ms, port_on_done, port_begin());
    return port_end(port);
}

enum store_result port_create(struct store_port *port, uint32_t count)
{
    store_create_partitions(port->store, count, port_on_done, port_begin());
    return port_end(port);
}

// --- logs ---

struct store_account port_account(uint32_t partition, const char *id)
{
    return (struct store_account){.partition = partition, .id = span_of_text(id)};
}

struct port_picture port_picture_of_none(uint32_t partition, const char *id)
{
    return (struct port_picture){.account = port_account(partition, id)};
}

void port_record(struct buffer *record, uint32_t seed, size_t len)
{
    buffer_clear(record);
    uint64_t state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    for (size_t i = 0; i < len; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        assert_int_equal(buffer_append_byte(record, (uint8_t)(state >> 56)), STATUS_OK);
    }
}

struct store_append port_next(struct store_port *port, const struct port_picture *picture,
                              uint32_t seed, size_t len)
{
    static struct buffer record;
    static char event[32];
    port_record(&record, seed, len);
    (void)snprintf(event, sizeof(event), "event\r\n%u", seed);
    struct store_append append = {
        .account = picture->account,
        .expected_bytes = picture->bytes,
        .now_ms = port->now_ms(port),
        .not_after_ms = port->now_ms(port) + 60000,
        .records = buffer_span(&record),
        .event = span_of_text(event),
    };
    memcpy(append.expected_hash, picture->hash, STORE_HASH_BYTES);
    return append;
}

void port_grow(struct store_port *port, struct port_picture *picture, uint32_t seed, size_t len)
{
    struct store_append append = port_next(port, picture, seed, len);
    assert_int_equal(port_append(port, &append), STORE_OK);
    picture->bytes += len;
    memcpy(picture->hash, append.records.data + len - STORE_HASH_BYTES, STORE_HASH_BYTES);
    assert_int_equal(port_last.log_bytes, picture->bytes);
}

void port_grow_due(struct store_port *port, struct port_picture *picture, uint32_t seed,
                   int64_t due_ms)
{
    struct store_append append = port_next(port, picture, seed, 32);
    append.due_changed = true;
    append.due_ms = due_ms;
    assert_int_equal(port_append(port, &append), STORE_OK);
    picture->bytes += 32;
    memcpy(picture->hash, append.records.data + 16, STORE_HASH_BYTES);
}

struct store_compact port_cut_at(const struct port_picture *picture, struct buffer *snapshot,
                                 size_t len)
{
    port_record(snapshot, 4711, len);
    memcpy(snapshot->data + len - STORE_HASH_BYTES, picture->hash, STORE_HASH_BYTES);
    struct store_compact compact = {
        .account = picture->account,
        .cut_bytes = picture->bytes,
        .snapshot = buffer_span(snapshot),
    };
    memcpy(compact.cut_hash, picture->hash, STORE_HASH_BYTES);
    return compact;
}
