// A shop's line over real sockets: it carries every byte both ways, is cut where it should be, and
// knows the difference between down, stalled and mute.
#include "till/line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { POLLS_MAX = 64, TURNS = 200, TURN_MS = 5, BIG_BYTES = 200000 };

static struct lines *lines;
static int service; // the listening socket of the far side
static int till;    // a connection through the line of shop 1
static int server;  // its other end

// Some turns of the loop.
static void turn(int turns)
{
    struct pollfd polls[POLLS_MAX];
    for (int i = 0; i < turns; i++) {
        size_t count = lines_wish(lines, polls, POLLS_MAX);
        assert_true(poll(polls, count, TURN_MS) >= 0);
        lines_poll(lines, polls, count);
    }
}

static int dial(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

// Waits, with the line at work, until there is something to read or an end; 0: the end.
static ssize_t receive(int fd, void *bytes, size_t len)
{
    for (int i = 0; i < TURNS; i++) {
        ssize_t got = recv(fd, bytes, len, MSG_DONTWAIT);
        if (got >= 0) {
            return got;
        }
        turn(1);
    }
    return -1;
}

static void assert_silent(int fd)
{
    char byte;
    turn(10);
    assert_true(recv(fd, &byte, 1, MSG_DONTWAIT) < 0);
}

static void say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static void assert_hears(int fd, const char *text)
{
    char bytes[64] = "";
    assert_int_equal(receive(fd, bytes, sizeof(bytes) - 1), (ssize_t)strlen(text));
    assert_string_equal(bytes, text);
}

static int open_line(void **state)
{
    (void)state;
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof(address);
    char target[32];
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    service = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(service, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(service, 8), 0);
    assert_int_equal(getsockname(service, (struct sockaddr *)&address, &len), 0);
    (void)snprintf(target, sizeof(target), "127.0.0.1:%u", (unsigned)ntohs(address.sin_port));
    lines = lines_new(target, 2);
    assert_non_null(lines);
    till = dial(lines_port(lines, 1));
    turn(3);
    server = accept(service, NULL, NULL);
    assert_true(server >= 0);
    return 0;
}

static int close_line(void **state)
{
    (void)state;
    lines_free(lines);
    (void)close(till);
    (void)close(server);
    (void)close(service);
    return 0;
}

static void carries_both_ways(void **state)
{
    (void)state;
    say(till, "what is the time?");
    assert_hears(server, "what is the time?");
    say(server, "noon");
    assert_hears(till, "noon");
}

static void carries_more_than_it_holds(void **state)
{
    (void)state;
    static uint8_t bytes[BIG_BYTES];
    static uint8_t come[BIG_BYTES];
    size_t sent = 0;
    size_t got = 0;
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)(i * 7 + i / 256);
    }
    while (got < sizeof(come)) {
        ssize_t put = send(till, bytes + sent, sizeof(bytes) - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        sent += put > 0 ? (size_t)put : 0;
        ssize_t took = receive(server, come + got, sizeof(come) - got);
        assert_true(took > 0);
        got += (size_t)took;
    }
    assert_memory_equal(bytes, come, sizeof(bytes));
}

static void the_end_of_one_side_is_the_other_s(void **state)
{
    (void)state;
    say(till, "bye");
    (void)close(till);
    till = -1;
    assert_hears(server, "bye");
    char byte;
    assert_int_equal(receive(server, &byte, 1), 0);
}

static void is_cut_in_the_middle(void **state)
{
    (void)state;
    assert_false(lines_cut(lines, 0, 0, 4)); // nobody is on the line of shop 0
    assert_true(lines_cut(lines, 1, 7, 4));
    say(till, "half a record");
    assert_hears(server, "half");
    char byte;
    assert_int_equal(receive(server, &byte, 1), 0);
    assert_true(receive(till, &byte, 1) <= 0);
    assert_int_equal(lines_ended(lines), 1);
}

static void down_ends_and_takes_nobody(void **state)
{
    (void)state;
    char byte;
    lines_set(lines, 1, LINE_DOWN);
    assert_int_equal(receive(till, &byte, 1), 0);
    int again = dial(lines_port(lines, 1));
    assert_int_equal(receive(again, &byte, 1), 0);
    (void)close(again);
}

static void stalled_keeps_what_it_has(void **state)
{
    (void)state;
    lines_set(lines, 1, LINE_STALLED);
    say(till, "anybody there?");
    assert_silent(server);
    lines_set(lines, 1, LINE_UP);
    assert_hears(server, "anybody there?");
}

static void mute_carries_no_answers(void **state)
{
    (void)state;
    lines_set(lines, 1, LINE_MUTE);
    say(till, "please do");
    assert_hears(server, "please do");
    say(server, "done");
    assert_silent(till);
    lines_set(lines, 1, LINE_UP);
    assert_hears(till, "done");
}

static void a_bad_target_is_none(void **state)
{
    (void)state;
    const char *const bad[] = {"", "here", "127.0.0.1", "127.0.0.1:0", "points.example:7411", ":1"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_null(lines_new(bad[i], 1));
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_line, close_line)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(carries_both_ways),
        TEST(carries_more_than_it_holds),
        TEST(the_end_of_one_side_is_the_other_s),
        TEST(is_cut_in_the_middle),
        TEST(down_ends_and_takes_nobody),
        TEST(stalled_keeps_what_it_has),
        TEST(mute_carries_no_answers),
        cmocka_unit_test(a_bad_target_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
