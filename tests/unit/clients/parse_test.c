// Amounts, instants, members and numbers as people type them: exact, and nothing else is taken.
#include "ctl/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MIDNIGHT_MS INT64_C(1780243200000) // 2026-06-01T00:00:00+08:00

static void assert_amount(const char *text, int64_t expected)
{
    int64_t minor = -1;
    assert_true(parse_amount(text, &minor));
    assert_int_equal(minor, expected);
}

static void amounts_are_exact(void **state)
{
    (void)state;
    assert_amount("0", 0);
    assert_amount("12", 1200);
    assert_amount("12.3", 1230);
    assert_amount("12.34", 1234);
    assert_amount("0.01", 1);
    assert_amount("00012.50", 1250);
    assert_amount("1234.56", 123456);
    // No double holds these.
    assert_amount("9007199254.93", INT64_C(900719925493));
    assert_amount("9999999999.99", INT64_C(999999999999));
    assert_amount("10000000000.00", INT64_C(1000000000000));
}

static void other_amounts_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        ".",
        ".5",
        "1.",
        "1.234",
        "-1",
        "+1",
        " 1",
        "1 ",
        "1,00",
        "1e3",
        "0x10",
        "1.2.3",
        "abc",
        "1.-2",
        "10000000000.01",
        "1\n",
        "99999999999999999999",
        "\xef\xbc\x91",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        int64_t minor = 7;
        assert_false(parse_amount(texts[i], &minor));
        assert_int_equal(minor, 7);
    }
}

static void an_amount_may_end_anywhere(void **state)
{
    (void)state;
    int64_t minor = 0;
    assert_true(parse_amount_span("11.77\r\n", 5, &minor));
    assert_int_equal(minor, 1177);
    assert_false(parse_amount_span("11.77\r\n", 6, &minor));
    assert_false(parse_amount_span("11.77", 0, &minor));
}

static void numbers_keep_their_bounds(void **state)
{
    (void)state;
    int64_t number = 7;
    assert_true(parse_number("10", 1, 10, &number));
    assert_int_equal(number, 10);
    assert_true(parse_number("-3", -3, 3, &number));
    assert_int_equal(number, -3);
    assert_false(parse_number("11", 1, 10, &number));
    assert_false(parse_number("-1", 0, 10, &number));
    assert_false(parse_number("-4", -3, 3, &number));
    assert_false(parse_number("", 0, 10, &number));
    assert_false(parse_number("-", -3, 3, &number));
    assert_false(parse_number("1x", 0, 10, &number));
    assert_false(parse_number("99999999999999999999999", 0, INT64_MAX, &number));
    assert_int_equal(number, -3);
}

static void instants_are_rfc_3339(void **state)
{
    (void)state;
    int64_t ms = 0;
    assert_true(parse_instant("2026-06-01T00:00:00+08:00", 0, &ms));
    assert_int_equal(ms, MIDNIGHT_MS);
    assert_true(parse_instant("2026-05-31T16:00:00.250Z", 0, &ms));
    assert_int_equal(ms, MIDNIGHT_MS + 250);
    static const char *const texts[] = {
        "",
        "2026-06-01",
        "2026-06-01T00:00:00",
        "2026-06-31T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "1969-12-31T23:59:59Z",
        "2100-01-01T00:00:00Z",
        "tomorrow",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_false(parse_instant(texts[i], 0, &ms));
    }
    assert_int_equal(ms, MIDNIGHT_MS + 250);
}

static void instants_may_be_from_now(void **state)
{
    (void)state;
    int64_t ms = 0;
    assert_true(parse_instant("now", MIDNIGHT_MS, &ms));
    assert_int_equal(ms, MIDNIGHT_MS);
    assert_true(parse_instant("now+90s", MIDNIGHT_MS, &ms));
    assert_int_equal(ms, MIDNIGHT_MS + 90000);
    assert_true(parse_instant("now-2d", MIDNIGHT_MS, &ms));
    assert_int_equal(ms, MIDNIGHT_MS - INT64_C(2) * 86400000);
    assert_true(parse_instant("now+3h", MIDNIGHT_MS, &ms));
    assert_int_equal(ms, MIDNIGHT_MS + INT64_C(3) * 3600000);
    assert_true(parse_instant("now+4m", MIDNIGHT_MS, &ms));
    assert_int_equal(ms, MIDNIGHT_MS + INT64_C(4) * 60000);
    static const char *const texts[] = {"nowish",    "now+",    "now+s",  "now+5",
                                        "now+5y",    "now+5ss", "now*5s", "now+99999999999s",
                                        "now-99999d"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_false(parse_instant(texts[i], MIDNIGHT_MS, &ms));
    }
}

static void dates_and_uuids(void **state)
{
    (void)state;
    assert_true(parse_date("2028-02-29"));
    assert_false(parse_date("2026-02-29"));
    assert_false(parse_date("2026-2-1"));
    assert_false(parse_date("20260201"));
    assert_true(parse_uuid("0f2b6c1e-6a3d-4f7a-9a55-0123456789ab"));
    assert_true(parse_uuid("0F2B6C1E-6A3D-4F7A-9A55-0123456789AB"));
    assert_false(parse_uuid("0f2b6c1e6a3d4f7a9a550123456789ab"));
    assert_false(parse_uuid("00000000-0000-0000-0000-000000000000"));
    assert_false(parse_uuid(""));
}

static void members_by_id_or_by_what_they_show(void **state)
{
    (void)state;
    struct loyalty_member member = {0};
    assert_true(parse_member("m-1", &member));
    assert_int_equal(member.by, LOYALTY_BY_MEMBER_ID);
    assert_string_equal(member.value, "m-1");
    assert_true(parse_member("card:4711", &member));
    assert_int_equal(member.by, LOYALTY_BY_CARD_NUMBER);
    assert_string_equal(member.value, "4711");
    assert_true(parse_member("phone:+8613800000000", &member));
    assert_int_equal(member.by, LOYALTY_BY_PHONE);
    assert_true(parse_member("barcode:a:b", &member));
    assert_string_equal(member.value, "a:b");
    assert_true(parse_member("app:x", &member));
    assert_int_equal(member.by, LOYALTY_BY_APP_ID);
    assert_false(parse_member("", &member));
    assert_false(parse_member("card:", &member));
    assert_false(parse_member("fax:1", &member));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(amounts_are_exact),
        cmocka_unit_test(other_amounts_are_refused),
        cmocka_unit_test(an_amount_may_end_anywhere),
        cmocka_unit_test(numbers_keep_their_bounds),
        cmocka_unit_test(instants_are_rfc_3339),
        cmocka_unit_test(instants_may_be_from_now),
        cmocka_unit_test(dates_and_uuids),
        cmocka_unit_test(members_by_id_or_by_what_they_show),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
