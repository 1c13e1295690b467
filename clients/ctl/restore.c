// `restore`: an empty Redis is filled from a backup. A private redis-server loads the backup's
// file, the empty one becomes its replica until it has all of it, then its own master again; so it
// gets everything there was, functions and positions of consumers too. It is done when the target
// has it in its append-only file, and every log there is proved to the last record.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl/backup_prove.h"
#include "ctl/command.h"

enum { KEY_REDIS = 0x200, KEY_USER, KEY_PASSWORD_FILE, KEY_FROM, KEY_HOST };
enum { STEP_MS = 50, STEPS_MAX = 72000 }; // an hour

struct restore_line {
    struct globals globals;
    struct ledger_address redis;
    const char *from;
    const char *host;
};

static error_t take(int key, char *arg, struct argp_state *state)
{
    struct restore_line *line = state->input;
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
    case KEY_FROM:
        line->from = arg;
        return 0;
    case KEY_HOST:
        line->host = arg;
        return 0;
    case ARGP_KEY_END:
        if (line->redis.text == NULL || line->from == NULL) {
            argp_error(state, "--redis and --from are required");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

struct restore {
    const char *name;
    const struct restore_line *line;
    const struct backup_manifest *manifest;
    struct ledger_redis target;
    struct ledger_server server;
};

static int complain(const struct restore *restore, const char *why)
{
    (void)fprintf(stderr, "%s: %s\n", restore->name, why);
    return CTL_REFUSED;
}

// --- what the target must be ---

static int judge_field(struct restore *restore, const char *section, const char *field,
                       const char *wanted, const char *why)
{
    char is[LEDGER_FIELD_BYTES];
    if (!ledger_redis_info(&restore->target, section, field, is)) {
        return complain(restore, restore->target.error);
    }
    return strcmp(is, wanted) == 0 ? CTL_OK : complain(restore, why);
}

static int judge_empty(struct restore *restore)
{
    redisReply *size = ledger_redis_say(&restore->target, "DBSIZE");
    redisReply *functions = ledger_redis_say(&restore->target, "FUNCTION LIST");
    char why[LEDGER_ERROR_BYTES];
    int code = CTL_OK;
    if (size == NULL || functions == NULL) {
        code = complain(restore, restore->target.error);
    } else if (size->integer != 0 || functions->elements != 0) {
        (void)snprintf(why, sizeof(why),
                       "the Redis to be filled is not empty: it has %lld keys and %zu libraries of "
                       "functions. Nothing was done; is it the right one?",
                       size->integer, functions->elements);
        code = complain(restore, why);
    }
    freeReplyObject(size);
    freeReplyObject(functions);
    return code;
}

static int judge_target(struct restore *restore)
{
    int code = judge_field(restore, "persistence", "loading", "0",
                           "the Redis to be filled is still loading");
    if (code == CTL_OK) {
        code = judge_field(restore, "replication", "role", "master",
                           "the Redis to be filled is somebody's replica");
    }
    if (code == CTL_OK) {
        code = judge_field(restore, "cluster", "cluster_enabled", "0",
                           "the Redis to be filled is a cluster's");
    }
    return code == CTL_OK ? judge_empty(restore) : code;
}

// --- filling it ---

static bool set_password(struct restore *restore, const char *password)
{
    const struct span words[] = {span_of_text("CONFIG"), span_of_text("SET"),
                                 span_of_text("masterauth"), span_of_text(password)};
    redisReply *reply = ledger_redis_ask(&restore->target, 4, words);
    bool good = reply != NULL;
    freeReplyObject(reply);
    return good;
}

static bool has_field(struct restore *restore, const char *section, const char *field,
                      const char *wanted)
{
    char is[LEDGER_FIELD_BYTES];
    return ledger_redis_info(&restore->target, section, field, is) && strcmp(is, wanted) == 0;
}

// Asks again and again until `is_there`; false when it does not come about.
static bool wait_until(struct restore *restore, bool (*is_there)(struct restore *restore))
{
    const struct timespec step = {.tv_nsec = STEP_MS * 1000000L};
    for (int i = 0; i < STEPS_MAX; i++) {
        if (is_there(restore)) {
            return true;
        }
        (void)nanosleep(&step, NULL);
    }
    return false;
}

static bool is_filled(struct restore *restore)
{
    return has_field(restore, "replication", "master_link_status", "up") &&
           has_field(restore, "replication", "master_sync_in_progress", "0");
}

static bool is_rewritten(struct restore *restore)
{
    return has_field(restore, "persistence", "aof_rewrite_in_progress", "0") &&
           has_field(restore, "persistence", "aof_rewrite_scheduled", "0");
}

static int copy_over(struct restore *restore)
{
    char words[LEDGER_FIELD_BYTES * 2];
    char before[LEDGER_PASSWORD_BYTES];
    struct ledger_redis *target = &restore->target;
    (void)snprintf(words, sizeof(words), "REPLICAOF %s %d", restore->server.host,
                   restore->server.port);
    if (!ledger_redis_setting(target, "masterauth", before) ||
        !set_password(restore, restore->server.secret)) {
        return complain(restore, target->error);
    }
    bool filled = ledger_redis_do(target, words) && wait_until(restore, is_filled);
    bool own = ledger_redis_do(target, "REPLICAOF NO ONE");
    bool put_back = set_password(restore, before);
    if (!filled) {
        return complain(restore, "the Redis to be filled does not get the copy; its log says why "
                                 "(it must reach this machine: --host)");
    }
    return own && put_back ? CTL_OK : complain(restore, target->error);
}

// With an append-only file: a new one is written, whole, before it is said to be there.
static int make_durable(struct restore *restore)
{
    struct ledger_redis *target = &restore->target;
    char file[LEDGER_PASSWORD_BYTES];
    if (!ledger_redis_setting(target, "appendonly", file)) {
        return complain(restore, target->error);
    }
    if (strcmp(file, "yes") != 0) {
        (void)fprintf(stderr,
                      "%s: the Redis has no append-only file (appendonly no): what was "
                      "restored is in its memory alone\n",
                      restore->name);
        return CTL_OK;
    }
    if (!wait_until(restore, is_rewritten) || !ledger_redis_do(target, "BGREWRITEAOF") ||
        !wait_until(restore, is_rewritten) ||
        !has_field(restore, "persistence", "aof_last_bgrewrite_status", "ok") ||
        !has_field(restore, "persistence", "aof_last_write_status", "ok")) {
        return complain(restore, "the append-only file could not be written; is the disk full?");
    }
    return CTL_OK;
}

static int fill(struct restore *restore)
{
    char path[BACKUP_PATH_BYTES];
    struct ledger_totals totals;
    backup_path(restore->line->from, backup_rdb_name, path);
    if (!ledger_server_start(&restore->server, path, restore->line->host)) {
        return complain(restore, restore->server.error);
    }
    int code = copy_over(restore);
    if (code == CTL_OK) {
        code = make_durable(restore);
    }
    if (code == CTL_OK && !ledger_check(&restore->target, &totals)) {
        code = complain(restore, restore->target.error);
    }
    if (code == CTL_OK && totals.faults > 0) {
        code = complain(restore, "what was restored has faults");
    }
    return code == CTL_OK ? backup_compare_totals(restore->name, "what was restored", &totals,
                                                  restore->manifest)
                          : code;
}

static int restore_all(const char *name, const struct restore_line *line)
{
    struct backup_manifest manifest;
    char error[LEDGER_ERROR_BYTES];
    struct restore restore = {.name = name, .line = line, .manifest = &manifest};
    if (!backup_manifest_read(line->from, &manifest, error)) {
        return complain(&restore, error);
    }
    int code = backup_compare(name, line->from, &manifest);
    if (code != CTL_OK) {
        return code;
    }
    if (ledger_redis_open(&restore.target, &line->redis)) {
        code = judge_target(&restore);
        code = code == CTL_OK ? fill(&restore) : code;
    } else {
        code = complain(&restore, restore.target.error);
    }
    ledger_redis_close(&restore.target);
    ledger_server_stop(&restore.server);
    if (code == CTL_OK) {
        backup_show(&line->globals, line->from, &manifest);
        (void)fprintf(stderr, "Restored, and proved to the last record. Tills ask again for what "
                              "they sent since: by its request ids it is done once.\n");
    }
    return code;
}

int backup_restore(int argc, char **argv, const struct globals *globals)
{
    static const struct argp_option options[] = {
        {"redis", KEY_REDIS, "ADDRESS", 0, "The empty Redis: unix:PATH or HOST:PORT", 0},
        {"redis-user", KEY_USER, "NAME", 0, "ACL user", 0},
        {"redis-password-file", KEY_PASSWORD_FILE, "FILE", 0, "Its first line", 0},
        {"from", KEY_FROM, "FOLDER", 0, "The backup", 0},
        {"host", KEY_HOST, "ADDRESS", 0,
         "IPv4 address of this machine at which that Redis reaches it (127.0.0.1)", 0},
        {0},
    };
    static const struct argp parser = {
        .options = options,
        .parser = take,
        .doc = "Fills an empty Redis from a backup and proves every log there to the last record. "
               "No daemon may serve from it before that is done.",
        .children = globals_child,
    };
    struct restore_line line = {.globals = *globals, .host = "127.0.0.1"};
    globals_parse(&parser, argc, argv, &line);
    return restore_all(argv[0], &line);
}
