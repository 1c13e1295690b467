// The socket calls and the loop's, before those of the C library.
// Both sets of names are defined here, so neither may stand for the other.
#undef _FILE_OFFSET_BITS
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "failures/inject_calls.h"

// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name)
int socket(int family, int type, int protocol)
{
    bool fails = inject_refuses(CALL_SOCKET, -1, NULL);
    return fails ? -1 : REAL(CALL_SOCKET, socket)(family, type, protocol);
}

int socketpair(int family, int type, int protocol, int ret_fds[2])
{
    bool fails = inject_refuses(CALL_SOCKETPAIR, -1, NULL);
    return fails ? -1 : REAL(CALL_SOCKETPAIR, socketpair)(family, type, protocol, ret_fds);
}

int connect(int fd, const struct sockaddr *address, socklen_t len)
{
    bool fails = inject_refuses(CALL_CONNECT, fd, NULL);
    return fails ? -1 : REAL(CALL_CONNECT, connect)(fd, address, len);
}

int accept4(int fd, struct sockaddr *address, socklen_t *len, int flags)
{
    bool fails = inject_refuses(CALL_ACCEPT4, fd, NULL);
    return fails ? -1 : REAL(CALL_ACCEPT4, accept4)(fd, address, len, flags);
}

int listen(int fd, int backlog)
{
    bool fails = inject_refuses(CALL_LISTEN, fd, NULL);
    return fails ? -1 : REAL(CALL_LISTEN, listen)(fd, backlog);
}

int bind(int fd, const struct sockaddr *address, socklen_t len)
{
    bool fails = inject_refuses(CALL_BIND, fd, NULL);
    return fails ? -1 : REAL(CALL_BIND, bind)(fd, address, len);
}

int getsockname(int fd, struct sockaddr *address, socklen_t *len)
{
    bool fails = inject_refuses(CALL_GETSOCKNAME, fd, NULL);
    return fails ? -1 : REAL(CALL_GETSOCKNAME, getsockname)(fd, address, len);
}

int getsockopt(int fd, int level, int option, void *value, socklen_t *len)
{
    bool fails = inject_refuses(CALL_GETSOCKOPT, fd, NULL);
    return fails ? -1 : REAL(CALL_GETSOCKOPT, getsockopt)(fd, level, option, value, len);
}

int setsockopt(int fd, int level, int option, const void *value, socklen_t len)
{
    bool fails = inject_refuses(CALL_SETSOCKOPT, fd, NULL);
    return fails ? -1 : REAL(CALL_SETSOCKOPT, setsockopt)(fd, level, option, value, len);
}

static int control(int fd, int command, long argument)
{
    bool fails = inject_refuses(CALL_FCNTL, fd, NULL);
    return fails ? -1 : REAL(CALL_FCNTL, fcntl)(fd, command, argument);
}

int fcntl(int fd, int command, ...)
{
    va_list args;
    va_start(args, command);
    long argument = va_arg(args, long);
    va_end(args);
    return control(fd, command, argument);
}

int fcntl64(int fd, int command, ...)
{
    va_list args;
    va_start(args, command);
    long argument = va_arg(args, long);
    va_end(args);
    return control(fd, command, argument);
}

int ioctl(int fd, unsigned long request, ...)
{
    va_list args;
    va_start(args, request);
    void *argument = va_arg(args, void *);
    va_end(args);
    bool fails = inject_refuses(CALL_IOCTL, fd, NULL);
    return fails ? -1 : REAL(CALL_IOCTL, ioctl)(fd, request, argument);
}

ssize_t recv(int fd, void *bytes, size_t len, int flags)
{
    bool fails = inject_refuses(CALL_RECV, fd, &len);
    return fails ? -1 : REAL(CALL_RECV, recv)(fd, bytes, len, flags);
}

ssize_t send(int fd, const void *bytes, size_t len, int flags)
{
    bool fails = inject_refuses(CALL_SEND, fd, &len);
    return fails ? -1 : REAL(CALL_SEND, send)(fd, bytes, len, flags);
}

ssize_t read(int fd, void *bytes, size_t len)
{
    bool fails = inject_refuses(CALL_READ, fd, &len);
    return fails ? -1 : REAL(CALL_READ, read)(fd, bytes, len);
}

ssize_t write(int fd, const void *bytes, size_t len)
{
    bool fails = inject_refuses(CALL_WRITE, fd, &len);
    return fails ? -1 : REAL(CALL_WRITE, write)(fd, bytes, len);
}

// What is to be shortened moves a byte of its first part.
static ssize_t move_vector(enum inject_call call, int fd, const struct iovec *parts, int count)
{
    size_t len = SIZE_MAX;
    if (inject_refuses(call, fd, &len)) {
        return -1;
    }
    struct iovec one = {.iov_base = parts[0].iov_base, .iov_len = 1};
    bool shortened = len != SIZE_MAX;
    return REAL(call, readv)(fd, shortened ? &one : parts, shortened ? 1 : count);
}

ssize_t readv(int fd, const struct iovec *parts, int count)
{
    return move_vector(CALL_READV, fd, parts, count);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    return move_vector(CALL_WRITEV, fd, parts, count);
}

int poll(struct pollfd *descriptors, nfds_t count, int timeout_ms)
{
    bool fails = inject_refuses(CALL_POLL, -1, NULL);
    return fails ? -1 : REAL(CALL_POLL, poll)(descriptors, count, timeout_ms);
}

int epoll_create1(int flags)
{
    bool fails = inject_refuses(CALL_EPOLL_CREATE1, -1, NULL);
    return fails ? -1 : REAL(CALL_EPOLL_CREATE1, epoll_create1)(flags);
}

// Only adding takes memory of the kernel.
int epoll_ctl(int epoll_fd, int operation, int fd, struct epoll_event *event)
{
    bool fails = operation == EPOLL_CTL_ADD && inject_refuses(CALL_EPOLL_CTL, fd, NULL);
    return fails ? -1 : REAL(CALL_EPOLL_CTL, epoll_ctl)(epoll_fd, operation, fd, event);
}

int eventfd(unsigned int count, int flags)
{
    bool fails = inject_refuses(CALL_EVENTFD, -1, NULL);
    return fails ? -1 : REAL(CALL_EVENTFD, eventfd)(count, flags);
}
// NOLINTEND(readability-inconsistent-declaration-parameter-name)
