// Comparison and cutting of borrowed bytes, empty and NULL ones included.
#include "base/span.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void equality_looks_at_bytes_and_length(void **state)
{
    (void)state;
    assert_true(span_equal(span_of("abc", 3), span_of_text("abc")));
    assert_false(span_equal(span_of("abc", 2), span_of_text("abc")));
    assert_false(span_is_text(span_of_text("abd"), "abc"));
    assert_true(span_equal(span_of("a\0b", 3), span_of("a\0b", 3)));
    assert_false(span_equal(span_of("a\0b", 3), span_of("a\0c", 3)));
}

static void nothing_equals_nothing(void **state)
{
    (void)state;
    struct span none = {0};
    assert_true(span_equal(none, span_of_text("")));
    assert_true(span_equal(none, span_of_text(NULL)));
    assert_int_equal(span_from(none, 0).len, 0);
    assert_null(span_from(none, 0).data);
}

static void from_cuts_the_front_off(void **state)
{
    (void)state;
    struct span text = span_of_text("abc");
    assert_true(span_is_text(span_from(text, 0), "abc"));
    assert_true(span_is_text(span_from(text, 2), "c"));
    assert_int_equal(span_from(text, 3).len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equality_looks_at_bytes_and_length),
        cmocka_unit_test(nothing_equals_nothing),
        cmocka_unit_test(from_cuts_the_front_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
