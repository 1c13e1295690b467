// SQLite lets its system calls be replaced; send is wrapped by the linker.
#include "till/till_steps.h"

#include <errno.h>
#include <signal.h>
#include <sqlite3.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

static uint64_t taken;
static uint64_t kill_step;
static bool torn_write;
static bool disk_full;

typedef ssize_t write_fn(int fd, const void *data, size_t len);
typedef ssize_t pwrite_fn(int fd, const void *data, size_t len, off_t at);
typedef int ftruncate_fn(int fd, off_t len);
typedef int unlink_fn(const char *path);

static ftruncate_fn *real_ftruncate;
static unlink_fn *real_unlink;

static bool is_last(void)
{
    taken++;
    return taken == kill_step;
}

static void die(void)
{
    (void)raise(SIGKILL);
}

// How much of a write is done; -1: none, the disk is full.
static ssize_t step_length(size_t len)
{
    if (disk_full) {
        errno = ENOSPC;
        return -1;
    }
    if (!is_last()) {
        return (ssize_t)len;
    }
    if (!torn_write) {
        die();
    }
    return (ssize_t)(len / 2);
}

// Which of the two SQLite uses depends on how it was built.
static ssize_t step_write(int fd, const void *data, size_t len)
{
    ssize_t part = step_length(len);
    ssize_t written = part < 0 ? part : write(fd, data, (size_t)part);
    if (part >= 0 && (size_t)part < len) {
        die();
    }
    return written;
}

static ssize_t step_pwrite(int fd, const void *data, size_t len, off_t at)
{
    ssize_t part = step_length(len);
    ssize_t written = part < 0 ? part : pwrite(fd, data, (size_t)part, at);
    if (part >= 0 && (size_t)part < len) {
        die();
    }
    return written;
}

static int step_ftruncate(int fd, off_t len)
{
    if (is_last()) {
        die();
    }
    return real_ftruncate(fd, len);
}

static int step_unlink(const char *path)
{
    if (is_last()) {
        die();
    }
    return real_unlink(path);
}

// The linker's names.
// NOLINTBEGIN(bugprone-reserved-identifier)
ssize_t __real_send(int fd, const void *data, size_t len, int flags);
ssize_t __wrap_send(int fd, const void *data, size_t len, int flags);

ssize_t __wrap_send(int fd, const void *data, size_t len, int flags)
{
    if (is_last()) {
        die();
    }
    ssize_t sent = __real_send(fd, data, len, flags);
    if (is_last()) {
        die();
    }
    return sent;
}
// NOLINTEND(bugprone-reserved-identifier)

static void replace(sqlite3_vfs *vfs, const char *name, sqlite3_syscall_ptr ours)
{
    if (vfs->xGetSystemCall(vfs, name) != NULL) {
        (void)vfs->xSetSystemCall(vfs, name, ours);
    }
}

void steps_init(uint64_t kill_at, bool torn)
{
    kill_step = kill_at;
    torn_write = torn;
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    real_ftruncate = (ftruncate_fn *)vfs->xGetSystemCall(vfs, "ftruncate");
    real_unlink = (unlink_fn *)vfs->xGetSystemCall(vfs, "unlink");
    replace(vfs, "write", (sqlite3_syscall_ptr)(write_fn *)step_write);
    replace(vfs, "pwrite", (sqlite3_syscall_ptr)(pwrite_fn *)step_pwrite);
    replace(vfs, "pwrite64", (sqlite3_syscall_ptr)(pwrite_fn *)step_pwrite);
    replace(vfs, "ftruncate", (sqlite3_syscall_ptr)(ftruncate_fn *)step_ftruncate);
    replace(vfs, "unlink", (sqlite3_syscall_ptr)(unlink_fn *)step_unlink);
}

void steps_disk_full(bool full)
{
    disk_full = full;
}

uint64_t steps_taken(void)
{
    return taken;
}
