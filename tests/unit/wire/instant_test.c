// Timestamps and RFC 3339 at the edges of their ranges.
#include "wire/instant.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/limits.h"

static Google__Protobuf__Timestamp timestamp(int64_t seconds, int32_t nanos)
{
    Google__Protobuf__Timestamp made = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    made.seconds = seconds;
    made.nanos = nanos;
    return made;
}

static void timestamps_become_milliseconds(void **state)
{
    (void)state;
    static const struct {
        int64_t seconds;
        int32_t nanos;
        int64_t ms;
    } good[] = {
        {0, 0, 0},
        {0, 999999, 0},
        {0, 1000000, 1},
        {1780243200, 999999999, INT64_C(1780243200999)},
        {LIMIT_INSTANT_MAX_MS / 1000 - 1, 999999999, LIMIT_INSTANT_MAX_MS - 1},
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        Google__Protobuf__Timestamp from = timestamp(good[i].seconds, good[i].nanos);
        int64_t ms = -1;
        assert_int_equal(instant_from_timestamp(&from, &ms), STATUS_OK);
        assert_int_equal(ms, good[i].ms);
    }
}

static void timestamps_out_of_range_are_refused(void **state)
{
    (void)state;
    static const struct {
        int64_t seconds;
        int32_t nanos;
    } bad[] = {
        {-1, 0},         {-1, 999999999}, {LIMIT_INSTANT_MAX_MS / 1000, 0},
        {INT64_MAX, 0},  {INT64_MIN, 0},  {0, -1},
        {0, 1000000000}, {0, INT32_MAX},  {0, INT32_MIN},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        Google__Protobuf__Timestamp from = timestamp(bad[i].seconds, bad[i].nanos);
        int64_t ms = -1;
        assert_int_equal(instant_from_timestamp(&from, &ms), STATUS_INVALID);
        assert_int_equal(ms, -1);
    }
}

static void milliseconds_become_timestamps(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 4096);
    Google__Protobuf__Timestamp *made = NULL;
    assert_int_equal(instant_to_timestamp(INT64_C(1780243200123), &arena, &made), STATUS_OK);
    assert_int_equal(made->seconds, 1780243200);
    assert_int_equal(made->nanos, 123000000);
    assert_int_equal(instant_to_timestamp(INSTANT_WRITTEN_END_MS - 1, &arena, &made), STATUS_OK);
    assert_int_equal(instant_to_timestamp(INSTANT_WRITTEN_END_MS, &arena, &made), STATUS_RANGE);
    assert_int_equal(instant_to_timestamp(INSTANT_NEVER, &arena, &made), STATUS_RANGE);
    assert_int_equal(instant_to_timestamp(-1, &arena, &made), STATUS_RANGE);
    arena_fini(&arena);
    arena_init(&arena, 8);
    assert_int_equal(instant_to_timestamp(0, &arena, &made), STATUS_NO_MEMORY);
    arena_fini(&arena);
}

static void texts_are_read_and_written(void **state)
{
    (void)state;
    static const struct {
        const char *read;
        const char *written;
    } texts[] = {
        {"1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"},
        {"2026-06-01T00:00:00+08:00", "2026-05-31T16:00:00Z"},
        {"2026-05-31T23:30:00-00:45", "2026-06-01T00:15:00Z"},
        {"2024-02-29T12:34:56.5Z", "2024-02-29T12:34:56.500Z"},
        {"2024-02-29T12:34:56.0450Z", "2024-02-29T12:34:56.045Z"},
        {"2024-02-29T12:34:56.000001Z", "2024-02-29T12:34:56.000001Z"},
        {"2024-02-29T12:34:56.000000001Z", "2024-02-29T12:34:56.000000001Z"},
        {"2024-02-29T12:34:56.000Z", "2024-02-29T12:34:56Z"},
        {"2200-12-31T23:59:59.999Z", "2200-12-31T23:59:59.999Z"},
        {"2026-06-01T00:00:00+23:59", "2026-05-31T00:01:00Z"},
        {"1969-12-31T23:00:00-01:00", "1970-01-01T00:00:00Z"},
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        Google__Protobuf__Timestamp read;
        char written[INSTANT_TEXT_BYTES];
        assert_int_equal(instant_parse(span_of_text(texts[i].read), &read), STATUS_OK);
        assert_int_equal(instant_format(&read, written), STATUS_OK);
        assert_string_equal(written, texts[i].written);
    }
}

static void other_texts_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "2026-06-01",
        "2026-06-01T00:00:00",
        "2026-06-01 00:00:00Z",
        "2026-06-01t00:00:00Z",
        "2026-06-01T00:00:00z",
        "2026-06-01T00:00:00ZZ",
        "2026-06-01T00:00:00+0800",
        "2026-06-01T00:00:00+24:00",
        "2026-06-01T00:00:00+08:60",
        "2026-06-01T24:00:00Z",
        "2026-06-01T00:60:00Z",
        "2026-06-30T23:59:60Z",
        "2026-06-01T00:00:00.Z",
        "2026-06-01T00:00:00.1234567890Z",
        "2026-06-01T00:00:00,5Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2026-06-31T00:00:00Z",
        "26-06-01T00:00:00Z",
        "+2026-06-01T00:00:00Z",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:00:00+00:01",
        "2201-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "2026-6-1T0:0:0Z",
        " 2026-06-01T00:00:00Z",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        Google__Protobuf__Timestamp read;
        assert_int_equal(instant_parse(span_of_text(bad[i]), &read), STATUS_INVALID);
    }
    Google__Protobuf__Timestamp out_of_range = timestamp(-1, 0);
    char written[INSTANT_TEXT_BYTES];
    assert_int_equal(instant_format(&out_of_range, written), STATUS_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timestamps_become_milliseconds),
        cmocka_unit_test(timestamps_out_of_range_are_refused),
        cmocka_unit_test(milliseconds_become_timestamps),
        cmocka_unit_test(texts_are_read_and_written),
        cmocka_unit_test(other_texts_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
