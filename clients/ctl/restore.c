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
#include "ctl/ledger_stop.h"

enum { KEY_REDIS = 0x200, KEY_USER, KEY_PASSWORD_FILE, KEY_FROM, KEY_HOST };
enum { STEP_MS = 50, STEPS_MAX = 72000, STEPS_APART = 600 }; // an hour; half a minute

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
    int apart;    // looks at a target that has no connection to its master
    bool touched; // the target may have something by now
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

// What the target says to its master, as it was before.
struct before {
    char user[LEDGER_PASSWORD_BYTES];
    char password[LEDGER_PASSWORD_BYTES];
};

static bool set_setting(struct restore *restore, const char *name, const char *value)
{
    const struct span words[] = {span_of_text("CONFIG"), span_of_text("SET"), span_of_text(name),
                                 span_of_text(value)};
    redisReply *reply = ledger_redis_ask(&restore->target, 4, words);
    bool good = reply != NULL;
    freeReplyObject(reply);
    return good;
}

static bool set_master(struct restore *restore, const char *user, const char *password)
{
    return set_setting(restore, "masteruser", user) && set_setting(restore, "masterauth", password);
}

enum wait { WAIT_ON, WAIT_DONE, WAIT_FAILED };

static enum wait has_field(struct restore *restore, const char *section, const char *field,
                           const char *wanted)
{
    char is[LEDGER_FIELD_BYTES];
    if (!ledger_redis_info(&restore->target, section, field, is)) {
        return WAIT_FAILED; // it has died, or refuses: that will not come right by waiting
    }
    return strcmp(is, wanted) == 0 ? WAIT_DONE : WAIT_ON;
}

static bool fail(struct restore *restore, const char *why)
{
    (void)snprintf(restore->target.error, sizeof(restore->target.error), "%s", why);
    return false;
}

// Asks again and again until `look` says it is there; else false, and the target's error says why.
static bool wait_until(struct restore *restore, enum wait (*look)(struct restore *restore))
{
    const struct timespec step = {.tv_nsec = STEP_MS * 1000000L};
    for (int i = 0; i < STEPS_MAX; i++) {
        enum wait wait = look(restore);
        if (wait != WAIT_ON) {
            return wait == WAIT_DONE;
        }
        if (ledger_stop_asked()) {
            return fail(restore, "stopped");
        }
        (void)nanosleep(&step, NULL);
    }
    return fail(restore, "it took longer than an hour");
}

// A target that is neither filled nor being filled tries to connect; but not for ever.
static enum wait look_filled(struct restore *restore)
{
    enum wait up = has_field(restore, "replication", "master_link_status", "up");
    enum wait idle = has_field(restore, "replication", "master_sync_in_progress", "0");
    if (up == WAIT_FAILED || idle == WAIT_FAILED || (up == WAIT_DONE && idle == WAIT_DONE)) {
        return up == WAIT_DONE ? idle : up;
    }
    restore->apart = idle == WAIT_DONE ? restore->apart + 1 : 0;
    if (restore->apart > STEPS_APART) {
        (void)fail(restore, "the Redis to be filled does not get the copy; its log says why (it "
                            "must reach this machine: --host)");
        return WAIT_FAILED;
    }
    return WAIT_ON;
}

static enum wait look_loaded(struct restore *restore)
{
    return has_field(restore, "persistence", "loading", "0");
}

static enum wait look_rewritten(struct restore *restore)
{
    enum wait at_work = has_field(restore, "persistence", "aof_rewrite_in_progress", "0");
    enum wait to_come = has_field(restore, "persistence", "aof_rewrite_scheduled", "0");
    return at_work == WAIT_DONE ? to_come : at_work;
}

// Its own master again, whatever has happened; it takes no such order while it loads.
static bool let_go(struct restore *restore, const struct before *before)
{
    const struct timespec step = {.tv_nsec = STEP_MS * 1000000L};
    for (int i = 0; i < STEPS_MAX && look_loaded(restore) == WAIT_ON; i++) {
        (void)nanosleep(&step, NULL);
    }
    bool own = ledger_redis_do(&restore->target, "REPLICAOF NO ONE");
    return set_master(restore, before->user, before->password) && own;
}

static int copy_over(struct restore *restore)
{
    char words[LEDGER_FIELD_BYTES * 2];
    char why[LEDGER_ERROR_BYTES];
    struct before before;
    struct ledger_redis *target = &restore->target;
    (void)snprintf(words, sizeof(words), "REPLICAOF %s %d", restore->server.host,
                   restore->server.port);
    if (!ledger_redis_setting(target, "masteruser", before.user) ||
        !ledger_redis_setting(target, "masterauth", before.password)) {
        return complain(restore, target->error);
    }
    restore->touched = true;
    bool filled = set_master(restore, "", restore->server.secret) &&
                  ledger_redis_do(target, words) && wait_until(restore, look_filled);
    (void)snprintf(why, sizeof(why), "%s", target->error);
    bool own = let_go(restore, &before);
    explicit_bzero(&before, sizeof(before));
    if (!filled) {
        return complain(restore, why);
    }
    return own ? CTL_OK : complain(restore, target->error);
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
    if (!wait_until(restore, look_rewritten) || !ledger_redis_do(target, "BGREWRITEAOF") ||
        !wait_until(restore, look_rewritten)) {
        return complain(restore, target->error);
    }
    if (has_field(restore, "persistence", "aof_last_bgrewrite_status", "ok") != WAIT_DONE ||
        has_field(restore, "persistence", "aof_last_write_status", "ok") != WAIT_DONE) {
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
    if (code != CTL_OK && restore.touched) {
        (void)complain(&restore, "what the Redis may have got by now is not whole: serve nothing "
                                 "from it. To try again: FLUSHALL, FUNCTION FLUSH, restore");
    }
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
    ledger_stop_watch();
    return restore_all(argv[0], &line);
}
