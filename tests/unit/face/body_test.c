// Messages cut out of bodies, whatever pieces they come in.
#include "face/body.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/limits.h"

// Three messages: "abc", nothing, "de".
static const uint8_t three[] = {0, 0, 0, 0, 3, 'a', 'b', 'c', 0,   0,
                                0, 0, 0, 0, 0, 0,   0,   2,   'd', 'e'};
static const char *const expected[] = {"abc", "", "de"};

// Takes all of `bytes` and counts the messages in it, which must be those expected next.
static void feed(struct body *body, struct span bytes, size_t *count)
{
    enum body_step step = BODY_MORE;
    do {
        step = body_take_framed(body, &bytes);
        if (step == BODY_MESSAGE) {
            if (*count >= 3) {
                fail_msg("a message too many");
                return;
            }
            assert_true(span_is_text(buffer_span(&body->message), expected[*count]));
            (*count)++;
            body_next(body);
        }
    } while (step == BODY_MESSAGE);
    assert_int_equal(step, BODY_MORE);
    assert_int_equal(bytes.len, 0);
}

static void pieces_do_not_matter(void **state)
{
    (void)state;
    struct body body;
    body_init(&body);
    for (size_t first = 0; first <= sizeof(three); first++) {
        for (size_t second = first; second <= sizeof(three); second++) {
            size_t count = 0;
            feed(&body, span_of(three, first), &count);
            feed(&body, span_of(three + first, second - first), &count);
            feed(&body, span_of(three + second, sizeof(three) - second), &count);
            assert_int_equal(count, 3);
            assert_int_equal(body_finish_framed(&body), BODY_END);
        }
    }
    body_fini(&body);
}

static void an_end_inside_a_message_is_known(void **state)
{
    (void)state;
    struct body body;
    body_init(&body);
    for (size_t cut = 0; cut <= sizeof(three); cut++) {
        size_t count = 0;
        feed(&body, span_of(three, cut), &count);
        bool border = cut == 0 || cut == 8 || cut == 13 || cut == sizeof(three);
        assert_int_equal(body_finish_framed(&body), border ? BODY_END : BODY_CUT_SHORT);
        body_next(&body);
    }
    body_fini(&body);
}

static enum body_step step_of(const uint8_t *bytes, size_t len)
{
    struct body body;
    struct span rest = span_of(bytes, len);
    body_init(&body);
    enum body_step step = body_take_framed(&body, &rest);
    body_fini(&body);
    return step;
}

static void prefixes_are_judged_at_once(void **state)
{
    (void)state;
    assert_int_equal(step_of((uint8_t[]){1, 0, 0, 0, 9}, 5), BODY_COMPRESSED);
    assert_int_equal(step_of((uint8_t[]){2, 0, 0, 0, 9}, 5), BODY_BAD_FLAG);
    assert_int_equal(step_of((uint8_t[]){0x80, 0, 0, 0, 9}, 5), BODY_BAD_FLAG);
    assert_int_equal(step_of((uint8_t[]){0, 0, 16, 0, 0}, 5), BODY_MORE); // 1 MiB
    assert_int_equal(step_of((uint8_t[]){0, 0, 16, 0, 1}, 5), BODY_TOO_LARGE);
    assert_int_equal(step_of((uint8_t[]){0, 255, 255, 255, 255}, 5), BODY_TOO_LARGE);
    assert_int_equal(step_of((uint8_t[]){1, 255, 255, 255}, 4), BODY_MORE);
}

static void a_bare_body_is_the_message(void **state)
{
    (void)state;
    static const uint8_t kib[1024];
    struct body body;
    body_init(&body);
    assert_int_equal(body_finish_bare(&body), BODY_MESSAGE); // an empty one
    for (size_t i = 0; i < LIMIT_HTTP_MESSAGE_BYTES / sizeof(kib); i++) {
        struct span rest = span_of(kib, sizeof(kib));
        assert_int_equal(body_take_bare(&body, &rest), BODY_MORE);
        assert_int_equal(rest.len, 0);
    }
    assert_int_equal(body.message.len, LIMIT_HTTP_MESSAGE_BYTES);
    assert_int_equal(body_finish_bare(&body), BODY_MESSAGE);
    struct span one = span_of(kib, 1);
    assert_int_equal(body_take_bare(&body, &one), BODY_TOO_LARGE);
    body_fini(&body);
}

static void prefixes_are_written_as_they_are_read(void **state)
{
    (void)state;
    uint8_t prefix[BODY_PREFIX_BYTES];
    body_prefix(0x80, 0x01020304, prefix);
    assert_memory_equal(prefix, "\x80\x01\x02\x03\x04", BODY_PREFIX_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_do_not_matter),
        cmocka_unit_test(an_end_inside_a_message_is_known),
        cmocka_unit_test(prefixes_are_judged_at_once),
        cmocka_unit_test(a_bare_body_is_the_message),
        cmocka_unit_test(prefixes_are_written_as_they_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
