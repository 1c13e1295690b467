// Files read whole, and ids made of what they say.
#include "ctl/import_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "ctl/globals.h"
#include "wire/uuid.h"

enum { READ_BYTES = 64 * 1024, FILE_BYTES_MAX = 1 << 30, ID_INPUT_BYTES = 256 };

// The ids of all requests rest on this: better none than others than the last time.
void import_file_hash(struct span bytes, uint8_t ret_hash[SHA256_DIGEST_LENGTH])
{
    if (SHA256(bytes.data, bytes.len, ret_hash) == NULL) {
        (void)fprintf(stderr, "loyaltyctl: out of memory\n");
        exit(CTL_RETRY_LATER);
    }
}

bool import_file_read(const char *path, struct buffer *ret_text,
                      char ret_error[IMPORT_FILE_ERROR_BYTES])
{
    buffer_init(ret_text, FILE_BYTES_MAX);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        (void)snprintf(ret_error, IMPORT_FILE_ERROR_BYTES, "%s: %s", path, strerror(errno));
        return false;
    }
    bool good = true;
    size_t got = 0;
    do {
        good = buffer_reserve(ret_text, READ_BYTES) == STATUS_OK;
        got = good ? fread(ret_text->data + ret_text->len, 1, READ_BYTES, file) : 0;
        ret_text->len += got;
    } while (got > 0);
    if (good && ferror(file) != 0) {
        (void)snprintf(ret_error, IMPORT_FILE_ERROR_BYTES, "%s: %s", path, strerror(errno));
        good = false;
    } else if (!good) {
        (void)snprintf(ret_error, IMPORT_FILE_ERROR_BYTES, "%s is too large", path);
    }
    (void)fclose(file);
    return good;
}

void import_file_id(const struct span *parts, size_t count, char ret_id[LOYALTY_UUID_BYTES])
{
    uint8_t hash[SHA256_DIGEST_LENGTH];
    uint8_t input[ID_INPUT_BYTES];
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        CHECK(parts[i].len <= sizeof(input) - len);
        memcpy(input + len, parts[i].data, parts[i].len);
        len += parts[i].len;
    }
    import_file_hash(span_of(input, len), hash);
    hash[6] = (uint8_t)((hash[6] & 0x0f) | 0x80);
    hash[8] = (uint8_t)((hash[8] & 0x3f) | 0x80);
    uuid_format(hash, ret_id);
}
