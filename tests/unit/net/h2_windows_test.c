// Flow control both ways: what a client may send unasked, what it takes when it likes, and what
// waits for it meanwhile.
#include "net/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/limits.h"
#include "support/h2_world.h"
#include "support/log_capture.h"

enum { LONG_BYTES = 102400, MORE_BYTES = 51200, SHORT_MS = 200, CALM_MS = 1000 };

static uint8_t long_text[2 * LIMIT_CONNECTION_OUTPUT_BYTES];

static int prepare(void **state)
{
    for (size_t i = 0; i < sizeof(long_text); i++) {
        long_text[i] = (uint8_t)(i * 7 + i / 251);
    }
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

// Until the client has seen the server's settings: the first stream would have the default window.
static struct h2_client *new_client(struct h2_world *h2, const struct h2_client_spec *spec)
{
    struct h2_client *client = h2_world_client(h2, spec);
    int32_t stream = h2_client_post(client, "/echo", span_of_text("hello"), true);
    if (spec->window == 0) {
        H2_UNTIL(h2, h2_client_reply(client, stream)->closed);
    } else {
        H2_UNTIL(h2, h2->seen_count > 0 && h2->seen[h2->seen_count - 1].wholes == 1);
        h2_client_reset(client, stream, NGHTTP2_CANCEL);
        H2_UNTIL(h2, h2->seen[h2->seen_count - 1].gones == 1);
    }
    return client;
}

static struct h2_seen *last_seen(const struct h2_world *h2)
{
    return &h2->seen[h2->seen_count - 1];
}

static void more_than_the_window_comes_only_when_asked_for(void **state)
{
    struct h2_world *h2 = *state;
    struct h2_client *client = new_client(h2, &(struct h2_client_spec){0});
    (void)h2_client_post(client, "/kept", span_of(long_text, LONG_BYTES), true);
    H2_UNTIL(h2, h2->seen_count == 2);
    const struct h2_seen *seen = last_seen(h2);
    world_settle(h2->world);
    assert_int_equal(seen->body.len, HTTP_WINDOW_BYTES);
    http_want(h2->world->server, seen->exchange, 1);
    world_settle(h2->world);
    assert_int_equal(seen->body.len, HTTP_WINDOW_BYTES + 1);
    http_want(h2->world->server, seen->exchange, MORE_BYTES);
    world_settle(h2->world);
    assert_int_equal(seen->body.len, HTTP_WINDOW_BYTES + 1 + MORE_BYTES);
    assert_int_equal(seen->wholes, 0);
    http_want(h2->world->server, seen->exchange, LONG_BYTES - seen->body.len);
    H2_UNTIL(h2, seen->wholes == 1);
    assert_true(span_equal(buffer_span(&seen->body), span_of(long_text, LONG_BYTES)));
    http_reset(h2->world->server, seen->exchange, NGHTTP2_CANCEL);
}

static void what_is_asked_for_early_comes_at_once(void **state)
{
    struct h2_world *h2 = *state;
    struct h2_client *client = new_client(h2, &(struct h2_client_spec){0});
    int32_t stream = h2_client_post(client, "/kept", span_of_text(""), false);
    H2_UNTIL(h2, h2->seen_count == 2);
    const struct h2_seen *seen = last_seen(h2);
    http_want(h2->world->server, seen->exchange, LONG_BYTES - HTTP_WINDOW_BYTES);
    h2_client_send(client, stream, span_of(long_text, sizeof(long_text)), true);
    H2_UNTIL(h2, seen->body.len == LONG_BYTES);
    world_settle(h2->world);
    assert_int_equal(seen->body.len, LONG_BYTES);
}

// Ten times the connection's window, in streams that nobody asks more of.
static void the_connection_window_is_always_given_back(void **state)
{
    struct h2_world *h2 = *state;
    struct h2_client *client = new_client(h2, &(struct h2_client_spec){0});
    enum { STREAMS = 40 };
    for (int i = 0; i < STREAMS; i++) {
        (void)h2_client_post(client, "/kept", span_of(long_text, LONG_BYTES), true);
    }
    H2_UNTIL(h2, h2->seen_count == STREAMS + 1 && last_seen(h2)->body.len == HTTP_WINDOW_BYTES);
    for (size_t i = 1; i <= STREAMS; i++) {
        assert_int_equal(h2->seen[i].body.len, HTTP_WINDOW_BYTES);
    }
    int32_t stream = h2_client_post(client, "/echo", span_of_text("still"), true);
    H2_UNTIL(h2, h2_client_reply(client, stream)->closed);
    assert_string_equal(log_captured, "");
}

// Two bytes of each frame are text, the rest padding that nobody can ask for.
static void padding_is_given_back(void **state)
{
    struct h2_world *h2 = *state;
    struct tls_client *tls = h2_world_greet(h2);
    h2_raw_request(tls, 1, NGHTTP2_FLAG_END_HEADERS, "/kept");
    uint8_t padded[3 + 200] = {200, 'o', 'k'};
    for (size_t sent = 0; sent < 1000; sent += 2) {
        h2_raw_send(tls, NGHTTP2_DATA, NGHTTP2_FLAG_PADDED, 1, span_of(padded, sizeof(padded)));
        (void)h2_world_expect(h2, tls, NGHTTP2_WINDOW_UPDATE);
    }
    H2_UNTIL(h2, h2->seen_count == 1 && h2->seen[0].body.len == 1000);
}

// What the kernel may take of one connection's output.
static size_t kernel_takes_bytes(void)
{
    unsigned long most = 0;
    FILE *file = fopen("/proc/sys/net/ipv4/tcp_wmem", "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%*u %*u %lu", &most), 1); // NOLINT(cert-err34-c)
    assert_int_equal(fclose(file), 0);
    return most;
}

// Each frame has one byte of text, and padding that is given back by a frame of ours. The peer
// reads none of these, more than the kernel takes: then he is not read either, and nothing is lost.
static void frames_to_be_sent_do_not_pile_up(void **state)
{
    struct h2_world *h2 = *state;
    struct tls_client *tls = h2_world_greet(h2);
    enum { SMALL_BYTES = 65536, OURS_BYTES = 13, SPARE = 200000 };
    const size_t frames = kernel_takes_bytes() / OURS_BYTES + SPARE;
    const int small = SMALL_BYTES;
    assert_int_equal(setsockopt(tls->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
    h2_raw_request(tls, 1, NGHTTP2_FLAG_END_HEADERS, "/open");
    H2_UNTIL(h2, h2->seen_count == 1);
    http_want(h2->world->server, h2->seen[0].exchange, frames);
    tls->stopped_reading = true;
    for (size_t i = 0; i < frames; i++) {
        h2_raw_send(tls, NGHTTP2_DATA, NGHTTP2_FLAG_PADDED, 1, span_of("\1x", 3));
    }
    world_settle(h2->world);
    assert_true(h2->seen[0].body.len < frames);
    tls->stopped_reading = false;
    H2_UNTIL(h2, h2->seen[0].body.len == frames);
    assert_string_equal(log_captured, "");
}

static void a_stuck_stream_does_not_hold_up_others(void **state)
{
    struct h2_world *h2 = *state;
    struct h2_client *client =
        new_client(h2, &(struct h2_client_spec){.holds_windows = true, .window = 1000});
    (void)h2_client_post(client, "/kept", span_of_text("x"), true);
    H2_UNTIL(h2, h2->seen_count == 2 && last_seen(h2)->wholes == 1);
    const struct h2_seen *stuck = last_seen(h2);
    h2_world_answer(h2, last_seen(h2), span_of(long_text, LONG_BYTES), NULL);
    const struct h2_reply *late = h2_client_reply(client, 3);
    H2_UNTIL(h2, late->body.len == 1000);
    for (int i = 0; i < 20; i++) {
        int32_t stream = h2_client_post(client, "/echo", span_of(long_text, 900), true);
        H2_UNTIL(h2, h2_client_reply(client, stream)->closed);
        h2_client_give(client, 0, 900);
        assert_int_equal(h2_client_reply(client, stream)->body.len, 900);
    }
    assert_int_equal(http_unsent(stuck->exchange), LONG_BYTES - 1000);
    h2_client_give(client, 0, LONG_BYTES);
    h2_client_give(client, 3, LONG_BYTES);
    H2_UNTIL(h2, late->closed);
    assert_true(span_equal(buffer_span(&late->body), span_of(long_text, LONG_BYTES)));
    assert_string_equal(log_captured, "");
}

// The first fills the connection's memory, so the second must wait, and a third is refused.
static void too_much_unsent_refuses_and_then_makes_room(void **state)
{
    struct h2_world *h2 = *state;
    struct server *server = h2->world->server;
    struct h2_client *client =
        new_client(h2, &(struct h2_client_spec){.holds_windows = true, .window = 1000});
    (void)h2_client_post(client, "/kept", span_of_text("first"), true);
    (void)h2_client_post(client, "/kept", span_of_text("second"), true);
    H2_UNTIL(h2, h2->seen_count == 3 && last_seen(h2)->wholes == 1);
    const struct h2_seen *first = &h2->seen[1];
    const struct h2_seen *second = &h2->seen[2];
    http_head(server, first->exchange, 200, NULL, 0);
    http_head(server, second->exchange, 200, NULL, 0);
    assert_true(http_body(server, first->exchange, span_of(long_text, sizeof(long_text))));
    assert_false(http_body(server, first->exchange, span_of_text("more")));
    assert_false(http_body(server, second->exchange, span_of_text("some")));
    int32_t third = h2_client_post(client, "/kept", span_of_text("third"), true);
    H2_UNTIL(h2, h2_client_reply(client, third)->closed);
    assert_int_equal(h2_client_reply(client, third)->code, NGHTTP2_REFUSED_STREAM);
    assert_int_equal(h2->seen_count, 3);
    assert_int_equal(second->rooms, 0);
    h2_client_give(client, 0, sizeof(long_text));
    h2_client_give(client, 3, sizeof(long_text));
    H2_UNTIL(h2, first->rooms == 1 && second->rooms == 1);
    assert_true(http_unsent(first->exchange) <= HTTP_ROOM_BYTES / 2);
    assert_true(http_body(server, second->exchange, span_of_text("some")));
    H2_UNTIL(h2, h2_client_reply(client, 5)->body.len == 4);
    http_end(server, first->exchange, NULL, 0);
    http_end(server, second->exchange, NULL, 0);
    H2_UNTIL(h2, h2_client_reply(client, 3)->closed);
    assert_true(span_equal(buffer_span(&h2_client_reply(client, 3)->body),
                           span_of(long_text, sizeof(long_text))));
}

enum { CHUNK_BYTES = 48 * 1024, CHUNKS = 400 };

static size_t chunks_given;
static size_t most_unsent;

static void give_chunk(struct h2_world *h2, struct h2_seen *seen)
{
    if (chunks_given == CHUNKS) {
        http_end(h2->world->server, seen->exchange, NULL, 0);
        return;
    }
    assert_true(http_body(h2->world->server, seen->exchange, span_of(long_text, CHUNK_BYTES)));
    chunks_given++;
    size_t unsent = http_unsent(seen->exchange);
    most_unsent = unsent > most_unsent ? unsent : most_unsent;
}

static void a_long_answer_flows_as_room_is_told(void **state)
{
    struct h2_world *h2 = *state;
    struct h2_client *client = new_client(h2, &(struct h2_client_spec){0});
    chunks_given = 0;
    most_unsent = 0;
    h2->on_room = give_chunk;
    int32_t stream = h2_client_post(client, "/open", span_of_text("x"), true);
    H2_UNTIL(h2, h2->seen_count == 2 && last_seen(h2)->wholes == 1);
    http_head(h2->world->server, last_seen(h2)->exchange, 200, NULL, 0);
    give_chunk(h2, last_seen(h2));
    const struct h2_reply *reply = h2_client_reply(client, stream);
    H2_UNTIL(h2, reply->closed);
    assert_int_equal(reply->body.len, (size_t)CHUNKS * CHUNK_BYTES);
    assert_int_equal(last_seen(h2)->rooms, CHUNKS);
    assert_true(most_unsent <= HTTP_ROOM_BYTES / 2 + CHUNK_BYTES);
}

static void who_gives_no_window_is_closed(void **state)
{
    struct h2_world *h2 = *state;
    h2_world_start(h2, &(struct server_limits){.http_take_ms = SHORT_MS});
    struct h2_client *client =
        new_client(h2, &(struct h2_client_spec){.holds_windows = true, .window = 4});
    (void)h2_client_post(client, "/echo", span_of_text("too long"), true);
    H2_UNTIL(h2, log_capture_count("\n") > 0);
    assert_int_equal(log_capture_count("it does not take its answers"), 1);
    H2_UNTIL(h2, server_connections(h2->world->server) == 0);
    assert_int_equal(last_seen(h2)->gones, 1);
}

static void who_reads_nothing_is_closed(void **state)
{
    struct h2_world *h2 = *state;
    h2_world_start(h2, &(struct server_limits){.http_take_ms = SHORT_MS});
    struct h2_client *client = new_client(h2, &(struct h2_client_spec){0});
    h2_client_give(client, 0, 1 << 30);
    int32_t stream = h2_client_post(client, "/kept", span_of_text("x"), true);
    h2_client_give(client, stream, 1 << 30);
    H2_UNTIL(h2, h2->seen_count == 2 && last_seen(h2)->wholes == 1);
    client->tls->stopped_reading = true;
    http_head(h2->world->server, last_seen(h2)->exchange, 200, NULL, 0);
    for (time_t since = time(NULL); last_seen(h2)->exchange != NULL;
         world_wait(h2->world, since, "it is closed")) {
        (void)http_body(h2->world->server, last_seen(h2)->exchange, span_of(long_text, LONG_BYTES));
    }
    assert_int_equal(log_capture_count("it does not take its answers"), 1);
    H2_UNTIL(h2, server_connections(h2->world->server) == 0);
}

// A little at a time, for longer than the timer.
static void who_takes_a_little_is_not_closed(void **state)
{
    struct h2_world *h2 = *state;
    h2_world_start(h2, &(struct server_limits){.http_take_ms = CALM_MS});
    struct h2_client *client =
        new_client(h2, &(struct h2_client_spec){.holds_windows = true, .window = 1});
    int32_t stream = h2_client_post(client, "/echo", span_of_text("drop by drop"), true);
    const struct h2_reply *reply = h2_client_reply(client, stream);
    for (size_t i = 1; i < 12; i++) {
        H2_UNTIL(h2, reply->body.len == i);
        h2_world_turn_for(h2, CALM_MS / 6);
        h2_client_give(client, stream, 1);
    }
    H2_UNTIL(h2, reply->closed);
    assert_string_equal(log_captured, "");
}

#define WINDOW_TEST(test) cmocka_unit_test_setup_teardown(test, start, stop)
#define TIMER_TEST(test) cmocka_unit_test_setup_teardown(test, prepare, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WINDOW_TEST(more_than_the_window_comes_only_when_asked_for),
        WINDOW_TEST(what_is_asked_for_early_comes_at_once),
        WINDOW_TEST(the_connection_window_is_always_given_back),
        WINDOW_TEST(padding_is_given_back),
        WINDOW_TEST(frames_to_be_sent_do_not_pile_up),
        WINDOW_TEST(a_stuck_stream_does_not_hold_up_others),
        WINDOW_TEST(too_much_unsent_refuses_and_then_makes_room),
        WINDOW_TEST(a_long_answer_flows_as_room_is_told),
        TIMER_TEST(who_gives_no_window_is_closed),
        TIMER_TEST(who_reads_nothing_is_closed),
        TIMER_TEST(who_takes_a_little_is_not_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
