// Fork and exec of redis-server with all its settings on the command line.
#include "ctl/ledger_server.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

enum {
    STEP_MS = 20,
    START_STEPS = 30000, // ten minutes: as long as loading may take
    EXIT_NOT_RUN = 127,
    SECRET_RANDOM = 32,
};

static void wait_a_step(void)
{
    const struct timespec step = {.tv_nsec = STEP_MS * 1000000L};
    (void)nanosleep(&step, NULL);
}

static bool fail(struct ledger_server *server, const char *what, const char *why)
{
    (void)snprintf(server->error, sizeof(server->error), "%s: %s", what, why);
    return false;
}

static bool draw_secret(struct ledger_server *server)
{
    uint8_t random[SECRET_RANDOM];
    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random)) {
        return fail(server, "random numbers", strerror(errno));
    }
    for (size_t i = 0; i < sizeof(random); i++) {
        (void)snprintf(server->secret + 2 * i, 3, "%02x", random[i]);
    }
    return true;
}

// A port that is free now; somebody else may take it before the server does, which then does not
// start.
static bool find_port(struct ledger_server *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool good = inet_pton(AF_INET, server->host, &address.sin_addr) == 1 && fd >= 0 &&
                bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
                getsockname(fd, (struct sockaddr *)&address, &len) == 0;
    int why = errno;
    if (fd >= 0) {
        (void)close(fd);
    }
    server->port = ntohs(address.sin_port);
    return good || fail(server, server->host,
                        why == 0 ? "it is no IPv4 address of this machine" : strerror(why));
}

// In the child: does not return.
static void become_server(const struct ledger_server *server, pid_t parent)
{
    char port[16];
    (void)snprintf(port, sizeof(port), "%d", server->port);
    const char *arguments[] = {"redis-server",
                               "--dir",
                               server->folder,
                               "--dbfilename",
                               "ledger.rdb",
                               "--appendonly",
                               "no",
                               "--save",
                               "",
                               "--unixsocket",
                               server->socket + strlen("unix:"),
                               "--unixsocketperm",
                               "700",
                               "--port",
                               port,
                               "--bind",
                               server->port == 0 ? "127.0.0.1" : server->host,
                               "--daemonize",
                               "no",
                               "--loglevel",
                               "warning",
                               "--logfile",
                               "server.log",
                               "--repl-diskless-sync",
                               "no",
                               "--rdb-del-sync-files",
                               "yes",
                               "--maxmemory",
                               "0",
                               server->port == 0 ? NULL : "--requirepass",
                               server->secret,
                               NULL};
    (void)umask(077);
    bool watched = prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent;
    if (watched && chdir(server->folder) == 0) {
        (void)execvp(arguments[0], (char *const *)arguments);
    }
    _exit(EXIT_NOT_RUN);
}

static bool has_ended(struct ledger_server *server)
{
    int status = 0;
    if (waitpid(server->pid, &status, WNOHANG) != server->pid) {
        return false;
    }
    server->pid = 0;
    bool missing = WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NOT_RUN;
    return !fail(server, "redis-server",
                 missing ? "it could not be run; is the package redis-server installed?"
                         : "it does not take the file: it is damaged, or of a newer Redis");
}

// Until it answers PING, which it does not while it loads.
static bool wait_loaded(struct ledger_server *server)
{
    struct ledger_address address = {.text = server->socket};
    for (int i = 0; i < START_STEPS && !has_ended(server); i++) {
        struct ledger_redis redis;
        bool up = ledger_redis_open(&redis, &address);
        if (up && server->port != 0) {
            const struct span words[] = {span_of_text("AUTH"), span_of_text(server->secret)};
            redisReply *reply = ledger_redis_ask(&redis, 2, words);
            up = reply != NULL;
            freeReplyObject(reply);
        }
        up = up && ledger_redis_do(&redis, "PING");
        ledger_redis_close(&redis);
        if (up) {
            return true;
        }
        wait_a_step();
    }
    return server->pid == 0 ? false : fail(server, "redis-server", "it does not load the file");
}

static bool make_folder(struct ledger_server *server, const char *rdb_path)
{
    char link[LEDGER_PATH_BYTES];
    const char *temporary = getenv("TMPDIR");
    char *whole = realpath(rdb_path, NULL);
    (void)snprintf(server->folder, sizeof(server->folder), "%s/loyalty-ledger.XXXXXX",
                   temporary == NULL || strlen(temporary) > 40 ? "/tmp" : temporary);
    if (whole == NULL || mkdtemp(server->folder) == NULL) {
        free(whole);
        server->folder[0] = '\0';
        return fail(server, rdb_path, strerror(errno));
    }
    (void)snprintf(link, sizeof(link), "%s/ledger.rdb", server->folder);
    (void)snprintf(server->socket, sizeof(server->socket), "unix:%s/socket", server->folder);
    bool good = symlink(whole, link) == 0 || fail(server, link, strerror(errno));
    free(whole);
    return good;
}

bool ledger_server_start(struct ledger_server *server, const char *rdb_path, const char *host)
{
    *server = (struct ledger_server){0};
    if (host != NULL) {
        (void)snprintf(server->host, sizeof(server->host), "%s", host);
        if (!draw_secret(server) || !find_port(server)) {
            return false;
        }
    }
    if (!make_folder(server, rdb_path)) {
        return false;
    }
    pid_t parent = getpid();
    server->pid = fork();
    if (server->pid == 0) {
        become_server(server, parent);
    }
    if (server->pid < 0) {
        server->pid = 0;
        return fail(server, "fork", strerror(errno));
    }
    return wait_loaded(server);
}

static void remove_folder(const struct ledger_server *server)
{
    static const char *const names[] = {"ledger.rdb", "socket", "server.log"};
    char path[LEDGER_PATH_BYTES];
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", server->folder, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(server->folder);
}

void ledger_server_stop(struct ledger_server *server)
{
    if (server->pid > 0) {
        (void)kill(server->pid, SIGKILL); // it has nothing to save
        (void)waitpid(server->pid, NULL, 0);
        server->pid = 0;
    }
    if (server->folder[0] != '\0') {
        remove_folder(server);
        server->folder[0] = '\0';
    }
    explicit_bzero(server->secret, sizeof(server->secret));
}
