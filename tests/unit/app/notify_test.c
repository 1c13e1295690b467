// What is sent to the supervisor's socket, datagram by datagram; and that nothing is sent, nor kept
// that matters, when there is none.
#include "app/notify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

enum { MESSAGE_BYTES = 1024 };

struct listener {
    int fd;
    char said[MESSAGE_BYTES];
};

// An abstract address: nothing is left behind.
static int set_up(void **state)
{
    static struct listener listener;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int len = snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "loyalty-notify-%d",
                       (int)getpid());
    char name[sizeof address.sun_path];
    (void)snprintf(name, sizeof name, "@%s", address.sun_path + 1);
    listener.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    socklen_t bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len);
    if (bind(listener.fd, (const struct sockaddr *)&address, bytes) != 0) {
        return -1;
    }
    *state = &listener;
    return setenv("NOTIFY_SOCKET", name, 1);
}

static int tear_down(void **state)
{
    struct listener *listener = *state;
    return close(listener->fd);
}

// The next datagram; empty when there is none.
static const char *next(struct listener *listener)
{
    ssize_t len = recv(listener->fd, listener->said, MESSAGE_BYTES - 1, 0);
    listener->said[len < 0 ? 0 : len] = '\0';
    return listener->said;
}

static void test_serving(void **state)
{
    struct notify notify = {0};
    notify_store(&notify, true, NULL);
    assert_string_equal(next(*state), ""); // not before it is ready
    notify_ready(&notify);
    assert_string_equal(next(*state), "READY=1\nSTATUS=Serving.");
    notify_store(&notify, false, "a: b\nREADY=1");
    assert_string_equal(next(*state), "STATUS=Listening; the store is not ready: a: b READY=1");
    notify_store(&notify, true, NULL);
    assert_string_equal(next(*state), "STATUS=Serving.");
}

static void test_a_store_that_has_not_answered(void **state)
{
    struct notify notify = {0};
    notify_ready(&notify);
    assert_string_equal(next(*state), "READY=1\nSTATUS=Listening; the store has not answered yet.");
}

static void test_a_reload(void **state)
{
    struct notify notify = {.store_ready = true};
    notify_reloading(&notify); // before it is ready: nothing
    assert_string_equal(next(*state), "");
    notify_ready(&notify);
    (void)next(*state);
    notify_reloading(&notify);
    long long at = 0;
    assert_int_equal(sscanf(next(*state), "RELOADING=1\nMONOTONIC_USEC=%lld\n", &at), 1);
    assert_true(at > 0);
    notify_reloaded(&notify);
    assert_string_equal(next(*state), "READY=1\nSTATUS=Serving.");
}

static void test_the_end(void **state)
{
    struct notify notify = {.store_ready = true};
    notify_ready(&notify);
    (void)next(*state);
    notify_draining(&notify, 3, 2);
    assert_string_equal(next(*state), "STOPPING=1\nEXTEND_TIMEOUT_USEC=10000000\n"
                                      "STATUS=Draining: 3 requests, 2 connections left.");
    notify.told_us = 0; // long ago
    notify_draining(&notify, 0, 1);
    assert_string_equal(next(*state), "EXTEND_TIMEOUT_USEC=10000000\n"
                                      "STATUS=Draining: 0 requests, 1 connections left.");
    notify_store(&notify, false, "late");
    notify_reloading(&notify);
    notify_reloaded(&notify);
    assert_string_equal(next(*state), "");
    notify_closing(&notify);
    assert_string_equal(next(*state), "EXTEND_TIMEOUT_USEC=15000000\nSTATUS=Closing.");
}

static void test_an_end_with_nothing_in_hand(void **state)
{
    struct notify notify = {0};
    notify_ready(&notify);
    (void)next(*state);
    notify_closing(&notify);
    assert_string_equal(next(*state), "STOPPING=1\nEXTEND_TIMEOUT_USEC=15000000\nSTATUS=Closing.");
}

static void test_nobody_listens(void **state)
{
    char *name = strdup(getenv("NOTIFY_SOCKET"));
    assert_non_null(name);
    assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
    struct notify notify = {0};
    notify_ready(&notify);
    notify_draining(&notify, 1, 1);
    assert_string_equal(next(*state), "");
    assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
    free(name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_serving),
        cmocka_unit_test(test_a_store_that_has_not_answered),
        cmocka_unit_test(test_a_reload),
        cmocka_unit_test(test_the_end),
        cmocka_unit_test(test_an_end_with_nothing_in_hand),
        cmocka_unit_test(test_nobody_listens),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
