// The table of calls, and where the real ones are.
#include "failures/inject_calls.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "failures/inject.h"

enum { ERRORS_MAX = 8 };

struct row {
    const char *name;       // the real function's
    int errors[ERRORS_MAX]; // up to the first 0
    bool moves_bytes;
};

static const struct row rows[CALL_COUNT] = {
    [CALL_SOCKET] = {"socket", {EMFILE, ENFILE, ENOBUFS, ENOMEM}, false},
    [CALL_CONNECT] = {"connect", {EINTR, EAGAIN, ECONNREFUSED, ENOBUFS, ENOMEM}, false},
    [CALL_ACCEPT4] = {"accept4",
                      {EINTR, EAGAIN, ECONNABORTED, EMFILE, ENFILE, ENOBUFS, ENOMEM},
                      false},
    [CALL_LISTEN] = {"listen", {EADDRINUSE, ENOMEM}, false},
    [CALL_BIND] = {"bind", {EADDRINUSE, EACCES, ENOMEM}, false},
    [CALL_GETSOCKNAME] = {"getsockname", {ENOBUFS}, false},
    [CALL_GETSOCKOPT] = {"getsockopt", {ENOBUFS, ENOMEM}, false},
    [CALL_SETSOCKOPT] = {"setsockopt", {ENOBUFS, ENOMEM}, false},
    [CALL_FCNTL] = {"fcntl", {EINTR, ENOMEM}, false},
    [CALL_IOCTL] = {"ioctl", {EINTR, ENOMEM}, false},
    [CALL_RECV] = {"recv", {EINTR, EAGAIN, ECONNRESET, ENOBUFS, ENOMEM}, true},
    [CALL_SEND] = {"send", {EINTR, EAGAIN, ECONNRESET, EPIPE, ENOBUFS, ENOMEM}, true},
    [CALL_POLL] = {"poll", {EINTR, ENOMEM}, false},
    [CALL_EPOLL_CREATE1] = {"epoll_create1", {EMFILE, ENFILE, ENOMEM}, false},
    [CALL_EPOLL_CTL] = {"epoll_ctl", {ENOMEM, ENOSPC}, false},
    [CALL_EVENTFD] = {"eventfd", {EMFILE, ENFILE, ENOMEM}, false},
    [CALL_SOCKETPAIR] = {"socketpair", {EMFILE, ENFILE, ENOMEM}, false},
    [CALL_READ] = {"read", {EINTR, EIO}, true},
    [CALL_READV] = {"readv", {EINTR, EAGAIN, ECONNRESET, ENOBUFS, ENOMEM}, true},
    [CALL_WRITE] = {"write", {EINTR, EIO, ENOSPC}, true},
    [CALL_WRITEV] = {"writev", {EINTR, EAGAIN, ECONNRESET, EPIPE, ENOBUFS, ENOMEM}, true},
    [CALL_OPEN] = {"openat", {ENOENT, EACCES, EIO, EMFILE, ENOSPC}, false},
    [CALL_FOPEN] = {"fopen", {ENOENT, EACCES, EIO, EMFILE, ENOSPC}, false},
    [CALL_FREAD] = {"fread", {EIO}, false},
    [CALL_FGETS] = {"fgets", {EIO}, false},
    [CALL_FCLOSE] = {"fclose", {EIO, ENOSPC}, false},
    [CALL_RENAME] = {"renameat", {EACCES, EIO, ENOSPC}, false},
    [CALL_LINK] = {"link", {EACCES, EIO, ENOSPC}, false},
    [CALL_FSYNC] = {"fsync", {EIO, ENOSPC}, false},
    [CALL_MKDIR] = {"mkdir", {ENOENT, EACCES, EIO, ENOSPC}, false},
    [CALL_FSTAT] = {"fstat", {EIO, ENOMEM}, false},
    [CALL_REALPATH] = {"realpath", {ENOENT, EACCES, EIO}, false},
    [CALL_FLOCK] = {"flock", {EINTR, ENOLCK}, false},
    [CALL_ACCESS] = {"access", {EACCES, EIO}, false},
    [CALL_GETRANDOM] = {"getrandom", {EINTR, ENOSYS}, false},
    [CALL_PIPE2] = {"pipe2", {EMFILE, ENFILE}, false},
    [CALL_FORK] = {"fork", {EAGAIN, ENOMEM}, false},
    [CALL_PIDFD_OPEN] = {"pidfd_open", {EMFILE, ENFILE, ENOMEM}, false},
};

inject_function *inject_real(enum inject_call call)
{
    static inject_function *functions[CALL_COUNT];
    if (functions[call] == NULL) {
        unsigned depth = inject_pause();
        void *found = dlsym(RTLD_NEXT, rows[call].name);
        memcpy(&functions[call], &found, sizeof(found));
        inject_resume(depth);
    }
    return functions[call];
}

// INJECT_NOTHING: neither a socket nor a regular file.
static enum inject_kind kind_of_descriptor(int fd)
{
    struct stat about;
    if (fd <= 2 || fstatat(fd, "", &about, AT_EMPTY_PATH) != 0) {
        return INJECT_NOTHING;
    }
    if (S_ISSOCK(about.st_mode)) {
        return INJECT_SOCKET;
    }
    return S_ISREG(about.st_mode) ? INJECT_FILE : INJECT_NOTHING;
}

static enum inject_kind kind_of(enum inject_call call, int fd)
{
    if (call < CALL_READ) {
        return INJECT_SOCKET;
    }
    return call < CALL_OPEN ? kind_of_descriptor(fd) : INJECT_FILE;
}

static uint32_t count_errors(const struct row *row)
{
    uint32_t count = 0;
    while (count < ERRORS_MAX && row->errors[count] != 0) {
        count++;
    }
    return count;
}

static struct {
    enum inject_call call;
    int error; // 0: none
    uint32_t count;
} always;

uint32_t inject_always(enum inject_call call, int error)
{
    uint32_t count = always.count;
    always.call = call;
    always.error = error;
    always.count = 0;
    return count;
}

bool inject_refuses(enum inject_call call, int fd, size_t *len)
{
    int saved_errno = errno;
    const struct row *row = &rows[call];
    if (always.error != 0 && always.call == call) {
        always.count++;
        errno = always.error;
        return true;
    }
    enum inject_kind kind = kind_of(call, fd);
    uint32_t errors = count_errors(row);
    bool shortens = row->moves_bytes && len != NULL && *len > 1;
    int way = kind == INJECT_NOTHING ? -1 : inject_way(kind, errors + (shortens ? 1 : 0));
    errno = saved_errno;
    if (way < 0) {
        return false;
    }
    if ((uint32_t)way == errors) {
        inject_note(row->name, "one byte");
        *len = 1;
        return false;
    }
    errno = row->errors[way];
    inject_note(row->name, strerrorname_np(errno));
    return true;
}
