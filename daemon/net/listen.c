// getaddrinfo with numeric host and service only: no name is looked up, no DNS is asked.
#include "net/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static enum status bind_address(const struct addrinfo *address, int *ret_fd)
{
    int type = address->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK;
    int fd = socket(address->ai_family, type, address->ai_protocol);
    if (fd < 0) {
        return STATUS_IO;
    }
    const int on = 1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        bind(fd, address->ai_addr, address->ai_addrlen) != 0) {
        int saved_errno = errno;
        (void)close(fd);
        errno = saved_errno;
        return STATUS_IO;
    }
    *ret_fd = fd;
    return STATUS_OK;
}

// STATUS_INVALID for an address without a port.
static enum status bound_port(int fd, uint16_t *ret_port)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address = {0};
    socklen_t len = sizeof(address);
    if (getsockname(fd, &address.any, &len) != 0) {
        return STATUS_IO;
    }
    switch (address.any.sa_family) {
    case AF_INET:
        *ret_port = ntohs(address.v4.sin_port);
        return STATUS_OK;
    case AF_INET6:
        *ret_port = ntohs(address.v6.sin6_port);
        return STATUS_OK;
    default:
        return STATUS_INVALID;
    }
}

enum status listen_take(int fd, uint16_t *ret_port)
{
    int type = 0;
    socklen_t len = sizeof(type);
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) != 0) {
        return errno == ENOTSOCK ? STATUS_INVALID : STATUS_IO;
    }
    uint16_t port = 0;
    TRY(bound_port(fd, &port));
    if (type != SOCK_STREAM) {
        return STATUS_INVALID;
    }
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
        fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
        return STATUS_IO;
    }
    *ret_port = port;
    return STATUS_OK;
}

enum status listen_bind(const char *host, uint16_t port, int *ret_fd, uint16_t *ret_port)
{
    const struct addrinfo hints = {
        .ai_family = AF_UNSPEC,
        .ai_socktype = SOCK_STREAM,
        .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
    };
    char service[8];
    (void)snprintf(service, sizeof(service), "%u", (unsigned)port);
    struct addrinfo *address = NULL;
    if (getaddrinfo(host, service, &hints, &address) != 0) {
        errno = EINVAL;
        return STATUS_IO;
    }
    int fd = -1;
    uint16_t bound = 0;
    enum status status = bind_address(address, &fd);
    int saved_errno = errno;
    freeaddrinfo(address);
    errno = saved_errno;
    TRY(status);
    status = bound_port(fd, &bound);
    if (status != STATUS_OK) {
        (void)close(fd);
        return status;
    }
    *ret_fd = fd;
    *ret_port = bound;
    return STATUS_OK;
}
