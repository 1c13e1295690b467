// A log put together from pieces: whole when the last has come, and known to have been compacted
// meanwhile wherever that shows.
#include "ctl/export.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static enum export_joined join(struct export_log *log, uint64_t offset, const char *text,
                               uint64_t log_bytes)
{
    Loyalty__V1__ReadLogResponse piece = LOYALTY__V1__READ_LOG_RESPONSE__INIT;
    piece.offset = offset;
    piece.log = (ProtobufCBinaryData){.data = (uint8_t *)text, .len = strlen(text)};
    piece.log_bytes = log_bytes;
    return export_join(log, &piece);
}

static void pieces_make_a_whole(void **state)
{
    (void)state;
    struct export_log log = {0};
    assert_int_equal(join(&log, 0, "abcd", 10), EXPORT_MORE);
    assert_int_equal(join(&log, 4, "efgh", 10), EXPORT_MORE);
    assert_int_equal(join(&log, 8, "ij", 10), EXPORT_WHOLE);
    assert_int_equal(log.len, 10);
    assert_memory_equal(log.bytes, "abcdefghij", 10);
    free(log.bytes);
}

static void what_was_appended_meanwhile_comes_along(void **state)
{
    (void)state;
    struct export_log log = {0};
    assert_int_equal(join(&log, 0, "abcd", 6), EXPORT_MORE);
    assert_int_equal(join(&log, 4, "efgh", 9), EXPORT_MORE);
    assert_int_equal(join(&log, 8, "i", 9), EXPORT_WHOLE);
    free(log.bytes);
}

static void a_compaction_on_the_way_is_seen(void **state)
{
    (void)state;
    struct export_log log = {0};
    assert_int_equal(join(&log, 0, "abcd", 10), EXPORT_MORE);
    assert_int_equal(join(&log, 4, "", 3), EXPORT_MOVED);  // shorter than what there is
    assert_int_equal(join(&log, 4, "e", 9), EXPORT_MOVED); // shorter than it was
    assert_int_equal(join(&log, 4, "e", 5), EXPORT_MOVED);
    assert_int_equal(join(&log, 3, "d", 10), EXPORT_MOVED);
    assert_int_equal(join(&log, 4, "efghijk", 10), EXPORT_MOVED); // longer than it says
    assert_int_equal(join(&log, 4, "", 10), EXPORT_MOVED);        // there should be more
    assert_int_equal(log.len, 4);
    free(log.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_make_a_whole),
        cmocka_unit_test(what_was_appended_meanwhile_comes_along),
        cmocka_unit_test(a_compaction_on_the_way_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
