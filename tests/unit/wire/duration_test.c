// Lengths of time as text, both ways; what is none is refused.
#include "wire/duration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct sample {
    const char *text;
    int64_t seconds;
    int32_t nanos;
};

static void both_ways(void **state)
{
    (void)state;
    static const struct sample samples[] = {
        {"0s", 0, 0},           {"5s", 5, 0},           {"1.500s", 1, 500000000},
        {"0.000001s", 0, 1000}, {"0.000000001s", 0, 1}, {"315576000000s", INT64_C(315576000000), 0},
    };
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        Google__Protobuf__Duration duration = GOOGLE__PROTOBUF__DURATION__INIT;
        char text[DURATION_TEXT_BYTES];
        assert_int_equal(duration_parse(span_of_text(samples[i].text), &duration), STATUS_OK);
        assert_int_equal(duration.seconds, samples[i].seconds);
        assert_int_equal(duration.nanos, samples[i].nanos);
        assert_int_equal(duration_format(&duration, text), STATUS_OK);
        assert_string_equal(text, samples[i].text);
    }
}

static void fewer_digits_are_read(void **state)
{
    (void)state;
    Google__Protobuf__Duration duration = GOOGLE__PROTOBUF__DURATION__INIT;
    assert_int_equal(duration_parse(span_of_text("2.5s"), &duration), STATUS_OK);
    assert_int_equal(duration.nanos, 500000000);
}

static void what_is_none(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",    "s",    "5",   "-5s",  "5 s",           "5s ",
        "1.s", ".5s",  "5ms", "0x5s", "315576000001s", "1.1.1s",
        "+5s", "1e3s", "5S",  "NaNs", "1.0000000001s", "9999999999999s"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        Google__Protobuf__Duration duration = GOOGLE__PROTOBUF__DURATION__INIT;
        assert_int_equal(duration_parse(span_of_text(texts[i]), &duration), STATUS_INVALID);
        assert_int_equal(duration.seconds, 0);
    }
    Google__Protobuf__Duration below = GOOGLE__PROTOBUF__DURATION__INIT;
    char text[DURATION_TEXT_BYTES];
    below.seconds = -1;
    assert_int_equal(duration_format(&below, text), STATUS_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ways),
        cmocka_unit_test(fewer_digits_are_read),
        cmocka_unit_test(what_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
