// Rows of past sales: four fields, exact amounts, days there are.
#include "ctl/cdnow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void a_row_is_four_fields(void **state)
{
    (void)state;
    struct cdnow_row row;
    char reason[CDNOW_REASON_BYTES];
    assert_true(cdnow_parse_row(span_of_text(" 00001 19970101  1   11.77"), &row, reason));
    assert_true(span_is_text(row.customer, "00001"));
    assert_int_equal(row.date.year, 1997);
    assert_int_equal(row.date.month, 1);
    assert_int_equal(row.date.day, 1);
    assert_int_equal(row.amount_minor, 1177);
    assert_true(cdnow_parse_row(span_of_text("x\t20000229\t2\t0.00 "), &row, reason));
    assert_int_equal(row.amount_minor, 0);
}

static void assert_refused(const char *line, const char *why)
{
    struct cdnow_row row = {.amount_minor = 7};
    char reason[CDNOW_REASON_BYTES];
    assert_false(cdnow_parse_row(span_of_text(line), &row, reason));
    assert_non_null(strstr(reason, why));
    assert_int_equal(row.amount_minor, 7);
}

static void what_is_no_row_says_why(void **state)
{
    (void)state;
    assert_refused("", "0 fields");
    assert_refused("00001 19970101 1", "3 fields");
    assert_refused("00001 19970101 1 11.77 more", "5 fields");
    assert_refused("0:1 19970101 1 11.77", "customer");
    assert_refused("00001 1997011 1 11.77", "date");
    assert_refused("00001 19970229 1 11.77", "date");
    assert_refused("00001 1997-1-1 1 11.77", "date");
    assert_refused("00001 19970101 one 11.77", "pieces");
    assert_refused("00001 19970101 1 -11.77", "dollars");
    assert_refused("00001 19970101 1 11.775", "dollars");
    assert_refused("00001 19970101 1 1e3", "dollars");
}

static void lines_end_in_lf_or_crlf(void **state)
{
    (void)state;
    struct span rest = span_of_text("one\r\ntwo\n\nthree");
    struct span line;
    assert_true(cdnow_next_line(&rest, &line));
    assert_true(span_is_text(line, "one"));
    assert_true(cdnow_next_line(&rest, &line));
    assert_true(span_is_text(line, "two"));
    assert_true(cdnow_next_line(&rest, &line));
    assert_true(span_is_text(line, ""));
    assert_true(cdnow_next_line(&rest, &line));
    assert_true(span_is_text(line, "three"));
    assert_false(cdnow_next_line(&rest, &line));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_is_four_fields),
        cmocka_unit_test(what_is_no_row_says_why),
        cmocka_unit_test(lines_end_in_lf_or_crlf),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
