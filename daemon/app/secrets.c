// Secrets in files.
#include "app/secrets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

enum { KEY_TEXT_BYTES = 2 * IDENTIFIER_SECRET_BYTES, SECRETS_PATH_BYTES = 4096 };

// Reads at most `bytes` - 1 and ends them with a NUL; a longer file is STATUS_TOO_LARGE.
static enum status read_file(const char *path, char *ret_text, size_t bytes)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return STATUS_IO;
    }
    ssize_t len = read(fd, ret_text, bytes);
    int error = errno;
    close(fd);
    errno = error;
    if (len < 0) {
        return STATUS_IO;
    }
    if ((size_t)len >= bytes) {
        return STATUS_TOO_LARGE;
    }
    ret_text[len] = '\0';
    return STATUS_OK;
}

enum status secrets_password(const char *path, char ret_password[SECRETS_PASSWORD_BYTES])
{
    TRY(read_file(path, ret_password, SECRETS_PASSWORD_BYTES));
    ret_password[strcspn(ret_password, "\r\n")] = '\0';
    return ret_password[0] == '\0' ? STATUS_INVALID : STATUS_OK;
}

// Of a character that is one of the digits.
static unsigned hex_value(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

enum status secrets_key(const char *path, uint8_t ret_key[IDENTIFIER_SECRET_BYTES])
{
    char text[KEY_TEXT_BYTES + 8];
    TRY(read_file(path, text, sizeof text));
    if (strspn(text, "0123456789abcdefABCDEF") != KEY_TEXT_BYTES ||
        strspn(text + KEY_TEXT_BYTES, " \t\r\n") != strlen(text + KEY_TEXT_BYTES)) {
        return STATUS_INVALID;
    }
    for (size_t i = 0; i < IDENTIFIER_SECRET_BYTES; i++) {
        ret_key[i] = (uint8_t)(hex_value(text[2 * i]) << 4 | hex_value(text[2 * i + 1]));
    }
    secrets_wipe(text, sizeof text);
    return STATUS_OK;
}

static bool write_whole(int fd, const char *text, size_t bytes)
{
    while (bytes > 0) {
        ssize_t written = write(fd, text, bytes);
        if (written < 0 && errno != EINTR) {
            return false;
        }
        text += written < 0 ? 0 : written;
        bytes -= written < 0 ? 0 : (size_t)written;
    }
    return true;
}

// On disk under its own name, as is the name: losing this key loses every identifier.
static enum status sync_folder(const char *path)
{
    char folder[SECRETS_PATH_BYTES];
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - path);
    if (len >= sizeof folder) {
        return STATUS_TOO_LARGE;
    }
    memcpy(folder, path, len);
    folder[len] = '\0';
    const char *name = slash == NULL ? "." : len == 0 ? "/" : folder;
    int fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return STATUS_IO;
    }
    int synced = fsync(fd);
    close(fd);
    return synced == 0 ? STATUS_OK : STATUS_IO;
}

// A file that could not be written to its end never gets the name; one that is there stays.
enum status secrets_write(const char *path, const char *text, size_t bytes)
{
    char partial[SECRETS_PATH_BYTES];
    int len = snprintf(partial, sizeof partial, "%s.part", path);
    if (len < 0 || (size_t)len >= sizeof partial) {
        return STATUS_TOO_LARGE;
    }
    int fd = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return STATUS_IO;
    }
    bool written = write_whole(fd, text, bytes) && fsync(fd) == 0;
    int error = errno;
    close(fd);
    errno = error;
    if (!written || (link(partial, path) != 0 && errno != EEXIST)) {
        return STATUS_IO;
    }
    unlink(partial);
    return sync_folder(path);
}

static enum status make_key(const char *path)
{
    uint8_t key[IDENTIFIER_SECRET_BYTES];
    char text[KEY_TEXT_BYTES + 1];
    if (getrandom(key, sizeof key, 0) != (ssize_t)sizeof key) {
        return STATUS_IO;
    }
    for (size_t i = 0; i < sizeof key; i++) {
        text[2 * i] = "0123456789abcdef"[key[i] >> 4];
        text[2 * i + 1] = "0123456789abcdef"[key[i] & 15];
    }
    text[KEY_TEXT_BYTES] = '\n';
    enum status status = secrets_write(path, text, sizeof text);
    secrets_wipe(key, sizeof key);
    secrets_wipe(text, sizeof text);
    return status;
}

enum status secrets_key_made(const char *path, uint8_t ret_key[IDENTIFIER_SECRET_BYTES])
{
    if (access(path, F_OK) != 0) {
        TRY(make_key(path));
    }
    return secrets_key(path, ret_key);
}

void secrets_wipe(void *secret, size_t bytes)
{
    explicit_bzero(secret, bytes);
}
