// The small parsers and writers of the face: timeouts, grpc-message, traceparent, content types,
// codes.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/limits.h"
#include "face/percent.h"
#include "face/protocol.h"
#include "face/rpc_code.h"
#include "face/timeout.h"
#include "face/trace.h"

enum { BAD = -1 };

struct timeout_case {
    const char *text;
    int64_t ms; // BAD: malformed
};

static void check_timeouts(const struct timeout_case *cases, size_t count,
                           enum status (*parse)(struct span, uint32_t *))
{
    for (size_t i = 0; i < count; i++) {
        uint32_t ms = 4711;
        enum status status = parse(span_of_text(cases[i].text), &ms);
        int64_t found = status == STATUS_OK ? (int64_t)ms : BAD;
        if (found != cases[i].ms || (status != STATUS_OK && ms != 4711)) {
            fail_msg("\"%s\": %lld", cases[i].text, (long long)found);
        }
    }
}

static void timeouts_of_grpc(void **state)
{
    (void)state;
    static const struct timeout_case cases[] = {
        {"1S", 1000},        {"2950m", 2950},     {"0m", 0},        {"0n", 0},
        {"1n", 1},           {"1000000n", 1},     {"1000001n", 2},  {"1u", 1},
        {"1000u", 1},        {"1001u", 2},        {"1H", 3600000},  {"1M", 60000},
        {"9S", 9000},        {"10001m", 10001},   {"00000007m", 7}, {"99999999H", UINT32_MAX},
        {"99999999n", 100},  {"", BAD},           {"S", BAD},       {"1", BAD},
        {"1s", BAD},         {"1h", BAD},         {"-1S", BAD},     {"+1S", BAD},
        {" 1S", BAD},        {"1S ", BAD},        {"1 S", BAD},     {"1.5S", BAD},
        {"123456789m", BAD}, {"000000001m", BAD}, {"1mm", BAD},     {"0x1S", BAD},
    };
    check_timeouts(cases, sizeof(cases) / sizeof(cases[0]), timeout_parse_grpc);
}

static void timeouts_of_connect(void **state)
{
    (void)state;
    static const struct timeout_case cases[] = {
        {"0", 0},          {"1", 1},
        {"2500", 2500},    {"9999999999", UINT32_MAX},
        {"0000000005", 5}, {"10001", 10001},
        {"", BAD},         {"1S", BAD},
        {"-1", BAD},       {"12345678901", BAD},
        {"1.0", BAD},      {" 1", BAD},
        {"1 ", BAD},
    };
    check_timeouts(cases, sizeof(cases) / sizeof(cases[0]), timeout_parse_connect);
}

static void messages_are_percent_encoded(void **state)
{
    (void)state;
    static const struct {
        const char *plain;
        const char *encoded;
    } cases[] = {
        {"", ""},
        {"All is well.", "All is well."},
        {"100% ~", "100%25 ~"},
        {"a\nb\tc\x7f", "a%0Ab%09c%7F"},
        {"金", "%E9%87%91"},
    };
    struct arena arena;
    arena_init(&arena, 4096);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct span text;
        assert_int_equal(percent_encode(span_of_text(cases[i].plain), &arena, &text), STATUS_OK);
        assert_true(span_is_text(text, cases[i].encoded));
    }
    arena_fini(&arena);
}

#define TRACE_ID "4bf92f3577b34da6a3ce929d0e0e4736"
#define PARENT_ID "00f067aa0ba902b7"
#define GOOD "00-" TRACE_ID "-" PARENT_ID "-01"

static void traceparents_have_their_shape(void **state)
{
    (void)state;
    static const char *const good[] = {GOOD, "00-" TRACE_ID "-" PARENT_ID "-00",
                                       "cc-" TRACE_ID "-" PARENT_ID "-ff"};
    static const char *const bad[] = {
        "",
        "00",
        GOOD "-", // version 00 has nothing behind
        GOOD "x",
        "ff-" TRACE_ID "-" PARENT_ID "-01", // no version
        "0g-" TRACE_ID "-" PARENT_ID "-01",
        "00-" TRACE_ID "-" PARENT_ID "-0", // short
        "00_" TRACE_ID "-" PARENT_ID "-01",
        "00-" TRACE_ID "_" PARENT_ID "-01",
        "00-" TRACE_ID "-" PARENT_ID "_01",
        "00-" TRACE_ID "-" PARENT_ID "-0x",
        "00-4BF92f3577b34da6a3ce929d0e0e4736-" PARENT_ID "-01", // lower case only
        "00-00000000000000000000000000000000-" PARENT_ID "-01",
        "00-" TRACE_ID "-0000000000000000-01",
        "cc-" TRACE_ID "-" PARENT_ID "-01x",
        " " GOOD,
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(span_is_text(trace_parse(span_of_text(good[i])), good[i]));
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (trace_parse(span_of_text(bad[i])).len != 0) {
            fail_msg("\"%s\" is taken", bad[i]);
        }
    }
    // Of a later version what we know of it is kept.
    struct span kept = trace_parse(span_of_text("cc-" TRACE_ID "-" PARENT_ID "-01-what-else"));
    assert_true(span_is_text(kept, "cc-" TRACE_ID "-" PARENT_ID "-01"));
    assert_int_equal(kept.len, LIMIT_TRACEPARENT_BYTES);
}

static void content_types_name_protocol_and_codec(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        const struct rpc_protocol *protocol; // NULL: none
        enum codec codec;
    } cases[] = {
        {"application/grpc", &protocol_grpc, CODEC_PROTO},
        {"application/grpc+proto", &protocol_grpc, CODEC_PROTO},
        {"application/grpc+json", &protocol_grpc, CODEC_JSON},
        {"Application/gRPC", &protocol_grpc, CODEC_PROTO},
        {"application/grpc-web", &protocol_grpc_web, CODEC_PROTO},
        {"application/grpc-web+proto", &protocol_grpc_web, CODEC_PROTO},
        {"application/grpc-web+json", &protocol_grpc_web, CODEC_JSON},
        {"application/proto", &protocol_connect, CODEC_PROTO},
        {"application/json", &protocol_connect, CODEC_JSON},
        {"application/json; charset=utf-8", &protocol_connect, CODEC_JSON},
        {"application/json ;charset=utf-8", &protocol_connect, CODEC_JSON},
        {"application/grpc-web-text", NULL, CODEC_PROTO},
        {"application/grpc-web-text+proto", NULL, CODEC_PROTO},
        {"application/grpc+thrift", NULL, CODEC_PROTO},
        {"application/grpcx", NULL, CODEC_PROTO},
        {"application/connect+proto", &protocol_connect_stream, CODEC_PROTO},
        {"application/connect+json", &protocol_connect_stream, CODEC_JSON},
        {"application/connect", NULL, CODEC_PROTO},
        {"text/html", NULL, CODEC_PROTO},
        {"", NULL, CODEC_PROTO},
        {"application/jso", NULL, CODEC_PROTO},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct media *media = media_find(span_of_text(cases[i].type));
        if ((media == NULL ? NULL : media->protocol) != cases[i].protocol ||
            (media != NULL && media->codec != cases[i].codec)) {
            fail_msg("%s", cases[i].type);
        }
    }
    assert_null(media_find((struct span){0}));
}

static void codes_are_the_canonical_ones(void **state)
{
    (void)state;
    assert_string_equal(rpc_code_of(0)->number, "0");
    assert_string_equal(rpc_code_of(16)->name, "unauthenticated");
    assert_string_equal(rpc_code_of(17)->name, "unknown");
    assert_string_equal(rpc_code_of(-1)->name, "unknown");
    for (int code = 0; code <= 16; code++) {
        assert_int_equal(strtol(rpc_code_of(code)->number, NULL, 10), code);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timeouts_of_grpc),
        cmocka_unit_test(timeouts_of_connect),
        cmocka_unit_test(messages_are_percent_encoded),
        cmocka_unit_test(traceparents_have_their_shape),
        cmocka_unit_test(content_types_name_protocol_and_codec),
        cmocka_unit_test(codes_are_the_canonical_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
