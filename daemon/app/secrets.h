// Secrets in files: the Redis password and the keys. What is read stays in memory
// until secrets_wipe.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "app/digests.h"
#include "base/status.h"

enum { SECRETS_PASSWORD_BYTES = 512 };

// The first line of a file. STATUS_IO (errno kept), STATUS_TOO_LARGE, STATUS_INVALID when empty.
MUST_CHECK enum status secrets_password(const char *path,
                                        char ret_password[SECRETS_PASSWORD_BYTES]);
// 64 hex digits and nothing else but white space at the end: STATUS_INVALID otherwise.
MUST_CHECK enum status secrets_key(const char *path, uint8_t ret_key[IDENTIFIER_SECRET_BYTES]);
// The same, after making the file with a random key (mode 0600) when it is not there.
MUST_CHECK enum status secrets_key_made(const char *path, uint8_t ret_key[IDENTIFIER_SECRET_BYTES]);
// A new file (mode 0600), whole and on disk, or none; one that is there stays. STATUS_IO,
// STATUS_TOO_LARGE.
MUST_CHECK enum status secrets_write(const char *path, const char *text, size_t bytes);
void secrets_wipe(void *secret, size_t bytes);
