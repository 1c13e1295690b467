// Numeric addresses only: resolving a name would block the loop.
#include "store/redis_address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/check.h"
#include "store/redis.h"

enum { ONE_TURN_BYTES = 1 << 20 }; // all commands of one turn of the loop leave in one write

static enum status address_of_path(struct redis_address *address, const char *path)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    if (len == 0) {
        return STATUS_INVALID;
    }
    if (len >= sizeof(un.sun_path)) {
        return STATUS_TOO_LARGE;
    }
    memcpy(un.sun_path, path, len);
    memcpy(&address->storage, &un, sizeof(un));
    address->len = sizeof(un);
    (void)snprintf(address->text, sizeof(address->text), "%s", path);
    return STATUS_OK;
}

static enum status address_of_host(struct redis_address *address, const char *host, uint16_t port)
{
    struct sockaddr_in in4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    if (inet_pton(AF_INET, host, &in4.sin_addr) == 1) {
        memcpy(&address->storage, &in4, sizeof(in4));
        address->len = sizeof(in4);
        (void)snprintf(address->text, sizeof(address->text), "%s:%u", host, (unsigned)port);
        return STATUS_OK;
    }
    if (inet_pton(AF_INET6, host, &in6.sin6_addr) == 1) {
        memcpy(&address->storage, &in6, sizeof(in6));
        address->len = sizeof(in6);
        (void)snprintf(address->text, sizeof(address->text), "[%s]:%u", host, (unsigned)port);
        return STATUS_OK;
    }
    return STATUS_INVALID;
}

enum status redis_address_init(struct redis_address *address, const struct redis_options *options)
{
    *address = (struct redis_address){0};
    if (options->unix_path != NULL) {
        return address_of_path(address, options->unix_path);
    }
    if (options->host != NULL && options->port != 0) {
        return address_of_host(address, options->host, options->port);
    }
    return STATUS_INVALID;
}

// A socket that is connecting; -1 and errno otherwise.
static int address_socket(const struct redis_address *address)
{
    int family = address->storage.ss_family;
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    if (family != AF_UNIX) {
        int on = 1;
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    }
    if (connect(fd, (const struct sockaddr *)&address->storage, address->len) != 0 &&
        errno != EINPROGRESS) {
        int error = errno;
        (void)close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

struct bufferevent *redis_address_connect(const struct redis_address *address,
                                          struct event_base *base)
{
    int fd = address_socket(address);
    if (fd < 0) {
        return NULL;
    }
    struct bufferevent *bev = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
    if (bev == NULL) {
        (void)close(fd);
        errno = ENOMEM;
        return NULL;
    }
    CHECK(bufferevent_set_max_single_write(bev, ONE_TURN_BYTES) == 0);
    CHECK(bufferevent_set_max_single_read(bev, ONE_TURN_BYTES) == 0);
    // Without an address: it connects already. With one, a failure would call back at once.
    if (bufferevent_socket_connect(bev, NULL, 0) != 0 || bufferevent_enable(bev, EV_READ) != 0) {
        bufferevent_free(bev);
        errno = ENOMEM;
        return NULL;
    }
    return bev;
}
