// Waiting clients stay in the socket's queue while the acceptor rests; when several processes share
// the socket, the others take them.
#include "net/acceptor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "base/log.h"

enum {
    BACKLOG = 4096,      // the kernel cuts it to net.core.somaxconn
    CLIENTS_A_TURN = 32, // then those already connected have their turn
    REST_MS = 200,       // without descriptors or memory
    // A peer whose host has vanished is noticed after about two minutes.
    KEEPALIVE_IDLE_S = 60,
    KEEPALIVE_INTERVAL_S = 10,
    KEEPALIVE_PROBES = 6,
};

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static void describe_address(char *text, const union address *address)
{
    char host[INET6_ADDRSTRLEN] = "?";
    if (address->any.sa_family == AF_INET6) {
        (void)inet_ntop(AF_INET6, &address->v6.sin6_addr, host, sizeof(host));
        (void)snprintf(text, ACCEPTOR_ADDRESS_BYTES, "[%s]:%u", host, ntohs(address->v6.sin6_port));
    } else {
        (void)inet_ntop(AF_INET, &address->v4.sin_addr, host, sizeof(host));
        (void)snprintf(text, ACCEPTOR_ADDRESS_BYTES, "%s:%u", host, ntohs(address->v4.sin_port));
    }
}

static void set_option(int fd, int level, int option, int value)
{
    (void)setsockopt(fd, level, option, &value, sizeof(value));
}

static void set_socket(int fd)
{
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
    set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S);
    set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES);
}

// After errno. The loop has room for the timer (net/server.h).
static void rest(struct acceptor *acceptor)
{
    if (!acceptor->starved) {
        log_event(LOG_ERROR, "accept-failed", "reason=\"%s\"", strerrordesc_np(errno));
        acceptor->starved = true;
    }
    const struct timeval wait = {.tv_usec = REST_MS * 1000L};
    (void)event_del(acceptor->readable);
    CHECK(event_add(acceptor->rested, &wait) == 0);
}

// The kernel may have no room for another descriptor to be watched.
static void watch(struct acceptor *acceptor)
{
    if (event_add(acceptor->readable, NULL) != 0) {
        rest(acceptor);
    }
}

// Accepts one. Returns whether to try for another.
static bool accept_client(struct acceptor *acceptor)
{
    union address address = {0};
    socklen_t len = sizeof(address);
    int fd = accept4(acceptor->fd, &address.any, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
        char text[ACCEPTOR_ADDRESS_BYTES];
        describe_address(text, &address);
        set_socket(fd);
        acceptor->starved = false;
        acceptor->paused = !acceptor->on_client(acceptor->context, fd, text);
        return !acceptor->paused;
    }
    switch (errno) {
    case EAGAIN:
        return false;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
        rest(acceptor);
        return false;
    default: // a client that has left again, or an error of its network (accept(2))
        return true;
    }
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct acceptor *acceptor = context;
    for (int i = 0; i < CLIENTS_A_TURN; i++) {
        if (!accept_client(acceptor)) {
            break;
        }
    }
    if (acceptor->paused) {
        (void)event_del(acceptor->readable);
    }
}

static void on_rested(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct acceptor *acceptor = context;
    if (!acceptor->paused) {
        watch(acceptor);
    }
}

enum status acceptor_init(struct acceptor *acceptor, struct event_base *base, int fd,
                          acceptor_client_fn *on_client, void *context)
{
    *acceptor = (struct acceptor){.fd = -1, .on_client = on_client, .context = context};
    if (evutil_make_socket_nonblocking(fd) != 0 || listen(fd, BACKLOG) != 0) {
        return STATUS_IO;
    }
    acceptor->readable = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, acceptor);
    acceptor->rested = event_new(base, -1, 0, on_rested, acceptor);
    if (acceptor->readable == NULL || acceptor->rested == NULL ||
        event_add(acceptor->readable, NULL) != 0) {
        acceptor_fini(acceptor);
        return STATUS_NO_MEMORY;
    }
    acceptor->fd = fd;
    return STATUS_OK;
}

void acceptor_fini(struct acceptor *acceptor)
{
    if (acceptor->readable != NULL) {
        event_free(acceptor->readable);
    }
    if (acceptor->rested != NULL) {
        event_free(acceptor->rested);
    }
    if (acceptor->fd >= 0) {
        (void)close(acceptor->fd);
    }
    *acceptor = (struct acceptor){.fd = -1};
}

void acceptor_resume(struct acceptor *acceptor)
{
    if (!acceptor->paused || acceptor->held) {
        return;
    }
    acceptor->paused = false;
    if (event_pending(acceptor->rested, EV_TIMEOUT, NULL) == 0) {
        watch(acceptor);
    }
}

void acceptor_hold(struct acceptor *acceptor)
{
    if (acceptor->fd >= 0) {
        acceptor->held = true;
        acceptor->paused = true;
        (void)event_del(acceptor->readable);
    }
}

void acceptor_release(struct acceptor *acceptor)
{
    acceptor->held = false;
    acceptor_resume(acceptor);
}
