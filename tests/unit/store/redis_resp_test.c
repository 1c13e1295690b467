// The codec: commands byte for byte, replies of every kind in every cut, and what must not be
// taken.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "store/redis_resp.h"

// --- writing ---

static void assert_text(struct span bytes, const char *expected)
{
    assert_int_equal(bytes.len, strlen(expected));
    assert_memory_equal(bytes.data, expected, bytes.len);
}

static void commands_are_arrays_of_strings(void **state)
{
    (void)state;
    struct resp_writer writer;
    struct span command = {0};
    resp_writer_init(&writer);
    resp_begin(&writer, 6);
    resp_put_text(&writer, "SET");
    resp_put(&writer, span_of("a\r\n\0b", 5));
    resp_put(&writer, span_of(NULL, 0));
    resp_put_number(&writer, INT64_MIN);
    resp_put_number(&writer, 1234567890123);
    resp_put_unsigned(&writer, UINT64_MAX);
    assert_int_equal(resp_finish(&writer, &command), STATUS_OK);
    static const char expected[] = "*6\r\n$3\r\nSET\r\n$5\r\na\r\n\0b\r\n$0\r\n\r\n"
                                   "$20\r\n-9223372036854775808\r\n$13\r\n1234567890123\r\n"
                                   "$20\r\n18446744073709551615\r\n";
    assert_int_equal(command.len, sizeof(expected) - 1);
    assert_memory_equal(command.data, expected, command.len);
    resp_begin(&writer, 1); // the writer begins anew
    resp_put_number(&writer, 0);
    assert_int_equal(resp_finish(&writer, &command), STATUS_OK);
    assert_text(command, "*1\r\n$1\r\n0\r\n");
    resp_writer_fini(&writer);
}

static void numbers_are_parsed_whole(void **state)
{
    (void)state;
    uint64_t number = 7;
    assert_int_equal(resp_parse_u64(span_of_text("0"), &number), STATUS_OK);
    assert_int_equal(number, 0);
    assert_int_equal(resp_parse_u64(span_of_text("18446744073709551615"), &number), STATUS_OK);
    assert_true(number == UINT64_MAX);
    const char *const wrong[] = {"",
                                 "-1",
                                 "+1",
                                 " 1",
                                 "1 ",
                                 "1.0",
                                 "0x1",
                                 "a",
                                 "18446744073709551616",
                                 "118446744073709551615"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(resp_parse_u64(span_of_text(wrong[i]), &number), STATUS_INVALID);
    }
}

// --- reading ---

static const char stream[] = "+OK\r\n"
                             "-ERR no\r\n"
                             ":-42\r\n"
                             "$-1\r\n"
                             "$5\r\na\r\nbc\r\n"
                             "*0\r\n"
                             "*3\r\n$1\r\nx\r\n*2\r\n:1\r\n$-1\r\n+y\r\n";

static void assert_stream_value(const struct resp_value *value, int index)
{
    switch (index) {
    case 0:
        assert_int_equal(value->type, RESP_STATUS);
        assert_text(value->text, "OK");
        break;
    case 1:
        assert_int_equal(value->type, RESP_ERROR);
        assert_text(value->text, "ERR no");
        break;
    case 2:
        assert_int_equal(value->type, RESP_INTEGER);
        assert_int_equal(value->integer, -42);
        break;
    case 3:
        assert_int_equal(value->type, RESP_NIL);
        break;
    case 4:
        assert_int_equal(value->type, RESP_STRING);
        assert_text(value->text, "a\r\nbc");
        break;
    case 5:
        assert_int_equal(value->type, RESP_ARRAY);
        assert_int_equal(value->count, 0);
        break;
    default:
        assert_int_equal(value->type, RESP_ARRAY);
        assert_int_equal(value->count, 3);
        assert_text(value->items[0]->text, "x");
        assert_int_equal(value->items[1]->type, RESP_ARRAY);
        assert_int_equal(value->items[1]->items[0]->integer, 1);
        assert_int_equal(value->items[1]->items[1]->type, RESP_NIL);
        assert_text(value->items[2]->text, "y");
    }
}

static void replies_come_in_any_cut(void **state)
{
    (void)state;
    for (size_t step = 1; step < sizeof(stream); step++) {
        struct resp_reader reader;
        int seen = 0;
        assert_int_equal(resp_reader_init(&reader), STATUS_OK);
        for (size_t at = 0; at < sizeof(stream) - 1; at += step) {
            size_t len = at + step < sizeof(stream) - 1 ? step : sizeof(stream) - 1 - at;
            assert_int_equal(resp_reader_feed(&reader, span_of(stream + at, len)), STATUS_OK);
            const struct resp_value *value = NULL;
            assert_int_equal(resp_reader_next(&reader, &value), STATUS_OK);
            while (value != NULL) {
                assert_stream_value(value, seen++);
                resp_reader_forget(&reader);
                assert_int_equal(resp_reader_next(&reader, &value), STATUS_OK);
            }
        }
        assert_int_equal(seen, 7);
        resp_reader_fini(&reader);
    }
}

static enum status status_of(const char *bytes)
{
    struct resp_reader reader;
    const struct resp_value *value = NULL;
    assert_int_equal(resp_reader_init(&reader), STATUS_OK);
    assert_int_equal(resp_reader_feed(&reader, span_of_text(bytes)), STATUS_OK);
    enum status status = resp_reader_next(&reader, &value);
    resp_reader_fini(&reader);
    return status;
}

static void what_is_no_reply_is_corrupt(void **state)
{
    (void)state;
    assert_int_equal(status_of("hello\r\n"), STATUS_CORRUPT);
    assert_int_equal(status_of("%2\r\n"), STATUS_CORRUPT); // RESP3
    assert_int_equal(status_of("$-5\r\n"), STATUS_CORRUPT);
    assert_int_equal(status_of(":x\r\n"), STATUS_CORRUPT);
    assert_int_equal(status_of("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n"),
                     STATUS_CORRUPT); // deeper than any reply
    // Arrays that no memory holds are not even begun.
    assert_int_equal(status_of("*2147483647\r\n"), STATUS_NO_MEMORY);
    assert_int_not_equal(status_of("*99999999999\r\n"), STATUS_OK);
    assert_int_equal(status_of("$5\r\nabc"), STATUS_OK); // just not whole yet
}

static void the_largest_log_fits_and_no_more(void **state)
{
    (void)state;
    const size_t fits = (size_t)LIMIT_LOG_BYTES + 1;
    const size_t too_large = (size_t)LIMIT_STORE_REPLY_BYTES + 64;
    uint8_t *bytes = calloc(1, too_large + 64);
    assert_non_null(bytes);
    struct resp_reader reader;
    const struct resp_value *value = NULL;
    assert_int_equal(resp_reader_init(&reader), STATUS_OK);
    assert_int_equal(resp_reader_feed(&reader, span_of_text("$16777217\r\n")), STATUS_OK);
    assert_int_equal(resp_reader_feed(&reader, span_of(bytes, fits)), STATUS_OK);
    assert_int_equal(resp_reader_feed(&reader, span_of_text("\r\n")), STATUS_OK);
    assert_int_equal(resp_reader_next(&reader, &value), STATUS_OK);
    assert_non_null(value);
    assert_int_equal(value->text.len, fits);
    resp_reader_forget(&reader);
    assert_int_equal(reader.arena.used_bytes, 0);
    // A reply that never ends is left before it has eaten the memory.
    assert_int_equal(resp_reader_feed(&reader, span_of_text("$500000000\r\n")), STATUS_OK);
    assert_int_equal(resp_reader_feed(&reader, span_of(bytes, too_large)), STATUS_OK);
    assert_int_equal(resp_reader_next(&reader, &value), STATUS_TOO_LARGE);
    resp_reader_fini(&reader);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_are_arrays_of_strings),
        cmocka_unit_test(numbers_are_parsed_whole),
        cmocka_unit_test(replies_come_in_any_cut),
        cmocka_unit_test(what_is_no_reply_is_corrupt),
        cmocka_unit_test(the_largest_log_fits_and_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
