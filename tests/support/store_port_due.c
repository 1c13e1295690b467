// The port's tests: pages of what is due, one behind the other, while accounts move; and what a
// scan tells of it. The order is by instant, then by the bytes of the id.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/store_port.h"

#include <cmocka.h>

enum { TIED = 150, MOVED = 60, SEEN_MAX = 400, PAGE = 7 };

struct seen_place {
    char id[LIMIT_MEMBER_ID_BYTES + 1];
    int64_t due_ms;
};

struct seen {
    struct port_answer end;
    struct seen_place places[SEEN_MAX];
    size_t count;
    size_t page;
    uint64_t next_cursor;
};

static struct seen seen;

static void on_page(void *context, const struct store_scan_reply *reply)
{
    struct seen *into = context;
    into->end.calls++;
    into->end.result = reply->result;
    into->page = reply->count;
    into->next_cursor = reply->next_cursor;
    assert_true(reply->result != STORE_OK || reply->due_ms != NULL);
    for (size_t i = 0; i < reply->count; i++) {
        assert_true(into->count < SEEN_MAX && reply->ids[i].len <= LIMIT_MEMBER_ID_BYTES);
        struct seen_place *place = &into->places[into->count++];
        memset(place->id, 0, sizeof(place->id));
        memcpy(place->id, reply->ids[i].data, reply->ids[i].len);
        place->due_ms = reply->due_ms[i];
    }
}

// One more page behind the last account seen.
static enum store_result ask_page(struct store_port *port, int64_t until_ms, uint32_t count)
{
    struct store_due due = {.partition = 1, .until_ms = until_ms, .count = count};
    if (seen.count > 0) {
        due.after_ms = seen.places[seen.count - 1].due_ms;
        due.after_id = span_of_text(seen.places[seen.count - 1].id);
    }
    seen.end.calls = 0;
    store_due(port->store, &due, on_page, &seen);
    assert_int_equal(seen.end.calls, 0);
    port_wait(port, &seen.end);
    return seen.end.result;
}

static void begin(void)
{
    memset(&seen, 0, sizeof(seen));
}

static void ask_all(struct store_port *port, int64_t until_ms, uint32_t count)
{
    do {
        assert_int_equal(ask_page(port, until_ms, count), STORE_OK);
    } while (seen.page > 0);
}

static void put(struct store_port *port, const char *id, int64_t due_ms)
{
    struct port_picture log = port_picture_of_none(1, id);
    port_grow_due(port, &log, (uint32_t)due_ms, due_ms);
}

static void assert_seen(size_t at, const char *id, int64_t due_ms)
{
    assert_true(at < seen.count);
    assert_string_equal(seen.places[at].id, id);
    assert_int_equal(seen.places[at].due_ms, due_ms);
}

// --- one behind the other ---

static enum store_result ask_behind(struct store_port *port, int64_t after_ms, const char *after_id)
{
    const struct store_due due = {.partition = 1,
                                  .until_ms = 5000,
                                  .count = 100,
                                  .after_ms = after_ms,
                                  .after_id = span_of_text(after_id)};
    begin();
    store_due(port->store, &due, on_page, &seen);
    port_wait(port, &seen.end);
    return seen.end.result;
}

void port_due_goes_on_behind_a_place(void **state)
{
    struct store_port *port = *state;
    char longest[LIMIT_MEMBER_ID_BYTES + 2] = {0};
    memset(longest, 'z', LIMIT_MEMBER_ID_BYTES);
    assert_int_equal(port_create(port, PORT_PARTITIONS), STORE_OK);
    // Ids whose bytes sort otherwise than letters do, and where one is another's beginning.
    const char *const tied[] = {"B", "a", "a\x01", "ab", "b", longest, "\xc3\xa4", "\xff"};
    for (size_t i = sizeof(tied) / sizeof(tied[0]); i-- > 0;) {
        put(port, tied[i], 2000);
    }
    put(port, "y", -7);
    put(port, "x", 1600000000001);
    put(port, "never", INSTANT_NEVER);
    begin();
    ask_all(port, INSTANT_NEVER, 1);
    assert_int_equal(seen.count, 10);
    assert_seen(0, "y", -7);
    for (size_t i = 0; i < 8; i++) {
        assert_seen(1 + i, tied[i], 2000);
    }
    assert_seen(9, "x", 1600000000001);

    // Places where nobody stands.
    assert_int_equal(ask_behind(port, 2000, "aa"), STORE_OK);
    assert_int_equal(seen.count, 5);
    assert_seen(0, "ab", 2000);
    assert_int_equal(ask_behind(port, 1999, "\xff"), STORE_OK);
    assert_int_equal(seen.count, 8);
    assert_int_equal(ask_behind(port, 2000, "\xff"), STORE_OK);
    assert_int_equal(seen.count, 0);
    assert_int_equal(ask_behind(port, INSTANT_NEVER, "a"), STORE_OK);
    assert_int_equal(seen.count, 0);
    assert_int_equal(ask_behind(port, -8, "z"), STORE_OK);
    assert_int_equal(seen.count, 9);
    longest[LIMIT_MEMBER_ID_BYTES] = 'z';
    assert_int_equal(ask_behind(port, 0, longest), STORE_FAILED);
}

// --- while accounts move ---

static void tied_id(char id[16], uint32_t number)
{
    (void)snprintf(id, 16, "m%03u", number * 7 % TIED);
}

// Some leave, to before and behind what was seen; some come; the page's last one itself moves away.
static void move_some(struct store_port *port, struct port_picture *logs, uint32_t round)
{
    static const int64_t to[] = {1000, 2500, INSTANT_NEVER, 2000};
    for (uint32_t i = 0; i < 3; i++) {
        uint32_t number = (round * 3 + i) % MOVED;
        port_grow_due(port, &logs[number], 1000 + round * 3 + i, to[(round + i) % 4]);
    }
}

void port_due_misses_none_that_stays(void **state)
{
    struct store_port *port = *state;
    static struct port_picture logs[TIED];
    static char ids[TIED][16];
    uint32_t times[TIED] = {0};
    assert_int_equal(port_create(port, PORT_PARTITIONS), STORE_OK);
    for (uint32_t i = 0; i < TIED; i++) {
        tied_id(ids[i], i);
        logs[i] = port_picture_of_none(1, ids[i]);
        port_grow_due(port, &logs[i], i, 2000);
    }
    begin();
    for (uint32_t round = 0; round == 0 || seen.page > 0; round++) {
        assert_true(round < SEEN_MAX / PAGE);
        assert_int_equal(ask_page(port, 2400, PAGE), STORE_OK);
        move_some(port, logs, round);
    }
    for (size_t i = 0; i < seen.count; i++) {
        assert_true(i == 0 || seen.places[i - 1].due_ms < seen.places[i].due_ms ||
                    strcmp(seen.places[i - 1].id, seen.places[i].id) < 0);
        for (uint32_t j = 0; j < TIED; j++) {
            times[j] += strcmp(seen.places[i].id, ids[j]) == 0;
        }
    }
    for (uint32_t i = MOVED; i < TIED; i++) {
        assert_int_equal(times[i], 1);
    }
}

// --- scan ---

void port_scan_tells_when_each_is_due(void **state)
{
    struct store_port *port = *state;
    assert_int_equal(port_create(port, PORT_PARTITIONS), STORE_OK);
    put(port, "a", 0);
    put(port, "b", 1600000000001);
    put(port, "c", INSTANT_NEVER);
    put(port, "d", -1);
    begin();
    uint32_t found = 0;
    do {
        seen.end.calls = 0;
        store_scan(port->store, 1, seen.next_cursor, 2, on_page, &seen);
        port_wait(port, &seen.end);
        assert_int_equal(seen.end.result, STORE_OK);
    } while (seen.next_cursor != 0);
    static const int64_t wanted[] = {0, 1600000000001, INSTANT_NEVER, -1};
    for (size_t i = 0; i < seen.count; i++) {
        assert_int_equal(seen.places[i].due_ms, wanted[seen.places[i].id[0] - 'a']);
        found |= 1U << (seen.places[i].id[0] - 'a');
    }
    assert_int_equal(found, 15);
}
