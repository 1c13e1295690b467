// What a backup says of itself: manifest.json, written last. A folder without it is no backup.
#pragma once

#include <stdbool.h>

#include "ctl/ledger_check.h"

enum { BACKUP_PATH_BYTES = 512, BACKUP_HEX_BYTES = 65, BACKUP_INSTANT_BYTES = 32 };

struct backup_manifest {
    char taken_at[BACKUP_INSTANT_BYTES]; // RFC 3339, UTC
    char redis_version[LEDGER_FIELD_BYTES];
    int64_t bytes;                 // of ledger.rdb
    char sha256[BACKUP_HEX_BYTES]; // of it
    char digest[BACKUP_HEX_BYTES]; // of its contents (ledger_check.h)
    struct ledger_totals totals;   // but for the digest
};

// To FOLDER/manifest.json, whole and on disk or not at all. False: errno says why.
bool backup_manifest_write(const char *folder, const struct backup_manifest *manifest);
// False with a sentence in `ret_error`.
bool backup_manifest_read(const char *folder, struct backup_manifest *ret_manifest,
                          char ret_error[LEDGER_ERROR_BYTES]);
// SHA-256 of a file in hex, and its length. False: errno says why.
bool backup_file_hash(const char *path, char ret_hex[BACKUP_HEX_BYTES], int64_t *ret_bytes);
void backup_hex(const uint8_t bytes[LEDGER_DIGEST_BYTES], char ret_hex[BACKUP_HEX_BYTES]);
