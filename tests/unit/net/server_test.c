// Frames through a real server: echoed, in other order, dripped, too long, half closed, too late.
#include "net/server.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/ssl.h>

#include "base/limits.h"
#include "support/log_capture.h"
#include "support/server_world.h"

static int start(void **state)
{
    struct world *world = world_new();
    world_start(world, &(struct server_limits){0});
    log_capture_clear();
    *state = world;
    return 0;
}

static int stop(void **state)
{
    world_free(*state);
    return 0;
}

static void expect_frame(struct world *world, struct tls_client *client, const char *text)
{
    struct span frame = {0};
    WORLD_UNTIL(world, tls_client_take(client, &frame));
    if (!span_is_text(frame, text)) {
        fail_msg("got \"%.*s\" for \"%s\"", (int)frame.len, frame.data, text);
    }
}

static void a_frame_comes_back(void **state)
{
    struct world *world = *state;
    struct tls_client *client = world_till(world);
    tls_client_send_frame(client, span_of_text("hello"));
    expect_frame(world, client, "hello");
    assert_string_equal(world->last_peer.role, "pos");
    assert_string_equal(world->last_peer.unit, "store-0007/till-02");
    assert_int_equal(server_connections(world->server), 1);
    assert_int_equal(server_in_flight(world->server), 0);
}

static void an_ordinary_close_leaves_no_line(void **state)
{
    struct world *world = *state;
    struct tls_client *polite = world_till(world);
    tls_client_send_frame(polite, span_of_text("hello"));
    expect_frame(world, polite, "hello");
    tls_client_end(polite);
    WORLD_UNTIL(world, polite->ended);
    assert_true(polite->clean);
    struct tls_client *abrupt = world_till(world);
    tls_client_send_frame(abrupt, span_of_text("hello"));
    expect_frame(world, abrupt, "hello");
    world_drop(world, abrupt); // no close_notify
    WORLD_UNTIL(world, server_connections(world->server) == 0);
    assert_string_equal(log_captured, "");
}

static void an_ordinary_reset_leaves_no_line(void **state)
{
    struct world *world = *state;
    struct tls_client *client = world_till(world);
    tls_client_send_frame(client, span_of_text("hello"));
    expect_frame(world, client, "hello");
    const struct linger reset = {.l_onoff = 1, .l_linger = 0};
    assert_int_equal(setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)), 0);
    world_drop(world, client);
    WORLD_UNTIL(world, server_connections(world->server) == 0);
    assert_string_equal(log_captured, "");
}

static void a_client_that_goes_without_its_answers_is_told(void **state)
{
    struct world *world = *state;
    world->keep = true;
    struct tls_client *client = world_till(world);
    tls_client_send_frame(client, span_of_text("hello"));
    WORLD_UNTIL(world, world->kept_count == 1);
    const struct linger reset = {.l_onoff = 1, .l_linger = 0};
    assert_int_equal(setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)), 0);
    world_drop(world, client);
    world_settle(world);
    assert_int_equal(server_connections(world->server), 1);
    (void)signal(SIGPIPE, SIG_DFL); // the server must not need it ignored
    world_answer(world, 0);
    WORLD_UNTIL(world, server_connections(world->server) == 0);
    assert_int_equal(log_capture_count("\n"), 1);
    assert_int_equal(log_capture_count("connection-broken"), 1);
    assert_int_equal(log_capture_count("unsent_bytes=9"), 1);
}

static void answers_come_in_any_order(void **state)
{
    struct world *world = *state;
    world->keep = true;
    struct tls_client *client = world_till(world);
    tls_client_send_frame(client, span_of_text("first"));
    tls_client_send_frame(client, span_of_text("second"));
    tls_client_send_frame(client, span_of_text("third"));
    WORLD_UNTIL(world, world->kept_count == 3);
    assert_int_equal(server_in_flight(world->server), 3);
    world_answer(world, 2);
    world_answer(world, 0);
    expect_frame(world, client, "third");
    expect_frame(world, client, "first");
    assert_int_equal(server_in_flight(world->server), 1);
    world_answer(world, 1);
    expect_frame(world, client, "second");
}

static void answers_of_a_turn_share_a_record(void **state)
{
    struct world *world = *state;
    world->keep = true;
    struct tls_client *client = world_till(world);
    for (int i = 0; i < 100; i++) {
        tls_client_send_frame(client, span_of_text("request"));
    }
    WORLD_UNTIL(world, world->kept_count == 100);
    assert_int_equal(client->records, 0);
    for (size_t i = 0; i < 100; i++) {
        world_answer(world, i);
    }
    for (int i = 0; i < 100; i++) {
        expect_frame(world, client, "request");
    }
    assert_int_equal(client->records, 1);
}

static void a_frame_may_drip(void **state)
{
    struct world *world = *state;
    struct tls_client *client = world_till(world);
    static const char bytes[] = "\0\0\0\5hello\0\0\0\3abc";
    for (size_t i = 0; i < sizeof(bytes) - 1; i++) {
        tls_client_send(client, span_of(bytes + i, 1));
        WORLD_UNTIL(world, tls_client_sent(client));
        (void)world_turn(world);
    }
    expect_frame(world, client, "hello");
    expect_frame(world, client, "abc");
}

static void the_longest_frame_comes_back(void **state)
{
    struct world *world = *state;
    struct tls_client *client = world_till(world);
    static uint8_t frame[LIMIT_FRAME_BYTES];
    for (size_t i = 0; i < sizeof(frame); i++) {
        frame[i] = (uint8_t)(i * 31 / 7);
    }
    for (int i = 0; i < 5; i++) {
        tls_client_send_frame(client, span_of(frame, sizeof(frame)));
    }
    for (int i = 0; i < 5; i++) {
        struct span back = {0};
        WORLD_UNTIL(world, tls_client_take(client, &back));
        assert_true(span_equal(back, span_of(frame, sizeof(frame))));
    }
}

static void expect_break(struct world *world, struct span bytes, const char *reason)
{
    log_capture_clear();
    struct tls_client *client = world_till(world);
    tls_client_send_frame(client, span_of_text("good"));
    expect_frame(world, client, "good");
    tls_client_send(client, bytes);
    WORLD_UNTIL(world, client->ended);
    assert_true(client->clean);
    assert_int_equal(log_capture_count("\n"), 1);
    assert_int_equal(log_capture_count("connection-broken"), 1);
    assert_int_equal(log_capture_count("role=pos unit=store-0007/till-02"), 1);
    assert_int_equal(log_capture_count(reason), 1);
    world_drop(world, client);
    WORLD_UNTIL(world, server_connections(world->server) == 0);
}

static void bad_lengths_close(void **state)
{
    struct world *world = *state;
    expect_break(world, span_of("\0\0\0\0", 4), "a frame of length 0");
    expect_break(world, span_of("\0\1\0\1", 4),
                 "a frame over the limit"); // no byte of it is needed
    expect_break(world, span_of("\xff\xff\xff\xff", 4), "a frame over the limit");
    expect_break(world, span_of("GET / HTTP/1.1\r\n\r\n", 18), "a frame over the limit");
}

static void what_follows_a_bad_frame_is_not_handed_on(void **state)
{
    struct world *world = *state;
    struct tls_client *client = world_till(world);
    tls_client_send_frame(client, span_of_text("good"));
    tls_client_send(client, span_of("\0\0\0\0\0\0\0\1x", 9));
    WORLD_UNTIL(world, client->ended);
    assert_int_equal(world->frames, 1);
}

static void half_closed_clients_get_their_answers(void **state)
{
    struct world *world = *state;
    world->keep = true;
    struct tls_client *client = world_till(world);
    tls_client_send_frame(client, span_of_text("one"));
    tls_client_send_frame(client, span_of_text("two"));
    WORLD_UNTIL(world, client->ready && tls_client_sent(client));
    tls_client_end(client);
    WORLD_UNTIL(world, world->kept_count == 2);
    world_settle(world);
    assert_false(client->ended);
    world_answer(world, 1);
    expect_frame(world, client, "two");
    world_settle(world);
    assert_false(client->ended);
    world_answer(world, 0);
    expect_frame(world, client, "one");
    WORLD_UNTIL(world, client->ended);
    assert_true(client->clean);
    WORLD_UNTIL(world, server_connections(world->server) == 0);
    assert_string_equal(log_captured, "");
}

static void an_end_inside_a_frame_is_told(void **state)
{
    struct world *world = *state;
    struct tls_client *client = world_till(world);
    tls_client_send(client, span_of("\0\0\0\5hel", 7));
    WORLD_UNTIL(world, client->ready && tls_client_sent(client));
    tls_client_end(client);
    WORLD_UNTIL(world, client->ended);
    assert_int_equal(log_capture_count("ended inside a frame"), 1);
    assert_int_equal(world->frames, 0);
}

static void late_answers_are_dropped(void **state)
{
    struct world *world = *state;
    world->keep = true;
    struct tls_client *first = world_till(world);
    tls_client_send_frame(first, span_of_text("first"));
    WORLD_UNTIL(world, world->kept_count == 1);
    server_close(world->server, world->kept[0].connection, "a test");
    WORLD_UNTIL(world, first->ended);
    assert_int_equal(log_capture_count("in_flight=1"), 1);
    assert_int_equal(log_capture_count("reason=\"a test\""), 1);
    world_drop(world, first);
    WORLD_UNTIL(world, server_connections(world->server) == 0);
    assert_int_equal(server_in_flight(world->server), 0);

    // The next one takes the same place, but not the same id.
    struct tls_client *second = world_till(world);
    tls_client_send_frame(second, span_of_text("second"));
    WORLD_UNTIL(world, world->kept_count == 2);
    assert_true(world->kept[0].connection != world->kept[1].connection);
    world_answer(world, 0);
    server_close(world->server, world->kept[0].connection, "gone already");
    server_answer(world->server, 0, span_of_text("nobody"));
    server_answer(world->server, UINT64_MAX, span_of_text("nobody"));
    world_settle(world);
    assert_int_equal(second->records, 0);
    world_answer(world, 1);
    expect_frame(world, second, "second");
}

static void an_answer_to_a_closing_connection_is_dropped(void **state)
{
    struct world *world = *state;
    world->keep = true;
    struct tls_client *client = world_till(world);
    tls_client_send_frame(client, span_of_text("first"));
    WORLD_UNTIL(world, world->kept_count == 1);
    server_close(world->server, world->kept[0].connection, "a test");
    world_answer(world, 0);
    WORLD_UNTIL(world, client->ended);
    assert_int_equal(client->records, 0);
    assert_int_equal(server_in_flight(world->server), 0);
}

static void a_flood_of_key_updates_closes(void **state)
{
    struct world *world = *state;
    struct tls_client *client = world_till(world);
    tls_client_send_frame(client, span_of_text("hello"));
    expect_frame(world, client, "hello");
    for (int i = 0; i < 30; i++) { // frames between them make them harmless
        for (int k = 0; k < 4; k++) {
            assert_int_equal(SSL_key_update(client->ssl, SSL_KEY_UPDATE_REQUESTED), 1);
            assert_int_equal(SSL_do_handshake(client->ssl), 1);
        }
        tls_client_send_frame(client, span_of_text("hello"));
        expect_frame(world, client, "hello");
    }
    for (int k = 0; k < 40; k++) {
        assert_int_equal(SSL_key_update(client->ssl, SSL_KEY_UPDATE_NOT_REQUESTED), 1);
        assert_int_equal(SSL_do_handshake(client->ssl), 1);
    }
    WORLD_UNTIL(world, client->ended);
    assert_int_equal(log_capture_count("too many key updates"), 1);
}

static void stopping_refuses_the_new_and_keeps_the_old(void **state)
{
    struct world *world = *state;
    struct tls_client *client = world_till(world);
    tls_client_send_frame(client, span_of_text("hello"));
    expect_frame(world, client, "hello");
    server_stop_accepting(world->server);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(world->port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), -1);
    assert_int_equal(close(fd), 0);
    tls_client_send_frame(client, span_of_text("again"));
    expect_frame(world, client, "again");
}

static void freeing_sends_what_is_queued(void **state)
{
    struct world *world = *state;
    world->keep = true;
    struct tls_client *client = world_till(world);
    tls_client_send_frame(client, span_of_text("hello"));
    tls_client_send_frame(client, span_of_text("unanswered"));
    WORLD_UNTIL(world, world->kept_count == 2);
    world_answer(world, 0);
    server_free(world->server);
    world->server = NULL;
    expect_frame(world, client, "hello");
    WORLD_UNTIL(world, client->ended);
    assert_true(client->clean);
}

#define SERVER_TEST(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVER_TEST(a_frame_comes_back),
        SERVER_TEST(an_ordinary_close_leaves_no_line),
        SERVER_TEST(an_ordinary_reset_leaves_no_line),
        SERVER_TEST(a_client_that_goes_without_its_answers_is_told),
        SERVER_TEST(answers_come_in_any_order),
        SERVER_TEST(answers_of_a_turn_share_a_record),
        SERVER_TEST(a_frame_may_drip),
        SERVER_TEST(the_longest_frame_comes_back),
        SERVER_TEST(bad_lengths_close),
        SERVER_TEST(what_follows_a_bad_frame_is_not_handed_on),
        SERVER_TEST(half_closed_clients_get_their_answers),
        SERVER_TEST(an_end_inside_a_frame_is_told),
        SERVER_TEST(late_answers_are_dropped),
        SERVER_TEST(an_answer_to_a_closing_connection_is_dropped),
        SERVER_TEST(a_flood_of_key_updates_closes),
        SERVER_TEST(stopping_refuses_the_new_and_keeps_the_old),
        SERVER_TEST(freeing_sends_what_is_queued),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
