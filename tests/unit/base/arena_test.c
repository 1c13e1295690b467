// The arena: zeroed and aligned memory, the hard cap, and that a warm one allocates nothing.
#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static bool all_zero(const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (data[i] != 0) {
            return false;
        }
    }
    return true;
}

static void memory_is_zeroed_aligned_and_apart(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1 << 20);
    uint8_t *last = NULL;
    for (size_t bytes = 0; bytes < 300; bytes++) {
        uint8_t *memory = arena_alloc(&arena, bytes);
        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % 16, 0);
        assert_ptr_not_equal(memory, last);
        assert_true(all_zero(memory, bytes));
        memset(memory, 0xa5, bytes);
        last = memory;
    }
    arena_fini(&arena);
}

static void the_cap_is_hard(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 64);
    assert_non_null(arena_alloc(&arena, 33));
    assert_int_equal(arena.used_bytes, 48);
    assert_false(arena.over_cap);
    assert_null(arena_alloc(&arena, 17));
    assert_true(arena.over_cap);
    assert_non_null(arena_alloc(&arena, 16));
    assert_null(arena_alloc(&arena, 1));
    assert_null(arena_alloc(&arena, 0));
    arena_reset(&arena);
    assert_false(arena.over_cap);
    assert_non_null(arena_alloc(&arena, 64));
    arena_fini(&arena);
}

static void absurd_sizes_are_refused(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    volatile size_t most = SIZE_MAX; // the compiler has its own view of constants like this
    assert_null(arena_alloc(&arena, most));
    assert_null(arena_alloc_array(&arena, most / 2, 3));
    struct span copy = {0};
    assert_int_equal(arena_copy(&arena, span_of("a", most), &copy), STATUS_NO_MEMORY);
    arena_fini(&arena);
}

static size_t chunk_walk(struct arena *arena, uint8_t **ret_places)
{
    static const size_t sizes[] = {16, 4000, 100, 9000, 1, 30000, 50, 20000};
    size_t count = sizeof(sizes) / sizeof(sizes[0]);
    for (size_t i = 0; i < count; i++) {
        ret_places[i] = arena_alloc(arena, sizes[i]);
        assert_non_null(ret_places[i]);
        assert_true(all_zero(ret_places[i], sizes[i]));
        memset(ret_places[i], 0xff, sizes[i]);
    }
    return count;
}

static void raw_memory_counts_as_zeroed_does(void **state)
{
    (void)state;
    struct arena raw;
    struct arena zeroed;
    arena_init(&raw, 20000);
    arena_init(&zeroed, 20000);
    for (size_t bytes = 0; bytes < 300; bytes++) {
        bool fits = arena_alloc_raw(&raw, bytes) != NULL;
        assert_int_equal(fits, arena_alloc(&zeroed, bytes) != NULL);
        assert_int_equal(raw.used_bytes, zeroed.used_bytes);
    }
    assert_true(raw.over_cap && zeroed.over_cap);
    arena_fini(&raw);
    arena_fini(&zeroed);
}

static void a_warm_arena_hands_out_the_same_memory(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1 << 17);
    uint8_t *cold[8] = {0};
    uint8_t *warm[8] = {0};
    size_t count = chunk_walk(&arena, cold);
    for (int round = 0; round < 3; round++) {
        arena_reset(&arena);
        assert_int_equal(arena.used_bytes, 0);
        (void)chunk_walk(&arena, warm);
        assert_memory_equal(cold, warm, count * sizeof(cold[0]));
    }
    arena_fini(&arena);
}

static void copies_end_in_a_nul(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 64);
    struct span copy = {0};
    assert_int_equal(arena_copy(&arena, span_of("gold, no more", 4), &copy), STATUS_OK);
    assert_true(span_is_text(copy, "gold"));
    assert_int_equal(copy.data[4], 0);
    assert_int_equal(arena_copy(&arena, (struct span){0}, &copy), STATUS_OK);
    assert_int_equal(copy.len, 0);
    assert_non_null(copy.data);

    struct span before = copy;
    uint8_t big[64] = {0};
    assert_int_equal(arena_copy(&arena, span_of(big, 64), &copy), STATUS_NO_MEMORY);
    assert_ptr_equal(copy.data, before.data);
    arena_fini(&arena);
}

static void printf_formats_or_gives_null(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 32);
    assert_string_equal(arena_printf(&arena, "%s-%04d", "store", 7), "store-0007");
    assert_null(arena_printf(&arena, "%040d", 1));
    assert_string_equal(arena_printf(&arena, "%s", ""), "");
    arena_fini(&arena);
}

static void fini_takes_null_and_zeroed(void **state)
{
    (void)state;
    struct arena arena = {0};
    arena_fini(NULL);
    arena_fini(&arena);
    arena_reset(&arena);
    assert_null(arena_alloc(&arena, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_aligned_and_apart),
        cmocka_unit_test(the_cap_is_hard),
        cmocka_unit_test(absurd_sizes_are_refused),
        cmocka_unit_test(raw_memory_counts_as_zeroed_does),
        cmocka_unit_test(a_warm_arena_hands_out_the_same_memory),
        cmocka_unit_test(copies_end_in_a_nul),
        cmocka_unit_test(printf_formats_or_gives_null),
        cmocka_unit_test(fini_takes_null_and_zeroed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
