// Entries of the event stream: what went in comes out, and nothing else passes for one.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/limits.h"
#include "service/event.h"

static void what_went_in_comes_out(void **state)
{
    (void)state;
    char id[LIMIT_MEMBER_ID_BYTES];
    memset(id, 'm', sizeof(id));
    for (size_t len = 1; len <= sizeof(id); len += 21) {
        struct buffer bytes;
        struct event out;
        struct event in = {.member_id = span_of(id, len),
                           .first_seq = len == 1 ? 1 : UINT64_MAX,
                           .records = span_of("records", len % 7)};
        buffer_init(&bytes, 0);
        assert_int_equal(event_encode(&in, &bytes), STATUS_OK);
        assert_int_equal(event_decode(buffer_span(&bytes), &out), STATUS_OK);
        assert_true(span_equal(in.member_id, out.member_id));
        assert_true(span_equal(in.records, out.records));
        assert_int_equal(in.first_seq, out.first_seq);
        buffer_fini(&bytes);
    }
}

static void what_is_none_is_refused(void **state)
{
    (void)state;
    struct buffer bytes;
    struct event event = {.member_id = span_of_text("anna"), .first_seq = 300};
    buffer_init(&bytes, 0);
    assert_int_equal(event_encode(&event, &bytes), STATUS_OK);
    for (size_t len = 0; len < bytes.len; len++) {
        assert_int_equal(event_decode(span_of(bytes.data, len), &event), STATUS_CORRUPT);
    }
    bytes.data[0] = EVENT_FORMAT + 1;
    assert_int_equal(event_decode(buffer_span(&bytes), &event), STATUS_UNKNOWN_TYPE);
    bytes.data[0] = EVENT_FORMAT;
    bytes.data[1] = LIMIT_MEMBER_ID_BYTES + 1;
    assert_int_not_equal(event_decode(buffer_span(&bytes), &event), STATUS_OK);
    buffer_fini(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_went_in_comes_out),
        cmocka_unit_test(what_is_none_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
