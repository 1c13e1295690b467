// Cutting bytes into frames: however the bytes are dealt, the frames are the same.
#include "net/inbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"

static void put_frame(struct buffer *bytes, size_t len, uint8_t fill)
{
    const uint8_t length[4] = {(uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8),
                               (uint8_t)len};
    assert_int_equal(buffer_append(bytes, span_of(length, 4)), STATUS_OK);
    for (size_t i = 0; i < len; i++) {
        assert_int_equal(buffer_append_byte(bytes, (uint8_t)(fill + i)), STATUS_OK);
    }
}

static void check_frame(struct span frame, size_t len, uint8_t fill)
{
    assert_int_equal(frame.len, len);
    for (size_t i = 0; i < len; i++) {
        assert_int_equal(frame.data[i], (uint8_t)(fill + i));
    }
}

static const size_t lengths[] = {1, 2, 300, 5, 1, 16384, 70, LIMIT_FRAME_BYTES, 3};

enum { FRAMES = sizeof(lengths) / sizeof(lengths[0]) };

// The same numbers in every run (a linear congruential generator, the high bits of it).
static uint32_t next_random(void)
{
    static uint64_t state = 1;
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(state >> 33);
}

// Deals `bytes` in pieces of up to `piece_max`; `stop_early` leaves frames for a later round.
static void deal(struct span bytes, size_t piece_max, bool stop_early)
{
    struct inbox inbox;
    inbox_init(&inbox);
    unsigned seen = 0;
    while (seen < FRAMES) {
        size_t most = bytes.len < piece_max ? bytes.len : piece_max;
        size_t piece = most <= 1 ? most : 1 + next_random() % most;
        // The piece is a copy of its own, so that reading past it is found.
        uint8_t *copy = malloc(piece + 1);
        assert_non_null(copy);
        memcpy(copy, bytes.data, piece);
        assert_int_equal(inbox_offer(&inbox, span_of(copy, piece)), STATUS_OK);
        bytes = span_from(bytes, piece);
        struct span frame = {0};
        while (inbox_next(&inbox, &frame) == INBOX_FRAME) {
            check_frame(frame, lengths[seen], (uint8_t)seen);
            seen++;
            if (stop_early && next_random() % 2 == 0) {
                break;
            }
        }
        assert_int_equal(inbox_settle(&inbox), STATUS_OK);
        free(copy);
    }
    assert_false(inbox_holds(&inbox));
    assert_null(inbox.held.data);
    inbox_fini(&inbox);
}

static void the_cut_does_not_matter(void **state)
{
    (void)state;
    struct buffer bytes;
    buffer_init(&bytes, 0);
    for (unsigned i = 0; i < FRAMES; i++) {
        put_frame(&bytes, lengths[i], (uint8_t)i);
    }
    static const size_t pieces[] = {1, 2, 5, 400, 16384};
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        deal(buffer_span(&bytes), pieces[i], false);
    }
    for (int i = 0; i < 50; i++) {
        deal(buffer_span(&bytes), 16384, false);
        deal(buffer_span(&bytes), 3000, true);
    }
    buffer_fini(&bytes);
}

static enum inbox_result judge_length(uint32_t len)
{
    struct inbox inbox;
    inbox_init(&inbox);
    const uint8_t length[4] = {(uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8),
                               (uint8_t)len};
    struct span frame = {0};
    assert_int_equal(inbox_offer(&inbox, span_of(length, 4)), STATUS_OK);
    enum inbox_result result = inbox_next(&inbox, &frame);
    inbox_fini(&inbox);
    return result;
}

static void a_length_is_judged_before_its_bytes_come(void **state)
{
    (void)state;
    assert_int_equal(judge_length(0), INBOX_EMPTY);
    assert_int_equal(judge_length(1), INBOX_PARTIAL);
    assert_int_equal(judge_length(LIMIT_FRAME_BYTES), INBOX_PARTIAL);
    assert_int_equal(judge_length(LIMIT_FRAME_BYTES + 1), INBOX_TOO_LONG);
    assert_int_equal(judge_length(0x80000000), INBOX_TOO_LONG);
    assert_int_equal(judge_length(UINT32_MAX), INBOX_TOO_LONG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_cut_does_not_matter),
        cmocka_unit_test(a_length_is_judged_before_its_bytes_come),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
