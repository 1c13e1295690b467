// The port's tests: appending and loading.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "support/store_port.h"

#include <cmocka.h>

static void assert_bytes(struct span bytes, struct span expected)
{
    assert_int_equal(bytes.len, expected.len);
    if (expected.len > 0) {
        assert_memory_equal(bytes.data, expected.data, expected.len);
    }
}

// The records of these seeds, one behind the other.
static struct span records_of(struct buffer *out, const uint32_t *seeds, size_t count, size_t len)
{
    struct buffer record = {0};
    buffer_clear(out);
    for (size_t i = 0; i < count; i++) {
        port_record(&record, seeds[i], len);
        assert_int_equal(buffer_append(out, buffer_span(&record)), STATUS_OK);
    }
    buffer_fini(&record);
    return buffer_span(out);
}

void port_append_extends_a_log(void **state)
{
    struct store_port *port = *state;
    struct port_picture log = port_picture_of_none(1, "member-1");
    assert_int_equal(port_create(port, PORT_PARTITIONS), STORE_OK);
    assert_int_equal(port_load(port, &log.account), STORE_OK);
    assert_int_equal(port_bytes().len, 0);
    for (uint32_t seed = 0; seed < 3; seed++) {
        port_grow(port, &log, seed, 100);
    }
    struct buffer expected = {0};
    const uint32_t seeds[] = {0, 1, 2};
    assert_int_equal(port_load(port, &log.account), STORE_OK);
    assert_bytes(port_bytes(), records_of(&expected, seeds, 3, 100));
    assert_int_equal(port_last.log_bytes, 300);
    // The same id in another partition is another account.
    struct store_account other = port_account(2, "member-1");
    assert_int_equal(port_load(port, &other), STORE_OK);
    assert_int_equal(port_bytes().len, 0);
    buffer_fini(&expected);
}

void port_load_from_gives_a_slice(void **state)
{
    struct store_port *port = *state;
    struct port_picture log = port_picture_of_none(0, "m");
    assert_int_equal(port_create(port, PORT_PARTITIONS), STORE_OK);
    port_grow(port, &log, 7, LIMIT_RECORD_BYTES);
    port_grow(port, &log, 8, LIMIT_RECORD_BYTES);
    assert_int_equal(port_load_from(port, &log.account, log.bytes - STORE_HASH_BYTES), STORE_OK);
    assert_bytes(port_bytes(), span_of(log.hash, STORE_HASH_BYTES));
    struct buffer expected = {0};
    const uint32_t seeds[] = {7, 8};
    struct span whole = records_of(&expected, seeds, 2, LIMIT_RECORD_BYTES);
    assert_int_equal(port_load_from(port, &log.account, 10), STORE_OK);
    assert_bytes(port_bytes(), span_of(whole.data + 10, LIMIT_SUFFIX_BYTES));
    assert_int_equal(port_load_from(port, &log.account, log.bytes), STORE_OK);
    assert_int_equal(port_bytes().len, 0);
    assert_int_equal(port_load_from(port, &log.account, UINT64_MAX), STORE_OK);
    assert_int_equal(port_bytes().len, 0);
    buffer_fini(&expected);
}

void port_behind_carries_exactly_the_suffix(void **state)
{
    struct store_port *port = *state;
    struct port_picture log = port_picture_of_none(3, "busy");
    assert_int_equal(port_create(port, PORT_PARTITIONS), STORE_OK);
    port_grow(port, &log, 1, 80);
    struct port_picture old = log;
    port_grow(port, &log, 2, 90);
    port_grow(port, &log, 3, 90);
    struct store_append append = port_next(port, &old, 4, 50);
    assert_int_equal(port_append(port, &append), STORE_BEHIND);
    struct buffer expected = {0};
    const uint32_t seeds[] = {2, 3};
    assert_bytes(port_bytes(), records_of(&expected, seeds, 2, 90));
    // With the suffix the picture is right again.
    assert_int_equal(port_load(port, &log.account), STORE_OK);
    assert_int_equal(port_bytes().len, 260);
    port_grow(port, &log, 4, 50);
    buffer_fini(&expected);
}

void port_behind_ends_at_64_kib(void **state)
{
    struct store_port *port = *state;
    struct port_picture log = port_picture_of_none(3, "busy");
    assert_int_equal(port_create(port, PORT_PARTITIONS), STORE_OK);
    port_grow(port, &log, 1, 16);
    struct port_picture old = log;
    port_grow(port, &log, 2, LIMIT_SUFFIX_BYTES - 16);
    port_grow(port, &log, 3, 16);
    struct store_append append = port_next(port, &old, 4, 50);
    assert_int_equal(port_append(port, &append), STORE_BEHIND);
    assert_int_equal(port_bytes().len, LIMIT_SUFFIX_BYTES);
    port_grow(port, &log, 5, 16);
    append = port_next(port, &old, 4, 50);
    assert_int_equal(port_append(port, &append), STORE_RELOAD);
    assert_int_equal(port_bytes().len, 0);
}

void port_reload_when_the_picture_is_wrong(void **state)
{
    struct store_port *port = *state;
    struct port_picture log = port_picture_of_none(0, "m");
    struct port_picture none = log;
    assert_int_equal(port_create(port, PORT_PARTITIONS), STORE_OK);
    port_grow(port, &log, 1, 80);
    struct port_picture first = log;
    port_grow(port, &log, 2, 80);

    // Believed absent, but there.
    struct store_append append = port_next(port, &none, 3, 50);
    assert_int_equal(port_append(port, &append), STORE_RELOAD);
    // The right hash of an older length, at the wrong place.
    append = port_next(port, &first, 3, 50);
    append.expected_bytes = 100;
    assert_int_equal(port_append(port, &append), STORE_RELOAD);
    append.expected_bytes = 15;
    assert_int_equal(port_append(port, &append), STORE_RELOAD);
    append.expected_bytes = 100000;
    assert_int_equal(port_append(port, &append), STORE_RELOAD);
    append.expected_bytes = 0;
    assert_int_equal(port_append(port, &append), STORE_RELOAD);
    // Believed there, but absent.
    struct port_picture lost = first;
    lost.account = port_account(0, "nobody");
    append = port_next(port, &lost, 3, 50);
    assert_int_equal(port_append(port, &append), STORE_RELOAD);
    // No hash but a length, and a hash but no length: neither means absent.
    lost = port_picture_of_none(0, "nobody");
    lost.bytes = 80;
    append = port_next(port, &lost, 3, 50);
    assert_int_equal(port_append(port, &append), STORE_RELOAD);
    lost = first;
    lost.account = port_account(0, "nobody");
    lost.bytes = 0;
    append = port_next(port, &lost, 3, 50);
    assert_int_equal(port_append(port, &append), STORE_RELOAD);
    // The length is only a hint when the tail is right.
    append = port_next(port, &log, 3, 50);
    append.expected_bytes = 999;
    assert_int_equal(port_append(port, &append), STORE_OK);
    assert_int_equal(port_last.log_bytes, 210);
}

void port_clock_refuses_a_fast_daemon(void **state)
{
    struct store_port *port = *state;
    struct port_picture log = port_picture_of_none(0, "m");
    assert_int_equal(port_create(port, PORT_PARTITIONS), STORE_OK);
    struct store_append append = port_next(port, &log, 1, 50);
    append.now_ms = port->now_ms(port) + LIMIT_CLOCK_AHEAD_MS + 20000;
    assert_int_equal(port_append(port, &append), STORE_CLOCK);
    append.now_ms = 0; // the sandbox's
    assert_int_equal(port_append(port, &append), STORE_OK);
    memcpy(log.hash, append.records.data + 50 - STORE_HASH_BYTES, STORE_HASH_BYTES);
    log.bytes = 50;
    append = port_next(port, &log, 2, 50);
    append.now_ms = port->now_ms(port) + LIMIT_CLOCK_AHEAD_MS - 500;
    assert_int_equal(port_append(port, &append), STORE_OK);
    memcpy(log.hash, append.records.data + 50 - STORE_HASH_BYTES, STORE_HASH_BYTES);
    log.bytes = 100;
    append = port_next(port, &log, 3, 50);
    append.now_ms = port->now_ms(port) - 86400000; // slow is harmless here
    assert_int_equal(port_append(port, &append), STORE_OK);
}

void port_expired_after_the_deadline(void **state)
{
    struct store_port *port = *state;
    struct port_picture log = port_picture_of_none(0, "m");
    assert_int_equal(port_create(port, PORT_PARTITIONS), STORE_OK);
    struct store_append append = port_next(port, &log, 1, 50);
    append.not_after_ms = port->now_ms(port) - 1;
    assert_int_equal(port_append(port, &append), STORE_EXPIRED);
    append.not_after_ms = 0;
    assert_int_equal(port_append(port, &append), STORE_EXPIRED);
    append.not_after_ms = port->now_ms(port) + 5000;
    assert_int_equal(port_append(port, &append), STORE_OK);
}

void port_refusals_leave_no_trace(void **state)
{
    struct store_port *port = *state;
    struct port_picture log = port_picture_of_none(2, "m");
    assert_int_equal(port_create(port, PORT_PARTITIONS), STORE_OK);
    struct port_picture old = log;
    struct store_append append = port_next(port, &log, 1, 50);
    append.due_changed = true;
    append.due_ms = 1000;
    append.not_after_ms = 1;
    assert_int_equal(port_append(port, &append), STORE_EXPIRED);
    assert_int_equal(port_load(port, &log.account), STORE_OK);
    assert_int_equal(port_bytes().len, 0);
    assert_int_equal(port->event_count(port, 2), 0);
    assert_int_equal(port->due_ms(port, &log.account), 0);

    port_grow(port, &log, 1, 50);
    append = port_next(port, &old, 1, 50); // RELOAD
    append.due_changed = true;
    append.due_ms = 1000;
    assert_int_equal(port_append(port, &append), STORE_RELOAD);
    append = port_next(port, &log, 1, 50);
    append.due_changed = true;
    append.due_ms = 1000;
    append.now_ms += 60000;
    assert_int_equal(port_append(port, &append), STORE_CLOCK);
    assert_int_equal(port_load(port, &log.account), STORE_OK);
    assert_int_equal(port_bytes().len, 50);
    assert_int_equal(port->event_count(port, 2), 1);
    assert_int_equal(port->due_ms(port, &log.account), 0);
}

void port_refusals_come_in_order(void **state)
{
    struct store_port *port = *state;
    struct port_picture log = port_picture_of_none(2, "m");
    assert_int_equal(port_create(port, PORT_PARTITIONS), STORE_OK);
    port_grow(port, &log, 1, 50);
    struct port_picture old = log;
    port_grow(port, &log, 2, 50);
    struct store_append append = port_next(port, &old, 3, 50);
    append.now_ms += 60000;
    append.not_after_ms = 1;
    assert_int_equal(port_append(port, &append), STORE_BEHIND);
    append = port_next(port, &log, 3, 50);
    append.now_ms += 60000;
    append.not_after_ms = 1;
    assert_int_equal(port_append(port, &append), STORE_CLOCK);
    append.now_ms = port->now_ms(port);
    assert_int_equal(port_append(port, &append), STORE_EXPIRED);
}

void port_one_event_a_commit(void **state)
{
    struct store_port *port = *state;
    struct port_picture logs[] = {port_picture_of_none(1, "a"), port_picture_of_none(1, "b")};
    struct buffer event = {0};
    assert_int_equal(port_create(port, PORT_PARTITIONS), STORE_OK);
    assert_int_equal(port->event_count(port, 1), 0);
    for (uint32_t seed = 0; seed < 10; seed++) {
        port_grow(port, &logs[seed % 2], seed, 40);
        char expected[32];
        (void)snprintf(expected, sizeof(expected), "event\r\n%u", seed);
        assert_int_equal(port->event_count(port, 1), seed + 1);
        port->last_event(port, 1, &event);
        assert_bytes(buffer_span(&event), span_of_text(expected));
    }
    assert_int_equal(port->event_count(port, 0), 0);
    buffer_fini(&event);
}

void port_due_moves_only_when_told(void **state)
{
    struct store_port *port = *state;
    struct port_picture log = port_picture_of_none(1, "a");
    assert_int_equal(port_create(port, PORT_PARTITIONS), STORE_OK);
    const int64_t dues[] = {1750000000123, 0, INSTANT_NEVER, 0, 1650000000001};
    int64_t expected = 0;
    for (uint32_t i = 0; i < sizeof(dues) / sizeof(dues[0]); i++) {
        struct store_append append = port_next(port, &log, i, 40);
        append.due_changed = dues[i] != 0;
        append.due_ms = append.due_changed ? dues[i] : 77;
        expected = append.due_changed ? dues[i] : expected;
        assert_int_equal(port_append(port, &append), STORE_OK);
        memcpy(log.hash, append.records.data + 40 - STORE_HASH_BYTES, STORE_HASH_BYTES);
        log.bytes += 40;
        assert_int_equal(port->due_ms(port, &log.account), expected);
    }
}

void port_due_moves_alone(void **state)
{
    struct store_port *port = *state;
    struct port_picture log = port_picture_of_none(1, "a");
    struct port_picture before = log;
    assert_int_equal(port_create(port, PORT_PARTITIONS), STORE_OK);
    port_grow(port, &log, 1, 40);
    struct store_append move = port_next(port, &log, 2, 40);
    move.records = move.event = (struct span){0};
    move.due_changed = true;
    move.due_ms = 1750000000123;
    uint64_t events = port->event_count(port, 1);
    assert_int_equal(port_append(port, &move), STORE_OK);
    assert_int_equal(port_last.log_bytes, 40);
    assert_int_equal(port->due_ms(port, &log.account), move.due_ms);
    assert_int_equal(port->event_count(port, 1), events);
    // It is nobody's who has not the tail, and nothing without a log, or without a due instant.
    struct port_picture old = log;
    port_grow(port, &log, 2, 40);
    struct store_append stale = move;
    stale.due_ms = 1;
    memcpy(stale.expected_hash, old.hash, sizeof(stale.expected_hash));
    assert_int_equal(port_append(port, &stale), STORE_BEHIND);
    stale = port_next(port, &before, 2, 40);
    stale.records = stale.event = (struct span){0};
    stale.due_changed = true;
    assert_int_equal(port_append(port, &stale), STORE_FAILED);
    move.due_changed = false;
    assert_int_equal(port_append(port, &move), STORE_FAILED);
    assert_int_equal(port_load(port, &log.account), STORE_OK);
    assert_int_equal(port_bytes().len, 80);
}
