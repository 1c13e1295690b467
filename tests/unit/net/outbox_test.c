// Answers become records: all bytes, in order, a record unchanged until it is sent.
#include "net/outbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/limits.h"
#include "net/stream.h"

static void frames_share_a_record(void **state)
{
    (void)state;
    struct outbox outbox;
    outbox_init(&outbox);
    assert_int_equal(outbox_put(&outbox, span_of_text("one")), STATUS_OK);
    assert_int_equal(outbox_put(&outbox, span_of_text("three")), STATUS_OK);
    static const char both[] = "\0\0\0\3one\0\0\0\5three";
    assert_int_equal(outbox_pending(&outbox), sizeof(both) - 1);
    assert_true(span_equal(outbox_record(&outbox), span_of(both, sizeof(both) - 1)));
    outbox_record_sent(&outbox);
    assert_int_equal(outbox_pending(&outbox), 0);
    assert_null(outbox.bytes.data);
    outbox_fini(&outbox);
}

static void a_record_being_tried_does_not_change(void **state)
{
    (void)state;
    struct outbox outbox;
    outbox_init(&outbox);
    assert_int_equal(outbox_put(&outbox, span_of_text("a")), STATUS_OK);
    assert_int_equal(outbox_record(&outbox).len, 5);
    assert_int_equal(outbox_put(&outbox, span_of_text("b")), STATUS_OK);
    assert_true(span_equal(outbox_record(&outbox), span_of("\0\0\0\1a", 5)));
    outbox_record_sent(&outbox);
    assert_true(span_equal(outbox_record(&outbox), span_of("\0\0\0\1b", 5)));
    outbox_fini(&outbox);
}

static void everything_leaves_in_order(void **state)
{
    (void)state;
    struct outbox outbox;
    outbox_init(&outbox);
    struct buffer given;
    struct buffer left;
    buffer_init(&given, 0);
    buffer_init(&left, 0);
    static uint8_t frame[LIMIT_FRAME_BYTES];
    for (unsigned i = 0; i < 200; i++) {
        size_t len = 1 + (i * 7919U) % (i % 10 == 0 ? LIMIT_FRAME_BYTES : 500);
        memset(frame, (int)i, len);
        const uint8_t length[4] = {0, (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len};
        assert_int_equal(buffer_append(&given, span_of(length, 4)), STATUS_OK);
        assert_int_equal(buffer_append(&given, span_of(frame, len)), STATUS_OK);
        assert_int_equal(outbox_put(&outbox, span_of(frame, len)), STATUS_OK);
        for (unsigned n = i % 3; n > 0 && outbox_pending(&outbox) > 0; n--) {
            struct span record = outbox_record(&outbox);
            assert_in_range(record.len, 1, STREAM_RECORD_BYTES);
            assert_int_equal(buffer_append(&left, record), STATUS_OK);
            outbox_record_sent(&outbox);
        }
    }
    while (outbox_pending(&outbox) > 0) {
        assert_int_equal(buffer_append(&left, outbox_record(&outbox)), STATUS_OK);
        outbox_record_sent(&outbox);
    }
    assert_true(span_equal(buffer_span(&given), buffer_span(&left)));
    buffer_fini(&given);
    buffer_fini(&left);
    outbox_fini(&outbox);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_share_a_record),
        cmocka_unit_test(a_record_being_tried_does_not_change),
        cmocka_unit_test(everything_leaves_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
