// The calls on files and processes, before those of the C library.
// Both sets of names are defined here, so neither may stand for the other.
#undef _FILE_OFFSET_BITS
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "failures/inject_calls.h"

enum { STREAM_FAILED = 0x20 }; // what ferror looks at in glibc's FILE

// The names with 64 are what a library compiled for large files calls; not in every header.
extern int open64(const char *path, int flags, ...);
extern int openat64(int directory, const char *path, int flags, ...);
extern FILE *fopen64(const char *path, const char *mode);
extern int fstat64(int fd, struct stat64 *ret_about);

// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name)
static int open_at(int directory, const char *path, int flags, va_list args)
{
    unsigned mode = (flags & O_CREAT) != 0 ? va_arg(args, unsigned) : 0;
    bool fails = inject_refuses(CALL_OPEN, -1, NULL);
    return fails ? -1 : REAL(CALL_OPEN, openat)(directory, path, flags, mode);
}

int open(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    int fd = open_at(AT_FDCWD, path, flags, args);
    va_end(args);
    return fd;
}

int open64(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    int fd = open_at(AT_FDCWD, path, flags, args);
    va_end(args);
    return fd;
}

int openat(int directory, const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    int fd = open_at(directory, path, flags, args);
    va_end(args);
    return fd;
}

int openat64(int directory, const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    int fd = open_at(directory, path, flags, args);
    va_end(args);
    return fd;
}

FILE *fopen(const char *path, const char *mode)
{
    bool fails = inject_refuses(CALL_FOPEN, -1, NULL);
    return fails ? NULL : REAL(CALL_FOPEN, fopen)(path, mode);
}

FILE *fopen64(const char *path, const char *mode)
{
    return fopen(path, mode);
}

size_t fread(void *bytes, size_t size, size_t count, FILE *file)
{
    if (inject_refuses(CALL_FREAD, -1, NULL)) {
        file->_flags |= STREAM_FAILED;
        return 0;
    }
    return REAL(CALL_FREAD, fread)(bytes, size, count, file);
}

char *fgets(char *text, int bytes, FILE *file)
{
    if (inject_refuses(CALL_FGETS, -1, NULL)) {
        file->_flags |= STREAM_FAILED;
        return NULL;
    }
    return REAL(CALL_FGETS, fgets)(text, bytes, file);
}

// It is closed all the same.
int fclose(FILE *file)
{
    bool fails = inject_refuses(CALL_FCLOSE, -1, NULL);
    int result = REAL(CALL_FCLOSE, fclose)(file);
    return fails ? -1 : result;
}

int renameat(int from_directory, const char *from, int to_directory, const char *to)
{
    bool fails = inject_refuses(CALL_RENAME, -1, NULL);
    return fails ? -1 : REAL(CALL_RENAME, renameat)(from_directory, from, to_directory, to);
}

int rename(const char *from, const char *to)
{
    return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int link(const char *from, const char *to)
{
    bool fails = inject_refuses(CALL_LINK, -1, NULL);
    return fails ? -1 : REAL(CALL_LINK, link)(from, to);
}

int fsync(int fd)
{
    bool fails = inject_refuses(CALL_FSYNC, -1, NULL);
    return fails ? -1 : REAL(CALL_FSYNC, fsync)(fd);
}

int mkdir(const char *path, mode_t mode)
{
    bool fails = inject_refuses(CALL_MKDIR, -1, NULL);
    return fails ? -1 : REAL(CALL_MKDIR, mkdir)(path, mode);
}

int fstat(int fd, struct stat *ret_about)
{
    bool fails = inject_refuses(CALL_FSTAT, -1, NULL);
    return fails ? -1 : REAL(CALL_FSTAT, fstat)(fd, ret_about);
}

int fstat64(int fd, struct stat64 *ret_about)
{
    return fstat(fd, (struct stat *)ret_about);
}

char *realpath(const char *path, char *ret_path)
{
    bool fails = inject_refuses(CALL_REALPATH, -1, NULL);
    return fails ? NULL : REAL(CALL_REALPATH, realpath)(path, ret_path);
}

int flock(int fd, int operation)
{
    bool fails = inject_refuses(CALL_FLOCK, -1, NULL);
    return fails ? -1 : REAL(CALL_FLOCK, flock)(fd, operation);
}

int access(const char *path, int mode)
{
    bool fails = inject_refuses(CALL_ACCESS, -1, NULL);
    return fails ? -1 : REAL(CALL_ACCESS, access)(path, mode);
}

ssize_t getrandom(void *bytes, size_t len, unsigned int flags)
{
    bool fails = inject_refuses(CALL_GETRANDOM, -1, NULL);
    return fails ? -1 : REAL(CALL_GETRANDOM, getrandom)(bytes, len, flags);
}

int pipe2(int ret_fds[2], int flags)
{
    bool fails = inject_refuses(CALL_PIPE2, -1, NULL);
    return fails ? -1 : REAL(CALL_PIPE2, pipe2)(ret_fds, flags);
}

pid_t fork(void)
{
    bool fails = inject_refuses(CALL_FORK, -1, NULL);
    return fails ? -1 : REAL(CALL_FORK, fork)();
}

int pidfd_open(pid_t pid, unsigned int flags)
{
    bool fails = inject_refuses(CALL_PIDFD_OPEN, -1, NULL);
    return fails ? -1 : REAL(CALL_PIDFD_OPEN, pidfd_open)(pid, flags);
}
// NOLINTEND(readability-inconsistent-declaration-parameter-name)
