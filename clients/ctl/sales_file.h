// A file of past sales in memory, in the order in which it is posted: by member, then by day, then
// as in the file. And the ids of its requests, which follow from the file alone, so that importing
// it again, or going on after a break, posts nothing twice.
#pragma once

#include <openssl/sha.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/span.h"
#include "core/calendar.h"
#include "ctl/import_file.h"
#include "lib/loyalty.h"

struct sale_row {
    struct span customer; // borrowed from the file's text
    int32_t day;          // since 1970-01-01
    int64_t amount_minor;
    uint64_t number; // of the row in the file, the first behind the header being 1
};

struct sale_member {
    struct span customer;
    size_t first; // index of the first sale
    size_t count;
};

struct sales_file {
    struct buffer text;
    uint8_t digest[SHA256_DIGEST_LENGTH]; // of the whole text
    struct sale_row *rows;
    size_t row_count;
    struct sale_member *members; // those with most sales first
    size_t member_count;
};

enum { SALES_FILE_ERROR_BYTES = IMPORT_FILE_ERROR_BYTES };

// False with a sentence naming file and line; nothing of the file is then to be used.
bool sales_file_read(const char *path, struct sales_file *ret_file,
                     char ret_error[SALES_FILE_ERROR_BYTES]);
void sales_file_fini(struct sales_file *file);

// UUIDs, version 8: 122 bits of SHA-256 over the file's digest and what is meant.
void sales_file_row_id(const struct sales_file *file, uint64_t number,
                       char ret_id[LOYALTY_UUID_BYTES]);
// `member_id` as it is enrolled, prefix and all.
void sales_file_member_id(const struct sales_file *file, struct span member_id,
                          char ret_id[LOYALTY_UUID_BYTES]);
