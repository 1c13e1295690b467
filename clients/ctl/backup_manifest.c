// By jansson, with every field there and none other.
#include "ctl/backup_manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

enum { FORMAT = 1, FILE_MODE = 0600, READ_BYTES = 1 << 16, JSON_BYTES_MAX = 16384 };

static const char file_name[] = "manifest.json";

void backup_hex(const uint8_t bytes[LEDGER_DIGEST_BYTES], char ret_hex[BACKUP_HEX_BYTES])
{
    for (size_t i = 0; i < LEDGER_DIGEST_BYTES; i++) {
        (void)snprintf(ret_hex + 2 * i, 3, "%02x", bytes[i]);
    }
}

static bool hash_all(FILE *file, EVP_MD_CTX *context, uint8_t *ret_hash, int64_t *ret_bytes)
{
    uint8_t *buffer = malloc(READ_BYTES);
    bool good = buffer != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1;
    size_t len = 0;
    *ret_bytes = 0;
    while (good && (len = fread(buffer, 1, READ_BYTES, file)) > 0) {
        good = EVP_DigestUpdate(context, buffer, len) == 1;
        *ret_bytes += (int64_t)len;
    }
    free(buffer);
    return good && ferror(file) == 0 && EVP_DigestFinal_ex(context, ret_hash, NULL) == 1;
}

bool backup_file_hash(const char *path, char ret_hex[BACKUP_HEX_BYTES], int64_t *ret_bytes)
{
    uint8_t hash[LEDGER_DIGEST_BYTES];
    FILE *file = fopen(path, "re");
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    errno = file == NULL ? errno : EIO;
    bool good = file != NULL && context != NULL && hash_all(file, context, hash, ret_bytes);
    EVP_MD_CTX_free(context);
    if (file != NULL) {
        (void)fclose(file);
    }
    if (good) {
        backup_hex(hash, ret_hex);
    }
    return good;
}

// --- writing ---

static json_t *tree_of(const struct backup_manifest *manifest)
{
    const struct ledger_totals *totals = &manifest->totals;
    return json_pack(
        "{s:i, s:s, s:s, s:I, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
        "format", FORMAT, "taken_at", manifest->taken_at, "redis_version", manifest->redis_version,
        "bytes", (json_int_t)manifest->bytes, "sha256", manifest->sha256, "digest",
        manifest->digest, "partitions", (json_int_t)totals->partitions, "keys",
        (json_int_t)totals->keys, "accounts", (json_int_t)totals->accounts, "members",
        (json_int_t)totals->members, "records", (json_int_t)totals->records, "log_bytes",
        (json_int_t)totals->log_bytes, "claims", (json_int_t)totals->claims, "balance",
        (json_int_t)totals->balance, "points_awarded", (json_int_t)totals->awarded, "faults",
        (json_int_t)totals->faults);
}

static bool write_whole(int folder, const char *text)
{
    static const char partial[] = "manifest.json.part";
    size_t len = strlen(text);
    int file = openat(folder, partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, FILE_MODE);
    bool good = file >= 0 && write(file, text, len) == (ssize_t)len && fsync(file) == 0;
    if (file >= 0) {
        good = close(file) == 0 && good;
    }
    return good && renameat(folder, partial, folder, file_name) == 0 && fsync(folder) == 0;
}

bool backup_manifest_write(const char *folder, const struct backup_manifest *manifest)
{
    json_t *tree = tree_of(manifest);
    char *text = tree == NULL ? NULL : json_dumps(tree, JSON_INDENT(2));
    int at = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = text != NULL && at >= 0 && write_whole(at, text);
    int why = errno;
    if (at >= 0) {
        (void)close(at);
    }
    free(text);
    json_decref(tree);
    errno = why;
    return good;
}

// --- reading ---

static void copy_text(char *out, size_t size, const char *text)
{
    (void)snprintf(out, size, "%s", text);
}

static bool take_tree(json_t *tree, struct backup_manifest *manifest)
{
    struct ledger_totals *totals = &manifest->totals;
    const char *texts[4];
    json_int_t numbers[11];
    int format = 0;
    if (json_unpack(
            tree,
            "{s:i, s:s, s:s, s:I, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I !}",
            "format", &format, "taken_at", &texts[0], "redis_version", &texts[1], "bytes",
            &numbers[0], "sha256", &texts[2], "digest", &texts[3], "partitions", &numbers[1],
            "keys", &numbers[2], "accounts", &numbers[3], "members", &numbers[4], "records",
            &numbers[5], "log_bytes", &numbers[6], "claims", &numbers[7], "balance", &numbers[8],
            "points_awarded", &numbers[9], "faults", &numbers[10]) != 0 ||
        format != FORMAT) {
        return false;
    }
    copy_text(manifest->taken_at, sizeof(manifest->taken_at), texts[0]);
    copy_text(manifest->redis_version, sizeof(manifest->redis_version), texts[1]);
    copy_text(manifest->sha256, sizeof(manifest->sha256), texts[2]);
    copy_text(manifest->digest, sizeof(manifest->digest), texts[3]);
    manifest->bytes = numbers[0];
    *totals = (struct ledger_totals){
        .partitions = (uint64_t)numbers[1],
        .keys = (uint64_t)numbers[2],
        .accounts = (uint64_t)numbers[3],
        .members = (uint64_t)numbers[4],
        .records = (uint64_t)numbers[5],
        .log_bytes = (uint64_t)numbers[6],
        .claims = (uint64_t)numbers[7],
        .balance = numbers[8],
        .awarded = numbers[9],
        .faults = (uint64_t)numbers[10],
    };
    return true;
}

bool backup_manifest_read(const char *folder, struct backup_manifest *ret_manifest,
                          char ret_error[LEDGER_ERROR_BYTES])
{
    char path[BACKUP_PATH_BYTES];
    json_error_t why;
    *ret_manifest = (struct backup_manifest){0};
    (void)snprintf(path, sizeof(path), "%s/%s", folder, file_name);
    if (access(path, R_OK) != 0) {
        (void)snprintf(ret_error, LEDGER_ERROR_BYTES, "%s: %s; a folder without it is no backup",
                       path, strerror(errno));
        return false;
    }
    json_t *tree = json_load_file(path, JSON_REJECT_DUPLICATES, &why);
    bool good = tree != NULL && take_tree(tree, ret_manifest);
    json_decref(tree);
    if (!good) {
        (void)snprintf(ret_error, LEDGER_ERROR_BYTES, "%s: it is no manifest of this version's",
                       path);
    }
    return good;
}
