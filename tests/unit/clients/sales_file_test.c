// A file of sales: the order it is posted in, and ids that follow from file and row alone.
#include "ctl/sales_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char text[] = "customer date cds dollars\r\n"
                           "00002 19970112 1 12.00\r\n"
                           "00001 19970201 1 5.00\r\n"
                           "00001 19970101 1 11.77\r\n"
                           "00002 19970112 5 77.00\r\n"
                           "00002 19970112 5 77.00\r\n";

// Reads `contents` from a file of that kind.
static bool read_contents(const char *contents, struct sales_file *ret_file,
                          char ret_error[SALES_FILE_ERROR_BYTES])
{
    char path[] = "/tmp/sales_file_test.XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, contents, strlen(contents)), (ssize_t)strlen(contents));
    assert_int_equal(close(fd), 0);
    bool read = sales_file_read(path, ret_file, ret_error);
    assert_int_equal(unlink(path), 0);
    return read;
}

static void sales_go_by_member_day_and_place(void **state)
{
    (void)state;
    struct sales_file file;
    char error[SALES_FILE_ERROR_BYTES];
    assert_true(read_contents(text, &file, error));
    assert_int_equal(file.row_count, 5);
    static const uint64_t numbers[] = {3, 2, 1, 4, 5};
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(file.rows[i].number, numbers[i]);
    }
    assert_int_equal(file.member_count, 2);
    // The member with most sales begins.
    assert_true(span_is_text(file.members[0].customer, "00002"));
    assert_int_equal(file.members[0].first, 2);
    assert_int_equal(file.members[0].count, 3);
    assert_true(span_is_text(file.members[1].customer, "00001"));
    assert_int_equal(file.members[1].first, 0);
    assert_int_equal(file.members[1].count, 2);
    sales_file_fini(&file);
}

// Held against hashlib: sha256(sha256(text) + b"row" + (4).to_bytes(8, "big")), 16 bytes, with the
// version 8 and the variant of RFC 9562 set; for the member b"member" + b"old-00001".
static void ids_follow_from_the_file(void **state)
{
    (void)state;
    struct sales_file file;
    char error[SALES_FILE_ERROR_BYTES];
    char one[LOYALTY_UUID_BYTES];
    char other[LOYALTY_UUID_BYTES];
    assert_true(read_contents(text, &file, error));
    sales_file_row_id(&file, 4, one);
    assert_string_equal(one, "2550f133-4ad1-8927-943d-c0826a4f5116");
    sales_file_member_id(&file, span_of_text("old-00001"), one);
    assert_string_equal(one, "f11e1e75-64fd-8b5d-8c58-1021bf5b2071");
    // Identical rows are different sales.
    sales_file_row_id(&file, 4, one);
    sales_file_row_id(&file, 5, other);
    assert_string_not_equal(one, other);
    sales_file_fini(&file);
}

static void another_file_has_other_ids(void **state)
{
    (void)state;
    struct sales_file file;
    char error[SALES_FILE_ERROR_BYTES];
    char id[LOYALTY_UUID_BYTES];
    assert_true(read_contents("header of another\n00001 19970101 1 11.77\n", &file, error));
    sales_file_row_id(&file, 4, id);
    assert_string_not_equal(id, "2550f133-4ad1-8927-943d-c0826a4f5116");
    sales_file_fini(&file);
}

static void a_bad_line_is_named(void **state)
{
    (void)state;
    struct sales_file file;
    char error[SALES_FILE_ERROR_BYTES];
    assert_false(read_contents("header\n00001 19970101 1 11.77\n00001 19970101 1\n", &file, error));
    assert_non_null(strstr(error, ":3: 3 fields"));
    assert_false(read_contents("header\n", &file, error));
    assert_non_null(strstr(error, "holds no sales"));
    assert_false(read_contents("", &file, error));
    assert_false(sales_file_read("/nonexistent/sales", &file, error));
    assert_non_null(strstr(error, "No such file"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sales_go_by_member_day_and_place),
        cmocka_unit_test(ids_follow_from_the_file),
        cmocka_unit_test(another_file_has_other_ids),
        cmocka_unit_test(a_bad_line_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
