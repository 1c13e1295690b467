// Reading and writing the PEM files. Files are made with their final mode, so that a key is never
// readable by others, and not replaced by accident.
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl/x509.h"

const char *x509_reason(void)
{
    unsigned long error = ERR_peek_error();
    if (error == 0) {
        return errno == 0 ? "unknown reason" : strerror(errno);
    }
    if (ERR_SYSTEM_ERROR(error)) {
        return strerror(ERR_GET_REASON(error));
    }
    const char *reason = ERR_reason_error_string(error);
    return reason == NULL ? "unknown reason" : reason;
}

static char no_passphrase[] = ""; // given, so that nobody is asked for one

X509 *x509_read_certificate(const char *path)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return NULL;
    }
    X509 *certificate = PEM_read_X509(file, NULL, NULL, no_passphrase);
    (void)fclose(file);
    return certificate;
}

EVP_PKEY *x509_read_key(const char *path)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return NULL;
    }
    EVP_PKEY *key = PEM_read_PrivateKey(file, NULL, NULL, no_passphrase);
    (void)fclose(file);
    return key;
}

static FILE *create(const char *path, mode_t mode, bool replace)
{
    if (replace && unlink(path) != 0 && errno != ENOENT) {
        return NULL;
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0) {
        return NULL;
    }
    FILE *file = fdopen(fd, "w");
    if (file == NULL) {
        (void)close(fd);
    }
    return file;
}

bool x509_write_certificate(const char *path, const X509 *certificate, bool replace)
{
    FILE *file = create(path, 0644, replace);
    if (file == NULL) {
        return false;
    }
    bool written = PEM_write_X509(file, certificate) == 1;
    return fclose(file) == 0 && written;
}

bool x509_write_key(const char *path, const EVP_PKEY *key, bool replace)
{
    FILE *file = create(path, 0600, replace);
    if (file == NULL) {
        return false;
    }
    bool written = PEM_write_PKCS8PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1;
    return fclose(file) == 0 && written;
}
