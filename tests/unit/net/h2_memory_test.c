// Memory for a session: the first piece as large as a frame is apart, and may grow and go like all.
#include "net/h2_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { LARGE_BYTES = 16 * 1024 + 10 };

static void *take(struct h2_memory *memory, size_t bytes)
{
    void *piece = memory->calls.malloc(bytes, memory);
    assert_non_null(piece);
    memset(piece, 'x', bytes);
    return piece;
}

static void give(struct h2_memory *memory, void *piece)
{
    memory->calls.free(piece, memory);
}

static void one_large_piece_has_pages_of_its_own(void **state)
{
    (void)state;
    struct h2_memory memory;
    h2_memory_init(&memory);
    void *small = take(&memory, 100);
    assert_null(memory.pages);
    void *large = memory.calls.realloc(NULL, LARGE_BYTES, &memory);
    assert_ptr_equal(memory.pages, large);
    assert_int_equal((uintptr_t)large % (uintptr_t)sysconf(_SC_PAGESIZE), 0);
    void *other = take(&memory, LARGE_BYTES);
    assert_ptr_equal(memory.pages, large);
    give(&memory, NULL);
    give(&memory, other);
    give(&memory, small);
    give(&memory, large);
    assert_null(memory.pages);
    give(&memory, take(&memory, LARGE_BYTES));
    assert_null(memory.pages);
}

static void what_grows_keeps_its_bytes(void **state)
{
    (void)state;
    struct h2_memory memory;
    h2_memory_init(&memory);
    static const size_t sizes[] = {50, LARGE_BYTES};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        uint8_t *grown = memory.calls.realloc(take(&memory, sizes[i]), sizes[i] * 2, &memory);
        assert_non_null(grown);
        assert_int_equal(grown[0], 'x');
        assert_int_equal(grown[sizes[i] - 1], 'x');
        give(&memory, grown);
        assert_null(memory.pages);
    }
    const uint8_t *zeroes = memory.calls.calloc(10, 10, &memory);
    assert_non_null(zeroes);
    assert_int_equal(zeroes[99], 0);
    give(&memory, (void *)zeroes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_large_piece_has_pages_of_its_own),
        cmocka_unit_test(what_grows_keeps_its_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
