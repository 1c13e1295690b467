// The port's tests: identifiers, the due index, the head and the partitions.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/store_port.h"

#include <cmocka.h>

enum { SCANNED = 300, PAGE = 20 };

void port_claim_binds_once(void **state)
{
    struct store_port *port = *state;
    assert_int_equal(port_create(port, PORT_PARTITIONS), STORE_OK);
    assert_int_equal(port_find(port, 3, "c0ffee"), STORE_OK);
    assert_int_equal(port_bytes().len, 0);
    assert_int_equal(port_claim(port, 3, "c0ffee", "anna", ""), STORE_OK);
    assert_int_equal(port_claim(port, 3, "c0ffee", "anna", ""), STORE_OK); // hers already
    assert_int_equal(port_claim(port, 3, "c0ffee", "bert", ""), STORE_TAKEN);
    assert_true(span_is_text(port_bytes(), "anna"));
    assert_int_equal(port_claim(port, 3, "c0ffee", "bert", "carl"), STORE_TAKEN);
    assert_true(span_is_text(port_bytes(), "anna"));
    assert_int_equal(port_find(port, 3, "c0ffee"), STORE_OK);
    assert_true(span_is_text(port_bytes(), "anna"));
    assert_int_equal(port_claim(port, 3, "c0ffee", "bert", "anna"), STORE_OK);
    assert_int_equal(port_find(port, 3, "c0ffee"), STORE_OK);
    assert_true(span_is_text(port_bytes(), "bert"));
    // Free, although taking over was asked for; and another partition is another key.
    assert_int_equal(port_claim(port, 2, "c0ffee", "carl", "anna"), STORE_OK);
    assert_int_equal(port_find(port, 2, "c0ffee"), STORE_OK);
    assert_true(span_is_text(port_bytes(), "carl"));
}

static enum store_result unclaim(struct store_port *port, const char *key, const char *member_id)
{
    store_unclaim(port->store, 3, port_copy(0, span_of_text(key)),
                  port_copy(1, span_of_text(member_id)), port_on_done, port_begin());
    return port_end(port);
}

void port_unclaim_lets_go(void **state)
{
    struct store_port *port = *state;
    assert_int_equal(port_create(port, PORT_PARTITIONS), STORE_OK);
    assert_int_equal(unclaim(port, "c0ffee", "anna"), STORE_OK); // nobody's
    assert_int_equal(port_claim(port, 3, "c0ffee", "anna", ""), STORE_OK);
    assert_int_equal(unclaim(port, "c0ffee", "bert"), STORE_TAKEN);
    assert_true(span_is_text(port_bytes(), "anna"));
    assert_int_equal(port_find(port, 3, "c0ffee"), STORE_OK);
    assert_true(span_is_text(port_bytes(), "anna"));
    assert_int_equal(unclaim(port, "c0ffee", "anna"), STORE_OK);
    assert_int_equal(unclaim(port, "c0ffee", "anna"), STORE_OK); // again
    assert_int_equal(port_find(port, 3, "c0ffee"), STORE_OK);
    assert_int_equal(port_bytes().len, 0);
    assert_int_equal(port_claim(port, 3, "c0ffee", "bert", ""), STORE_OK); // free for all
    assert_int_equal(unclaim(port, "c0ffee", "anna"), STORE_TAKEN);
    assert_true(span_is_text(port_bytes(), "bert"));
    assert_int_equal(unclaim(port, "", "anna"), STORE_FAILED);
    assert_int_equal(unclaim(port, "c0ffee", ""), STORE_FAILED);
}

// --- due ---

static enum store_result due(struct store_port *port, int64_t until_ms, uint32_t count)
{
    const struct store_due due = {.partition = 1, .until_ms = until_ms, .count = count};
    store_due(port->store, &due, port_on_ids, port_begin());
    return port_end(port);
}

static void assert_due(struct store_port *port, int64_t until_ms, uint32_t count, const char *ids)
{
    assert_int_equal(due(port, until_ms, count), STORE_OK);
    assert_true(span_is_text(port_bytes(), ids));
}

void port_due_comes_earliest_first(void **state)
{
    struct store_port *port = *state;
    struct port_picture anna = port_picture_of_none(1, "anna");
    struct port_picture bert = port_picture_of_none(1, "bert");
    struct port_picture carl = port_picture_of_none(1, "carl");
    struct port_picture dora = port_picture_of_none(1, "dora");
    assert_int_equal(port_create(port, PORT_PARTITIONS), STORE_OK);
    assert_due(port, INSTANT_NEVER, 10, ""); // not the sentinel
    port_grow_due(port, &carl, 1, 2000);
    port_grow_due(port, &bert, 2, 2000);
    port_grow_due(port, &anna, 3, 3000);
    port_grow_due(port, &dora, 4, INSTANT_NEVER);
    assert_due(port, 1999, 10, "");
    assert_due(port, 2000, 10, "bert carl ");
    assert_due(port, INSTANT_NEVER, 10, "bert carl anna "); // never is not due
    assert_due(port, 3000, 2, "bert carl ");
    assert_due(port, 3000, 0, "bert "); // one at least
    port_grow_due(port, &bert, 5, INSTANT_NEVER);
    port_grow_due(port, &dora, 6, 0);
    assert_due(port, 3000, UINT32_MAX, "dora carl anna ");
    assert_due(port, -1, 10, "");
    const struct store_due none = {.partition = LIMIT_PARTITIONS, .until_ms = 5, .count = 1};
    store_due(port->store, &none, port_on_ids, port_begin());
    assert_int_equal(port_end(port), STORE_FAILED);
}

// --- scan ---

struct page {
    struct port_answer end; // counts calls
    uint64_t next_cursor;
    uint32_t seen[SCANNED];
    uint32_t other;
};

static void on_page(void *context, const struct store_scan_reply *reply)
{
    struct page *page = context;
    page->end.calls++;
    page->end.result = reply->result;
    page->next_cursor = reply->next_cursor;
    for (size_t i = 0; i < reply->count; i++) {
        char id[80] = {0};
        assert_true(reply->ids[i].len < sizeof(id));
        memcpy(id, reply->ids[i].data, reply->ids[i].len);
        unsigned long number = id[0] == 'm' ? strtoul(id + 1, NULL, 10) : SCANNED;
        if (number < SCANNED) {
            page->seen[number]++;
        } else {
            page->other++;
        }
    }
}

static uint32_t scan_all(struct store_port *port, uint32_t partition, struct page *page)
{
    uint32_t pages = 0;
    memset(page, 0, sizeof(*page));
    do {
        page->end.calls = 0;
        store_scan(port->store, partition, page->next_cursor, PAGE, on_page, page);
        assert_int_equal(page->end.calls, 0);
        port_wait(port, &page->end);
        assert_int_equal(page->end.result, STORE_OK);
        assert_true(++pages <= SCANNED);
    } while (page->next_cursor != 0);
    return pages;
}

void port_scan_sees_every_account(void **state)
{
    struct store_port *port = *state;
    static struct page page;
    assert_int_equal(port_create(port, PORT_PARTITIONS), STORE_OK);
    (void)scan_all(port, 1, &page);
    assert_int_equal(page.other, 0); // not the sentinel either
    for (uint32_t i = 0; i < SCANNED; i++) {
        char id[16];
        (void)snprintf(id, sizeof(id), "m%u", i);
        struct port_picture log = port_picture_of_none(1, id);
        struct store_append append = port_next(port, &log, i, 32);
        append.due_changed = i != 7; // not in the index, so not seen
        append.due_ms = i % 3 == 0 ? INSTANT_NEVER : 1600000000000 + i;
        assert_int_equal(port_append(port, &append), STORE_OK);
    }
    assert_true(scan_all(port, 1, &page) > 5);
    assert_int_equal(page.other, 0);
    for (uint32_t i = 0; i < SCANNED; i++) {
        assert_true((page.seen[i] > 0) == (i != 7));
    }
    (void)scan_all(port, 0, &page);
    for (uint32_t i = 0; i < SCANNED; i++) {
        assert_int_equal(page.seen[i], 0);
    }
    page.end.calls = 0;
    store_scan(port->store, LIMIT_PARTITIONS, 0, PAGE, on_page, &page);
    port_wait(port, &page.end);
    assert_int_equal(page.end.result, STORE_FAILED);
}

struct seen_head {
    struct port_answer end;
    struct store_head head;
};

static void on_head(void *context, const struct store_head *head)
{
    struct seen_head *seen = context;
    seen->end.calls++;
    seen->head = *head;
    buffer_clear(&seen->end.bytes);
    assert_int_equal(buffer_append(&seen->end.bytes, head->program), STATUS_OK);
}

static void read_head(struct store_port *port, struct seen_head *seen, uint64_t from_bytes)
{
    seen->end.calls = 0;
    store_head(port->store, from_bytes, on_head, seen);
    assert_int_equal(seen->end.calls, 0);
    port_wait(port, &seen->end);
    assert_int_equal(seen->head.result, STORE_OK);
    assert_int_equal(seen->end.bytes.len, seen->head.program.len);
    int64_t distance_ms = port->now_ms(port) - seen->head.store_now_ms;
    assert_true(distance_ms > -10000 && distance_ms < 10000);
}

void port_head_tells_what_stands(void **state)
{
    struct store_port *port = *state;
    struct seen_head seen = {0};
    read_head(port, &seen, 0);
    assert_int_equal(seen.head.partitions, 0);
    assert_int_equal(seen.head.epoch, 0);
    assert_int_equal(seen.head.program_bytes, 0);
    assert_int_equal(seen.head.program.len, 0);
    assert_int_equal(seen.head.sandbox_clock_ms, 0);

    struct port_picture program = {.account = {.meta = true, .id = span_of_text("program")}};
    assert_int_equal(port_create(port, 3), STORE_OK);
    port_grow(port, &program, 1, 200);
    port_grow(port, &program, 2, 300);
    assert_int_equal(port_set_clock(port, 1800000000000), STORE_OK);
    read_head(port, &seen, 0);
    assert_int_equal(seen.head.partitions, 3);
    int64_t age_ms = seen.head.store_now_ms - (int64_t)seen.head.epoch;
    assert_true(age_ms >= 0 && age_ms < 60000);
    assert_int_equal(seen.head.program_bytes, 500);
    assert_int_equal(seen.head.program.len, 500);
    assert_int_equal(seen.head.sandbox_clock_ms, 1800000000000);
    struct buffer record = {0};
    port_record(&record, 2, 300);
    read_head(port, &seen, 200);
    assert_int_equal(seen.head.program.len, 300);
    assert_memory_equal(seen.end.bytes.data, record.data, 300);
    assert_int_equal(seen.head.program_bytes, 500);
    read_head(port, &seen, 500);
    assert_int_equal(seen.head.program.len, 0);
    read_head(port, &seen, UINT64_MAX);
    assert_int_equal(seen.head.program.len, 0);
    assert_int_equal(seen.head.program_bytes, 500);
    buffer_fini(&record);
    buffer_fini(&seen.end.bytes);
}

void port_sandbox_clock_never_goes_back(void **state)
{
    struct store_port *port = *state;
    assert_int_equal(port_set_clock(port, 1800000000000), STORE_OK);
    assert_int_equal(port_set_clock(port, 1800000000000), STORE_OK);
    assert_int_equal(port_set_clock(port, 1799999999999), STORE_FAILED);
    assert_true(port_bytes().len > 0);
    assert_int_equal(port_set_clock(port, 1800000000001), STORE_OK);
    assert_int_equal(port_set_clock(port, 0), STORE_FAILED);
    assert_int_equal(port_set_clock(port, -5), STORE_FAILED);
    assert_int_equal(port_set_clock(port, LIMIT_INSTANT_MAX_MS), STORE_FAILED);
    struct seen_head seen = {0};
    read_head(port, &seen, 0);
    assert_int_equal(seen.head.sandbox_clock_ms, 1800000000001);
    buffer_fini(&seen.end.bytes);
}

void port_create_is_repeatable(void **state)
{
    struct store_port *port = *state;
    assert_int_equal(port_create(port, 0), STORE_FAILED);
    assert_int_equal(port_create(port, LIMIT_PARTITIONS + 1), STORE_FAILED);
    assert_int_equal(port_create(port, 600), STORE_OK); // more than are created at once
    struct port_picture log = port_picture_of_none(599, "last");
    port_grow(port, &log, 1, 50);
    struct seen_head first = {0};
    struct seen_head second = {0};
    read_head(port, &first, 0);
    assert_int_equal(port_create(port, 600), STORE_OK);
    read_head(port, &second, 0);
    assert_true(first.head.epoch > 0 && second.head.epoch == first.head.epoch);
    buffer_fini(&first.end.bytes);
    buffer_fini(&second.end.bytes);
    assert_int_equal(port_create(port, 601), STORE_FAILED);
    assert_true(port_bytes().len > 0);
    assert_int_equal(port_create(port, 599), STORE_FAILED);
    port_grow(port, &log, 2, 50);
    assert_int_equal(port->event_count(port, 599), 2);
}

// Two at once with different counts: both may find nothing, but only one count can come to stand.
void port_create_has_one_winner(void **state)
{
    struct store_port *port = *state;
    struct port_answer answers[2] = {0};
    store_create_partitions(port->store, 3, port_on_done, &answers[0]);
    store_create_partitions(port->store, 5, port_on_done, &answers[1]);
    port_wait(port, &answers[0]);
    port_wait(port, &answers[1]);
    bool first_won = answers[0].result == STORE_OK;
    assert_int_equal(answers[first_won ? 0 : 1].result, STORE_OK);
    assert_int_equal(answers[first_won ? 1 : 0].result, STORE_FAILED);
    struct seen_head seen = {0};
    read_head(port, &seen, 0);
    assert_int_equal(seen.head.partitions, first_won ? 3 : 5);
    buffer_fini(&seen.end.bytes);
    buffer_fini(&answers[0].bytes);
    buffer_fini(&answers[1].bytes);
}

void port_an_absent_partition_takes_nothing(void **state)
{
    struct store_port *port = *state;
    struct port_picture log = port_picture_of_none(3, "m");
    struct port_picture program = {.account = {.meta = true, .id = span_of_text("program")}};
    struct store_append append = port_next(port, &log, 1, 50);
    assert_int_equal(port_append(port, &append), STORE_FAILED);
    append = port_next(port, &program, 1, 50);
    assert_int_equal(port_append(port, &append), STORE_FAILED);
    assert_int_equal(port_create(port, 3), STORE_OK); // 0, 1 and 2
    append = port_next(port, &log, 1, 50);
    append.due_changed = true;
    append.due_ms = 5;
    assert_int_equal(port_append(port, &append), STORE_FAILED);
    assert_true(port_bytes().len > 0);
    assert_int_equal(port_load(port, &log.account), STORE_OK);
    assert_int_equal(port_bytes().len, 0);
    assert_int_equal(port->due_ms(port, &log.account), 0);
    port_grow(port, &program, 1, 50);
}

static void assert_append_fails(struct store_port *port, const struct store_append *append)
{
    assert_int_equal(port_append(port, append), STORE_FAILED);
    assert_true(port_bytes().len > 0);
}

void port_bounds_are_refused(void **state)
{
    struct store_port *port = *state;
    char long_id[LIMIT_MEMBER_ID_BYTES + 2] = {0};
    memset(long_id, 'm', LIMIT_MEMBER_ID_BYTES);
    assert_int_equal(port_create(port, PORT_PARTITIONS), STORE_OK);
    struct port_picture log = port_picture_of_none(0, long_id);
    port_grow(port, &log, 1, 50); // just fits

    struct store_append append = port_next(port, &log, 2, 15); // shorter than a hash
    assert_append_fails(port, &append);
    append = port_next(port, &log, 2, 50);
    append.expected_bytes = LIMIT_LOG_BYTES - 49;
    assert_append_fails(port, &append);
    append.expected_bytes = UINT64_MAX;
    assert_append_fails(port, &append);
    append = port_next(port, &log, 2, 50);
    append.account.partition = LIMIT_PARTITIONS;
    assert_append_fails(port, &append);
    append = port_next(port, &log, 2, 50);
    static const uint8_t large_event[STORE_EVENT_BYTES_MAX + 1];
    append.event = span_of(large_event, sizeof(large_event));
    assert_append_fails(port, &append);
    long_id[LIMIT_MEMBER_ID_BYTES] = 'm';
    const char *const bad_ids[] = {"", "!", long_id};
    for (size_t i = 0; i < 3; i++) {
        append = port_next(port, &log, 2, 50);
        append.account.id = span_of_text(bad_ids[i]);
        assert_append_fails(port, &append);
        assert_int_equal(port_load(port, &append.account), STORE_FAILED);
        assert_int_equal(port_load_from(port, &append.account, 0), STORE_FAILED);
        assert_int_equal(port_claim(port, 0, "key", bad_ids[i], ""), STORE_FAILED);
    }
    const char *const meta_keys[] = {"ev",         "due",   "arch",   "clock",
                                     "partitions", "epoch", "values", "c:name"};
    for (size_t i = 0; i < sizeof(meta_keys) / sizeof(meta_keys[0]); i++) {
        append = port_next(port, &log, 2, 50);
        append.account = (struct store_account){.meta = true, .id = span_of_text(meta_keys[i])};
        assert_append_fails(port, &append);
    }
    assert_int_equal(port_find(port, 0, ""), STORE_FAILED);
    assert_int_equal(port_find(port, LIMIT_PARTITIONS, "key"), STORE_FAILED);
    assert_int_equal(port_claim(port, LIMIT_PARTITIONS, "key", "m", ""), STORE_FAILED);
}
