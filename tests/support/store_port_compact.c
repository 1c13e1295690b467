// The port's tests: compaction, the meta logs, and the order of calls.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "support/store_port.h"

#include <cmocka.h>

enum { PIPELINED = 500 };

static void grow_by(struct store_port *port, struct port_picture *log, uint32_t first, uint32_t end)
{
    for (uint32_t seed = first; seed < end; seed++) {
        port_grow(port, log, seed, 100);
    }
}

void port_compact_keeps_the_tail(void **state)
{
    struct store_port *port = *state;
    struct port_picture log = port_picture_of_none(1, "m");
    struct buffer snapshot = {0};
    assert_int_equal(port_create(port, PORT_PARTITIONS), STORE_OK);
    grow_by(port, &log, 0, 5);
    // The whole log: nothing follows, and the tail's hash is what it was.
    struct store_compact compact = port_cut_at(&log, &snapshot, 60);
    assert_int_equal(port_compact(port, &compact), STORE_OK);
    assert_int_equal(port_last.log_bytes, 60);
    assert_int_equal(port->archived_bytes(port, 1), 500);
    assert_int_equal(port_load(port, &log.account), STORE_OK);
    assert_int_equal(port_bytes().len, 60);
    assert_memory_equal(port_bytes().data, snapshot.data, 60);
    // Who still has the old length appends all the same.
    struct store_append append = port_next(port, &log, 9, 100);
    assert_int_equal(port_append(port, &append), STORE_OK);
    assert_int_equal(port_last.log_bytes, 160);
    assert_int_equal(port->event_count(port, 1), 6); // compaction is no event
    buffer_fini(&snapshot);
}

void port_compact_loses_no_race(void **state)
{
    struct store_port *port = *state;
    struct port_picture log = port_picture_of_none(1, "m");
    struct buffer snapshot = {0};
    assert_int_equal(port_create(port, PORT_PARTITIONS), STORE_OK);
    grow_by(port, &log, 0, 5);
    struct port_picture cut = log;
    grow_by(port, &log, 5, 8);
    struct store_compact compact = port_cut_at(&cut, &snapshot, 60);
    assert_int_equal(port_compact(port, &compact), STORE_OK);
    assert_int_equal(port_last.log_bytes, 360);
    assert_int_equal(port_load_from(port, &log.account, 60), STORE_OK);
    struct buffer record = {0};
    for (uint32_t seed = 5; seed < 8; seed++) {
        port_record(&record, seed, 100);
        assert_memory_equal(port_bytes().data + (size_t)(seed - 5) * 100, record.data, 100);
    }
    buffer_fini(&record);
    // Behind the cut the old picture is of no use; the tail still is.
    struct store_append append = port_next(port, &cut, 9, 100);
    assert_int_equal(port_append(port, &append), STORE_RELOAD);
    append = port_next(port, &log, 9, 100);
    assert_int_equal(port_append(port, &append), STORE_OK);
    assert_int_equal(port_last.log_bytes, 460);
    buffer_fini(&snapshot);
}

void port_compact_refuses(void **state)
{
    struct store_port *port = *state;
    struct port_picture log = port_picture_of_none(1, "m");
    struct buffer snapshot = {0};
    assert_int_equal(port_create(port, PORT_PARTITIONS), STORE_OK);
    grow_by(port, &log, 0, 5);
    struct store_compact compact = port_cut_at(&log, &snapshot, 60);
    const uint64_t wrong_cuts[] = {0, 8, 15, 400, 499, 501, 5000};
    for (size_t i = 0; i < sizeof(wrong_cuts) / sizeof(wrong_cuts[0]); i++) {
        compact.cut_bytes = wrong_cuts[i];
        assert_int_equal(port_compact(port, &compact), STORE_RELOAD);
    }
    compact = port_cut_at(&log, &snapshot, 60);
    compact.account.id = span_of_text("nobody");
    assert_int_equal(port_compact(port, &compact), STORE_RELOAD);
    // A snapshot that would change the tail.
    compact = port_cut_at(&log, &snapshot, 60);
    compact.snapshot.len--;
    assert_int_equal(port_compact(port, &compact), STORE_FAILED);
    assert_true(port_bytes().len > 0);
    compact.snapshot.len = 3;
    assert_int_equal(port_compact(port, &compact), STORE_FAILED);
    assert_int_equal(port->archived_bytes(port, 1), 0);
    assert_int_equal(port_load(port, &log.account), STORE_OK);
    assert_int_equal(port_bytes().len, 500);
    buffer_fini(&snapshot);
}

void port_meta_has_logs_too(void **state)
{
    struct store_port *port = *state;
    struct port_picture log = {.account = {.meta = true, .id = span_of_text("program")}};
    struct buffer snapshot = {0};
    assert_int_equal(port_create(port, PORT_PARTITIONS), STORE_OK);
    grow_by(port, &log, 0, 3);
    assert_int_equal(port->event_count(port, LIMIT_PARTITIONS), 3);
    assert_int_equal(port->event_count(port, 0), 0);
    struct store_append append = port_next(port, &log, 4, 100);
    append.due_changed = true;
    append.due_ms = 1700000000000;
    assert_int_equal(port_append(port, &append), STORE_OK);
    assert_int_equal(port->due_ms(port, &log.account), 1700000000000);
    struct store_compact compact = port_cut_at(&log, &snapshot, 60);
    assert_int_equal(port_compact(port, &compact), STORE_OK);
    assert_int_equal(port->archived_bytes(port, LIMIT_PARTITIONS), 300);
    assert_int_equal(port_load(port, &log.account), STORE_OK);
    assert_int_equal(port_bytes().len, 160);
    // A member's account of this name is another.
    struct store_account member = port_account(0, "program");
    assert_int_equal(port_load(port, &member), STORE_OK);
    assert_int_equal(port_bytes().len, 0);
    buffer_fini(&snapshot);
}

struct order {
    uint32_t next;
    uint32_t index[PIPELINED];
    struct order_place {
        struct order *order;
        uint32_t index;
    } places[PIPELINED];
};

static void on_ordered(void *context, const struct store_reply *reply)
{
    const struct order_place *place = context;
    assert_int_equal(reply->result, STORE_OK);
    assert_int_equal(reply->log_bytes, (place->index + 1) * 64);
    place->order->index[place->order->next++] = place->index;
}

// Each append is right only if the one before was done, so order is what makes all of them OK.
void port_calls_keep_their_order(void **state)
{
    struct store_port *port = *state;
    static struct order order;
    struct port_picture log = port_picture_of_none(0, "m");
    assert_int_equal(port_create(port, PORT_PARTITIONS), STORE_OK);
    order.next = 0;
    for (uint32_t i = 0; i < PIPELINED; i++) {
        struct store_append append = port_next(port, &log, i, 64);
        order.places[i].order = &order;
        order.places[i].index = i;
        store_append(port->store, &append, on_ordered, &order.places[i]);
        log.bytes += 64;
        memcpy(log.hash, append.records.data + 64 - STORE_HASH_BYTES, STORE_HASH_BYTES);
    }
    assert_int_equal(port_load(port, &log.account), STORE_OK); // the last in the line
    assert_int_equal(order.next, PIPELINED);
    for (uint32_t i = 0; i < PIPELINED; i++) {
        assert_int_equal(order.index[i], i);
    }
}

struct chain {
    struct store_port *port;
    struct port_picture log;
    struct port_answer end;
    uint32_t left;
};

static void on_link(void *context, const struct store_reply *reply)
{
    struct chain *chain = context;
    assert_int_equal(reply->result, STORE_OK);
    if (chain->left == 0) {
        port_on_done(&chain->end, reply);
        return;
    }
    chain->left--;
    struct store_append append = port_next(chain->port, &chain->log, chain->left, 64);
    chain->log.bytes += 64;
    memcpy(chain->log.hash, append.records.data + 64 - STORE_HASH_BYTES, STORE_HASH_BYTES);
    store_append(chain->port->store, &append, on_link, chain);
}

void port_done_may_call_again(void **state)
{
    struct chain chain = {.port = *state, .log = port_picture_of_none(0, "m"), .left = 50};
    assert_int_equal(port_create(chain.port, PORT_PARTITIONS), STORE_OK);
    store_load(chain.port->store, &chain.log.account, on_link, &chain);
    port_wait(chain.port, &chain.end);
    assert_int_equal(chain.end.log_bytes, 50 * 64);
    buffer_fini(&chain.end.bytes);
}
