// Every bound of an HTTP/2 connection: field sections, floods of each kind, places, time.
#include "net/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "support/h2_world.h"
#include "support/log_capture.h"

enum {
    SHORT_MS = 200, // of a timer that is to run out
    LONGER_MS = 2 * SHORT_MS,
    CALM_MS = 1000, // of one that is not: no stall of a busy machine is as long
    WHOLE = NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM,
};

static int prepare(void **state)
{
    *state = h2_world_new();
    log_capture_clear();
    return 0;
}

static int start(void **state)
{
    (void)prepare(state);
    h2_world_start(*state, &(struct server_limits){0});
    return 0;
}

static int stop(void **state)
{
    h2_world_free(*state);
    return 0;
}

static void expect_goaway(struct h2_world *h2, struct tls_client *tls, uint32_t code,
                          const char *text)
{
    struct h2_raw_frame goaway = h2_world_expect(h2, tls, NGHTTP2_GOAWAY);
    assert_int_equal(h2_raw_number(&goaway, 4), code);
    if (text != NULL && !span_is_text(span_from(goaway.payload, 8), text)) {
        fail_msg("said \"%.*s\" for \"%s\"", (int)goaway.payload.len - 8, goaway.payload.data + 8,
                 text);
    }
    H2_UNTIL(h2, tls->ended);
    assert_int_equal(log_capture_count("\n"), 1);
    assert_int_equal(log_capture_count("connection-broken"), 1);
    assert_int_equal(server_in_flight(h2->world->server), 0);
    log_capture_clear();
}

static void expect_calm(struct h2_world *h2, struct tls_client *tls)
{
    world_settle(h2->world);
    assert_false(tls->ended);
    assert_string_equal(log_captured, "");
}

// --- field sections ---

// One field that makes the section cost `cost`, with those of the client itself.
static int32_t post_with_fields(struct h2_client *client, size_t cost)
{
    static char value[2 * LIMIT_HTTP_HEADER_BYTES];
    static const char *const usual[] = {":method", "POST",       ":scheme", "https", ":path",
                                        "/echo",   ":authority", "till",    "name",  NULL};
    for (size_t i = 0; usual[i] != NULL; i++) {
        cost -= strlen(usual[i]) + (i % 2 == 0 ? 32 : 0);
    }
    memset(value, 'v', cost);
    value[cost] = '\0';
    const char *const fields[] = {"name", value, NULL};
    return h2_client_request(client, "POST", "/echo", fields, span_of_text("hello"), true);
}

static void field_sections_have_a_limit(void **state)
{
    struct h2_world *h2 = *state;
    struct h2_client *client = h2_world_client(h2, &(struct h2_client_spec){0});
    int32_t fits = post_with_fields(client, LIMIT_HTTP_HEADER_BYTES);
    H2_UNTIL(h2, h2_client_reply(client, fits)->closed);
    assert_int_equal(h2_client_reply(client, fits)->status, 200);
    int32_t over = post_with_fields(client, LIMIT_HTTP_HEADER_BYTES + 1);
    H2_UNTIL(h2, h2_client_reply(client, over)->closed);
    assert_int_equal(h2_client_reply(client, over)->status, 431);
    assert_true(h2_client_reply(client, over)->ended);
    assert_int_equal(h2_client_reply(client, over)->code, NGHTTP2_NO_ERROR);
    assert_int_equal(h2->seen_count, 1);
    fits = post_with_fields(client, 500);
    H2_UNTIL(h2, h2_client_reply(client, fits)->closed);
    assert_int_equal(h2_client_reply(client, fits)->status, 200);
    assert_string_equal(log_captured, "");
}

// A field of 4000 bytes is put into the table, then named by one byte as often as a frame holds.
static void a_bomb_of_fields_is_not_kept(void **state)
{
    struct h2_world *h2 = *state;
    struct tls_client *tls = h2_world_greet(h2);
    static uint8_t block[12 * 1024] = {0x83, 0x87, 0x84, 0x01, 1,    'x',  0x40,
                                       1,    'n',  0x7f, 0xa1, 0x1e, 0xbe, 'v'};
    enum { VALUE_AT = 12, VALUE_BYTES = 0x7f + 0x21 + (0x1e << 7) };
    memset(block + VALUE_AT, 'v', VALUE_BYTES);
    memset(block + VALUE_AT + VALUE_BYTES, 0xbe, sizeof(block) - VALUE_AT - VALUE_BYTES);
    h2_raw_send(tls, NGHTTP2_HEADERS, WHOLE, 1, span_of(block, sizeof(block)));
    struct h2_raw_frame head = h2_world_expect(h2, tls, NGHTTP2_HEADERS);
    assert_int_equal(head.flags, WHOLE);
    assert_int_equal(h2->seen_count, 0);
    h2_raw_request(tls, 3, WHOLE, "/echo");
    head = h2_world_expect(h2, tls, NGHTTP2_HEADERS);
    assert_int_equal(head.stream, 3);
    assert_int_equal(h2->seen_count, 1);
    expect_calm(h2, tls);
}

static void continuations_have_a_limit(void **state)
{
    struct h2_world *h2 = *state;
    static const char *const fillers[] = {"", "\x84"};
    for (size_t i = 0; i < 2; i++) {
        struct tls_client *tls = h2_world_greet(h2);
        h2_raw_request(tls, 1, NGHTTP2_FLAG_END_STREAM, "/kept");
        for (int j = 0; j < LIMIT_HTTP_CONTINUATIONS + 1; j++) {
            h2_raw_send(tls, NGHTTP2_CONTINUATION, 0, 1, span_of_text(fillers[i]));
        }
        expect_goaway(h2, tls, NGHTTP2_ENHANCE_YOUR_CALM, "too_many_continuations");
    }
    struct tls_client *tls = h2_world_greet(h2);
    h2_raw_request(tls, 1, NGHTTP2_FLAG_END_STREAM, "/echo");
    for (int i = 1; i < LIMIT_HTTP_CONTINUATIONS; i++) {
        h2_raw_send(tls, NGHTTP2_CONTINUATION, 0, 1, span_of_text(""));
    }
    h2_raw_send(tls, NGHTTP2_CONTINUATION, NGHTTP2_FLAG_END_HEADERS, 1, span_of_text(""));
    (void)h2_world_expect(h2, tls, NGHTTP2_HEADERS);
}

// --- floods ---

static void giving_up_what_was_not_answered_has_a_limit(void **state)
{
    struct h2_world *h2 = *state;
    struct tls_client *tls = h2_world_greet(h2);
    int32_t stream = 1;
    for (; stream < 2 * LIMIT_HTTP_RESETS; stream += 2) {
        h2_raw_request(tls, stream, WHOLE, "/kept");
        h2_raw_send(tls, NGHTTP2_RST_STREAM, 0, stream, span_of("\0\0\0\0", 4));
    }
    expect_calm(h2, tls);
    assert_int_equal(h2->seen_count, LIMIT_HTTP_RESETS);
    for (int i = 0; i < 200; i++, stream += 2) {
        h2_raw_request(tls, stream, WHOLE, "/kept");
        h2_raw_send(tls, NGHTTP2_RST_STREAM, 0, stream, span_of("\0\0\0\10", 4));
    }
    expect_goaway(h2, tls, NGHTTP2_ENHANCE_YOUR_CALM, "too_many_resets");
}

// The peer breaks a rule of the stream, so that we reset it, answered or not: it is his doing.
static void making_us_reset_has_the_same_limit(void **state)
{
    static const char *const paths[] = {"/kept", "/echo"};
    struct h2_world *h2 = *state;
    for (size_t i = 0; i < 2; i++) {
        struct tls_client *tls = h2_world_greet(h2);
        for (int32_t stream = 1; stream < 1000 + 2 * LIMIT_HTTP_RESETS; stream += 2) {
            h2_raw_request(tls, stream, WHOLE, paths[i]);
            h2_raw_send(tls, NGHTTP2_WINDOW_UPDATE, 0, stream, span_of("\x7f\xff\xff\xff", 4));
            if (stream % 128 == 127) {
                world_settle(h2->world);
            }
        }
        expect_goaway(h2, tls, NGHTTP2_ENHANCE_YOUR_CALM, "too_many_resets");
    }
}

static void a_head_nobody_can_take_has_the_same_limit(void **state)
{
    struct h2_world *h2 = *state;
    struct tls_client *tls = h2_world_greet(h2);
    for (int32_t i = 0; i < 400 + LIMIT_HTTP_RESETS; i++) {
        h2_raw_send(tls, NGHTTP2_HEADERS, WHOLE, 2 * i + 1, span_of_text("\x83\x87"));
        if (i % 64 == 63) {
            world_settle(h2->world);
        }
    }
    expect_goaway(h2, tls, NGHTTP2_ENHANCE_YOUR_CALM, "too_many_resets");
    assert_int_equal(h2->seen_count, 0);
}

static void ping(struct tls_client *tls)
{
    h2_raw_send(tls, NGHTTP2_PING, 0, 0, span_of_text("12345678"));
}

static void pings_have_a_limit(void **state)
{
    struct h2_world *h2 = *state;
    struct tls_client *tls = h2_world_greet(h2);
    for (int i = 0; i < LIMIT_HTTP_PINGS; i++) {
        ping(tls);
        (void)h2_world_expect(h2, tls, NGHTTP2_PING);
    }
    expect_calm(h2, tls);
    ping(tls);
    expect_goaway(h2, tls, NGHTTP2_ENHANCE_YOUR_CALM, "too_many_pings");
}

static void pings_are_more_welcome_with_streams_and_after_answers(void **state)
{
    struct h2_world *h2 = *state;
    struct tls_client *tls = h2_world_greet(h2);
    h2_raw_request(tls, 1, WHOLE, "/kept");
    for (int i = 0; i < 2 * LIMIT_HTTP_PINGS; i++) {
        ping(tls);
    }
    expect_calm(h2, tls);
    h2_raw_request(tls, 3, WHOLE, "/echo");
    (void)h2_world_expect(h2, tls, NGHTTP2_HEADERS);
    for (int i = 0; i < 2 * LIMIT_HTTP_PINGS; i++) {
        ping(tls);
    }
    expect_calm(h2, tls);
    ping(tls);
    expect_goaway(h2, tls, NGHTTP2_ENHANCE_YOUR_CALM, "too_many_pings");
}

static void pings_in_time_are_no_flood(void **state)
{
    struct h2_world *h2 = *state;
    h2_world_start(h2, &(struct server_limits){.http_ping_ms = 20});
    struct tls_client *tls = h2_world_greet(h2);
    for (int i = 0; i < 5 * LIMIT_HTTP_PINGS; i++) {
        h2_world_turn_for(h2, 20);
        ping(tls);
    }
    expect_calm(h2, tls);
}

static void settings_have_a_limit(void **state)
{
    struct h2_world *h2 = *state;
    struct tls_client *tls = h2_world_greet(h2);
    for (int i = 0; i < LIMIT_HTTP_SETTINGS_FRAMES * 2; i++) {
        h2_raw_send(tls, NGHTTP2_SETTINGS, 0, 0, span_of("\0\4\0\0\1\0", 6));
    }
    expect_goaway(h2, tls, NGHTTP2_ENHANCE_YOUR_CALM, "too_many_settings");
    tls = h2_world_greet(h2);
    static uint8_t many[6 * (LIMIT_HTTP_SETTINGS + 1)];
    h2_raw_send(tls, NGHTTP2_SETTINGS, 0, 0, span_of(many, sizeof(many)));
    expect_goaway(h2, tls, NGHTTP2_ENHANCE_YOUR_CALM, NULL);
}

static void frames_with_nothing_in_them_have_a_limit(void **state)
{
    struct h2_world *h2 = *state;
    for (int padded = 0; padded < 2; padded++) {
        struct tls_client *tls = h2_world_greet(h2);
        h2_raw_request(tls, 1, NGHTTP2_FLAG_END_HEADERS, "/kept");
        for (int i = 0; i < LIMIT_HTTP_EMPTY_FRAMES + 64; i++) {
            h2_raw_send(tls, NGHTTP2_DATA, padded ? NGHTTP2_FLAG_PADDED : 0, 1,
                        span_of("\1", padded ? 2 : 0));
        }
        expect_goaway(h2, tls, NGHTTP2_ENHANCE_YOUR_CALM, "too_many_empty_frames");
    }
}

static void windows_have_a_limit(void **state)
{
    struct h2_world *h2 = *state;
    struct tls_client *tls = h2_world_greet(h2);
    h2_raw_request(tls, 1, NGHTTP2_FLAG_END_HEADERS, "/kept");
    for (int i = 0; i < 2 * LIMIT_HTTP_OTHER_FRAMES; i++) {
        h2_raw_send(tls, NGHTTP2_WINDOW_UPDATE, 0, 1, span_of("\0\0\0\1", 4));
    }
    expect_goaway(h2, tls, NGHTTP2_ENHANCE_YOUR_CALM, "too_many_frames");
}

// Nor does what RFC 9113 says to ignore cost more than its bytes.
static void what_means_nothing_is_ignored(void **state)
{
    struct h2_world *h2 = *state;
    struct tls_client *tls = h2_world_greet(h2);
    for (int i = 0; i < 2 * LIMIT_HTTP_OTHER_FRAMES; i++) {
        h2_raw_send(tls, NGHTTP2_PRIORITY, 0, 1, span_of("\0\0\0\3\0", 5));
        h2_raw_send(tls, 0x77, 0xff, i, span_of_text("unheard of"));
    }
    expect_calm(h2, tls);
}

// Who is given answers may open windows for them, however long that goes on.
static void windows_for_answers_are_no_flood(void **state)
{
    struct h2_world *h2 = *state;
    struct tls_client *tls = h2_world_greet(h2);
    for (int32_t i = 0; i < 2 * LIMIT_HTTP_OTHER_FRAMES; i += 4) {
        h2_raw_request(tls, i / 2 + 1, WHOLE, "/echo");
        for (int j = 0; j < 4; j++) {
            h2_raw_send(tls, NGHTTP2_WINDOW_UPDATE, 0, 0, span_of("\0\0\0\1", 4));
        }
        (void)h2_world_expect(h2, tls, NGHTTP2_HEADERS); // the head
        (void)h2_world_expect(h2, tls, NGHTTP2_HEADERS); // the trailers
    }
    expect_calm(h2, tls);
}

// --- places ---

static void streams_have_a_limit(void **state)
{
    struct h2_world *h2 = *state;
    struct tls_client *tls = h2_world_raw(h2); // has not seen our settings
    tls_client_send(tls, h2_raw_preface());
    for (int32_t i = 0; i < LIMIT_HTTP_STREAMS + 1; i++) {
        h2_raw_request(tls, 2 * i + 1, WHOLE, "/kept");
    }
    struct h2_raw_frame reset = h2_world_expect(h2, tls, NGHTTP2_RST_STREAM);
    assert_int_equal(reset.stream, 2 * LIMIT_HTTP_STREAMS + 1);
    assert_int_equal(h2_raw_number(&reset, 0), NGHTTP2_REFUSED_STREAM);
    assert_int_equal(h2->seen_count, LIMIT_HTTP_STREAMS);
    assert_int_equal(server_in_flight(h2->world->server), LIMIT_HTTP_STREAMS);
    h2_raw_send(tls, NGHTTP2_SETTINGS, NGHTTP2_FLAG_ACK, 0, span_of(NULL, 0));
    h2_raw_request(tls, 2 * LIMIT_HTTP_STREAMS + 3, WHOLE, "/kept");
    expect_goaway(h2, tls, NGHTTP2_PROTOCOL_ERROR, NULL); // now it knows better
}

static void exchanges_of_all_connections_have_a_limit(void **state)
{
    struct h2_world *h2 = *state;
    h2_world_start(h2, &(struct server_limits){.http_exchanges = 2});
    struct h2_client *one = h2_world_client(h2, &(struct h2_client_spec){0});
    struct h2_client *other = h2_world_client(h2, &(struct h2_client_spec){0});
    (void)h2_client_post(one, "/kept", span_of_text("x"), true);
    H2_UNTIL(h2, h2->seen_count == 1);
    (void)h2_client_post(other, "/open", span_of_text("x"), true);
    H2_UNTIL(h2, h2->seen_count == 2);
    int32_t stream = h2_client_post(other, "/echo", span_of_text("x"), true);
    H2_UNTIL(h2, h2_client_reply(other, stream)->closed);
    assert_int_equal(h2_client_reply(other, stream)->code, NGHTTP2_REFUSED_STREAM);
    h2_client_reset(other, 1, NGHTTP2_CANCEL);
    H2_UNTIL(h2, h2->seen[1].gones == 1);
    stream = h2_client_post(one, "/echo", span_of_text("x"), true);
    H2_UNTIL(h2, h2_client_reply(one, stream)->closed);
    assert_int_equal(h2_client_reply(one, stream)->status, 200);
}

// --- time ---

static void a_call_must_come_whole_in_time(void **state)
{
    struct h2_world *h2 = *state;
    h2_world_start(h2, &(struct server_limits){.frame_ms = SHORT_MS});
    struct h2_client *client = h2_world_client(h2, &(struct h2_client_spec){0});
    int32_t kept = h2_client_post(client, "/kept", span_of_text("ha"), false);
    int32_t headed = h2_client_post(client, "/kept", span_of_text("lf"), false);
    int32_t open = h2_client_post(client, "/open", span_of_text("whole"), false);
    H2_UNTIL(h2, h2->seen_count == 3);
    http_head(h2->world->server, h2->seen[1].exchange, 200, NULL, 0);
    assert_true(http_body(h2->world->server, h2->seen[1].exchange, span_of_text("begun")));
    for (time_t since = time(NULL); h2->seen[0].gones == 0 || h2->seen[1].gones == 0;
         world_wait(h2->world, since, "both are given up")) { // dripping does not help
        h2_world_turn_for(h2, SHORT_MS / 20);
        if (h2->seen[0].gones == 0) {
            h2_client_send(client, kept, span_of_text("x"), false);
        }
    }
    H2_UNTIL(h2, h2_client_reply(client, kept)->closed && h2_client_reply(client, headed)->closed);
    assert_int_equal(h2_client_reply(client, kept)->status, 408);
    assert_int_equal(h2_client_reply(client, kept)->code, NGHTTP2_CANCEL);
    assert_int_equal(h2_client_reply(client, headed)->code, NGHTTP2_CANCEL);
    h2_world_turn_for(h2, SHORT_MS);
    assert_int_equal(h2->seen[2].gones, 0);
    assert_false(h2_client_reply(client, open)->closed);
    assert_string_equal(log_captured, "");
}

// Calls that come whole in time, one after the other for longer than the timer.
static void the_timer_counts_one_call_only(void **state)
{
    struct h2_world *h2 = *state;
    h2_world_start(h2, &(struct server_limits){.frame_ms = CALM_MS});
    struct h2_client *client = h2_world_client(h2, &(struct h2_client_spec){0});
    int32_t before = 0;
    for (int i = 0; i < 8; i++) {
        int32_t stream = h2_client_post(client, "/echo", span_of_text("ha"), false);
        h2_world_turn_for(h2, CALM_MS / 5);
        if (before != 0) {
            h2_client_send(client, before, span_of_text("lf"), true);
            H2_UNTIL(h2, h2_client_reply(client, before)->closed);
            assert_int_equal(h2_client_reply(client, before)->status, 200);
        }
        before = stream;
    }
    assert_string_equal(log_captured, "");
}

static void a_field_section_must_end_in_time(void **state)
{
    struct h2_world *h2 = *state;
    h2_world_start(h2, &(struct server_limits){.frame_ms = SHORT_MS});
    struct tls_client *tls = h2_world_greet(h2);
    h2_raw_request(tls, 1, 0, "/kept");
    expect_goaway(h2, tls, NGHTTP2_ENHANCE_YOUR_CALM, "a field section took too long");
}

static void settings_must_be_exchanged_in_time(void **state)
{
    struct h2_world *h2 = *state;
    h2_world_start(h2, &(struct server_limits){.frame_ms = SHORT_MS});
    struct tls_client *tls = h2_world_raw(h2);
    expect_goaway(h2, tls, NGHTTP2_SETTINGS_TIMEOUT, NULL);
    tls = h2_world_raw(h2);
    tls_client_send(tls, h2_raw_preface());
    expect_goaway(h2, tls, NGHTTP2_SETTINGS_TIMEOUT, NULL);
    tls = h2_world_greet(h2);
    h2_world_turn_for(h2, LONGER_MS);
    expect_calm(h2, tls);
}

#define LIMIT_TEST(test) cmocka_unit_test_setup_teardown(test, start, stop)
#define TIMER_TEST(test) cmocka_unit_test_setup_teardown(test, prepare, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LIMIT_TEST(field_sections_have_a_limit),
        LIMIT_TEST(a_bomb_of_fields_is_not_kept),
        LIMIT_TEST(continuations_have_a_limit),
        LIMIT_TEST(giving_up_what_was_not_answered_has_a_limit),
        LIMIT_TEST(making_us_reset_has_the_same_limit),
        LIMIT_TEST(a_head_nobody_can_take_has_the_same_limit),
        LIMIT_TEST(pings_have_a_limit),
        LIMIT_TEST(pings_are_more_welcome_with_streams_and_after_answers),
        TIMER_TEST(pings_in_time_are_no_flood),
        LIMIT_TEST(settings_have_a_limit),
        LIMIT_TEST(frames_with_nothing_in_them_have_a_limit),
        LIMIT_TEST(windows_have_a_limit),
        LIMIT_TEST(what_means_nothing_is_ignored),
        LIMIT_TEST(windows_for_answers_are_no_flood),
        LIMIT_TEST(streams_have_a_limit),
        TIMER_TEST(exchanges_of_all_connections_have_a_limit),
        TIMER_TEST(a_call_must_come_whole_in_time),
        TIMER_TEST(the_timer_counts_one_call_only),
        TIMER_TEST(a_field_section_must_end_in_time),
        TIMER_TEST(settings_must_be_exchanged_in_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
