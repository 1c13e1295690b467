// Every bound of a connection and of the server: time, requests, output, places, descriptors.
#include "net/server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/limits.h"
#include "net/stream.h"
#include "support/log_capture.h"
#include "support/server_world.h"

static int prepare(void **state)
{
    *state = world_new();
    log_capture_clear();
    return 0;
}

static int stop(void **state)
{
    world_free(*state);
    return 0;
}

static int64_t now_ms(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void turn_for(struct world *world, int ms)
{
    for (int64_t end = now_ms() + ms; now_ms() < end;) {
        (void)world_turn(world);
    }
}

static void expect_frame(struct world *world, struct tls_client *client, const char *text)
{
    struct span frame = {0};
    WORLD_UNTIL(world, tls_client_take(client, &frame));
    if (!span_is_text(frame, text)) {
        fail_msg("got \"%.*s\" for \"%s\"", (int)frame.len, frame.data, text);
    }
}

static void expect_line(const char *event, const char *reason)
{
    if (log_capture_count("\n") != 1 || log_capture_count(event) != 1 ||
        log_capture_count(reason) != 1) {
        fail_msg("expected one line of %s \"%s\" in: %s", event, reason, log_captured);
    }
}

enum {
    SHORT_MS = 200, // of a timer that is to run out
    CALM_MS = 1000, // of one that is not: no stall of a busy machine is as long
    PACE_MS = 10,
    PATIENCE_MS = 60000,
    CLOCK_MS = 20, // the loop counts from the start of its turn, by a coarse clock
};

static void silence_does_not_outlast_the_handshake_timer(void **state)
{
    struct world *world = *state;
    world_start(world, &(struct server_limits){.handshake_ms = SHORT_MS});
    struct tls_client *client = world_till(world);
    client->ended = true; // it is not stepped
    int64_t start = now_ms();
    WORLD_UNTIL(world, log_capture_count("\n") > 0);
    assert_true(now_ms() - start >= SHORT_MS - CLOCK_MS);
    expect_line("connection-refused", "the handshake took too long");
}

// A ClientHello that declares 300 bytes and never has them.
static void dripping_does_not_stretch_the_handshake_timer(void **state)
{
    struct world *world = *state;
    world_start(world, &(struct server_limits){.handshake_ms = SHORT_MS});
    struct tls_client *client = world_till(world);
    client->ended = true;
    assert_int_equal(write(client->fd, "\x16\x03\x01\x01\x2c\x01\x00\x01\x28", 9), 9);
    int64_t start = now_ms();
    for (int64_t next = start; log_capture_count("\n") == 0;) {
        (void)world_turn(world);
        if (now_ms() >= next) {
            assert_int_equal(write(client->fd, "\x03", 1), 1);
            next += PACE_MS;
        }
        assert_true(now_ms() - start < PATIENCE_MS);
    }
    expect_line("connection-refused", "the handshake took too long");
}

static void dripping_does_not_stretch_the_frame_timer(void **state)
{
    struct world *world = *state;
    world_start(world, &(struct server_limits){.frame_ms = SHORT_MS});
    struct tls_client *client = world_till(world);
    tls_client_send(client, span_of("\0\0\xff\0", 4));
    WORLD_UNTIL(world, client->ready && tls_client_sent(client));
    int64_t start = now_ms();
    for (int64_t next = start; !client->ended;) {
        (void)world_turn(world);
        if (now_ms() >= next) {
            tls_client_send(client, span_of("x", 1));
            next += PACE_MS;
        }
        assert_true(now_ms() - start < PATIENCE_MS);
    }
    assert_true(now_ms() - start >= SHORT_MS - CLOCK_MS);
    expect_line("connection-broken", "a frame took too long");
    assert_int_equal(world->frames, 0);
}

// Many frames, each in time and cut in two, and then nothing at all, last longer than the timer.
static void the_frame_timer_counts_one_frame_only(void **state)
{
    struct world *world = *state;
    world_start(world, &(struct server_limits){.frame_ms = CALM_MS});
    struct tls_client *client = world_till(world);
    tls_client_send(client, span_of("\0\0", 2));
    for (int64_t end = now_ms() + CALM_MS * 3 / 2; now_ms() < end;) {
        turn_for(world, PACE_MS);
        tls_client_send(client, span_of("\0\2ok\0\0", 6));
        expect_frame(world, client, "ok");
    }
    tls_client_send(client, span_of("\0\2ok", 4));
    expect_frame(world, client, "ok");
    turn_for(world, CALM_MS * 3 / 2);
    assert_false(client->ended);
    assert_string_equal(log_captured, "");
}

static uint8_t long_frame[LIMIT_FRAME_BYTES];

enum { LONG_FRAMES = 300 }; // twenty times LIMIT_CONNECTION_OUTPUT_BYTES

static void fill_long_frame(size_t number)
{
    memset(long_frame, (int)(number % 251), sizeof(long_frame));
}

static void send_long_frames(struct tls_client *client)
{
    for (size_t i = 0; i < LONG_FRAMES; i++) {
        fill_long_frame(i);
        tls_client_send_frame(client, span_of(long_frame, sizeof(long_frame)));
    }
}

static void who_takes_no_answers_is_closed(void **state)
{
    struct world *world = *state;
    world_start(world, &(struct server_limits){.frame_ms = 2 * CALM_MS});
    struct tls_client *client = world_till(world);
    send_long_frames(client);
    client->stopped_reading = true;
    WORLD_UNTIL(world, log_capture_count("\n") > 0);
    expect_line("connection-broken", "it does not take its answers");
    WORLD_UNTIL(world, server_connections(world->server) == 0);
}

static void unsent_answers_pause_reading_and_nothing_is_lost(void **state)
{
    struct world *world = *state;
    world_start(world, &(struct server_limits){0});
    struct tls_client *client = world_till(world);
    send_long_frames(client);
    client->stopped_reading = true;
    WORLD_UNTIL(world, client->ready);
    world_settle(world);
    // What the sockets' buffers take comes on top of the limit.
    assert_in_range(world->frames, LIMIT_CONNECTION_OUTPUT_BYTES / LIMIT_FRAME_BYTES,
                    LONG_FRAMES * 2 / 3);
    client->stopped_reading = false;
    for (size_t i = 0; i < LONG_FRAMES; i++) {
        struct span back = {0};
        WORLD_UNTIL(world, tls_client_take(client, &back));
        fill_long_frame(i);
        assert_true(span_equal(back, span_of(long_frame, sizeof(long_frame))));
    }
    assert_string_equal(log_captured, "");
}

enum { REQUESTS = 100, IN_FLIGHT = 4 };

static void send_numbers(struct tls_client *client, int from, int to)
{
    for (int i = from; i < to; i++) {
        char text[16];
        (void)snprintf(text, sizeof(text), "%d", i);
        tls_client_send_frame(client, span_of_text(text));
    }
}

static void expect_number(struct world *world, struct tls_client *client, int number)
{
    char text[16];
    (void)snprintf(text, sizeof(text), "%d", number);
    expect_frame(world, client, text);
}

static void unanswered_requests_pause_reading(void **state)
{
    struct world *world = *state;
    world->keep = true;
    world_start(world, &(struct server_limits){.in_flight = IN_FLIGHT});
    struct tls_client *client = world_till(world);
    send_numbers(client, 0, REQUESTS);
    WORLD_UNTIL(world, world->kept_count == IN_FLIGHT);
    world_settle(world);
    assert_int_equal(world->kept_count, IN_FLIGHT);
    assert_int_equal(server_in_flight(world->server), IN_FLIGHT);

    world_answer(world, 0);
    expect_number(world, client, 0);
    world_settle(world);
    assert_int_equal(world->kept_count, IN_FLIGHT); // resumes at half
    world_answer(world, 1);
    expect_number(world, client, 1);
    WORLD_UNTIL(world, world->kept_count == IN_FLIGHT + 2);
    world_settle(world);
    assert_int_equal(world->kept_count, IN_FLIGHT + 2);
    for (int i = 2; i < REQUESTS; i++) {
        WORLD_UNTIL(world, world->kept_count > (size_t)i);
        world_answer(world, (size_t)i);
        expect_number(world, client, i);
    }
    world_settle(world);
    assert_int_equal(world->kept_count, REQUESTS);
}

// However much waits in the socket, others have their turn after one read.
static void a_turn_reads_a_bounded_amount(void **state)
{
    struct world *world = *state;
    world_start(world, &(struct server_limits){0});
    struct tls_client *client = world_till(world);
    WORLD_UNTIL(world, client->ready);
    world_settle(world);
    static const uint8_t frame[1000 - 4]; // with its length 1000
    for (int i = 0; i < 100; i++) {
        tls_client_send_frame(client, span_of(frame, sizeof(frame)));
        if (i % 10 == 9) {
            assert_true(tls_client_step(client));
        }
    }
    assert_true(tls_client_sent(client));
    assert_int_equal(event_base_loop(world->base, EVLOOP_ONCE), 0); // one pass; NONBLOCK takes many
    assert_in_range(world->frames, 1, STREAM_RECORD_BYTES / 1000 + 1);
    WORLD_UNTIL(world, world->frames == 100);
}

// Several records come in one read, and nothing after them: what TLS holds, no event will announce.
static void records_held_by_tls_are_not_forgotten(void **state)
{
    struct world *world = *state;
    world->keep = true;
    world_start(world, &(struct server_limits){.in_flight = IN_FLIGHT});
    struct tls_client *client = world_till(world);
    WORLD_UNTIL(world, client->ready);
    world_settle(world);
    for (int i = 0; i < REQUESTS; i++) {
        send_numbers(client, i, i + 1);
        assert_true(tls_client_step(client)); // a record of its own
    }
    for (int i = 0; i < REQUESTS; i++) {
        WORLD_UNTIL(world, world->kept_count > (size_t)i);
        world_answer(world, (size_t)i);
        expect_number(world, client, i);
    }
}

// The bytes wait in every place there is: the inbox, TLS, and the socket; then the client
// half-closes.
static void nothing_is_lost_while_paused(void **state)
{
    struct world *world = *state;
    world->keep = true;
    world_start(world, &(struct server_limits){.in_flight = IN_FLIGHT});
    struct tls_client *client = world_till(world);
    for (int i = 0; i < 2000; i++) {
        send_numbers(client, i, i + 1);
        if (i % 3 == 0) {
            (void)tls_client_step(client); // a record of its own
        }
    }
    WORLD_UNTIL(world, client->ready && tls_client_sent(client));
    tls_client_end(client);
    for (int i = 0; i < 2000; i++) {
        WORLD_UNTIL(world, world->kept_count > (size_t)i);
        assert_true(server_in_flight(world->server) <= IN_FLIGHT);
        world_answer(world, (size_t)i);
        expect_number(world, client, i);
    }
    WORLD_UNTIL(world, client->ended);
    assert_true(client->clean);
    assert_string_equal(log_captured, "");
}

// A frame of which a part came before the pause is not late by the pause.
static void a_pause_stops_the_frame_timer(void **state)
{
    struct world *world = *state;
    world->keep = true;
    world_start(world, &(struct server_limits){.in_flight = 1, .frame_ms = CALM_MS});
    struct tls_client *client = world_till(world);
    tls_client_send(client, span_of("\0\0\0\5who", 7)); // the timer runs
    WORLD_UNTIL(world, client->ready && tls_client_sent(client));
    world_settle(world);
    tls_client_send(client, span_of("le\0\0\0\4ha", 8)); // in the pause it does not
    WORLD_UNTIL(world, world->kept_count == 1);
    turn_for(world, CALM_MS * 3 / 2);
    assert_false(client->ended);
    world_answer(world, 0);
    expect_frame(world, client, "whole");
    tls_client_send(client, span_of("lf", 2));
    WORLD_UNTIL(world, world->kept_count == 2);
    world_answer(world, 1);
    expect_frame(world, client, "half");

    tls_client_send_frame(client, span_of_text("whole"));
    tls_client_send(client, span_of("\0\0\0\4ha", 6));
    WORLD_UNTIL(world, world->kept_count == 3);
    world_answer(world, 2); // it counts from here again
    WORLD_UNTIL(world, client->ended);
    expect_line("connection-broken", "a frame took too long");
}

static void the_peer_has_time_to_read_why(void **state)
{
    struct world *world = *state;
    world_start(world, &(struct server_limits){.linger_ms = SHORT_MS});
    struct tls_client *client = world_till(world);
    tls_client_send(client, span_of("\0\0\0\0", 4));
    WORLD_UNTIL(world, client->ended);
    assert_int_equal(server_connections(world->server), 1);
    int64_t start = now_ms();
    WORLD_UNTIL(world, server_connections(world->server) == 0);
    assert_true(now_ms() - start < PATIENCE_MS);
}

static size_t count_ready(const struct world *world)
{
    size_t count = 0;
    for (size_t i = 0; i < world->client_count; i++) {
        count += world->clients[i]->ready ? 1 : 0;
    }
    return count;
}

static void above_the_cap_clients_wait(void **state)
{
    struct world *world = *state;
    world_start(world, &(struct server_limits){.connections = 3});
    for (int i = 0; i < 5; i++) {
        (void)world_till(world);
    }
    WORLD_UNTIL(world, count_ready(world) == 3);
    world_settle(world);
    assert_int_equal(count_ready(world), 3);
    assert_int_equal(server_connections(world->server), 3);
    expect_line("connections-full", "limit=3");

    for (int i = 0; i < 2; i++) {
        for (size_t k = 0; k < world->client_count; k++) {
            if (world->clients[k]->ready) {
                world_drop(world, world->clients[k]);
                break;
            }
        }
        WORLD_UNTIL(world, count_ready(world) == 3);
    }
    assert_int_equal(world->client_count, 3);
}

// Those in their handshake have no claim on the places of those who are through.
static void too_many_handshakes_wait(void **state)
{
    struct world *world = *state;
    world_start(world, &(struct server_limits){.handshakes = 2, .handshake_ms = CALM_MS});
    for (int i = 0; i < 2; i++) {
        world_till(world)->ended = true; // they keep silent
    }
    struct tls_client *client = world_till(world);
    int64_t start = now_ms();
    world_settle(world);
    assert_int_equal(server_connections(world->server), 2);
    tls_client_send_frame(client, span_of_text("hello"));
    expect_frame(world, client, "hello");
    assert_true(now_ms() - start >= CALM_MS - CLOCK_MS);
    assert_int_equal(log_capture_count("\n"), 2);
    assert_int_equal(log_capture_count("the handshake took too long"), 2);
    for (int i = 0; i < 20; i++) { // those that are done give way at once
        (void)world_till(world);
    }
    WORLD_UNTIL(world, count_ready(world) == 21);
}

static void without_descriptors_clients_wait(void **state)
{
    struct world *world = *state;
    world_start(world, &(struct server_limits){0});
    struct tls_client *client = world_till(world);
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    struct rlimit tight = before;
    tight.rlim_cur = (rlim_t)client->fd + 1; // the lowest free one is not below the newest
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
    WORLD_UNTIL(world, log_capture_count("\n") > 0);
    turn_for(world, 2 * SHORT_MS);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    expect_line("accept-failed", "Too many open files");
    assert_int_equal(server_connections(world->server), 0);
    tls_client_send_frame(client, span_of_text("hello"));
    expect_frame(world, client, "hello");
}

static void a_thousand_come_and_go(void **state)
{
    struct world *world = *state;
    world_start(world, &(struct server_limits){.handshakes = 100, .handshake_ms = PATIENCE_MS});
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 1000; i++) {
            tls_client_send_frame(world_till(world), span_of_text("hello"));
        }
        WORLD_UNTIL(world, world->frames == (size_t)(round + 1) * 1000);
        assert_int_equal(server_connections(world->server), 1000);
        for (size_t i = 1000; i > 0; i--) {
            if (i % 2 == 0) {
                expect_frame(world, world->clients[i - 1], "hello");
            }
            world_drop(world, world->clients[i - 1]);
        }
        WORLD_UNTIL(world, server_connections(world->server) == 0);
    }
    assert_int_equal(log_capture_count("connection-refused"), 0);
}

#define LIMITS_TEST(test) cmocka_unit_test_setup_teardown(test, prepare, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LIMITS_TEST(silence_does_not_outlast_the_handshake_timer),
        LIMITS_TEST(dripping_does_not_stretch_the_handshake_timer),
        LIMITS_TEST(dripping_does_not_stretch_the_frame_timer),
        LIMITS_TEST(the_frame_timer_counts_one_frame_only),
        LIMITS_TEST(who_takes_no_answers_is_closed),
        LIMITS_TEST(unsent_answers_pause_reading_and_nothing_is_lost),
        LIMITS_TEST(unanswered_requests_pause_reading),
        LIMITS_TEST(a_turn_reads_a_bounded_amount),
        LIMITS_TEST(records_held_by_tls_are_not_forgotten),
        LIMITS_TEST(nothing_is_lost_while_paused),
        LIMITS_TEST(a_pause_stops_the_frame_timer),
        LIMITS_TEST(the_peer_has_time_to_read_why),
        LIMITS_TEST(above_the_cap_clients_wait),
        LIMITS_TEST(too_many_handshakes_wait),
        LIMITS_TEST(without_descriptors_clients_wait),
        LIMITS_TEST(a_thousand_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
