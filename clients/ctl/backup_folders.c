// Names decide: a backup is an instant with a manifest in it, one in the making ends in .part.
#include "ctl/backup_folders.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/backup_prove.h"
#include "ctl/command.h"

enum { FOLDER_MODE = 0700, NAMES_MAX = 4096 };

static const char partial_suffix[] = ".part";

static int complain(const char *name, const char *what)
{
    (void)fprintf(stderr, "%s: %s: %s\n", name, what, strerror(errno));
    return CTL_REFUSED;
}

bool backup_remove(const char *folder)
{
    static const char *const names[] = {"manifest.json", "manifest.json.part", backup_rdb_name};
    char path[BACKUP_PATH_BYTES];
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        backup_path(folder, names[i], path);
        if (unlink(path) != 0 && errno != ENOENT) {
            return false;
        }
    }
    return rmdir(folder) == 0;
}

int backup_sync_folder(const char *name, const char *path)
{
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = folder >= 0 && fsync(folder) == 0;
    if (folder >= 0) {
        (void)close(folder);
    }
    return good ? CTL_OK : complain(name, path);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_backup(const char *to, const char *entry)
{
    char folder[BACKUP_PATH_BYTES];
    char path[BACKUP_PATH_BYTES + 16];
    (void)snprintf(folder, sizeof(folder), "%s/%s", to, entry);
    (void)snprintf(path, sizeof(path), "%s/manifest.json", folder);
    return strspn(entry, "0123456789TZ-") == strlen(entry) && access(path, F_OK) == 0;
}

// Older complete backups go, the manifest first: what is half removed is none.
int backup_drop_old(const char *name, const char *to, uint32_t keep)
{
    char *names[NAMES_MAX];
    size_t count = 0;
    int code = CTL_OK;
    DIR *folder = keep == 0 ? NULL : opendir(to);
    const struct dirent *entry = NULL;
    while (folder != NULL && count < NAMES_MAX && (entry = readdir(folder)) != NULL) { // NOLINT
        if (is_backup(to, entry->d_name)) {
            names[count] = strdup(entry->d_name);
            count += names[count] == NULL ? 0 : 1;
        }
    }
    if (folder != NULL) {
        (void)closedir(folder);
    }
    qsort(names, count, sizeof(names[0]), by_name);
    for (size_t i = 0; i < count; i++) {
        char path[BACKUP_PATH_BYTES];
        backup_path(to, names[i], path);
        if (i + keep < count && !backup_remove(path)) {
            code = complain(name, path);
        }
        free(names[i]);
    }
    return code;
}

// --- what is in the making ---

// The lock is its maker's, and goes with it.
static int lock_folder(const char *path)
{
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0 && flock(folder, LOCK_EX | LOCK_NB) != 0) {
        int why = errno;
        (void)close(folder);
        errno = why;
        return -1;
    }
    return folder;
}

static bool is_partial(const char *entry)
{
    size_t len = strspn(entry, "0123456789TZ-");
    return len > 0 && strcmp(entry + len, partial_suffix) == 0;
}

void backup_drop_left(const char *to)
{
    DIR *folder = opendir(to);
    const struct dirent *entry = NULL;
    while (folder != NULL && (entry = readdir(folder)) != NULL) { // NOLINT
        char path[BACKUP_PATH_BYTES];
        backup_path(to, entry->d_name, path);
        int lock = is_partial(entry->d_name) ? lock_folder(path) : -1;
        if (lock >= 0) {
            (void)backup_remove(path);
            (void)close(lock);
        }
    }
    if (folder != NULL) {
        (void)closedir(folder);
    }
}

int backup_begin(const char *path)
{
    return mkdir(path, FOLDER_MODE) == 0 ? lock_folder(path) : -1;
}
