// What files that are imported have alike: they are read whole, and the ids of their requests
// follow from what they say, so that importing one again, or going on after a break, posts nothing
// twice.
#pragma once

#include <openssl/sha.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/span.h"
#include "lib/loyalty.h"

enum { IMPORT_FILE_ERROR_BYTES = 512 };

// Inits and fills `ret_text`. False with a sentence; `ret_text` is to be freed all the same.
bool import_file_read(const char *path, struct buffer *ret_text,
                      char ret_error[IMPORT_FILE_ERROR_BYTES]);
// Ends the program where it cannot be had: better no ids than others than the last time.
void import_file_hash(struct span bytes, uint8_t ret_hash[SHA256_DIGEST_LENGTH]);
// A UUID, version 8: 122 bits of SHA-256 over the parts, 256 bytes in all at most.
void import_file_id(const struct span *parts, size_t count, char ret_id[LOYALTY_UUID_BYTES]);
