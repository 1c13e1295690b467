// Bytes that break the rules of RFC 9113, and what it says to them: GOAWAY or RST_STREAM with the
// right code, flushed before the connection ends, one line for the operator.
#include "net/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "support/h2_world.h"
#include "support/log_capture.h"

static int start(void **state)
{
    struct h2_world *h2 = h2_world_new();
    h2_world_start(h2, &(struct server_limits){0});
    log_capture_clear();
    *state = h2;
    return 0;
}

static int stop(void **state)
{
    h2_world_free(*state);
    return 0;
}

static void expect_goaway(struct h2_world *h2, struct tls_client *tls, uint32_t code)
{
    struct h2_raw_frame goaway = h2_world_expect(h2, tls, NGHTTP2_GOAWAY);
    assert_int_equal(h2_raw_number(&goaway, 4), code);
    H2_UNTIL(h2, tls->ended);
    assert_true(tls->clean);
    if (log_capture_count("\n") != 1 || log_capture_count("connection-broken") != 1) {
        fail_msg("expected one line in: %s", log_captured);
    }
    log_capture_clear();
}

static void a_good_client_is_served(struct h2_world *h2)
{
    struct h2_client *client = h2_world_client(h2, &(struct h2_client_spec){0});
    int32_t stream = h2_client_post(client, "/echo", span_of_text("hello"), true);
    H2_UNTIL(h2, h2_client_reply(client, stream)->ended);
    h2_world_drop(h2, client);
}

static const struct {
    const char *what;
    const char *bytes; // instead of the preface
    size_t len;
    uint32_t code;
} bad_starts[] = {
    {"HTTP/1", "GET / HTTP/1.1\r\nHost: till\r\n\r\n", 28, NGHTTP2_PROTOCOL_ERROR},
    {"a frame of ours", "\0\0\0\5hello", 9, NGHTTP2_PROTOCOL_ERROR},
    {"no settings", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\10\6\0\0\0\0\0pingping", 41,
     NGHTTP2_PROTOCOL_ERROR},
};

static void bad_starts_are_refused(void **state)
{
    struct h2_world *h2 = *state;
    for (size_t i = 0; i < sizeof(bad_starts) / sizeof(bad_starts[0]); i++) {
        struct tls_client *tls = h2_world_raw(h2);
        tls_client_send(tls, span_of(bad_starts[i].bytes, bad_starts[i].len));
        expect_goaway(h2, tls, bad_starts[i].code);
    }
    a_good_client_is_served(h2);
}

// Stream 1 is open and its request is not whole, stream 3's is, when these come.
static const struct {
    const char *what;
    uint8_t type;
    uint8_t flags;
    int32_t stream;
    const char *payload;
    size_t len;
    uint32_t code;
} bad_frames[] = {
    {"DATA on stream 0", NGHTTP2_DATA, 0, 0, "x", 1, NGHTTP2_PROTOCOL_ERROR},
    {"DATA on a stream not opened", NGHTTP2_DATA, 0, 9, "x", 1, NGHTTP2_PROTOCOL_ERROR},
    {"DATA after the end", NGHTTP2_DATA, 0, 3, "x", 1, NGHTTP2_STREAM_CLOSED},
    {"more padding than frame", NGHTTP2_DATA, NGHTTP2_FLAG_PADDED, 1,
     "\xff"
     "x",
     2, NGHTTP2_PROTOCOL_ERROR},
    {"HEADERS on stream 0", NGHTTP2_HEADERS, 4, 0, "\x82", 1, NGHTTP2_PROTOCOL_ERROR},
    {"HEADERS on a stream of ours", NGHTTP2_HEADERS, 4, 2, "\x82", 1, NGHTTP2_PROTOCOL_ERROR},
    {"HEADERS after the end", NGHTTP2_HEADERS, 5, 3, "\x82", 1, NGHTTP2_STREAM_CLOSED},
    {"HPACK of no sense", NGHTTP2_HEADERS, 5, 5, "\xff\xff\xff\xff\xff\xff", 6,
     NGHTTP2_COMPRESSION_ERROR},
    {"HPACK index 0", NGHTTP2_HEADERS, 5, 5, "\x80", 1, NGHTTP2_COMPRESSION_ERROR},
    {"HPACK cut", NGHTTP2_HEADERS, 5, 5, "\x04\x7f", 2, NGHTTP2_COMPRESSION_ERROR},
    {"CONTINUATION of nothing", NGHTTP2_CONTINUATION, 4, 1, "\x82", 1, NGHTTP2_PROTOCOL_ERROR},
    {"a stream that depends on itself", NGHTTP2_HEADERS, 0x24, 5, "\0\0\0\5\0", 5,
     NGHTTP2_PROTOCOL_ERROR},
    {"PRIORITY too short", NGHTTP2_PRIORITY, 0, 1, "\0\0\0\0", 4, NGHTTP2_FRAME_SIZE_ERROR},
    {"RST_STREAM on stream 0", NGHTTP2_RST_STREAM, 0, 0, "\0\0\0\0", 4, NGHTTP2_PROTOCOL_ERROR},
    {"RST_STREAM of the unopened", NGHTTP2_RST_STREAM, 0, 9, "\0\0\0\0", 4, NGHTTP2_PROTOCOL_ERROR},
    {"RST_STREAM too long", NGHTTP2_RST_STREAM, 0, 1, "\0\0\0\0\0", 5, NGHTTP2_FRAME_SIZE_ERROR},
    {"SETTINGS on a stream", NGHTTP2_SETTINGS, 0, 1, "", 0, NGHTTP2_PROTOCOL_ERROR},
    {"SETTINGS of odd length", NGHTTP2_SETTINGS, 0, 0, "\0\1\0\0\0", 5, NGHTTP2_FRAME_SIZE_ERROR},
    {"SETTINGS acknowledged with text", NGHTTP2_SETTINGS, 1, 0, "\0\1\0\0\0\0", 6,
     NGHTTP2_FRAME_SIZE_ERROR},
    {"SETTINGS never asked for acknowledged", NGHTTP2_SETTINGS, 1, 0, "", 0,
     NGHTTP2_PROTOCOL_ERROR},
    {"a window of over 2^31", NGHTTP2_SETTINGS, 0, 0, "\0\4\xff\xff\xff\xff", 6,
     NGHTTP2_FLOW_CONTROL_ERROR},
    {"a frame size under 2^14", NGHTTP2_SETTINGS, 0, 0, "\0\5\0\0\0\1", 6, NGHTTP2_PROTOCOL_ERROR},
    {"push that is neither on nor off", NGHTTP2_SETTINGS, 0, 0, "\0\2\0\0\0\2", 6,
     NGHTTP2_PROTOCOL_ERROR},
    {"PUSH_PROMISE of a client", NGHTTP2_PUSH_PROMISE, 4, 1, "\0\0\0\2\x82", 5,
     NGHTTP2_PROTOCOL_ERROR},
    {"PING too short", NGHTTP2_PING, 0, 0, "1234567", 7, NGHTTP2_FRAME_SIZE_ERROR},
    {"PING on a stream", NGHTTP2_PING, 0, 1, "12345678", 8, NGHTTP2_PROTOCOL_ERROR},
    {"GOAWAY on a stream", NGHTTP2_GOAWAY, 0, 1, "\0\0\0\0\0\0\0\0", 8, NGHTTP2_PROTOCOL_ERROR},
    {"GOAWAY too short", NGHTTP2_GOAWAY, 0, 0, "\0\0\0\0", 4, NGHTTP2_FRAME_SIZE_ERROR},
    {"a window of nothing", NGHTTP2_WINDOW_UPDATE, 0, 0, "\0\0\0\0", 4, NGHTTP2_PROTOCOL_ERROR},
    {"a window of nothing for a stream", NGHTTP2_WINDOW_UPDATE, 0, 1, "\0\0\0\0", 4,
     NGHTTP2_PROTOCOL_ERROR}, // 6.9 asks for less, 5.4.2 permits it
    {"a window too large", NGHTTP2_WINDOW_UPDATE, 0, 0, "\x7f\xff\xff\xff", 4,
     NGHTTP2_FLOW_CONTROL_ERROR},
    {"WINDOW_UPDATE too short", NGHTTP2_WINDOW_UPDATE, 0, 1, "\0\0\0", 3, NGHTTP2_FRAME_SIZE_ERROR},
    {"WINDOW_UPDATE of the unopened", NGHTTP2_WINDOW_UPDATE, 0, 9, "\0\0\0\1", 4,
     NGHTTP2_PROTOCOL_ERROR},
};

static void bad_frames_end_the_connection(void **state)
{
    struct h2_world *h2 = *state;
    for (size_t i = 0; i < sizeof(bad_frames) / sizeof(bad_frames[0]); i++) {
        struct tls_client *tls = h2_world_greet(h2);
        h2_raw_request(tls, 1, NGHTTP2_FLAG_END_HEADERS, "/kept");
        h2_raw_request(tls, 3, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, "/kept");
        h2_raw_send(tls, bad_frames[i].type, bad_frames[i].flags, bad_frames[i].stream,
                    span_of(bad_frames[i].payload, bad_frames[i].len));
        print_message("%s\n", bad_frames[i].what);
        expect_goaway(h2, tls, bad_frames[i].code);
        assert_int_equal(h2->seen_count, 2 * i + 2);
        assert_int_equal(server_in_flight(h2->world->server), 0);
    }
    a_good_client_is_served(h2);
}

static void a_frame_too_long_ends_the_connection(void **state)
{
    struct h2_world *h2 = *state;
    static const uint8_t long_text[16 * 1024 + 1];
    struct tls_client *tls = h2_world_greet(h2);
    h2_raw_send(tls, NGHTTP2_DATA, 0, 1, span_of(long_text, sizeof(long_text)));
    expect_goaway(h2, tls, NGHTTP2_FRAME_SIZE_ERROR);
    tls = h2_world_greet(h2);
    h2_raw_send(tls, 0x77, 0, 0, span_of(long_text, sizeof(long_text)));
    expect_goaway(h2, tls, NGHTTP2_FRAME_SIZE_ERROR);
    a_good_client_is_served(h2);
}

static void a_field_section_suffers_no_other_frame_in_between(void **state)
{
    struct h2_world *h2 = *state;
    struct tls_client *tls = h2_world_greet(h2);
    h2_raw_request(tls, 1, 0, "/kept");
    h2_raw_send(tls, NGHTTP2_PING, 0, 0, span_of_text("12345678"));
    expect_goaway(h2, tls, NGHTTP2_PROTOCOL_ERROR);
    assert_int_equal(h2->seen_count, 0);
}

static void expect_reset(struct h2_world *h2, struct tls_client *tls, int32_t stream, uint32_t code)
{
    struct h2_raw_frame reset = h2_world_expect(h2, tls, NGHTTP2_RST_STREAM);
    assert_int_equal(reset.stream, stream);
    assert_int_equal(h2_raw_number(&reset, 0), code);
}

#define LITERAL(name_length, name, value_length, value) "\x10" name_length name value_length value

// Field sections after which only the stream is bad; POST, https and an authority are there already
// where `bare` is false.
static const struct {
    const char *what;
    bool bare;
    const char *block;
    size_t len;
} bad_heads[] = {
    {"no path", false, "", 0},
    {"no method", true, "\x87\x84\x01\1x", 5},
    {"no scheme", true, "\x83\x84\x01\1x", 5},
    {"a name in upper case", false, "\x84" LITERAL("\3", "Key", "\1", "x"), 8},
    {"a name with a blank", false, "\x84" LITERAL("\3", "k y", "\1", "x"), 8},
    {"no name", false, "\x84" LITERAL("", "\0", "\1", "x"), 5},
    {"a line feed in a value", false, "\x84" LITERAL("\3", "key", "\3", "a\nb"), 10},
    {"a NUL in a value", false, "\x84" LITERAL("\3", "key", "\3", "a\0b"), 10},
    {"a pseudo-field after others", false, LITERAL("\3", "key", "\1", "x") "\x84", 8},
    {"a pseudo-field twice", false, "\x84\x84", 2},
    {"a pseudo-field of an answer", false, "\x84\x88", 2},
    {"a pseudo-field unheard of", false, "\x84" LITERAL("\4", ":key", "\1", "x"), 9},
    {"a path of no form", false, "\x04\4path", 6},
    {"an empty path", false, "\x04\0", 2},
    {"connection", false, "\x84" LITERAL("\12", "connection", "\5", "close"), 19},
    {"transfer-encoding", false, "\x84\x0f\x2a\7chunked", 11},
    {"te that is not trailers", false, "\x84" LITERAL("\2", "te", "\4", "gzip"), 10},
    {"content-length of no number", false, "\x84\x0f\x0d\1x", 5},
};

static void bad_heads_reset_the_stream(void **state)
{
    struct h2_world *h2 = *state;
    struct tls_client *tls = h2_world_greet(h2);
    int32_t stream = 1;
    for (size_t i = 0; i < sizeof(bad_heads) / sizeof(bad_heads[0]); i++, stream += 2) {
        uint8_t block[128] = {0x83, 0x87, 0x01, 1, 'x'};
        size_t used = bad_heads[i].bare ? 0 : 5;
        memcpy(block + used, bad_heads[i].block, bad_heads[i].len);
        print_message("%s\n", bad_heads[i].what);
        h2_raw_send(tls, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM,
                    stream, span_of(block, used + bad_heads[i].len));
        expect_reset(h2, tls, stream, NGHTTP2_PROTOCOL_ERROR);
    }
    assert_int_equal(h2->seen_count, 0);
    h2_raw_request(tls, stream, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, "/echo");
    struct h2_raw_frame head = h2_world_expect(h2, tls, NGHTTP2_HEADERS);
    assert_int_equal(head.stream, stream);
    assert_string_equal(log_captured, "");
}

// A head that promises five bytes of body, then these.
static void send_promise(struct tls_client *tls, int32_t stream)
{
    static const char block[] = "\x83\x87\x01\1x\x04\5/kept\x0f\x0d\1"
                                "5";
    h2_raw_send(tls, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, stream,
                span_of(block, sizeof(block) - 1));
}

static void a_body_unlike_its_content_length_resets_the_stream(void **state)
{
    struct h2_world *h2 = *state;
    struct tls_client *tls = h2_world_greet(h2);
    send_promise(tls, 1);
    h2_raw_send(tls, NGHTTP2_DATA, 0, 1, span_of_text("123"));
    h2_raw_send(tls, NGHTTP2_DATA, 0, 1, span_of_text("456"));
    expect_reset(h2, tls, 1, NGHTTP2_PROTOCOL_ERROR);
    send_promise(tls, 3);
    h2_raw_send(tls, NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, 3, span_of_text("123"));
    expect_reset(h2, tls, 3, NGHTTP2_PROTOCOL_ERROR);
    H2_UNTIL(h2, h2->seen_count == 2 && h2->seen[0].gones == 1 && h2->seen[1].gones == 1);
    assert_int_equal(h2->seen[0].wholes, 0);
    assert_int_equal(h2->seen[1].wholes, 0);
    assert_int_equal(server_in_flight(h2->world->server), 0);
}

static void a_stream_beyond_its_window_is_reset(void **state)
{
    struct h2_world *h2 = *state;
    static const uint8_t text[HTTP_WINDOW_BYTES];
    struct tls_client *tls = h2_world_greet(h2);
    h2_raw_request(tls, 1, NGHTTP2_FLAG_END_HEADERS, "/kept");
    h2_raw_send(tls, NGHTTP2_DATA, 0, 1, span_of(text, sizeof(text)));
    h2_raw_send(tls, NGHTTP2_DATA, 0, 1, span_of_text("x"));
    expect_reset(h2, tls, 1, NGHTTP2_FLOW_CONTROL_ERROR);
    h2_raw_request(tls, 3, NGHTTP2_FLAG_END_HEADERS, "/kept");
    h2_raw_send(tls, NGHTTP2_WINDOW_UPDATE, 0, 3, span_of("\x7f\xff\xff\xff", 4));
    expect_reset(h2, tls, 3, NGHTTP2_FLOW_CONTROL_ERROR);
    H2_UNTIL(h2, h2->seen_count == 2 && h2->seen[0].gones == 1 && h2->seen[1].gones == 1);
}

// Whatever arrives cut at whatever place, the answer is the same.
static void frames_may_be_cut_anywhere(void **state)
{
    struct h2_world *h2 = *state;
    struct tls_client *tls = h2_world_greet(h2);
    world_settle(h2->world);
    h2_raw_request(tls, 1, NGHTTP2_FLAG_END_HEADERS, "/echo");
    h2_raw_send(tls, NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, 1, span_of_text("hello"));
    uint8_t all[256];
    size_t len = tls->output.len;
    assert_true(len <= sizeof(all));
    memcpy(all, tls->output.data, len);
    tls->output.len = 0;
    for (size_t i = 0; i < len; i++) {
        tls_client_send(tls, span_of(all + i, 1));
        H2_UNTIL(h2, tls_client_sent(tls));
        (void)world_turn(h2->world);
    }
    struct h2_raw_frame body = h2_world_expect(h2, tls, NGHTTP2_DATA);
    assert_true(span_is_text(body.payload, "hello"));
}

// The last word waits for a client that reads nothing for a while, behind all that was to be said.
static void the_last_word_is_flushed(void **state)
{
    struct h2_world *h2 = *state;
    static const uint8_t long_text[LIMIT_CONNECTION_OUTPUT_BYTES];
    struct tls_client *tls = h2_world_greet(h2);
    h2_raw_send(tls, NGHTTP2_WINDOW_UPDATE, 0, 0, span_of("\x3f\xff\xff\xff", 4));
    h2_raw_send(tls, NGHTTP2_SETTINGS, 0, 0, span_of("\0\4\x7f\xff\xff\xff", 6));
    for (int32_t stream = 1; stream <= 21; stream += 2) {
        h2_raw_request(tls, stream, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, "/kept");
    }
    H2_UNTIL(h2, h2->seen_count == 11);
    tls->stopped_reading = true;
    for (size_t i = 0; i < 11; i++) {
        if (h2->seen[i].exchange != NULL) {
            http_head(h2->world->server, h2->seen[i].exchange, 200, NULL, 0);
            (void)http_body(h2->world->server, h2->seen[i].exchange,
                            span_of(long_text, sizeof(long_text)));
        }
        (void)world_turn(h2->world);
    }
    h2_raw_send(tls, NGHTTP2_PING, 0, 1, span_of_text("12345678"));
    world_settle(h2->world);
    assert_string_equal(log_captured, ""); // it is still being said
    tls->stopped_reading = false;
    expect_goaway(h2, tls, NGHTTP2_PROTOCOL_ERROR);
}

#define ERROR_TEST(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ERROR_TEST(bad_starts_are_refused),
        ERROR_TEST(bad_frames_end_the_connection),
        ERROR_TEST(a_frame_too_long_ends_the_connection),
        ERROR_TEST(a_field_section_suffers_no_other_frame_in_between),
        ERROR_TEST(bad_heads_reset_the_stream),
        ERROR_TEST(a_body_unlike_its_content_length_resets_the_stream),
        ERROR_TEST(a_stream_beyond_its_window_is_reset),
        ERROR_TEST(frames_may_be_cut_anywhere),
        ERROR_TEST(the_last_word_is_flushed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
