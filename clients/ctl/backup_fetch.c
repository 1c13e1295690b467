// The packaged redis-cli, which says it is a replica. While it works Redis is asked now and then
// whether it lives: redis-cli itself would wait for ever.
#include "ctl/backup_fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ctl/command.h"
#include "ctl/ledger_stop.h"

enum { EXIT_NOT_RUN = 127, STEP_MS = 20, STEPS_A_PING = 250 };

static int complain(const char *name, const char *what)
{
    (void)fprintf(stderr, "%s: %s: %s\n", name, what, strerror(errno));
    return CTL_REFUSED;
}

// --- what may be copied ---

static bool refuse(struct ledger_redis *redis, const char *why)
{
    (void)snprintf(redis->error, sizeof(redis->error), "%s", why);
    return false;
}

bool backup_fits(struct ledger_redis *redis)
{
    char cluster[LEDGER_FIELD_BYTES];
    char role[LEDGER_FIELD_BYTES];
    char link[LEDGER_FIELD_BYTES];
    redisReply *reply = ledger_redis_say(redis, "GET ly:{meta}:partitions");
    if (reply == NULL) {
        return false;
    }
    bool ledger = reply->type == REDIS_REPLY_STRING;
    freeReplyObject(reply);
    if (!ledger_redis_info(redis, "cluster", "cluster_enabled", cluster) ||
        !ledger_redis_info(redis, "replication", "role", role) ||
        !ledger_redis_info(redis, "replication", "master_link_status", link)) {
        return false;
    }
    if (strcmp(cluster, "1") == 0) {
        return refuse(redis, "this Redis is one of a cluster: it alone has not the whole ledger");
    }
    if (strcmp(role, "slave") == 0 && strcmp(link, "up") != 0) {
        return refuse(redis, "this Redis is a replica that has lost its master: what it has is "
                             "old; copy from the master");
    }
    return ledger || refuse(redis, "there is no ledger in this Redis");
}

// --- the copy ---

// In the child: the packaged client, which says it is a replica. The password is in the
// environment, where other users do not see it.
static void become_client(const struct ledger_address *from, const char *password, const char *path,
                          int said, pid_t parent)
{
    static const char prefix[] = "unix:";
    char host[LEDGER_FIELD_BYTES];
    const char *arguments[16] = {"redis-cli"};
    size_t count = 1;
    const char *address = from->text;
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
    if (from->user != NULL) {
        arguments[count++] = "--user";
        arguments[count++] = from->user;
    }
    arguments[count++] = "--no-auth-warning";
    arguments[count++] = "--rdb";
    arguments[count++] = path;
    (void)umask(077);
    (void)dup2(said, STDOUT_FILENO);
    (void)dup2(said, STDERR_FILENO);
    bool ready = password[0] == '\0' ? unsetenv("REDISCLI_AUTH") == 0
                                     : setenv("REDISCLI_AUTH", password, 1) == 0;
    if (ready && ledger_stop_follow(parent)) {
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

// Whether it has ended well. It is ended when we are to stop, or Redis does not answer.
static bool wait_fetched(struct ledger_redis *redis, pid_t pid)
{
    const struct timespec step = {.tv_nsec = STEP_MS * 1000000L};
    int status = 0;
    for (uint32_t i = 1; waitpid(pid, &status, WNOHANG) == 0; i++) {
        bool stop = ledger_stop_asked();
        if (stop) {
            (void)refuse(redis, "stopped before all was copied");
        }
        if (stop || (i % STEPS_A_PING == 0 && !ledger_redis_do(redis, "PING"))) {
            (void)kill(pid, SIGKILL);
            (void)waitpid(pid, NULL, 0);
            return false;
        }
        (void)nanosleep(&step, NULL);
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NOT_RUN) {
        return refuse(redis, "redis-cli could not be run; is the package redis-tools installed?");
    }
    return (WIFEXITED(status) && WEXITSTATUS(status) == 0) ||
           refuse(redis, "redis-cli --rdb has failed; a Redis with ACLs must allow this user "
                         "+psync +sync +replconf; is there room on this disk?");
}

static bool sync_file(const char *path)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    bool synced = file >= 0 && fsync(file) == 0;
    if (file >= 0) {
        (void)close(file);
    }
    return synced;
}

int backup_fetch(const char *name, const struct ledger_address *from, struct ledger_redis *redis,
                 const char *path)
{
    pid_t parent = getpid();
    int said = memfd_create("redis-cli", MFD_CLOEXEC);
    (void)fflush(NULL);
    pid_t pid = said < 0 ? -1 : fork();
    if (pid == 0) {
        become_client(from, redis->password, path, said, parent);
    }
    if (pid < 0) {
        int code = complain(name, "redis-cli");
        if (said >= 0) {
            (void)close(said);
        }
        return code;
    }
    bool fetched = wait_fetched(redis, pid);
    if (!fetched) {
        pass_on(said);
        (void)fprintf(stderr, "%s: %s\n", name, redis->error);
    }
    (void)close(said);
    if (fetched && !sync_file(path)) {
        return complain(name, path);
    }
    return fetched ? CTL_OK : CTL_REFUSED;
}
