// Varints both ways at every edge, and that a read which fails moves nothing and writes nothing.
#include "base/varint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const uint64_t edges[] = {
    0,          1,          127,       128,        16383,          16384,
    UINT32_MAX, 1ULL << 32, INT64_MAX, 1ULL << 63, UINT64_MAX - 1, UINT64_MAX,
};

static struct reader reader_over(const void *data, size_t len)
{
    return (struct reader){.rest = span_of(data, len)};
}

static void unsigned_values_come_back(void **state)
{
    (void)state;
    struct buffer buffer = {0};
    for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++) {
        buffer_clear(&buffer);
        assert_int_equal(buffer_put_u64(&buffer, edges[i]), STATUS_OK);
        struct reader reader = {.rest = buffer_span(&buffer)};
        uint64_t value = 0;
        assert_int_equal(reader_u64(&reader, &value), STATUS_OK);
        assert_true(value == edges[i]);
        assert_int_equal(reader.rest.len, 0);
    }
    buffer_fini(&buffer);
}

// Of each length the least and the most, with other bytes behind them and without.
static void what_follows_a_value_does_not_matter(void **state)
{
    (void)state;
    static const uint8_t behind[] = {0x00, 0x80, 0xff, 0x01};
    for (uint32_t bits = 0; bits < 64; bits++) {
        for (uint32_t less = 0; less <= 1; less++) {
            uint64_t expected = (UINT64_C(1) << bits) - less;
            for (size_t i = 0; i < sizeof behind; i++) {
                uint8_t bytes[2 * VARINT_BYTES_MAX];
                memset(bytes, behind[i], sizeof bytes);
                size_t len = varint_write(bytes, expected);
                for (size_t given = len; given <= sizeof bytes; given++) {
                    struct reader reader = {.rest = span_of(bytes, given)};
                    uint64_t value = ~expected;
                    assert_int_equal(reader_u64(&reader, &value), STATUS_OK);
                    assert_true(value == expected);
                    assert_int_equal(reader.rest.len, given - len);
                }
            }
        }
    }
}

static void signed_values_come_back(void **state)
{
    (void)state;
    static const int64_t values[] = {0, -1, 1, -64, 63, -65, 64, INT64_MIN, INT64_MAX};
    struct buffer buffer = {0};
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        buffer_clear(&buffer);
        assert_int_equal(buffer_put_i64(&buffer, values[i]), STATUS_OK);
        struct reader reader = {.rest = buffer_span(&buffer)};
        int64_t value = 0;
        assert_int_equal(reader_i64(&reader, &value), STATUS_OK);
        assert_true(value == values[i]);
    }
    buffer_fini(&buffer);
}

static void bytes_are_those_of_protobuf(void **state)
{
    (void)state;
    uint8_t out[VARINT_BYTES_MAX];
    assert_int_equal(varint_write(out, 300), 2);
    assert_memory_equal(out, "\xac\x02", 2);
    assert_int_equal(varint_write(out, UINT64_MAX), VARINT_BYTES_MAX);
    assert_memory_equal(out, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10);
    struct buffer buffer = {0};
    assert_int_equal(buffer_put_i64(&buffer, -2), STATUS_OK);
    assert_true(span_is_text(buffer_span(&buffer), "\x03"));
    buffer_fini(&buffer);
}

static void assert_corrupt_u64(const void *data, size_t len)
{
    struct reader reader = reader_over(data, len);
    uint64_t value = 42;
    assert_int_equal(reader_u64(&reader, &value), STATUS_CORRUPT);
    assert_true(value == 42);
    assert_ptr_equal(reader.rest.data, data);
    assert_int_equal(reader.rest.len, len);
}

static void longer_forms_and_ends_are_corrupt(void **state)
{
    (void)state;
    assert_corrupt_u64("", 0);
    assert_corrupt_u64("\x80", 1);
    assert_corrupt_u64("\x80\x00", 2);
    assert_corrupt_u64("\xff\x80\x00", 3);
    assert_corrupt_u64("\x80\x00\x01\x01\x01\x01\x01\x01\x01", 9);
    assert_corrupt_u64("\xff\xff\xff\xff\xff\xff\xff\x00\x01", 9);
    assert_corrupt_u64("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10);
    assert_corrupt_u64("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\x00", 11);
}

static void a_u32_is_at_most_32_bits(void **state)
{
    (void)state;
    uint32_t value = 7;
    struct reader most = reader_over("\xff\xff\xff\xff\x0f", 5);
    assert_int_equal(reader_u32(&most, &value), STATUS_OK);
    assert_int_equal(value, UINT32_MAX);
    struct reader over = reader_over("\x80\x80\x80\x80\x10", 5);
    assert_int_equal(reader_u32(&over, &value), STATUS_CORRUPT);
    assert_int_equal(over.rest.len, 5);
    assert_int_equal(value, UINT32_MAX);
}

static void bytes_are_borrowed_and_bounded(void **state)
{
    (void)state;
    const char input[] = "abc";
    struct reader reader = reader_over(input, 3);
    struct span bytes = {0};
    uint8_t byte = 0;
    assert_int_equal(reader_bytes(&reader, 4, &bytes), STATUS_CORRUPT);
    assert_int_equal(reader_bytes(&reader, 2, &bytes), STATUS_OK);
    assert_ptr_equal(bytes.data, input);
    assert_int_equal(reader_byte(&reader, &byte), STATUS_OK);
    assert_int_equal(byte, 'c');
    assert_int_equal(reader_byte(&reader, &byte), STATUS_CORRUPT);
    assert_int_equal(reader_bytes(&reader, 0, &bytes), STATUS_OK);
    assert_int_equal(bytes.len, 0);
}

static void sized_bytes_come_back_within_their_bound(void **state)
{
    (void)state;
    struct buffer buffer = {0};
    assert_int_equal(buffer_put_sized(&buffer, span_of_text("gold")), STATUS_OK);
    assert_int_equal(buffer_put_sized(&buffer, (struct span){0}), STATUS_OK);
    struct span name = {0};
    struct reader reader = {.rest = buffer_span(&buffer)};
    assert_int_equal(reader_sized(&reader, 3, &name), STATUS_CORRUPT);
    assert_int_equal(reader.rest.len, 6);
    assert_int_equal(reader_sized(&reader, 4, &name), STATUS_OK);
    assert_true(span_is_text(name, "gold"));
    assert_int_equal(reader_sized(&reader, 4, &name), STATUS_OK);
    assert_int_equal(name.len, 0);

    struct reader cut = {.rest = span_of(buffer.data, 3)};
    assert_int_equal(reader_sized(&cut, 4, &name), STATUS_CORRUPT);
    assert_int_equal(cut.rest.len, 3);
    buffer_fini(&buffer);
}

static void a_sized_put_past_the_cap_changes_nothing(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 4);
    assert_int_equal(buffer_put_sized(&buffer, span_of_text("gold")), STATUS_TOO_LARGE);
    assert_int_equal(buffer.len, 0);
    assert_int_equal(buffer_put_sized(&buffer, span_of_text("vip")), STATUS_OK);
    buffer_fini(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unsigned_values_come_back),
        cmocka_unit_test(what_follows_a_value_does_not_matter),
        cmocka_unit_test(signed_values_come_back),
        cmocka_unit_test(bytes_are_those_of_protobuf),
        cmocka_unit_test(longer_forms_and_ends_are_corrupt),
        cmocka_unit_test(a_u32_is_at_most_32_bits),
        cmocka_unit_test(bytes_are_borrowed_and_bounded),
        cmocka_unit_test(sized_bytes_come_back_within_their_bound),
        cmocka_unit_test(a_sized_put_past_the_cap_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
