// The settings below are what redis_check.c asks for, and what keeps an embedded server to itself.
#include "store/embedded_directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"

enum { LOCK_RETRY_MS = 20 };

static const char settings[] = "port 0\n"
                               "unixsocketperm 600\n"
                               "daemonize no\n"
                               "databases 1\n"
                               "appendonly yes\n"
                               "appendfsync always\n"
                               "no-appendfsync-on-rewrite no\n"
                               "aof-load-truncated yes\n"
                               "aof-use-rdb-preamble yes\n"
                               "save \"\"\n"
                               "stop-writes-on-bgsave-error yes\n"
                               "maxmemory-policy noeviction\n"
                               "enable-debug-command no\n"
                               "enable-module-command no\n"
                               "enable-protected-configs no\n";

static enum status problem_of(char *problem, const char *what, const char *path)
{
    (void)snprintf(problem, EMBEDDED_PROBLEM_BYTES, "%s %s: %s", what, path, strerror(errno));
    return errno == ENOMEM ? STATUS_NO_MEMORY : STATUS_IO;
}

// --- opening ---

static enum status open_path(struct embedded_directory *directory, const char *path, char *problem)
{
    if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        return problem_of(problem, "cannot create", path);
    }
    directory->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory->fd < 0 || realpath(path, directory->path) == NULL) {
        return problem_of(problem, "cannot open", path);
    }
    struct stat about;
    if (fstat(directory->fd, &about) != 0) {
        return problem_of(problem, "cannot look at", path);
    }
    if (about.st_uid != geteuid() || (about.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        (void)snprintf(problem, EMBEDDED_PROBLEM_BYTES, "%s can be written to by other users",
                       path);
        return STATUS_INVALID;
    }
    return STATUS_OK;
}

static enum status name_files(struct embedded_directory *directory, char *problem)
{
    int socket_len =
        snprintf(directory->socket, sizeof(directory->socket), "%s/redis.sock", directory->path);
    int config_len =
        snprintf(directory->config, sizeof(directory->config), "%s/redis.conf", directory->path);
    if (socket_len < 0 || (size_t)socket_len >= sizeof(directory->socket) || config_len < 0 ||
        (size_t)config_len >= sizeof(directory->config)) {
        (void)snprintf(problem, EMBEDDED_PROBLEM_BYTES,
                       "%s/redis.sock has %d bytes, a unix socket's path at most %zu",
                       directory->path, socket_len, sizeof(directory->socket) - 1);
        return STATUS_TOO_LARGE;
    }
    return STATUS_OK;
}

// flock belongs to the open file, so whoever inherits the descriptor holds the lock as well.
static enum status lock_directory(struct embedded_directory *directory, int64_t wait_ms,
                                  char *problem)
{
    directory->lock_fd =
        openat(directory->fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (directory->lock_fd < 0) {
        return problem_of(problem, "cannot open the lock in", directory->path);
    }
    for (int64_t waited_ms = 0; flock(directory->lock_fd, LOCK_EX | LOCK_NB) != 0;
         waited_ms += LOCK_RETRY_MS) {
        if (errno != EWOULDBLOCK && errno != EINTR) {
            return problem_of(problem, "cannot lock", directory->path);
        }
        if (waited_ms >= wait_ms) {
            (void)snprintf(problem, EMBEDDED_PROBLEM_BYTES, "%s is in use by another daemon",
                           directory->path);
            return STATUS_IO;
        }
        struct timespec pause = {.tv_nsec = LOCK_RETRY_MS * 1000000L};
        (void)nanosleep(&pause, NULL);
    }
    return STATUS_OK;
}

static enum status directory_prepare(struct embedded_directory *directory, const char *path,
                                     int64_t wait_ms, char *problem)
{
    TRY(open_path(directory, path, problem));
    TRY(name_files(directory, problem));
    return lock_directory(directory, wait_ms, problem);
}

enum status embedded_directory_open(struct embedded_directory *directory, const char *path,
                                    int64_t wait_ms, char problem[EMBEDDED_PROBLEM_BYTES])
{
    *directory = (struct embedded_directory){.fd = -1, .lock_fd = -1};
    enum status status = directory_prepare(directory, path, wait_ms, problem);
    if (status != STATUS_OK) {
        embedded_directory_close(directory);
    }
    return status;
}

void embedded_directory_close(struct embedded_directory *directory)
{
    if (directory->lock_fd >= 0) {
        (void)close(directory->lock_fd);
        directory->lock_fd = -1;
    }
    if (directory->fd >= 0) {
        (void)close(directory->fd);
        directory->fd = -1;
    }
}

// --- the configuration file ---

// Quoted as redis.conf wants it.
static enum status put_quoted(struct buffer *text, const char *path)
{
    for (const char *at = path; *at != '\0'; at++) {
        unsigned char byte = (unsigned char)*at;
        char escaped[5];
        bool plain = byte > ' ' && byte < 0x7f && byte != '"' && byte != '\\';
        (void)snprintf(escaped, sizeof(escaped), plain ? "%c" : "\\x%02x", byte);
        TRY(buffer_append(text, span_of_text(escaped)));
    }
    return STATUS_OK;
}

// A line `name "<directory><file>"`.
static enum status put_path(struct buffer *text, const char *name, const char *directory,
                            const char *file)
{
    TRY(buffer_append(text, span_of_text(name)));
    TRY(buffer_append(text, span_of_text(" \"")));
    TRY(put_quoted(text, directory));
    TRY(put_quoted(text, file));
    return buffer_append(text, span_of_text("\"\n"));
}

static enum status compose_config(const struct embedded_directory *directory, struct buffer *text)
{
    TRY(buffer_append(text, span_of_text("# Written by loyaltyd at each start of the server.\n")));
    TRY(put_path(text, "dir", directory->path, ""));
    TRY(put_path(text, "unixsocket", directory->path, "/redis.sock"));
    TRY(put_path(text, "logfile", directory->path, "/redis.log"));
    return buffer_append(text, span_of_text(settings));
}

static bool write_all(int fd, struct span bytes)
{
    while (bytes.len > 0) {
        ssize_t written = write(fd, bytes.data, bytes.len);
        if (written < 0 && errno != EINTR) {
            return false;
        }
        bytes = span_from(bytes, written < 0 ? 0 : (size_t)written);
    }
    return true;
}

static enum status replace_config(const struct embedded_directory *directory, struct span text,
                                  char *problem)
{
    int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW;
    int fd = openat(directory->fd, "redis.conf.new", flags, 0600);
    if (fd < 0) {
        return problem_of(problem, "cannot create", directory->config);
    }
    bool written = write_all(fd, text);
    if (close(fd) != 0 || !written ||
        renameat(directory->fd, "redis.conf.new", directory->fd, "redis.conf") != 0) {
        return problem_of(problem, "cannot write", directory->config);
    }
    return STATUS_OK;
}

enum status embedded_directory_write_config(const struct embedded_directory *directory,
                                            char problem[EMBEDDED_PROBLEM_BYTES])
{
    struct buffer text;
    buffer_init(&text, 0);
    errno = ENOMEM;
    enum status status = compose_config(directory, &text);
    if (status == STATUS_OK) {
        status = replace_config(directory, buffer_span(&text), problem);
    } else {
        (void)problem_of(problem, "cannot write", directory->config);
    }
    buffer_fini(&text);
    return status;
}
