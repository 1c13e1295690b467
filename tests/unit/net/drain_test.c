// Draining a server: clients of both protocols are asked to go, are served on, and are let go when
// they are owed nothing.
#include "net/server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/ssl.h>

#include "support/h2_world.h"
#include "support/log_capture.h"

enum {
    SHORT_MS = 50, // of a timer that is to run out
    QUITE_LONG_MS = 4 * SHORT_MS,
    LONG_MS = 600000, // of one that is not
    LAST_STREAM = 0x7fffffff,
};

static int prepare(void **state)
{
    *state = h2_world_new();
    log_capture_clear();
    return 0;
}

// The notice ends only with the client's answer to it.
static int start(void **state)
{
    (void)prepare(state);
    h2_world_start(*state,
                   &(struct server_limits){.drain_notice_ms = LONG_MS, .drain_idle_ms = SHORT_MS});
    return 0;
}

static int stop(void **state)
{
    h2_world_free(*state);
    return 0;
}

static void drain(struct h2_world *h2, const char *goaway)
{
    assert_int_equal(server_drain(h2->world->server, span_of_text(goaway)), STATUS_OK);
}

static void expect_all_gone(struct h2_world *h2)
{
    H2_UNTIL(h2, server_connections(h2->world->server) == 0);
    assert_int_equal(server_in_flight(h2->world->server), 0);
    assert_string_equal(log_captured, "");
}

// --- HTTP/2 ---

static struct h2_client *new_client(struct h2_world *h2)
{
    struct h2_client *client = h2_world_client(h2, &(struct h2_client_spec){0});
    int32_t stream = h2_client_post(client, "/echo", span_of_text("hello"), true);
    H2_UNTIL(h2, h2_client_reply(client, stream)->closed);
    return client;
}

static struct h2_raw_frame expect_notice(struct h2_world *h2, struct tls_client *tls)
{
    struct h2_raw_frame goaway = h2_world_expect(h2, tls, NGHTTP2_GOAWAY);
    assert_int_equal(h2_raw_number(&goaway, 0), LAST_STREAM);
    assert_int_equal(h2_raw_number(&goaway, 4), NGHTTP2_NO_ERROR);
    return h2_world_expect(h2, tls, NGHTTP2_PING);
}

static void answer_ping(struct tls_client *tls, const struct h2_raw_frame *ping)
{
    uint8_t payload[8];
    memcpy(payload, ping->payload.data, sizeof(payload));
    h2_raw_send(tls, NGHTTP2_PING, NGHTTP2_FLAG_ACK, 0, span_of(payload, sizeof(payload)));
}

static void an_idle_client_goes(void **state)
{
    struct h2_world *h2 = *state;
    struct tls_client *tls = h2_world_raw(h2);
    tls_client_send(tls, h2_raw_preface());
    (void)h2_world_expect(h2, tls, NGHTTP2_SETTINGS);
    drain(h2, "");
    struct h2_raw_frame ping = expect_notice(h2, tls);
    world_settle(h2->world);
    assert_false(tls->ended);
    answer_ping(tls, &ping);
    struct h2_raw_frame goaway = h2_world_expect(h2, tls, NGHTTP2_GOAWAY);
    assert_int_equal(h2_raw_number(&goaway, 0), 0);
    assert_int_equal(h2_raw_number(&goaway, 4), NGHTTP2_NO_ERROR);
    H2_UNTIL(h2, tls->ended);
    assert_true(tls->clean);
    expect_all_gone(h2);
}

enum { WHOLE = NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM };

// Streams that the client opened before it could know are served; those after are not.
static void what_was_opened_in_time_is_served(void **state)
{
    struct h2_world *h2 = *state;
    struct tls_client *tls = h2_world_raw(h2);
    tls_client_send(tls, h2_raw_preface());
    h2_raw_request(tls, 1, WHOLE, "/kept");
    H2_UNTIL(h2, h2->seen_count == 1);
    drain(h2, "");
    struct h2_raw_frame ping = expect_notice(h2, tls);
    h2_raw_request(tls, 3, WHOLE, "/kept");
    H2_UNTIL(h2, h2->seen_count == 2);
    assert_int_equal(server_in_flight(h2->world->server), 2);
    answer_ping(tls, &ping);
    struct h2_raw_frame goaway = h2_world_expect(h2, tls, NGHTTP2_GOAWAY);
    assert_int_equal(h2_raw_number(&goaway, 0), 3);
    assert_int_equal(h2_raw_number(&goaway, 4), NGHTTP2_NO_ERROR);
    h2_raw_request(tls, 5, WHOLE, "/kept");
    world_settle(h2->world);
    assert_int_equal(h2->seen_count, 2);
    h2_world_answer(h2, &h2->seen[1], span_of_text("second"), NULL);
    h2_world_answer(h2, &h2->seen[0], span_of_text("first"), NULL);
    struct h2_raw_frame body = h2_world_expect(h2, tls, NGHTTP2_DATA);
    assert_int_equal(body.stream, 1); // both left in one turn
    body = h2_world_expect(h2, tls, NGHTTP2_DATA);
    assert_int_equal(body.stream, 3);
    H2_UNTIL(h2, tls->ended);
    assert_true(tls->clean);
    expect_all_gone(h2);
}

static void the_notice_does_not_wait_for_ever(void **state)
{
    struct h2_world *h2 = *state;
    h2_world_start(h2, &(struct server_limits){.drain_notice_ms = SHORT_MS});
    struct tls_client *tls = h2_world_raw(h2);
    tls_client_send(tls, h2_raw_preface());
    h2_raw_request(tls, 1, WHOLE, "/kept");
    H2_UNTIL(h2, h2->seen_count == 1);
    drain(h2, "");
    (void)expect_notice(h2, tls);
    struct h2_raw_frame goaway = h2_world_expect(h2, tls, NGHTTP2_GOAWAY);
    assert_int_equal(h2_raw_number(&goaway, 0), 1);
    h2_world_answer(h2, &h2->seen[0], span_of_text("answer"), NULL);
    (void)h2_world_expect(h2, tls, NGHTTP2_DATA);
    H2_UNTIL(h2, tls->ended);
    expect_all_gone(h2);
}

static void a_call_that_is_still_coming_is_waited_for(void **state)
{
    struct h2_world *h2 = *state;
    struct h2_client *client = new_client(h2);
    int32_t stream = h2_client_post(client, "/echo", span_of_text("ha"), false);
    H2_UNTIL(h2, h2->seen_count == 2);
    drain(h2, "");
    H2_UNTIL(h2, client->goaways == 2);
    world_settle(h2->world);
    assert_false(client->tls->ended);
    h2_client_send(client, stream, span_of_text("lf"), true);
    H2_UNTIL(h2, h2_client_reply(client, stream)->closed);
    assert_true(span_is_text(buffer_span(&h2_client_reply(client, stream)->body), "half"));
    expect_all_gone(h2);
}

// An answer that waits for the client's window is owed too.
static void an_answer_that_has_not_left_is_waited_for(void **state)
{
    struct h2_world *h2 = *state;
    struct h2_client *client =
        h2_world_client(h2, &(struct h2_client_spec){.holds_windows = true, .window = 1});
    int32_t stream = h2_client_post(client, "/echo", span_of_text("answer"), true);
    H2_UNTIL(h2, h2_client_reply(client, stream)->body.len == 1);
    drain(h2, "");
    H2_UNTIL(h2, client->goaways == 2);
    world_settle(h2->world);
    assert_int_equal(server_in_flight(h2->world->server), 1);
    h2_client_give(client, stream, 5);
    H2_UNTIL(h2, h2_client_reply(client, stream)->closed);
    assert_int_equal(h2_client_reply(client, stream)->code, NGHTTP2_NO_ERROR);
    expect_all_gone(h2);
}

static void open_streams_do_not_hold_it_up(void **state)
{
    struct h2_world *h2 = *state;
    struct h2_client *client = new_client(h2);
    int32_t open = h2_client_post(client, "/open", span_of_text("x"), false);
    int32_t call = h2_client_post(client, "/kept", span_of_text("x"), true);
    H2_UNTIL(h2, h2->seen_count == 3 && h2->seen[2].wholes == 1);
    drain(h2, "");
    H2_UNTIL(h2, client->goaways == 2);
    world_settle(h2->world);
    assert_int_equal(h2->seen[1].gones, 0);
    h2_world_answer(h2, &h2->seen[2], span_of_text("answer"), NULL);
    H2_UNTIL(h2, h2_client_reply(client, call)->closed && h2_client_reply(client, open)->closed);
    assert_int_equal(h2_client_reply(client, call)->status, 200);
    assert_int_equal(h2_client_reply(client, open)->code, NGHTTP2_CANCEL);
    expect_all_gone(h2);
}

static void who_comes_later_is_told_at_once(void **state)
{
    struct h2_world *h2 = *state;
    drain(h2, "");
    struct tls_client *tls = h2_world_raw(h2);
    tls_client_send(tls, h2_raw_preface());
    struct h2_raw_frame ping = expect_notice(h2, tls);
    answer_ping(tls, &ping);
    H2_UNTIL(h2, tls->ended);
    expect_all_gone(h2);
}

// --- frames ---

static void expect_frame(struct h2_world *h2, struct tls_client *client, const char *text)
{
    struct span frame = {0};
    H2_UNTIL(h2, tls_client_take(client, &frame));
    assert_true(span_is_text(frame, text));
}

static struct tls_client *new_till(struct h2_world *h2)
{
    struct tls_client *till = world_till(h2->world);
    tls_client_send_frame(till, span_of_text("hello"));
    expect_frame(h2, till, "hello");
    return till;
}

static void an_idle_till_goes(void **state)
{
    struct h2_world *h2 = *state;
    struct tls_client *till = new_till(h2);
    drain(h2, "goaway");
    expect_frame(h2, till, "goaway");
    H2_UNTIL(h2, till->ended);
    assert_true(till->clean);
    assert_int_equal(till->taken, till->input.len);
    expect_all_gone(h2);
}

static void no_frame_need_be_said(void **state)
{
    struct h2_world *h2 = *state;
    struct tls_client *till = new_till(h2);
    drain(h2, "");
    H2_UNTIL(h2, till->ended);
    assert_int_equal(till->taken, till->input.len);
    expect_all_gone(h2);
}

static void a_till_that_is_owed_an_answer_stays(void **state)
{
    struct h2_world *h2 = *state;
    struct tls_client *till = new_till(h2);
    h2->world->keep = true;
    tls_client_send_frame(till, span_of_text("question"));
    H2_UNTIL(h2, h2->world->kept_count == 1);
    drain(h2, "goaway");
    expect_frame(h2, till, "goaway");
    h2_world_turn_for(h2, QUITE_LONG_MS);
    assert_false(till->ended);
    assert_int_equal(server_in_flight(h2->world->server), 1);
    world_answer(h2->world, 0);
    expect_frame(h2, till, "question");
    expect_all_gone(h2);
}

static void a_till_that_has_begun_a_frame_may_end_it(void **state)
{
    struct h2_world *h2 = *state;
    struct tls_client *till = new_till(h2);
    tls_client_send(till, span_of("\0\0\0\2o", 5));
    world_settle(h2->world);
    drain(h2, "goaway");
    expect_frame(h2, till, "goaway");
    h2_world_turn_for(h2, QUITE_LONG_MS);
    assert_false(till->ended);
    tls_client_send(till, span_of("k", 1));
    expect_frame(h2, till, "ok");
    expect_all_gone(h2);
}

// The client's next frame as TLS makes it, cut in two; the second half is not on the wire yet.
static size_t send_half_a_record(struct tls_client *till, const char *bytes, size_t len,
                                 uint8_t *ret_rest)
{
    uint8_t record[256];
    BIO *memory = BIO_new(BIO_s_mem());
    assert_non_null(memory);
    BIO *socket = SSL_get_wbio(till->ssl);
    assert_int_equal(BIO_up_ref(socket), 1);
    SSL_set0_wbio(till->ssl, memory);
    assert_int_equal(SSL_write(till->ssl, bytes, (int)len), len);
    int made = BIO_read(memory, record, sizeof(record));
    SSL_set0_wbio(till->ssl, socket);
    assert_in_range(made, len, sizeof(record) - 1);
    assert_int_equal(write(till->fd, record, len), len);
    memcpy(ret_rest, record + len, (size_t)made - len);
    return (size_t)made - len;
}

static void a_till_whose_record_has_begun_may_end_it(void **state)
{
    struct h2_world *h2 = *state;
    struct tls_client *till = new_till(h2);
    uint8_t rest[256];
    drain(h2, "goaway");
    expect_frame(h2, till, "goaway");
    size_t rest_len = send_half_a_record(till, "\0\0\0\5hello", 9, rest);
    h2_world_turn_for(h2, QUITE_LONG_MS);
    assert_false(till->ended);
    assert_int_equal(write(till->fd, rest, rest_len), rest_len);
    expect_frame(h2, till, "hello");
    expect_all_gone(h2);
}

// Nor may it hide behind half a record for ever.
static void a_record_begun_must_end_in_time(void **state)
{
    struct h2_world *h2 = *state;
    h2_world_start(h2, &(struct server_limits){.frame_ms = SHORT_MS});
    struct tls_client *till = new_till(h2);
    uint8_t rest[256];
    (void)send_half_a_record(till, "\0\0\0\5hello", 9, rest);
    H2_UNTIL(h2, till->ended);
    assert_int_equal(log_capture_count("a frame took too long"), 1);
}

// Silence is cut short by a frame that begins, and counted anew when it is answered.
static void a_till_that_speaks_again_is_answered(void **state)
{
    struct h2_world *h2 = *state;
    h2_world_start(h2, &(struct server_limits){.drain_idle_ms = 1000});
    struct tls_client *till = new_till(h2);
    drain(h2, "goaway");
    expect_frame(h2, till, "goaway");
    for (int i = 0; i < 6; i++) {
        tls_client_send(till, span_of("\0\0\0\2o", 5));
        h2_world_turn_for(h2, 150);
        tls_client_send(till, span_of("k", 1));
        expect_frame(h2, till, "ok");
        h2_world_turn_for(h2, 150);
    }
    assert_false(till->ended);
    expect_all_gone(h2);
}

static void a_frame_begun_in_a_drain_must_end_in_time(void **state)
{
    struct h2_world *h2 = *state;
    h2_world_start(h2, &(struct server_limits){.frame_ms = SHORT_MS, .drain_idle_ms = LONG_MS});
    struct tls_client *till = new_till(h2);
    drain(h2, "goaway");
    expect_frame(h2, till, "goaway");
    tls_client_send(till, span_of("\0\0\0\2o", 5));
    H2_UNTIL(h2, till->ended);
    assert_int_equal(log_capture_count("a frame took too long"), 1);
}

static void a_till_that_comes_later_is_told_at_once(void **state)
{
    struct h2_world *h2 = *state;
    drain(h2, "goaway");
    struct tls_client *till = world_till(h2->world);
    tls_client_send_frame(till, span_of_text("hello"));
    expect_frame(h2, till, "goaway");
    expect_frame(h2, till, "hello");
    expect_all_gone(h2);
}

#define DRAIN_TEST(test) cmocka_unit_test_setup_teardown(test, start, stop)
#define TIMER_TEST(test) cmocka_unit_test_setup_teardown(test, prepare, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DRAIN_TEST(an_idle_client_goes),
        DRAIN_TEST(what_was_opened_in_time_is_served),
        TIMER_TEST(the_notice_does_not_wait_for_ever),
        DRAIN_TEST(a_call_that_is_still_coming_is_waited_for),
        DRAIN_TEST(an_answer_that_has_not_left_is_waited_for),
        DRAIN_TEST(open_streams_do_not_hold_it_up),
        DRAIN_TEST(who_comes_later_is_told_at_once),
        DRAIN_TEST(an_idle_till_goes),
        DRAIN_TEST(no_frame_need_be_said),
        DRAIN_TEST(a_till_that_is_owed_an_answer_stays),
        DRAIN_TEST(a_till_that_has_begun_a_frame_may_end_it),
        DRAIN_TEST(a_till_whose_record_has_begun_may_end_it),
        TIMER_TEST(a_record_begun_must_end_in_time),
        TIMER_TEST(a_till_that_speaks_again_is_answered),
        TIMER_TEST(a_frame_begun_in_a_drain_must_end_in_time),
        DRAIN_TEST(a_till_that_comes_later_is_told_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
