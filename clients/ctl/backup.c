// `backup` and `backup check`. Redis gives an exact point in time to whoever says it is a replica:
// its full synchronization. So a copy of all accounts, each as of the same instant, is taken while
// daemons write; then it is loaded and every log in it is proved, and only then it gets its
// manifest and its name.
//
//     DIR/<instant>.part/ledger.rdb -> proved -> manifest.json -> DIR/<instant>/ -> older ones go
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ctl/backup_fetch.h"
#include "ctl/backup_folders.h"
#include "ctl/backup_prove.h"
#include "ctl/command.h"
#include "ctl/ledger_stop.h"
#include "ctl/parse.h"

enum { KEY_REDIS = 0x200, KEY_USER, KEY_PASSWORD_FILE, KEY_TO, KEY_KEEP, KEY_FAULTS };
enum { KEEP_MAX = 1000, FOLDER_MODE = 0700, STAMP_BYTES = 24 };

struct backup_line {
    struct globals globals;
    struct ledger_address redis;
    const char *to;
    uint32_t keep; // 0: all
    bool with_faults;
    const char *folder; // of check
};

static error_t take(int key, char *arg, struct argp_state *state)
{
    struct backup_line *line = state->input;
    int64_t number = 0;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &line->globals;
        return 0;
    case KEY_REDIS:
        line->redis.text = arg;
        return 0;
    case KEY_USER:
        line->redis.user = arg;
        return 0;
    case KEY_PASSWORD_FILE:
        line->redis.password_file = arg;
        return 0;
    case KEY_TO:
        line->to = arg;
        return 0;
    case KEY_KEEP:
        if (!parse_number(arg, 1, KEEP_MAX, &number)) {
            argp_error(state, "%s is no number of backups from 1 to %d", arg, KEEP_MAX);
        }
        line->keep = (uint32_t)number;
        return 0;
    case KEY_FAULTS:
        line->with_faults = true;
        return 0;
    case ARGP_KEY_END:
        if (line->redis.text == NULL || line->to == NULL) {
            argp_error(state, "--redis and --to are required");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int complain(const char *name, const char *what)
{
    (void)fprintf(stderr, "%s: %s: %s\n", name, what, strerror(errno));
    return CTL_REFUSED;
}

// --- backup ---

static void stamp(struct backup_manifest *manifest, char ret_name[STAMP_BYTES])
{
    time_t now = time(NULL);
    struct tm utc = {0};
    (void)gmtime_r(&now, &utc);
    (void)strftime(manifest->taken_at, sizeof(manifest->taken_at), "%Y-%m-%dT%H:%M:%SZ", &utc);
    (void)strftime(ret_name, STAMP_BYTES, "%Y-%m-%dT%H-%M-%SZ", &utc);
}

static int fetch(const char *name, const struct backup_line *line, const char *path,
                 struct backup_manifest *manifest)
{
    struct ledger_redis redis;
    bool fit = ledger_redis_open(&redis, &line->redis) && backup_fits(&redis) &&
               ledger_redis_info(&redis, "server", "redis_version", manifest->redis_version);
    int code = fit ? backup_fetch(name, &line->redis, &redis, path) : CTL_REFUSED;
    if (!fit) {
        (void)fprintf(stderr, "%s: %s\n", name, redis.error);
    }
    ledger_redis_close(&redis);
    return code;
}

static int judge_faults(const char *name, const struct backup_line *line, uint64_t faults)
{
    if (faults == 0) {
        return CTL_OK;
    }
    (void)fprintf(
        stderr, "%s: %" PRIu64 " faults; %s\n", name, faults,
        line->with_faults
            ? "the copy is kept with them, and its manifest says so"
            : "nothing was kept. The runbook, \"Points do not add up\", says what is done "
              "about them; --with-faults keeps a copy as it is");
    return line->with_faults ? CTL_OK : CTL_REFUSED;
}

static int copy_and_prove(const char *name, const struct backup_line *line, const char *folder,
                          struct backup_manifest *manifest)
{
    char path[BACKUP_PATH_BYTES];
    backup_path(folder, backup_rdb_name, path);
    int code = fetch(name, line, path, manifest);
    if (code == CTL_OK) {
        code = backup_prove(name, folder, &manifest->totals);
    }
    if (code == CTL_OK) {
        code = judge_faults(name, line, manifest->totals.faults);
    }
    if (code == CTL_OK && !backup_file_hash(path, manifest->sha256, &manifest->bytes)) {
        code = complain(name, path);
    }
    backup_hex(manifest->totals.digest, manifest->digest);
    if (code == CTL_OK && !backup_manifest_write(folder, manifest)) {
        code = complain(name, folder);
    }
    return code;
}

static void say_what_else(void)
{
    (void)fprintf(stderr,
                  "Keep beside it, they are not in it: the identifier, profile and code keys, the "
                  "certificates with their CA, and the archive's folder.\n");
}

static int conclude(const char *name, const struct backup_line *line, const char *whole,
                    const struct backup_manifest *manifest)
{
    int code = backup_sync_folder(name, line->to);
    if (code != CTL_OK) {
        return code;
    }
    backup_show(&line->globals, whole, manifest);
    say_what_else();
    // One with faults takes no good one's place.
    return manifest->totals.faults > 0 ? CTL_OK : backup_drop_old(name, line->to, line->keep);
}

static int make_backup(const char *name, const struct backup_line *line)
{
    struct backup_manifest manifest = {0};
    char stamped[STAMP_BYTES];
    char partial[BACKUP_PATH_BYTES];
    char whole[BACKUP_PATH_BYTES];
    stamp(&manifest, stamped);
    if (strlen(line->to) > BACKUP_PATH_BYTES / 2) {
        errno = ENAMETOOLONG;
        return complain(name, line->to);
    }
    backup_path(line->to, stamped, whole);
    (void)snprintf(partial, sizeof(partial), "%.*s/%s.part", BACKUP_PATH_BYTES / 2, line->to,
                   stamped);
    if (mkdir(line->to, FOLDER_MODE) != 0 && errno != EEXIST) {
        return complain(name, line->to);
    }
    backup_drop_left(line->to);
    errno = access(whole, F_OK) == 0 ? EEXIST : 0;
    int lock = errno == EEXIST ? -1 : backup_begin(partial);
    if (lock < 0) {
        return complain(name, errno == EEXIST ? "one is made in this second already" : partial);
    }
    int code = copy_and_prove(name, line, partial, &manifest);
    if (code == CTL_OK && ledger_stop_asked()) {
        (void)fprintf(stderr, "%s: stopped before it had its name\n", name);
        code = CTL_REFUSED;
    }
    if (code == CTL_OK && rename(partial, whole) != 0) {
        code = complain(name, whole);
    }
    if (code != CTL_OK) {
        (void)backup_remove(partial);
    }
    (void)close(lock);
    return code == CTL_OK ? conclude(name, line, whole, &manifest) : code;
}

int backup_make(int argc, char **argv, const struct globals *globals)
{
    static const struct argp_option options[] = {
        {"redis", KEY_REDIS, "ADDRESS", 0, "Where the ledger is: unix:PATH or HOST:PORT", 0},
        {"redis-user", KEY_USER, "NAME", 0, "ACL user", 0},
        {"redis-password-file", KEY_PASSWORD_FILE, "FILE", 0, "Its first line", 0},
        {"to", KEY_TO, "DIR", 0, "Where backups are, a folder each; made when missing", 0},
        {"keep", KEY_KEEP, "N", 0, "Remove older ones but so many, once this one is proved", 0},
        {"with-faults", KEY_FAULTS, NULL, 0,
         "Keep the copy also when a log in it does not hold; then no older one is removed", 0},
        {0},
    };
    static const struct argp parser = {
        .options = options,
        .parser = take,
        .doc = "Makes a copy of the whole ledger, every account as of the same instant, while "
               "daemons serve; loads it into a private redis-server and proves every log in it.",
        .children = globals_child,
    };
    struct backup_line line = {.globals = *globals};
    globals_parse(&parser, argc, argv, &line);
    ledger_stop_watch();
    return make_backup(argv[0], &line);
}

// --- check ---

static error_t take_folder(int key, char *arg, struct argp_state *state)
{
    struct backup_line *line = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &line->globals;
        return 0;
    case ARGP_KEY_ARG:
        if (line->folder != NULL) {
            argp_usage(state);
        }
        line->folder = arg;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which backup?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int backup_check(int argc, char **argv, const struct globals *globals)
{
    static const struct argp parser = {
        .parser = take_folder,
        .args_doc = "FOLDER",
        .doc = "Proves a backup again: its file against the manifest, and every log in it.",
        .children = globals_child,
    };
    struct backup_line line = {.globals = *globals};
    struct backup_manifest manifest;
    char error[LEDGER_ERROR_BYTES];
    globals_parse(&parser, argc, argv, &line);
    ledger_stop_watch();
    if (!backup_manifest_read(line.folder, &manifest, error)) {
        (void)fprintf(stderr, "%s: %s\n", argv[0], error);
        return CTL_REFUSED;
    }
    int code = backup_compare(argv[0], line.folder, &manifest);
    if (code == CTL_OK) {
        backup_show(&line.globals, line.folder, &manifest);
    }
    return code;
}
