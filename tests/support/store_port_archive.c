// The port's tests: what compactions have cut off is read in pieces, whole and in order, and
// dropped up to a number.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "support/store_port.h"

#include <cmocka.h>

enum { READS_MAX = 64, ENTRIES_MAX = 400 };

// What a reader has put together.
struct gathered {
    uint64_t number;
    uint64_t total_bytes;
    char account_id[LIMIT_MEMBER_ID_BYTES + 1];
    struct buffer bytes;
};

struct reading {
    struct port_answer end;
    struct gathered entries[ENTRIES_MAX];
    size_t count;
    size_t pieces; // of the last answer
    size_t piece_bytes;
    uint64_t waiting;
    struct store_event_bounds bounds;
};

static struct reading reading;

static void take_piece(struct reading *into, const struct store_archive_piece *piece)
{
    struct gathered *last = into->count > 0 ? &into->entries[into->count - 1] : NULL;
    if (piece->offset == 0) {
        assert_true(into->count < ENTRIES_MAX);
        assert_true(last == NULL || last->bytes.len == last->total_bytes);
        last = &into->entries[into->count++];
        last->number = piece->number;
        last->total_bytes = piece->total_bytes;
        memset(last->account_id, 0, sizeof(last->account_id));
        memcpy(last->account_id, piece->account_id.data, piece->account_id.len);
    }
    assert_non_null(last);
    assert_true(last->number == piece->number && last->total_bytes == piece->total_bytes);
    assert_int_equal(last->bytes.len, piece->offset);
    assert_int_equal(buffer_append(&last->bytes, piece->bytes), STATUS_OK);
}

static void on_pieces(void *context, const struct store_archive_reply *reply)
{
    struct reading *into = context;
    into->end.calls++;
    into->end.result = reply->result;
    into->pieces = reply->count;
    into->waiting = reply->waiting;
    into->bounds = reply->bounds;
    into->piece_bytes = 0;
    for (size_t i = 0; i < reply->count; i++) {
        assert_true(reply->pieces[i].bytes.len > 0);
        into->piece_bytes += reply->pieces[i].bytes.len;
        take_piece(into, &reply->pieces[i]);
    }
}

static enum store_result read_at(struct store_port *port, uint64_t number, uint64_t offset,
                                 uint32_t bytes_max)
{
    const struct store_archive_place place = {
        .partition = 1, .number = number, .offset = offset, .bytes_max = bytes_max};
    reading.end.calls = 0;
    store_read_archive(port->store, &place, on_pieces, &reading);
    assert_int_equal(reading.end.calls, 0);
    port_wait(port, &reading.end);
    return reading.end.result;
}

static void begin(void)
{
    for (size_t i = 0; i < reading.count; i++) {
        buffer_fini(&reading.entries[i].bytes);
    }
    memset(&reading, 0, sizeof(reading));
}

// Goes on where the last answer ended, until nothing waits; how many answers that took.
static uint32_t read_all(struct store_port *port, uint32_t bytes_max)
{
    uint32_t reads = 0;
    do {
        const struct gathered *last =
            reading.count > 0 ? &reading.entries[reading.count - 1] : NULL;
        assert_int_equal(read_at(port, last == NULL ? 0 : last->number,
                                 last == NULL ? 0 : last->bytes.len, bytes_max),
                         STORE_OK);
        assert_true(++reads < READS_MAX && reading.piece_bytes <= bytes_max);
    } while (reading.pieces > 0);
    assert_int_equal(reading.waiting, 0);
    return reads;
}

// A log of `len` bytes that is compacted at once: one entry, whose bytes `seed` makes.
static void archive_one(struct store_port *port, const char *id, uint32_t seed, size_t len)
{
    struct port_picture log = port_picture_of_none(1, id);
    struct buffer snapshot = {0};
    port_grow(port, &log, seed, len);
    struct store_compact compact = port_cut_at(&log, &snapshot, 40);
    assert_int_equal(port_compact(port, &compact), STORE_OK);
    buffer_fini(&snapshot);
}

static void assert_entry(size_t at, uint64_t number, const char *id, uint32_t seed, size_t len)
{
    struct buffer record = {0};
    port_record(&record, seed, len);
    assert_true(at < reading.count);
    const struct gathered *entry = &reading.entries[at];
    assert_int_equal(entry->number, number);
    assert_string_equal(entry->account_id, id);
    assert_int_equal(entry->total_bytes, len);
    assert_true(span_equal(buffer_span(&entry->bytes), buffer_span(&record)));
    buffer_fini(&record);
}

static uint64_t drop(struct store_port *port, uint64_t through)
{
    store_drop_archived(port->store, 1, through, port_on_done, port_begin());
    assert_int_equal(port_end(port), STORE_OK);
    return port_last.dropped;
}

// --- reading ---

void port_archive_is_read_in_pieces(void **state)
{
    struct store_port *port = *state;
    assert_int_equal(port_create(port, PORT_PARTITIONS), STORE_OK);
    begin();
    assert_int_equal(read_at(port, 0, 0, 100), STORE_OK);
    assert_true(reading.pieces == 0 && reading.waiting == 0);
    assert_true(reading.bounds.first == 1 && reading.bounds.last == 0);
    archive_one(port, "anna", 1, 100);
    archive_one(port, "bert", 2, 250);
    archive_one(port, "carl", 3, 16);
    const uint32_t sizes[] = {366, 365, 100, 99, 17, 1 << 20};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        begin();
        uint32_t reads = read_all(port, sizes[i]);
        assert_int_equal(reads, (366 + sizes[i] - 1) / sizes[i] + 1);
        assert_int_equal(reading.count, 3);
        assert_entry(0, 1, "anna", 1, 100);
        assert_entry(1, 2, "bert", 2, 250);
        assert_entry(2, 3, "carl", 3, 16);
        assert_true(reading.bounds.first == 1 && reading.bounds.last == 3);
    }
    begin();
    assert_int_equal(read_at(port, 0, 0, 0), STORE_OK); // one byte at least
    assert_true(reading.pieces == 1 && reading.piece_bytes == 1 && reading.waiting == 2);
    begin();
    assert_int_equal(read_at(port, 1, 100, 1000), STORE_OK); // nothing more of it
    assert_int_equal(reading.count, 2);
    assert_entry(0, 2, "bert", 2, 250);
    assert_int_equal(reading.waiting, 0);
    begin();
    assert_int_equal(read_at(port, 4, 0, 1000), STORE_OK);
    assert_true(reading.pieces == 0 && reading.waiting == 0);
    begin();
}

void port_archive_gives_whole_entries_of_16_mib(void **state)
{
    struct store_port *port = *state;
    assert_int_equal(port_create(port, PORT_PARTITIONS), STORE_OK);
    begin();
    archive_one(port, "small", 1, 50);
    archive_one(port, "large", 2, LIMIT_LOG_BYTES);
    archive_one(port, "after", 3, 50);
    assert_int_equal(read_all(port, UINT32_MAX), 16 + 1 + 1); // 1 MiB at most
    assert_int_equal(reading.count, 3);
    assert_entry(0, 1, "small", 1, 50);
    assert_entry(1, 2, "large", 2, LIMIT_LOG_BYTES);
    assert_entry(2, 3, "after", 3, 50);
    assert_int_equal(drop(port, 2), 2);
    begin();
    assert_int_equal(read_at(port, 2, 1 << 20, 1000), STORE_OK); // dropped: the next, from 0
    assert_int_equal(reading.count, 1);
    assert_entry(0, 3, "after", 3, 50);
    begin();
}

// --- dropping ---

void port_archive_keeps_its_numbers(void **state)
{
    struct store_port *port = *state;
    char id[16];
    assert_int_equal(port_create(port, PORT_PARTITIONS), STORE_OK);
    begin();
    for (uint32_t i = 1; i <= 300; i++) {
        (void)snprintf(id, sizeof(id), "m%u", i);
        archive_one(port, id, i, 20);
    }
    assert_int_equal(read_at(port, 0, 0, 1 << 20), STORE_OK);
    assert_int_equal(reading.pieces, 256); // no more at once
    assert_int_equal(reading.waiting, 44);
    begin();
    assert_int_equal(drop(port, 0), 0);
    assert_int_equal(drop(port, 120), 120);
    assert_int_equal(drop(port, 120), 0); // again
    assert_int_equal(drop(port, 7), 0);
    assert_int_equal(port->archived_bytes(port, 1), 180 * 20);
    assert_int_equal(read_at(port, 0, 0, 1 << 20), STORE_OK);
    assert_int_equal(reading.count, 180);
    assert_entry(0, 121, "m121", 121, 20);
    assert_entry(179, 300, "m300", 300, 20);
    assert_true(reading.bounds.first == 121 && reading.bounds.last == 300);
    begin();
    assert_int_equal(drop(port, UINT64_MAX - 1), 180); // all there are
    assert_int_equal(read_at(port, 0, 0, 1000), STORE_OK);
    assert_true(reading.pieces == 0 && reading.bounds.first == 301 && reading.bounds.last == 300);
    archive_one(port, "next", 5, 20);
    assert_int_equal(read_at(port, 0, 0, 1000), STORE_OK);
    assert_int_equal(reading.count, 1);
    assert_entry(0, 301, "next", 5, 20);
    begin();
}

void port_archive_refuses(void **state)
{
    struct store_port *port = *state;
    const struct store_archive_place none = {.partition = LIMIT_PARTITIONS, .bytes_max = 5};
    begin();
    assert_int_equal(read_at(port, 0, 0, 100), STORE_FAILED); // not created
    assert_int_equal(port_create(port, PORT_PARTITIONS), STORE_OK);
    reading.end.calls = 0;
    store_read_archive(port->store, &none, on_pieces, &reading);
    port_wait(port, &reading.end);
    assert_int_equal(reading.end.result, STORE_FAILED);
    store_drop_archived(port->store, LIMIT_PARTITIONS, 5, port_on_done, port_begin());
    assert_int_equal(port_end(port), STORE_FAILED);
    store_drop_archived(port->store, 1, UINT64_MAX, port_on_done, port_begin());
    assert_int_equal(port_end(port), STORE_FAILED);
}
