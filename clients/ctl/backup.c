// `backup` and `backup check`. Redis gives an exact point in time to whoever says it is a replica:
// its full synchronization. So a copy of all accounts, each as of the same instant, is taken while
// daemons write; then it is loaded and every log in it is proved, and only then it gets its
// manifest and its name.
//
//     DIR/<instant>.part/ledger.rdb -> proved -> manifest.json -> DIR/<instant>/ -> older ones go
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ctl/backup_prove.h"
#include "ctl/command.h"
#include "ctl/parse.h"

enum { KEY_REDIS = 0x200, KEY_USER, KEY_PASSWORD_FILE, KEY_TO, KEY_KEEP, KEEP_MAX = 10000 };
enum { FOLDER_MODE = 0700, STAMP_BYTES = 24, NAMES_MAX = 4096, EXIT_NOT_RUN = 127 };

struct backup_line {
    struct globals globals;
    struct ledger_address redis;
    const char *to;
    uint32_t keep;      // 0: all
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

// --- the copy ---

static bool is_fit(struct ledger_redis *redis)
{
    char loading[LEDGER_FIELD_BYTES];
    redisReply *reply = ledger_redis_say(redis, "GET ly:{meta}:partitions");
    bool ledger = reply != NULL && reply->type == REDIS_REPLY_STRING;
    bool answered = reply != NULL;
    freeReplyObject(reply);
    if (!answered || !ledger_redis_info(redis, "persistence", "loading", loading)) {
        return false;
    }
    if (!ledger) {
        (void)snprintf(redis->error, sizeof(redis->error), "there is no ledger in this Redis");
    }
    return ledger;
}

// In the child: the packaged client, which says it is a replica. The password is in the
// environment, where other users do not see it.
static void become_client(const struct backup_line *line, const char *password, const char *path,
                          int said)
{
    static const char prefix[] = "unix:";
    char host[LEDGER_FIELD_BYTES];
    const char *arguments[16] = {"redis-cli"};
    size_t count = 1;
    const char *address = line->redis.text;
    const char *colon = strrchr(address, ':');
    if (strncmp(address, prefix, sizeof(prefix) - 1) == 0) {
        arguments[count++] = "-s";
        arguments[count++] = address + sizeof(prefix) - 1;
    } else {
        (void)snprintf(host, sizeof(host), "%.*s", (int)(colon - address), address);
        arguments[count++] = "-h";
        arguments[count++] = host;
        arguments[count++] = "-p";
        arguments[count++] = colon + 1;
    }
    if (line->redis.user != NULL) {
        arguments[count++] = "--user";
        arguments[count++] = line->redis.user;
    }
    arguments[count++] = "--no-auth-warning";
    arguments[count++] = "--rdb";
    arguments[count++] = path;
    (void)umask(077);
    (void)dup2(said, STDOUT_FILENO);
    (void)dup2(said, STDERR_FILENO);
    if (password[0] == '\0' || setenv("REDISCLI_AUTH", password, 1) == 0) {
        (void)execvp(arguments[0], (char *const *)arguments);
    }
    _exit(EXIT_NOT_RUN);
}

// What redis-cli has said, where it went wrong.
static void pass_on(int said)
{
    char text[2048];
    ssize_t len = pread(said, text, sizeof(text), 0);
    if (len > 0) {
        (void)fwrite(text, 1, (size_t)len, stderr);
    }
}

static int fetch(const char *name, const struct backup_line *line, const char *password,
                 const char *path)
{
    int status = 0;
    int said = memfd_create("redis-cli", MFD_CLOEXEC);
    (void)fflush(NULL);
    pid_t pid = said < 0 ? -1 : fork();
    if (pid == 0) {
        become_client(line, password, path, said);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid) {
        return complain(name, "redis-cli");
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        pass_on(said);
        (void)fprintf(stderr,
                      "%s: redis-cli --rdb has failed; a Redis with ACLs must allow this user "
                      "+psync +sync +replconf\n",
                      name);
        return CTL_REFUSED;
    }
    (void)close(said);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    bool synced = file >= 0 && fsync(file) == 0;
    if (file >= 0) {
        (void)close(file);
    }
    return synced ? CTL_OK : complain(name, path);
}

// --- folders ---

static bool remove_files(const char *folder)
{
    static const char *const names[] = {"manifest.json", "manifest.json.part", backup_rdb_name};
    char path[BACKUP_PATH_BYTES];
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        backup_path(folder, names[i], path);
        if (unlink(path) != 0 && errno != ENOENT) {
            return false;
        }
    }
    return rmdir(folder) == 0;
}

static int sync_folder(const char *name, const char *path)
{
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = folder >= 0 && fsync(folder) == 0;
    if (folder >= 0) {
        (void)close(folder);
    }
    return good ? CTL_OK : complain(name, path);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_backup(const char *to, const char *entry)
{
    char folder[BACKUP_PATH_BYTES];
    char path[BACKUP_PATH_BYTES + 16];
    (void)snprintf(folder, sizeof(folder), "%s/%s", to, entry);
    (void)snprintf(path, sizeof(path), "%s/manifest.json", folder);
    return strspn(entry, "0123456789TZ-") == strlen(entry) && access(path, F_OK) == 0;
}

// Older complete backups go, the manifest first: what is half removed is none.
static int drop_old(const char *name, const struct backup_line *line)
{
    char *names[NAMES_MAX];
    size_t count = 0;
    int code = CTL_OK;
    DIR *folder = line->keep == 0 ? NULL : opendir(line->to);
    const struct dirent *entry = NULL;
    while (folder != NULL && count < NAMES_MAX && (entry = readdir(folder)) != NULL) { // NOLINT
        if (is_backup(line->to, entry->d_name)) {
            names[count++] = strdup(entry->d_name);
        }
    }
    if (folder != NULL) {
        (void)closedir(folder);
    }
    qsort(names, count, sizeof(names[0]), by_name);
    for (size_t i = 0; i < count; i++) {
        char path[BACKUP_PATH_BYTES];
        backup_path(line->to, names[i], path);
        if (i + line->keep < count && !remove_files(path)) {
            code = complain(name, path);
        }
        free(names[i]);
    }
    return code;
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

static int copy_and_prove(const char *name, const struct backup_line *line, const char *folder,
                          struct backup_manifest *manifest)
{
    char path[BACKUP_PATH_BYTES];
    struct ledger_redis redis;
    backup_path(folder, backup_rdb_name, path);
    bool fit = ledger_redis_open(&redis, &line->redis) && is_fit(&redis) &&
               ledger_redis_info(&redis, "server", "redis_version", manifest->redis_version);
    int code = fit ? fetch(name, line, redis.password, path) : CTL_REFUSED;
    if (!fit) {
        (void)fprintf(stderr, "%s: %s\n", name, redis.error);
    }
    ledger_redis_close(&redis);
    if (code == CTL_OK) {
        code = backup_prove(name, folder, &manifest->totals);
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
    if ((mkdir(line->to, FOLDER_MODE) != 0 && errno != EEXIST) ||
        mkdir(partial, FOLDER_MODE) != 0) {
        return complain(name, partial);
    }
    int code = copy_and_prove(name, line, partial, &manifest);
    if (code != CTL_OK) {
        (void)remove_files(partial);
        return code;
    }
    if (rename(partial, whole) != 0) {
        return complain(name, whole);
    }
    code = sync_folder(name, line->to);
    if (code == CTL_OK) {
        backup_show(&line->globals, whole, &manifest);
        say_what_else();
        code = drop_old(name, line);
    }
    return code;
}

int backup_make(int argc, char **argv, const struct globals *globals)
{
    static const struct argp_option options[] = {
        {"redis", KEY_REDIS, "ADDRESS", 0, "Where the ledger is: unix:PATH or HOST:PORT", 0},
        {"redis-user", KEY_USER, "NAME", 0, "ACL user", 0},
        {"redis-password-file", KEY_PASSWORD_FILE, "FILE", 0, "Its first line", 0},
        {"to", KEY_TO, "DIR", 0, "Where backups are, a folder each; made when missing", 0},
        {"keep", KEY_KEEP, "N", 0, "Remove older ones but so many, once this one is proved", 0},
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
