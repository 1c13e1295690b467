// What has become of an original, read from a log: of what kind it is, by which id, how much of it
// was taken back; and logs that cannot be.
#include "core/original.h"

#include "base/buffer.h"
#include "unit/core/account_fixture.h"

static struct arena arena;
static struct buffer log_bytes;
static struct lot_move lots[] = {{FIRST_END_MS, 100}};

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, 1 << 20);
    buffer_init(&log_bytes, 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_fini(&arena);
    buffer_fini(&log_bytes);
    return 0;
}

// A walk does not look at hashes.
static void put(struct record record, uint8_t id)
{
    static const uint8_t hash[CHAIN_HASH_BYTES];
    record.at_ms = FIXTURE_MS;
    record.mark = (struct mark){.present = id != 0, .id = {id}};
    assert_int_equal(record_encode(&record, &log_bytes), STATUS_OK);
    assert_int_equal(buffer_append(&log_bytes, span_of(hash, sizeof hash)), STATUS_OK);
}

static enum status find(uint8_t id, struct original *ret_original)
{
    const uint8_t request[REQUEST_ID_BYTES] = {id};
    return original_find(buffer_span(&log_bytes), request, &arena, ret_original);
}

static void put_awarded(uint8_t id, int64_t amount_minor, int64_t points)
{
    put((struct record){.type = RECORD_AWARDED,
                        .awarded = {.occurred_ms = FIXTURE_MS,
                                    .spendable_ms = FIXTURE_MS,
                                    .lot_ends_ms = FIRST_END_MS,
                                    .score_until_ms = FIRST_END_MS,
                                    .amount_minor = amount_minor,
                                    .points = points}},
        id);
}

static void put_reversed(uint8_t id, uint64_t seq, uint32_t method, int64_t amount_minor,
                         int64_t points)
{
    put((struct record){.type = RECORD_REVERSED,
                        .reversed = {.result = REVERSE_REVERSED,
                                     .method = method,
                                     .original_seq = seq,
                                     .points = points,
                                     .sale = {.amount_minor = amount_minor}}},
        id);
}

static void put_held(uint8_t id)
{
    put((struct record){.type = RECORD_HELD,
                        .held = {.taken = {.points = 100, .lots = lots, .lot_count = 1},
                                 .lapses_ms = FIXTURE_MS + 1}},
        id);
}

static void put_captured(uint8_t id, uint8_t reservation)
{
    put((struct record){.type = RECORD_CAPTURED,
                        .captured = {.reservation = {reservation},
                                     .taken = {.points = 100, .lots = lots, .lot_count = 1}}},
        id);
}

static void an_award_and_what_is_left_of_it(void **state)
{
    (void)state;
    struct original original;
    put_awarded(1, 1000, 100);
    put_awarded(2, 1000, 100);
    put_reversed(3, 1, RECORD_AWARDED, 300, 30);
    put_reversed(4, 2, RECORD_AWARDED, 50, 5);
    put_reversed(5, 1, RECORD_AWARDED, 700, 70);
    assert_int_equal(find(1, &original), STATUS_OK);
    assert_int_equal(original.type, RECORD_AWARDED);
    assert_int_equal(original.seq, 1);
    assert_int_equal(original.reversals, 2);
    assert_int_equal(original.amount_minor, 1000);
    assert_int_equal(original.points, 100);
    assert_int_equal(find(2, &original), STATUS_OK);
    assert_int_equal(original.points, 5);
    assert_int_equal(find(4, &original), STATUS_OK);
    assert_int_equal(original.type, RECORD_REVERSED);
    assert_int_equal(find(9, &original), STATUS_OK);
    assert_int_equal(original.type, RECORD_NONE);
}

static void a_reservation_leads_to_its_capture(void **state)
{
    (void)state;
    struct original original;
    put_held(1);
    put_held(2);
    assert_int_equal(find(1, &original), STATUS_OK);
    assert_int_equal(original.type, RECORD_HELD);
    put_captured(3, 1);
    put_reversed(4, 3, RECORD_CAPTURED, 0, 40);
    for (uint8_t id = 1; id <= 3; id += 2) {
        assert_int_equal(find(id, &original), STATUS_OK);
        assert_int_equal(original.type, RECORD_CAPTURED);
        assert_int_equal(original.by_reservation, id == 1);
        assert_int_equal(original.seq, 3);
        assert_int_equal(original.points, 40);
        assert_int_equal(original.spent.lots[0].points, 100);
    }
    put((struct record){.type = RECORD_RELEASED, .released = {.reservation = {2}}}, 5);
    assert_int_equal(find(2, &original), STATUS_OK);
    assert_true(original.released);
    assert_int_equal(original.reversals, 0);
}

// Nobody may be given what was never there, whoever wrote that it was.
static void more_than_there_was_is_found(void **state)
{
    (void)state;
    struct original original;
    put_awarded(1, 1000, 100);
    put_reversed(2, 1, RECORD_AWARDED, 1001, 0);
    assert_int_equal(find(1, &original), STATUS_CORRUPT);
    put_awarded(3, 1000, 100);
    put_reversed(4, 3, RECORD_AWARDED, 0, INT64_MAX);
    put_reversed(5, 3, RECORD_AWARDED, 0, INT64_MAX);
    assert_int_equal(find(3, &original), STATUS_CORRUPT);
    put_held(6);
    put_captured(7, 6);
    put_reversed(8, 7, RECORD_CAPTURED, 0, 101);
    assert_int_equal(find(6, &original), STATUS_CORRUPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_award_and_what_is_left_of_it, setup, teardown),
        cmocka_unit_test_setup_teardown(a_reservation_leads_to_its_capture, setup, teardown),
        cmocka_unit_test_setup_teardown(more_than_there_was_is_found, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
