// The byte buffer: contents across growth, the cap, and that a failed append changes nothing.
#include "base/buffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void bytes_survive_growth(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 0);
    for (unsigned i = 0; i < 5000; i++) {
        assert_int_equal(buffer_append_byte(&buffer, (uint8_t)i), STATUS_OK);
    }
    assert_int_equal(buffer_span(&buffer).len, 5000);
    for (unsigned i = 0; i < 5000; i++) {
        assert_int_equal(buffer.data[i], (uint8_t)i);
    }
    buffer_fini(&buffer);
    assert_null(buffer.data);
}

static void past_the_cap_nothing_changes(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 5);
    assert_int_equal(buffer_append(&buffer, span_of_text("abc")), STATUS_OK);
    assert_int_equal(buffer_append(&buffer, span_of_text("def")), STATUS_TOO_LARGE);
    assert_true(span_is_text(buffer_span(&buffer), "abc"));
    assert_int_equal(buffer_append(&buffer, span_of_text("de")), STATUS_OK);
    assert_true(span_is_text(buffer_span(&buffer), "abcde"));
    assert_int_equal(buffer.capacity, 5);
    assert_int_equal(buffer_append_byte(&buffer, 'f'), STATUS_TOO_LARGE);
    buffer_fini(&buffer);
}

static void an_absurd_length_is_refused(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 0);
    assert_int_equal(buffer_append_byte(&buffer, 'a'), STATUS_OK);
    assert_int_equal(buffer_reserve(&buffer, SIZE_MAX), STATUS_TOO_LARGE);
    assert_true(span_is_text(buffer_span(&buffer), "a"));
    buffer_fini(&buffer);
}

static void clear_and_truncate_keep_the_memory(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 100);
    assert_int_equal(buffer_append(&buffer, span_of_text("abcdef")), STATUS_OK);
    const uint8_t *memory = buffer.data;
    buffer_truncate(&buffer, 2);
    assert_true(span_is_text(buffer_span(&buffer), "ab"));
    buffer_clear(&buffer);
    assert_int_equal(buffer_span(&buffer).len, 0);
    assert_int_equal(buffer_append(&buffer, span_of_text("xyz")), STATUS_OK);
    assert_ptr_equal(buffer.data, memory);
    buffer_fini(&buffer);
}

static void nothing_appends_and_frees(void **state)
{
    (void)state;
    struct buffer buffer = {0};
    assert_int_equal(buffer_append(&buffer, (struct span){0}), STATUS_OK);
    assert_null(buffer.data);
    buffer_fini(&buffer);
    buffer_fini(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_survive_growth),
        cmocka_unit_test(past_the_cap_nothing_changes),
        cmocka_unit_test(an_absurd_length_is_refused),
        cmocka_unit_test(clear_and_truncate_keep_the_memory),
        cmocka_unit_test(nothing_appends_and_frees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
