// The proof of a backup.
#include "ctl/backup_prove.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ctl/print.h"

const char backup_rdb_name[] = "ledger.rdb";

void backup_path(const char *folder, const char *name, char ret_path[BACKUP_PATH_BYTES])
{
    (void)snprintf(ret_path, BACKUP_PATH_BYTES, "%s/%s", folder, name);
}

static int prove_over(const char *name, const char *socket, struct ledger_totals *ret_totals)
{
    const struct ledger_address address = {.text = socket};
    struct ledger_redis redis;
    bool read = ledger_redis_open(&redis, &address) && ledger_check(&redis, ret_totals);
    if (!read) {
        (void)fprintf(stderr, "%s: %s\n", name, redis.error);
    } else if (ret_totals->taken > 0) {
        (void)fprintf(stderr,
                      "%s: %" PRIu64 " identifiers of members find another member; they are "
                      "copied as they are. Which: loyaltyctl doctor --full\n",
                      name, ret_totals->taken);
    }
    ledger_redis_close(&redis);
    return read ? CTL_OK : CTL_REFUSED;
}

int backup_prove(const char *name, const char *folder, struct ledger_totals *ret_totals)
{
    char path[BACKUP_PATH_BYTES];
    struct ledger_server server;
    int code = CTL_REFUSED;
    backup_path(folder, backup_rdb_name, path);
    if (ledger_server_start(&server, path, NULL)) {
        code = prove_over(name, server.socket, ret_totals);
    } else {
        (void)fprintf(stderr, "%s: %s\n", name, server.error);
    }
    ledger_server_stop(&server);
    return code;
}

int backup_compare_totals(const char *name, const char *of, const struct ledger_totals *totals,
                          const struct backup_manifest *manifest)
{
    char digest[BACKUP_HEX_BYTES];
    const struct ledger_totals *said = &manifest->totals;
    const struct {
        const char *what;
        uint64_t is;
        uint64_t said;
    } rows[] = {
        {"partitions", totals->partitions, said->partitions},
        {"keys", totals->keys, said->keys},
        {"accounts", totals->accounts, said->accounts},
        {"members", totals->members, said->members},
        {"records", totals->records, said->records},
        {"bytes of logs", totals->log_bytes, said->log_bytes},
        {"claims", totals->claims, said->claims},
        {"points", (uint64_t)totals->balance, (uint64_t)said->balance},
        {"faults", totals->faults, said->faults},
        {"points awarded", (uint64_t)totals->awarded, (uint64_t)said->awarded},
    };
    int code = CTL_OK;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].is != rows[i].said) {
            (void)fprintf(stderr, "%s: %s has %" PRIu64 " %s, the manifest says %" PRIu64 "\n",
                          name, of, rows[i].is, rows[i].what, rows[i].said);
            code = CTL_REFUSED;
        }
    }
    backup_hex(totals->digest, digest);
    if (code == CTL_OK && strcmp(digest, manifest->digest) != 0) {
        (void)fprintf(stderr, "%s: the digest of %s is not the manifest's\n", name, of);
        code = CTL_REFUSED;
    }
    return code;
}

int backup_compare(const char *name, const char *folder, const struct backup_manifest *manifest)
{
    char path[BACKUP_PATH_BYTES];
    char sha256[BACKUP_HEX_BYTES];
    int64_t bytes = 0;
    struct ledger_totals totals;
    backup_path(folder, backup_rdb_name, path);
    if (!backup_file_hash(path, sha256, &bytes)) {
        (void)fprintf(stderr, "%s: %s: %s\n", name, path, strerror(errno));
        return CTL_REFUSED;
    }
    if (bytes != manifest->bytes || strcmp(sha256, manifest->sha256) != 0) {
        (void)fprintf(stderr,
                      "%s: %s: it has %" PRId64 " bytes with another SHA-256 than the manifest's "
                      "%" PRId64 " bytes: it is damaged\n",
                      name, path, bytes, manifest->bytes);
        return CTL_REFUSED;
    }
    int code = backup_prove(name, folder, &totals);
    return code == CTL_OK ? backup_compare_totals(name, path, &totals, manifest) : code;
}

void backup_show(const struct globals *globals, const char *folder,
                 const struct backup_manifest *manifest)
{
    const struct ledger_totals *totals = &manifest->totals;
    if (globals->json) {
        print_tree(json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:s}", "folder", folder,
                             "taken_at", manifest->taken_at, "bytes", (json_int_t)manifest->bytes,
                             "members", (json_int_t)totals->members, "accounts",
                             (json_int_t)totals->accounts, "records", (json_int_t)totals->records,
                             "balance", (json_int_t)totals->balance, "faults",
                             (json_int_t)totals->faults, "digest", manifest->digest));
        return;
    }
    print_row("backup", "%s", folder);
    print_row("taken at", "%s", manifest->taken_at);
    print_row_number("bytes", manifest->bytes);
    print_row_number("members", (int64_t)totals->members);
    print_row_number("accounts", (int64_t)totals->accounts);
    print_row_number("records", (int64_t)totals->records);
    print_row_number("points", totals->balance);
    if (totals->faults > 0) {
        print_row_number("faults", (int64_t)totals->faults);
    }
    print_row("digest", "%s", manifest->digest);
}
