// A file of members: columns in any order, fields in quotes, what is no row, and ids that follow
// from the member alone.
#include "ctl/members_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct members_file file;
static struct arena arena;
static struct members_row row;
static struct members_fault fault;
static char error[IMPORT_FILE_ERROR_BYTES];

static bool read_contents(const char *contents)
{
    char path[] = "/tmp/members_file_test.XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, contents, strlen(contents)), (ssize_t)strlen(contents));
    assert_int_equal(close(fd), 0);
    bool read = members_file_read(path, &file, error);
    assert_int_equal(unlink(path), 0);
    return read;
}

static bool read_row(size_t index)
{
    arena_reset(&arena);
    return members_row_read(&file, index, &arena, &row, &fault);
}

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, 1 << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_fini(&arena);
    members_file_fini(&file);
    return 0;
}

static void a_row_is_two_requests(void **state)
{
    (void)state;
    assert_true(read_contents("phone,member_id,points,score,card,birthday,enrolled,barcode\r\n"
                              "+86139,anna,500:2027-01-01  20,7::2030-01-01,"
                              "gold:2025-01-01:2028-01-01,1980-02-29,2020-01-02,B-1\r\n"
                              "\r\n"
                              ",ben,,,,,,\r\n"));
    assert_int_equal(file.count, 2);
    assert_true(read_row(0));
    assert_string_equal(row.enroll.member_id, "anna");
    assert_int_equal(row.enroll.n_identifiers, 2);
    assert_string_equal(row.enroll.identifiers[0]->value, "B-1");
    assert_string_equal(row.enroll.identifiers[1]->value, "+86139");
    assert_string_equal(row.enroll.profile->birthday, "1980-02-29");
    assert_true(row.has_enrolled && row.has_opening);
    assert_int_equal(row.enrolled_day, 18263);
    assert_int_equal(row.opening.n_lots, 2);
    assert_int_equal(row.opening.lots[0]->points, 500);
    assert_string_equal(row.opening.lots[0]->expires_on, "2027-01-01");
    assert_string_equal(row.opening.lots[1]->expires_on, "");
    assert_string_equal(row.opening.scores[0]->from, "");
    assert_string_equal(row.opening.scores[0]->until, "2030-01-01");
    assert_string_equal(row.opening.card->tier_id, "gold");
    assert_true(read_row(1));
    assert_int_equal(file.lines[1].number, 4);
    assert_false(row.has_enrolled || row.has_opening || row.enroll.profile != NULL);
    assert_int_equal(row.enroll.n_identifiers, 0);
}

static void fields_in_quotes(void **state)
{
    (void)state;
    assert_true(read_contents("\xEF\xBB\xBFmember_id,app_id\n"
                              "\"anna\",\"a,\"\"b\"\"\"\n"
                              "\"ben\n"
                              "\"carl\"x,y\n"
                              "dora,\"\"\n"));
    assert_true(read_row(0));
    assert_string_equal(row.enroll.identifiers[0]->value, "a,\"b\"");
    assert_false(read_row(1));
    assert_false(read_row(2));
    assert_true(read_row(3));
}

static void each_fault_names_its_column(void **state)
{
    static const struct {
        const char *line;
        const char *column;
    } cases[] = {
        {",,,,\n", "member_id"},
        {"a,1980-13-01,,,\n", "birthday"},
        {"a,,5:tomorrow,,\n", "points"},
        {"a,,0,,\n", "points"},
        {"a,,,5:6:7:8,\n", "score"},
        {"a,,,,gold\n", "card"},
        {"a,,,\n", ""},
        {"a,,,,,\n", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char contents[128];
        (void)snprintf(contents, sizeof contents, "member_id,birthday,points,score,card\n%s",
                       cases[i].line);
        assert_true(read_contents(contents));
        assert_false(read_row(0));
        assert_string_equal(fault.column, cases[i].column);
        members_file_fini(&file);
    }
}

static void columns_that_are_none(void **state)
{
    static const char *const contents[] = {
        "",
        "\n",
        "barcode\nx\n",
        "member_id,colour\nx,y\n",
        "member_id,member_id\nx,y\n",
        "member_id\n",
        "\"member_id\nx\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof contents / sizeof contents[0]; i++) {
        assert_false(read_contents(contents[i]));
        assert_true(strlen(error) > 0);
        members_file_fini(&file);
    }
}

static void ids_follow_from_the_member(void **state)
{
    char one[LOYALTY_UUID_BYTES];
    char other[LOYALTY_UUID_BYTES];
    (void)state;
    members_request_id("enroll", span_of_text("anna"), one);
    members_request_id("enroll", span_of_text("anna"), other);
    assert_string_equal(one, other);
    members_request_id("opening", span_of_text("anna"), other);
    assert_string_not_equal(one, other);
    members_request_id("enroll", span_of_text("ben"), other);
    assert_string_not_equal(one, other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_row_is_two_requests, setup, teardown),
        cmocka_unit_test_setup_teardown(fields_in_quotes, setup, teardown),
        cmocka_unit_test_setup_teardown(each_fault_names_its_column, setup, teardown),
        cmocka_unit_test_setup_teardown(columns_that_are_none, setup, teardown),
        cmocka_unit_test(ids_follow_from_the_member),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
