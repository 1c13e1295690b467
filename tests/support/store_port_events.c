// The port's tests: events are read on from where a reader stands, and trimmed behind him.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "support/store_port.h"

#include <cmocka.h>

enum { EVENTS_KEPT = 2048, LARGE_BYTES = 300 * 1024, MANY = 700, KEPT = 200 };

// The last answer.
struct seen_events {
    struct port_answer end; // counts calls
    struct store_event events[EVENTS_KEPT];
    size_t count;
    struct store_event_bounds bounds[STORE_EVENT_PARTITIONS_MAX];
    size_t bounds_count;
};

static struct seen_events seen;

static void on_events(void *context, const struct store_events_reply *reply)
{
    struct seen_events *events = context;
    events->end.calls++;
    events->end.result = reply->result;
    events->count = reply->count;
    assert_true(reply->count <= EVENTS_KEPT);
    if (reply->result != STORE_OK) {
        assert_int_equal(reply->count, 0);
        return;
    }
    buffer_clear(&events->end.bytes);
    for (size_t i = 0; i < reply->count; i++) {
        events->events[i] = reply->events[i];
        assert_int_equal(buffer_append(&events->end.bytes, reply->events[i].bytes), STATUS_OK);
    }
    memcpy(events->bounds, reply->bounds, events->bounds_count * sizeof(events->bounds[0]));
}

static enum store_result read_events(struct store_port *port,
                                     const struct store_event_place *places, size_t count,
                                     uint32_t events_max)
{
    struct store_event_place copies[STORE_EVENT_PARTITIONS_MAX + 1];
    memcpy(copies, places, count * sizeof(copies[0]));
    seen.end.calls = 0;
    seen.bounds_count = count;
    store_read_events(port->store, copies, count, events_max, on_events, &seen);
    assert_int_equal(seen.end.calls, 0);
    memset(copies, 0xee, sizeof(copies));
    port_wait(port, &seen.end);
    return seen.end.result;
}

static enum store_result read_one(struct store_port *port, uint32_t partition, uint64_t after,
                                  uint32_t events_max)
{
    struct store_event_place place = {.partition = partition, .after = after};
    return read_events(port, &place, 1, events_max);
}

static void assert_bounds(size_t place, uint64_t first, uint64_t last)
{
    assert_int_equal(seen.bounds[place].first, first);
    assert_int_equal(seen.bounds[place].last, last);
}

// How many events of a partition the last answer has, which must be in order from `first` on.
static size_t seen_of(uint32_t partition, uint64_t first)
{
    size_t count = 0;
    for (size_t i = 0; i < seen.count; i++) {
        if (seen.events[i].partition == partition) {
            assert_int_equal(seen.events[i].number, first + count);
            count++;
        }
    }
    return count;
}

static void grow_many(struct store_port *port, struct port_picture *log, uint32_t first_seed,
                      uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        port_grow(port, log, first_seed + i, 32);
    }
}

static void forget(void)
{
    buffer_fini(&seen.end.bytes);
}

// --- reading ---

void port_events_are_read_on_from_a_place(void **state)
{
    struct store_port *port = *state;
    struct port_picture anna = port_picture_of_none(1, "anna");
    struct port_picture bert = port_picture_of_none(1, "bert");
    assert_int_equal(port_create(port, PORT_PARTITIONS), STORE_OK);
    assert_int_equal(read_one(port, 1, 0, 10), STORE_OK);
    assert_int_equal(seen.count, 0);
    assert_bounds(0, 1, 0);
    grow_many(port, &anna, 1, 2);
    grow_many(port, &bert, 3, 1);
    assert_int_equal(read_one(port, 1, 0, 10), STORE_OK);
    assert_int_equal(seen_of(1, 1), 3);
    assert_bounds(0, 1, 3);
    assert_true(span_is_text(buffer_span(&seen.end.bytes), "event\r\n1event\r\n2event\r\n3"));
    assert_int_equal(read_one(port, 1, 1, 1), STORE_OK); // no more than asked for
    assert_int_equal(seen_of(1, 2), 1);
    assert_true(span_is_text(buffer_span(&seen.end.bytes), "event\r\n2"));
    assert_int_equal(read_one(port, 1, 2, 1), STORE_OK);
    assert_int_equal(seen_of(1, 3), 1);
    const uint64_t ends[] = {3, 4, UINT64_MAX};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(read_one(port, 1, ends[i], 10), STORE_OK);
        assert_int_equal(seen.count, 0);
        assert_bounds(0, 1, 3);
    }
    forget();
}

void port_each_partition_gives_its_share_of_events(void **state)
{
    struct store_port *port = *state;
    struct port_picture busy = port_picture_of_none(1, "busy");
    struct port_picture calm = port_picture_of_none(2, "calm");
    assert_int_equal(port_create(port, PORT_PARTITIONS), STORE_OK);
    grow_many(port, &busy, 0, 50);
    grow_many(port, &calm, 0, 3);
    const struct store_event_place places[] = {{2, 1}, {1, 4}, {0, 0}};
    assert_int_equal(read_events(port, places, 3, 30), STORE_OK);
    assert_int_equal(seen_of(2, 2), 2);
    assert_int_equal(seen_of(1, 5), 10);
    assert_int_equal(seen.count, 12);
    assert_bounds(0, 1, 3); // in the order of the places
    assert_bounds(1, 1, 50);
    assert_bounds(2, 1, 0);
    assert_int_equal(read_events(port, places, 3, 1), STORE_OK); // one of each at least
    assert_int_equal(seen_of(2, 2), 1);
    assert_int_equal(seen_of(1, 5), 1);
    assert_int_equal(read_events(port, places, 3, 0), STORE_OK); // only the bounds
    assert_int_equal(seen.count, 0);
    assert_bounds(0, 1, 3);
    assert_bounds(1, 1, 50);
    // A reader who goes on from what he has meets every one.
    uint64_t after = 0;
    while (after < 50) {
        assert_int_equal(read_one(port, 1, after, 7), STORE_OK);
        size_t count = seen_of(1, after + 1);
        assert_true(count > 0);
        after += count;
    }
    assert_int_equal(after, 50);
    forget();
}

void port_large_events_come_a_few_at_a_time(void **state)
{
    struct store_port *port = *state;
    struct port_picture log = port_picture_of_none(1, "m");
    struct buffer large = {0};
    assert_int_equal(port_create(port, PORT_PARTITIONS), STORE_OK);
    port_record(&large, 1, LARGE_BYTES);
    for (uint32_t i = 0; i < 6; i++) {
        struct store_append append = port_next(port, &log, i, 32);
        append.event = buffer_span(&large);
        assert_int_equal(port_append(port, &append), STORE_OK);
        log.bytes += 32;
        memcpy(log.hash, append.records.data + 16, STORE_HASH_BYTES);
    }
    assert_int_equal(read_one(port, 1, 0, 100), STORE_OK);
    assert_int_equal(seen_of(1, 1), 4); // begun below 1 MiB
    assert_memory_equal(seen.end.bytes.data + LARGE_BYTES, large.data, LARGE_BYTES);
    struct store_event_place places[STORE_EVENT_PARTITIONS_MAX] = {{1, 4}};
    assert_int_equal(read_events(port, places, STORE_EVENT_PARTITIONS_MAX, 4096), STORE_OK);
    assert_int_equal(seen_of(1, 5), 1); // more than its share of bytes, and yet given
    assert_bounds(0, 1, 6);
    buffer_fini(&large);
    forget();
}

// Asked for while the append is under way, it may be seen or not; asked for when that was
// acknowledged, it is, whatever else is under way on other partitions.
void port_events_show_what_was_acknowledged(void **state)
{
    struct store_port *port = *state;
    struct port_picture logs[PORT_PARTITIONS];
    struct store_event_place places[PORT_PARTITIONS];
    assert_int_equal(port_create(port, PORT_PARTITIONS), STORE_OK);
    for (uint32_t i = 0; i < PORT_PARTITIONS; i++) {
        logs[i] = port_picture_of_none(i, "m");
        places[i] = (struct store_event_place){.partition = i};
    }
    for (uint32_t round = 1; round <= 20; round++) {
        for (uint32_t i = 0; i < PORT_PARTITIONS; i++) {
            port_grow(port, &logs[i], round, 32);
        }
        assert_int_equal(read_events(port, places, PORT_PARTITIONS, 1000), STORE_OK);
        for (uint32_t i = 0; i < PORT_PARTITIONS; i++) {
            assert_int_equal(seen_of(i, round), 1);
            assert_int_equal(seen.bounds[i].last, round);
            places[i].after = round;
        }
    }
    forget();
}

// --- trimming ---

static enum store_result trim(struct store_port *port, uint32_t partition, uint64_t keep)
{
    store_trim_events(port->store, partition, keep, port_on_done, port_begin());
    return port_end(port);
}

void port_trimmed_events_leave_their_numbers(void **state)
{
    struct store_port *port = *state;
    struct port_picture log = port_picture_of_none(1, "m");
    assert_int_equal(port_create(port, PORT_PARTITIONS), STORE_OK);
    assert_int_equal(trim(port, 1, 5), STORE_OK); // there is none
    grow_many(port, &log, 1, MANY);
    assert_int_equal(trim(port, 1, UINT64_MAX), STORE_OK);
    assert_int_equal(read_one(port, 1, 0, 1), STORE_OK);
    assert_bounds(0, 1, MANY);
    assert_int_equal(trim(port, 1, KEPT), STORE_OK);
    assert_int_equal(read_one(port, 1, 0, 1), STORE_OK);
    uint64_t first = seen.bounds[0].first;
    assert_true(first > 1 && first <= MANY - KEPT + 1); // never fewer are kept
    assert_int_equal(seen.bounds[0].last, MANY);
    assert_int_equal(seen_of(1, first), 1); // a reader who lags goes on with the oldest
    port_grow(port, &log, MANY + 1, 32);
    assert_int_equal(read_one(port, 1, MANY, 10), STORE_OK);
    assert_int_equal(seen_of(1, MANY + 1), 1);
    assert_int_equal(read_one(port, 1, first + 10, EVENTS_KEPT), STORE_OK);
    assert_int_equal(seen_of(1, first + 11), MANY + 1 - (first + 10));
    assert_int_equal(trim(port, LIMIT_PARTITIONS, 1), STORE_FAILED);
    forget();
}

// --- bounds ---

void port_bounds_of_events_are_refused(void **state)
{
    struct store_port *port = *state;
    struct store_event_place places[STORE_EVENT_PARTITIONS_MAX + 1] = {0};
    assert_int_equal(read_one(port, 0, 0, 1), STORE_FAILED); // not created
    assert_int_equal(port_create(port, PORT_PARTITIONS), STORE_OK);
    assert_int_equal(read_one(port, PORT_PARTITIONS, 0, 1), STORE_FAILED);
    assert_int_equal(read_one(port, LIMIT_PARTITIONS, 0, 1), STORE_FAILED);
    assert_int_equal(read_events(port, places, 0, 1), STORE_FAILED);
    assert_int_equal(read_events(port, places, STORE_EVENT_PARTITIONS_MAX + 1, 1), STORE_FAILED);
    assert_int_equal(read_events(port, places, STORE_EVENT_PARTITIONS_MAX, 1), STORE_OK);
    places[1].partition = PORT_PARTITIONS; // one is enough
    assert_int_equal(read_events(port, places, 3, 1), STORE_FAILED);
    forget();
}

void port_rewrite_can_be_asked_again(void **state)
{
    struct store_port *port = *state;
    for (int i = 0; i < 3; i++) {
        store_rewrite(port->store, port_on_done, port_begin());
        assert_int_equal(port_end(port), STORE_OK);
    }
}
