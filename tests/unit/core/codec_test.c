// Bounds of what layouts are made of, the same in both directions.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/codec.h"

enum { TEXT_BYTES = 5, ITEMS = 3 };

struct both {
    struct buffer out;
    struct arena arena;
};

static int open_both(void **state)
{
    static struct both both;
    buffer_init(&both.out, 0);
    arena_init(&both.arena, 4096);
    *state = &both;
    return 0;
}

static int close_both(void **state)
{
    struct both *both = *state;
    buffer_fini(&both->out);
    arena_fini(&both->arena);
    return 0;
}

static struct codec writer_of(struct both *both)
{
    buffer_clear(&both->out);
    return (struct codec){.writing = true, .out = &both->out};
}

static struct codec reader_of(struct both *both)
{
    return (struct codec){.reader = {buffer_span(&both->out)}, .arena = &both->arena};
}

static void a_text_is_as_long_as_its_bound(void **state)
{
    struct both *both = *state;
    struct codec writer = writer_of(both);
    struct span text = span_of_text("abcde");
    assert_int_equal(codec_text(&writer, &text, TEXT_BYTES), STATUS_OK);
    assert_int_equal(codec_text(&writer, &text, TEXT_BYTES - 1), STATUS_TOO_LARGE);
    struct span read;
    struct codec reader = reader_of(both);
    assert_int_equal(codec_text(&reader, &read, TEXT_BYTES), STATUS_OK);
    assert_true(span_equal(read, text));
    reader = reader_of(both);
    assert_int_equal(codec_text(&reader, &read, TEXT_BYTES - 1), STATUS_CORRUPT);
}

static void a_list_is_as_long_as_its_bound(void **state)
{
    struct both *both = *state;
    struct codec writer = writer_of(both);
    uint8_t *items = NULL;
    size_t count = ITEMS;
    assert_int_equal(codec_list(&writer, (void **)&items, &count, 1, ITEMS), STATUS_OK);
    assert_int_equal(codec_raw(&writer, (uint8_t[ITEMS]){1, 2, 3}, ITEMS), STATUS_OK);
    assert_int_equal(codec_list(&writer, (void **)&items, &count, 1, ITEMS - 1), STATUS_TOO_LARGE);
    struct codec reader = reader_of(both);
    assert_int_equal(codec_list(&reader, (void **)&items, &count, 1, ITEMS), STATUS_OK);
    assert_int_equal(count, ITEMS);
    reader = reader_of(both);
    assert_int_equal(codec_list(&reader, (void **)&items, &count, 1, ITEMS - 1), STATUS_CORRUPT);
}

static void an_amount_is_never_below_nothing(void **state)
{
    struct both *both = *state;
    struct codec writer = writer_of(both);
    uint64_t above = (uint64_t)INT64_MAX + 1;
    assert_int_equal(codec_u64(&writer, &above), STATUS_OK);
    int64_t amount = 0;
    struct codec reader = reader_of(both);
    assert_int_equal(codec_amount(&reader, &amount), STATUS_CORRUPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_text_is_as_long_as_its_bound, open_both, close_both),
        cmocka_unit_test_setup_teardown(a_list_is_as_long_as_its_bound, open_both, close_both),
        cmocka_unit_test_setup_teardown(an_amount_is_never_below_nothing, open_both, close_both),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
