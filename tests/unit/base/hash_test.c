// The published test vectors of FNV-1a: a member's partition hangs on these values.
#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void hashes_match_the_published_vectors(void **state)
{
    (void)state;
    assert_true(hash_fnv1a(span_of_text("")) == UINT64_C(0xcbf29ce484222325));
    assert_true(hash_fnv1a(span_of_text("a")) == UINT64_C(0xaf63dc4c8601ec8c));
    assert_true(hash_fnv1a(span_of_text("foobar")) == UINT64_C(0x85944171f73967e8));
}

static void a_nul_byte_counts(void **state)
{
    (void)state;
    assert_true(hash_fnv1a(span_of("a", 1)) != hash_fnv1a(span_of("a", 2)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_match_the_published_vectors),
        cmocka_unit_test(a_nul_byte_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
