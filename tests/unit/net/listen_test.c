// Binding by number, not by name, and what is told when it fails.
#include "net/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static void port_0_takes_any_and_tells_which(void **state)
{
    (void)state;
    int fd = -1;
    uint16_t port = 0;
    assert_int_equal(listen_bind("127.0.0.1", 0, &fd, &port), STATUS_OK);
    assert_int_not_equal(port, 0);
    assert_int_not_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
    assert_int_not_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);

    int second = -1;
    uint16_t ignored = 0;
    assert_int_equal(listen_bind("127.0.0.1", port, &second, &ignored), STATUS_OK);
    assert_int_equal(ignored, port); // SO_REUSEADDR: neither listens yet
    assert_int_equal(close(second), 0);
    assert_int_equal(close(fd), 0);
}

static void a_failure_keeps_errno(void **state)
{
    (void)state;
    int fd = -1;
    uint16_t port = 0;
    errno = 0;
    assert_int_equal(listen_bind("192.0.2.1", 0, &fd, &port), STATUS_IO);
    assert_int_equal(errno, EADDRNOTAVAIL);
    errno = 0;
    assert_int_equal(listen_bind("localhost", 0, &fd, &port), STATUS_IO);
    assert_int_equal(errno, EINVAL);
    assert_int_equal(fd, -1);
}

static void a_socket_handed_over_is_made_ours(void **state)
{
    (void)state;
    int bound = -1;
    uint16_t port = 0;
    uint16_t taken = 0;
    assert_int_equal(listen_bind("127.0.0.1", 0, &bound, &port), STATUS_OK);
    assert_int_equal(fcntl(bound, F_SETFL, 0), 0);
    assert_int_equal(fcntl(bound, F_SETFD, 0), 0);
    assert_int_equal(listen_take(bound, &taken), STATUS_OK);
    assert_int_equal(taken, port);
    assert_int_not_equal(fcntl(bound, F_GETFL) & O_NONBLOCK, 0);
    assert_int_not_equal(fcntl(bound, F_GETFD) & FD_CLOEXEC, 0);
    assert_int_equal(close(bound), 0);
}

static void what_is_no_tcp_socket_is_not_taken(void **state)
{
    (void)state;
    uint16_t port = 0;
    int pipes[2] = {-1, -1};
    assert_int_equal(pipe(pipes), 0);
    assert_int_equal(listen_take(pipes[0], &port), STATUS_INVALID);
    assert_int_equal(close(pipes[0]) + close(pipes[1]), 0);

    int datagrams = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(listen_take(datagrams, &port), STATUS_INVALID);
    assert_int_equal(close(datagrams), 0);

    int local = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(listen_take(local, &port), STATUS_INVALID);
    assert_int_equal(close(local), 0);
    assert_int_equal(listen_take(local, &port), STATUS_IO); // closed
    assert_int_equal(port, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(port_0_takes_any_and_tells_which),
        cmocka_unit_test(a_failure_keeps_errno),
        cmocka_unit_test(a_socket_handed_over_is_made_ours),
        cmocka_unit_test(what_is_no_tcp_socket_is_not_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
