// How system calls fail. Each row of the table is a call and the errors that it gives; a call that
// moves bytes may also move just one. A call is a socket's or a file's: of those that can be both
// the descriptor tells; what is neither (an eventfd, a pipe of the loop) is let alone.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum inject_call {
    // of sockets and of the loop
    CALL_SOCKET,
    CALL_CONNECT,
    CALL_ACCEPT4,
    CALL_LISTEN,
    CALL_BIND,
    CALL_GETSOCKNAME,
    CALL_GETSOCKOPT,
    CALL_SETSOCKOPT,
    CALL_FCNTL,
    CALL_IOCTL,
    CALL_RECV,
    CALL_SEND,
    CALL_POLL,
    CALL_EPOLL_CREATE1,
    CALL_EPOLL_CTL,
    CALL_EVENTFD,
    CALL_SOCKETPAIR,
    // of both
    CALL_READ,
    CALL_READV,
    CALL_WRITE,
    CALL_WRITEV,
    // of files and processes
    CALL_OPEN,
    CALL_FOPEN,
    CALL_FREAD,
    CALL_FGETS,
    CALL_FCLOSE,
    CALL_RENAME,
    CALL_LINK,
    CALL_FSYNC,
    CALL_MKDIR,
    CALL_FSTAT,
    CALL_REALPATH,
    CALL_FLOCK,
    CALL_ACCESS,
    CALL_GETRANDOM,
    CALL_PIPE2,
    CALL_FORK,
    CALL_PIDFD_OPEN,
    CALL_COUNT,
};

typedef void inject_function(void);

// The function that the program's own stands before.
inject_function *inject_real(enum inject_call call);
#define REAL(call, name) ((__typeof__(name) *)inject_real(call))

// Whether this call is to fail; errno is set then. `fd` -1: a call without one. `len`, where bytes
// are moved, may become 1 instead.
bool inject_refuses(enum inject_call call, int fd, size_t *len);

// From now on every such call fails so, counted or not, until `error` is 0. Returns how many did
// since the last time it was said.
uint32_t inject_always(enum inject_call call, int error);
