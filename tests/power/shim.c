// What a disk has promised to keep of Redis's append-only files, written down as it happens: for
// LD_PRELOAD under redis-server (disk.py, which plays the power cut from it). It changes nothing of
// what Redis does, but can make a sync take as long as a real disk's.
//
// Each line of $POWER_LOG is one fact, appended in one write so that other threads, the child that
// rewrites the file, and a SIGKILL leave whole lines:
//     S inode bytes             the file's first bytes are synced
//     C inode bytes             the file was cut to this length
//     N {inode name}            the names in $POWER_DIRECTORY as they are now
//     D {inode name}            the same, and that is synced
// A fact of syncing is written after the sync and tells what was there before it: a kill in between
// makes the disk know less, never more. A file that has a name gets another one in $POWER_KEPT, its
// inode number, so that its bytes are there to come back to when the name is lost.
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LINE_BYTES = 8192, PATH_BYTES = 4096, MICROSECONDS = 1000000 };

struct line {
    char text[LINE_BYTES];
    size_t len;
};

static int log_fd = -1;
static const char *directory;
static const char *kept;
static unsigned stall_us; // the longest a sync is made to take

static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_ftruncate)(int, off_t);
static int (*real_open)(const char *, int, ...);
static FILE *(*real_fopen)(const char *, const char *);
static int (*real_rename)(const char *, const char *);
static int (*real_unlink)(const char *);

static _Noreturn void fail(const char *what)
{
    (void)fprintf(stderr, "power shim: %s: %s\n", what, strerror(errno));
    abort();
}

static const char *setting(const char *name)
{
    const char *value = getenv(name);
    if (value == NULL) {
        errno = EINVAL;
        fail(name);
    }
    return value;
}

// Redis writes its title over its environment.
static const char *kept_setting(const char *name)
{
    const char *copy = strdup(setting(name));
    if (copy == NULL) {
        fail(name);
    }
    return copy;
}

// dlsym gives an object pointer; ISO C has no cast from that to a function's.
static void find(void *ret_function, const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (found == NULL) {
        fail(name);
    }
    memcpy(ret_function, &found, sizeof found);
}

__attribute__((constructor)) static void begin(void)
{
    find(&real_fsync, "fsync");
    find(&real_fdatasync, "fdatasync");
    find(&real_ftruncate, "ftruncate64");
    find(&real_open, "open64");
    find(&real_fopen, "fopen64");
    find(&real_rename, "rename");
    find(&real_unlink, "unlink");
    directory = kept_setting("POWER_DIRECTORY");
    kept = kept_setting("POWER_KEPT");
    stall_us = (unsigned)strtoul(setting("POWER_STALL_US"), NULL, 10);
    log_fd = real_open(setting("POWER_LOG"), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (log_fd < 0) {
        fail("POWER_LOG");
    }
}

// --- writing down ---

__attribute__((format(printf, 2, 3))) static void add(struct line *line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(line->text + line->len, LINE_BYTES - line->len, format, args);
    va_end(args);
    line->len += (size_t)len;
    if (len < 0 || line->len >= LINE_BYTES) {
        errno = ENAMETOOLONG;
        fail("a line");
    }
}

static void put(const struct line *line)
{
    if (write(log_fd, line->text, line->len) != (ssize_t)line->len) {
        fail("write");
    }
}

static void note_bytes(char what, ino_t inode, off_t bytes)
{
    struct line line = {.len = 0};
    add(&line, "%c %llu %lld\n", what, (unsigned long long)inode, (long long)bytes);
    put(&line);
}

static void keep(const char *name, ino_t inode)
{
    char from[PATH_BYTES];
    char to[PATH_BYTES];
    (void)snprintf(from, sizeof from, "%s/%s", directory, name);
    (void)snprintf(to, sizeof to, "%s/%llu", kept, (unsigned long long)inode);
    if (link(from, to) != 0 && errno != EEXIST && errno != ENOENT) {
        fail(to);
    }
}

static void list_names(char what, struct line *ret_line)
{
    ret_line->len = 0;
    add(ret_line, "%c", what);
    DIR *entries = opendir(directory);
    if (entries == NULL) {
        fail(directory);
    }
    for (struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        if (entry->d_type == DT_REG) {
            keep(entry->d_name, entry->d_ino);
            add(ret_line, " %llu %s", (unsigned long long)entry->d_ino, entry->d_name);
        }
    }
    (void)closedir(entries);
    add(ret_line, "\n");
}

static void note_names(void)
{
    int error = errno;
    struct line line;
    list_names('N', &line);
    put(&line);
    errno = error;
}

// --- syncing ---

static void stall(void)
{
    if (stall_us > 0) {
        struct timespec now;
        (void)clock_gettime(CLOCK_MONOTONIC, &now);
        // The low digits are as good as random.
        unsigned us = (unsigned)(now.tv_nsec / 10 % MICROSECONDS) % stall_us;
        (void)usleep(us);
    }
}

static int sync_noted(int fd, int (*real)(int))
{
    struct stat file;
    if (fstat(fd, &file) != 0) {
        return real(fd);
    }
    struct line names = {.len = 0};
    if (S_ISDIR(file.st_mode)) {
        list_names('D', &names);
    }
    stall();
    int result = real(fd);
    int error = errno;
    if (result == 0 && S_ISDIR(file.st_mode)) {
        put(&names);
    } else if (result == 0) {
        note_bytes('S', file.st_ino, file.st_size);
    }
    errno = error;
    return result;
}

// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): the C library's are reserved

int fsync(int fd)
{
    return sync_noted(fd, real_fsync);
}

int fdatasync(int fd)
{
    return sync_noted(fd, real_fdatasync);
}

// NOLINTEND(readability-inconsistent-declaration-parameter-name)

// --- lengths and names ---

static void note_cut(int fd)
{
    int error = errno;
    struct stat file;
    if (fstat(fd, &file) == 0 && S_ISREG(file.st_mode)) {
        note_bytes('C', file.st_ino, file.st_size);
    }
    errno = error;
}

// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): the C library's are reserved

int ftruncate64(int fd, off_t length)
{
    int result = real_ftruncate(fd, length);
    if (result == 0) {
        note_cut(fd);
    }
    return result;
}

int open64(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = (flags & O_CREAT) != 0 ? va_arg(args, mode_t) : 0;
    va_end(args);
    int fd = real_open(path, flags, mode);
    if (fd >= 0 && (flags & O_TRUNC) != 0) {
        note_cut(fd);
    }
    if (fd >= 0 && (flags & O_CREAT) != 0) {
        note_names();
    }
    return fd;
}

FILE *fopen64(const char *path, const char *mode)
{
    FILE *file = real_fopen(path, mode);
    if (file != NULL && mode[0] == 'w') {
        note_cut(fileno(file));
        note_names();
    }
    return file;
}

int rename(const char *from, const char *to)
{
    int result = real_rename(from, to);
    note_names();
    return result;
}

int unlink(const char *path)
{
    int result = real_unlink(path);
    note_names();
    return result;
}

// NOLINTEND(readability-inconsistent-declaration-parameter-name)
