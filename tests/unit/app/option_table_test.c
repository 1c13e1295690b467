// Each row of the table holds in itself: its default is one of its own values, its section is
// there, its name is no other's and fits a file; and what it allows and does not.
#include "app/option_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "app/option_value.h"
#include "app/options.h"

static bool allows(const char *name, const char *text)
{
    struct options options = {0};
    size_t row = option_find(name);
    assert_true(row < option_row_count());
    return option_set(&option_rows[row], text, &options);
}

static void rows_hold(void **state)
{
    (void)state;
    for (size_t i = 0; i < option_row_count(); i++) {
        const struct option_row *row = &option_rows[i];
        bool section = false;
        for (size_t j = 0; j < option_section_count(); j++) {
            section = section || strcmp(option_sections[j].name, row->section) == 0;
        }
        assert_true(section);
        assert_int_equal(option_find(row->name), i); // the first of that name
        assert_int_equal(strspn(row->name, "abcdefghijklmnopqrstuvwxyz-"), strlen(row->name));
        assert_true(row->fallback == NULL || allows(row->name, row->fallback));
        assert_true(row->help != NULL && row->help[strlen(row->help) - 1] != '.');
        assert_true(row->kind != OPTION_WORD || row->words != NULL);
        assert_true(row->kind == OPTION_FLAG || row->value != NULL);
        assert_true(row->kind != OPTION_NUMBER || row->least < row->most);
        assert_true((row->flags & OPTION_COMMAND) == 0 || *row->section == '\0');
        assert_true((row->flags & OPTION_REQUIRED) == 0 || row->fallback == NULL);
    }
    assert_int_equal(option_find("no-such-option"), option_row_count());
}

static void what_is_allowed_is_said(void **state)
{
    (void)state;
    char text[OPTION_BOUNDS_BYTES];
    for (size_t i = 0; i < option_row_count(); i++) {
        option_bounds(&option_rows[i], text);
        assert_in_range(strlen(text), 3, OPTION_BOUNDS_BYTES - 2);
    }
    option_bounds(&option_rows[option_find("partitions")], text);
    assert_string_equal(text, "a whole number from 1 to 16384");
    option_bounds(&option_rows[option_find("log-level")], text);
    assert_string_equal(text, "one of debug, info, warning, error");
}

static void numbers(void **state)
{
    (void)state;
    static const char *const good[] = {"1", "16384", "007"};
    static const char *const bad[] = {
        "0", "16385", "", "-1", " 1", "1 ", "1k", "0x10", "1.0", "+1", "18446744073709551617", "-"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(allows("partitions", good[i]));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(allows("partitions", bad[i]));
    }
    assert_true(allows("clock-offset-ms", "-5000"));
    assert_false(allows("clock-offset-ms", "-86400001"));
}

static void addresses(void **state)
{
    (void)state;
    struct options options = {0};
    const struct option_row *listen = &option_rows[option_find("listen")];
    assert_true(option_set(listen, "[::1]:7411", &options));
    assert_string_equal(options.listen.host, "::1");
    assert_int_equal(options.listen.port, 7411);
    assert_false(option_set(listen, "localhost:1", &options));
    assert_string_equal(options.listen.host, "::1"); // nothing was set
    static const char *const bad[] = {
        "",      ":",     ":1",   "127.0.0.1",     "127.0.0.1:", "127.0.0.1:65536",
        "::1:1", "[::1]", "[]:1", "[127.0.0.1]:1", "1.2.3:4"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(allows("listen", bad[i]));
    }
    assert_true(allows("monitor-listen", "127.8.8.8:0"));
    assert_true(allows("monitor-listen", "[::1]:9411"));
    assert_false(allows("monitor-listen", "0.0.0.0:9411"));
    assert_false(allows("monitor-listen", "[::]:9411"));
    assert_true(allows("redis", "unix:/run/redis.sock"));
    assert_true(allows("redis", "127.0.0.1:6379"));
    assert_false(allows("redis", "unix:"));
    assert_false(allows("redis", "redis.example:6379"));
}

static void words_and_lists(void **state)
{
    (void)state;
    struct options options = {0};
    const struct option_row *keys = &option_rows[option_find("code-key")];
    assert_true(option_set(&option_rows[option_find("durability")], "relaxed", &options));
    assert_int_equal(options.durability, OPTION_RELAXED);
    assert_false(allows("durability", "Strict"));
    assert_true(option_set(&option_rows[option_find("sweep")], "on", &options));
    assert_true(options.sweep);
    assert_false(allows("sweep", "yes"));
    for (int64_t i = 0; i < keys->most; i++) {
        assert_true(option_set(keys, "/key", &options));
    }
    assert_false(option_set(keys, "/key", &options));
    assert_int_equal(options.code_keys.count, keys->most);
    assert_false(allows("code-key", ""));
    assert_false(allows("tls-cert", ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_hold),       cmocka_unit_test(what_is_allowed_is_said),
        cmocka_unit_test(numbers),         cmocka_unit_test(addresses),
        cmocka_unit_test(words_and_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
