// JSON read and written while jansson is refused memory: each time, and all times from the n-th on.
// It is said, or what comes is whole; never a text with a character missing.
#include "wire/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

// Of everything some.
#define TEXT                                                                                       \
    "{\"a_key_that_is_rather_long_as_keys_go\":\"a value, longer than that, so that it takes "     \
    "more than one block\",\"list\":[1234567890123456,{\"x\":null},true,-1],\"e\":\"\xc3\xa9\"}"

enum { TOKEN_BYTES_MAX = 140, TIMES_MAX = 1000, ARENA_BYTES = 1 << 16 };

static size_t count;  // allocations asked for
static size_t refuse; // the first that is refused, from 1
static bool for_good;

static void *allocate(size_t bytes)
{
    count++;
    return count == refuse || (for_good && count > refuse) ? NULL : malloc(bytes);
}

static void begin(size_t nth)
{
    count = 0;
    refuse = nth;
}

// Reads and writes; whether memory was refused on the way.
static bool try_once(const char *json, const json_t *expected, size_t nth)
{
    struct arena arena;
    struct problems problems = {.arena = &arena};
    json_t *tree = NULL;
    struct span text = {0};
    arena_init(&arena, ARENA_BYTES);
    begin(nth);
    enum status status = tree_parse(span_of_text(json), &problems, &tree);
    if (status == STATUS_OK) {
        assert_true(json_equal(tree, expected));
        status = tree_print(tree, false, &arena, &text);
        begin(TIMES_MAX);
        json_decref(tree);
    }
    assert_int_equal(problems.count, 0);
    assert_true(status == STATUS_NO_MEMORY || span_is_text(text, json));
    arena_fini(&arena);
    return status == STATUS_NO_MEMORY;
}

static size_t try_all(const char *json)
{
    size_t nth = 1;
    json_t *expected = json_loads(json, JSON_DECODE_ANY, NULL);
    assert_non_null(expected);
    json_set_alloc_funcs(allocate, free);
    for (int i = 0; i < 2; i++) {
        for_good = i == 1;
        for (nth = 1; try_once(json, expected, nth); nth++) {
            assert_true(nth < TIMES_MAX);
        }
    }
    json_set_alloc_funcs(malloc, free);
    json_decref(expected);
    return nth;
}

static void what_is_refused_is_said(void **state)
{
    (void)state;
    assert_in_range(try_all(TEXT), 20, TIMES_MAX);
}

// Every length, so that each character of a token, and what stands behind it, is once the one that
// finds no room.
static void tokens_of_every_length_are_whole(void **state)
{
    (void)state;
    char json[TOKEN_BYTES_MAX + 16];
    for (int len = 1; len <= TOKEN_BYTES_MAX; len++) {
        (void)snprintf(json, sizeof(json), "{\"x\":\"%0*d\"}", len, 7);
        (void)try_all(json);
        (void)snprintf(json, sizeof(json), "[\"%0*d\",[]]", len, 7);
        (void)try_all(json);
    }
    for (int len = 1; len <= 18; len++) {
        (void)snprintf(json, sizeof(json), "[1%0*d,2]", len, 7);
        (void)try_all(json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_refused_is_said),
        cmocka_unit_test(tokens_of_every_length_are_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
