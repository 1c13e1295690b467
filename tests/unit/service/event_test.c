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
        struct event in = {.format = len == 1 ? EVENT_RECORDS : EVENT_BIRTHDAYS,
                           .member_id = span_of(id, len),
                           .first_seq = len == 1 ? 1 : UINT64_MAX,
                           .told = span_of("along", len % 5),
                           .records = span_of("records", len % 7)};
        buffer_init(&bytes, 0);
        assert_int_equal(event_encode(&in, &bytes), STATUS_OK);
        assert_int_equal(event_decode(buffer_span(&bytes), &out), STATUS_OK);
        assert_true(span_equal(in.member_id, out.member_id));
        assert_true(span_equal(in.told, out.told));
        assert_true(span_equal(in.records, out.records));
        assert_int_equal(in.first_seq, out.first_seq);
        assert_int_equal(in.format, out.format);
        buffer_fini(&bytes);
    }
}

static void what_is_none_is_refused(void **state)
{
    (void)state;
    struct buffer bytes;
    struct event event = {
        .format = EVENT_RECORDS, .member_id = span_of_text("anna"), .first_seq = 300};
    buffer_init(&bytes, 0);
    assert_int_equal(event_encode(&event, &bytes), STATUS_OK);
    for (size_t len = 0; len < bytes.len; len++) {
        assert_int_equal(event_decode(span_of(bytes.data, len), &event), STATUS_CORRUPT);
    }
    bytes.data[0] = EVENT_BIRTHDAYS + 1;
    assert_int_equal(event_decode(buffer_span(&bytes), &event), STATUS_UNKNOWN_TYPE);
    bytes.data[0] = EVENT_RECORDS;
    bytes.data[1] = LIMIT_MEMBER_ID_BYTES + 1;
    assert_int_not_equal(event_decode(buffer_span(&bytes), &event), STATUS_OK);
    buffer_fini(&bytes);
}

static void birthdays_come_back(void **state)
{
    (void)state;
    struct buffer told;
    struct event_birthdays birthdays;
    struct span id;
    buffer_init(&told, 0);
    assert_int_equal(event_put_birthdays(&told, -1, 0), STATUS_RANGE);
    assert_int_equal(event_put_birthdays(&told, 20000, INT64_C(1728000000000)), STATUS_OK);
    assert_int_equal(event_put_id(&told, span_of_text("anna")), STATUS_OK);
    assert_int_equal(event_put_id(&told, span_of_text("bo")), STATUS_OK);
    struct event event = {.format = EVENT_BIRTHDAYS, .told = buffer_span(&told)};
    assert_int_equal(event_birthdays(&event, &birthdays), STATUS_OK);
    assert_int_equal(birthdays.day, 20000);
    assert_int_equal(birthdays.begun_ms, INT64_C(1728000000000));
    assert_int_equal(event_next_id(&birthdays.ids, &id), STATUS_OK);
    assert_true(span_is_text(id, "anna"));
    assert_int_equal(event_next_id(&birthdays.ids, &id), STATUS_OK);
    assert_true(span_is_text(id, "bo"));
    assert_int_equal(event_next_id(&birthdays.ids, &id), STATUS_NOT_FOUND);
    birthdays.ids = span_of(told.data + told.len - 2, 2); // "bo" is no id with its length
    assert_int_equal(event_next_id(&birthdays.ids, &id), STATUS_CORRUPT);
    event.told.len = 1;
    assert_int_equal(event_birthdays(&event, &birthdays), STATUS_CORRUPT);
    buffer_fini(&told);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_went_in_comes_out),
        cmocka_unit_test(what_is_none_is_refused),
        cmocka_unit_test(birthdays_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
