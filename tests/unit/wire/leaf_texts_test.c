// The small texts of the wire: UTF-8, how foreign text is shown, paths, UUIDs, base64.
#include "wire/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "wire/base64.h"
#include "wire/path.h"
#include "wire/uuid.h"

static bool clean(const char *text)
{
    return text_is_clean(span_of_text(text));
}

static void text_is_utf8_without_nul(void **state)
{
    (void)state;
    static const char *const good[] = {
        "",
        "gold",
        "12345678",
        "1234567890123456789",
        "\xc2\x80",
        "\xdf\xbf",
        "\xe0\xa0\x80",
        "\xed\x9f\xbf",
        "\xee\x80\x80",
        "\xef\xbf\xbf",
        "\xf0\x90\x80\x80",
        "\xf4\x8f\xbf\xbf",
        "\x01\x7f",
        "12345678\xe9\x87\x91",
    };
    static const char *const bad[] = {
        "\x80",
        "\xbf",
        "\xc0\x80",
        "\xc1\xbf",
        "\xc2",
        "\xc2g",
        "\xe0\x9f\xbf",
        "\xe0\xa0",
        "\xed\xa0\x80",
        "\xed\xbf\xbf",
        "\xf0\x8f\xbf\xbf",
        "\xf0\x90\x80",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xff",
        "\xfe",
        "12345678\x80",
        "1234567\xc2",
        "\xe9\x87",
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(clean(good[i]));
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(clean(bad[i]));
    }
}

static void a_nul_is_found_wherever_it_stands(void **state)
{
    (void)state;
    char text[40];
    for (size_t len = 1; len < sizeof(text); len++) {
        for (size_t at = 0; at < len; at++) {
            memset(text, 'x', sizeof(text));
            assert_true(text_is_clean(span_of(text, len)));
            text[at] = '\0';
            assert_false(text_is_clean(span_of(text, len)));
            text[at] = '\x80';
            assert_false(text_is_clean(span_of(text, len)));
        }
    }
}

static void foreign_text_is_shown_short_and_harmless(void **state)
{
    (void)state;
    char shown[TEXT_SHOWN_BYTES];
    assert_string_equal(text_show(span_of_text("金卡"), shown), "金卡");
    assert_string_equal(text_show(span_of("a\x1b[31m\0b\x7f\xff", 9), shown), "a?[31m?b?");
    assert_string_equal(text_show(span_of_text(""), shown), "");
    static const uint8_t gold[] = {0xe9, 0x87, 0x91};
    char text[400];
    for (size_t len = 1; len < sizeof(text); len++) {
        for (size_t i = 0; i + 3 <= len; i += 3) {
            memcpy(text + i, gold, sizeof(gold));
        }
        memset(text + len / 3 * 3, 'x', len % 3);
        text_show(span_of(text, len), shown);
        assert_true(clean(shown));
        if (len <= TEXT_SHOWN_BYTES - 4) {
            assert_int_equal(strlen(shown), len);
        } else {
            assert_string_equal(shown + strlen(shown) - 3, "...");
        }
    }
}

static void paths_name_fields_keys_and_elements(void **state)
{
    (void)state;
    char text[PATH_BYTES];
    assert_string_equal(path_write(NULL, text), "");
    struct path earn = path_name(NULL, span_of_text("earn"));
    struct path rules = path_name(&earn, span_of_text("rules"));
    struct path rule = path_element(&rules, 12);
    struct path raet = path_name(&rule, span_of_text("ra\ret"));
    assert_string_equal(path_write(&raet, text), "earn.rules[12].ra?et");
    struct path element = path_element(NULL, 0);
    assert_string_equal(path_write(&element, text), "[0]");
}

static void a_path_too_long_is_cut_at_a_step(void **state)
{
    (void)state;
    static const char name[] = "a_name_of_thirty_two_characters_";
    struct path steps[40];
    for (size_t i = 0; i < 40; i++) {
        steps[i] = path_name(i == 0 ? NULL : &steps[i - 1], span_of_text(name));
    }
    char text[PATH_BYTES];
    path_write(&steps[39], text);
    assert_int_equal(strlen(text), 7 * 33 - 1);
    struct path tail = path_element(&steps[39], 1);
    path_write(&tail, text);
    assert_int_equal(strlen(text), 7 * 33 - 1);
}

static void uuids_come_back_in_lower_case(void **state)
{
    (void)state;
    uint8_t uuid[UUID_BYTES];
    char text[UUID_TEXT_BYTES + 1];
    assert_int_equal(uuid_parse(span_of_text("0F9A3bc4-77de-4a10-9Fee-0123456789aB"), uuid),
                     STATUS_OK);
    assert_int_equal(uuid[0], 0x0f);
    assert_int_equal(uuid[15], 0xab);
    uuid_format(uuid, text);
    assert_string_equal(text, "0f9a3bc4-77de-4a10-9fee-0123456789ab");
}

static void what_is_no_uuid_is_refused_and_writes_nothing(void **state)
{
    (void)state;
    static const char good[] = "0f9a3bc4-77de-4a10-9fee-0123456789ab";
    uint8_t uuid[UUID_BYTES] = {7};
    assert_int_equal(uuid_parse(span_of_text(""), uuid), STATUS_INVALID);
    assert_int_equal(uuid_parse(span_of(good, 35), uuid), STATUS_INVALID);
    assert_int_equal(uuid_parse(span_of(good, 37), uuid), STATUS_INVALID);
    assert_int_equal(uuid_parse(span_of_text("{0f9a3bc4-77de-4a10-9fee-012345678}"), uuid),
                     STATUS_INVALID);
    for (size_t at = 0; at < UUID_TEXT_BYTES; at++) {
        char text[sizeof(good)];
        for (const char *wrong = "g:/@`G \xff"; *wrong != '\0'; wrong++) {
            memcpy(text, good, sizeof(good));
            text[at] = *wrong;
            assert_int_equal(uuid_parse(span_of_text(text), uuid), STATUS_INVALID);
        }
        memcpy(text, good, sizeof(good));
        text[at] = good[at] == '-' ? '0' : '-';
        assert_int_equal(uuid_parse(span_of_text(text), uuid), STATUS_INVALID);
    }
    assert_int_equal(uuid[0], 7);
}

static void base64_is_that_of_the_rfc(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
        {"\xfb\xff", "+/8="},
    };
    struct arena arena;
    arena_init(&arena, 1 << 16);
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        struct span bytes = span_of_text(pairs[i][0]);
        struct span text = {0};
        assert_int_equal(base64_encode(bytes, &arena, &text), STATUS_OK);
        assert_true(span_is_text(text, pairs[i][1]));
        struct span back = {0};
        assert_int_equal(base64_decode(text, &arena, &back), STATUS_OK);
        assert_true(span_equal(back, bytes));
        while (text.len > 0 && text.data[text.len - 1] == '=') {
            text.len--;
        }
        assert_int_equal(base64_decode(text, &arena, &back), STATUS_OK);
        assert_true(span_equal(back, bytes));
    }
    struct span back = {0};
    assert_int_equal(base64_decode(span_of_text("-_8"), &arena, &back), STATUS_OK);
    assert_true(span_is_text(back, "\xfb\xff"));
    arena_fini(&arena);
}

static void bad_base64_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"Z",        "Zg=",   "Zm9vY", "Z===", "====",   "=",
                                      "Zm8=Zm8=", "Zm 9v", "Zh==",  "Zm9",  "Zm9v\n", "Zg==="};
    struct arena arena;
    arena_init(&arena, 1 << 16);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct span back = {0};
        assert_int_equal(base64_decode(span_of_text(bad[i]), &arena, &back), STATUS_INVALID);
    }
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_utf8_without_nul),
        cmocka_unit_test(a_nul_is_found_wherever_it_stands),
        cmocka_unit_test(foreign_text_is_shown_short_and_harmless),
        cmocka_unit_test(paths_name_fields_keys_and_elements),
        cmocka_unit_test(a_path_too_long_is_cut_at_a_step),
        cmocka_unit_test(uuids_come_back_in_lower_case),
        cmocka_unit_test(what_is_no_uuid_is_refused_and_writes_nothing),
        cmocka_unit_test(base64_is_that_of_the_rfc),
        cmocka_unit_test(bad_base64_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
