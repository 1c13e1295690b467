// Fork and exec of redis-server, its settings on its standard input.
#include "ctl/ledger_server.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "ctl/ledger_stop.h"

enum {
    STEP_MS = 20,
    START_STEPS = 30000, // ten minutes: as long as loading may take
    EXIT_NOT_RUN = 127,
    SECRET_RANDOM = 32,
    SETTINGS_BYTES = 1024,
    LOG_BYTES = 600,
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

// Its settings, in a file without a name; -1 when there is none. A command line, and so the
// password, would be for everybody to read. It stands in its folder, whose path is nowhere in them.
static int write_settings(const struct ledger_server *server)
{
    char text[SETTINGS_BYTES];
    int len = snprintf(text, sizeof(text),
                       "dbfilename ledger.rdb\nappendonly no\nsave \"\"\nunixsocket socket\n"
                       "unixsocketperm 700\nport %d\nbind %s\nloglevel warning\n"
                       "logfile server.log\nrepl-diskless-sync yes\nrepl-diskless-sync-delay 0\n"
                       "maxmemory 0\nproc-title-template \"{title} loyalty-ledger {listen-addr}\"\n"
                       "%s%s\n",
                       server->port, server->port == 0 ? "127.0.0.1" : server->host,
                       server->port == 0 ? "" : "requirepass ", server->secret);
    int file = memfd_create("settings", MFD_CLOEXEC);
    bool good = file >= 0 && write(file, text, (size_t)len) == len && lseek(file, 0, SEEK_SET) == 0;
    explicit_bzero(text, sizeof(text));
    if (!good && file >= 0) {
        (void)close(file);
    }
    return good ? file : -1;
}

// When memory ends, this one goes first, not the Redis that serves.
static void offer_for_memory(void)
{
    static const char most[] = "1000";
    int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (file >= 0) {
        (void)!write(file, most, sizeof(most) - 1);
        (void)close(file);
    }
}

// In the child: does not return.
static void become_server(const struct ledger_server *server, int settings, pid_t parent)
{
    const char *arguments[] = {"redis-server", "-", NULL};
    (void)umask(077);
    offer_for_memory();
    int nowhere = open("/dev/null", O_WRONLY); // for what it says before it has its log
    if (ledger_stop_follow(parent) && chdir(server->folder) == 0 &&
        dup2(settings, STDIN_FILENO) == STDIN_FILENO && dup2(nowhere, STDOUT_FILENO) >= 0) {
        (void)execvp(arguments[0], (char *const *)arguments);
    }
    _exit(EXIT_NOT_RUN);
}

static bool start(struct ledger_server *server)
{
    pid_t parent = getpid();
    int settings = write_settings(server);
    server->pid = settings < 0 ? -1 : fork();
    if (server->pid == 0) {
        become_server(server, settings, parent);
    }
    int why = errno;
    if (settings >= 0) {
        (void)close(settings);
    }
    if (server->pid < 0) {
        server->pid = 0;
        return fail(server, "redis-server", strerror(why));
    }
    return true;
}

// The end of what it has logged, on one line.
static void read_log(const struct ledger_server *server, char ret_text[LOG_BYTES])
{
    char path[LEDGER_PATH_BYTES];
    (void)snprintf(path, sizeof(path), "%s/server.log", server->folder);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    off_t size = file < 0 ? 0 : lseek(file, 0, SEEK_END);
    off_t from = size < LOG_BYTES ? 0 : size - LOG_BYTES + 1;
    ssize_t len = file < 0 ? 0 : pread(file, ret_text, LOG_BYTES - 1, from);
    ret_text[len < 0 ? 0 : len] = '\0';
    for (char *at = ret_text; *at != '\0'; at++) {
        *at = *at < ' ' ? ' ' : *at;
    }
    if (file >= 0) {
        (void)close(file);
    }
}

static bool has_ended(struct ledger_server *server)
{
    int status = 0;
    char log[LOG_BYTES];
    if (waitpid(server->pid, &status, WNOHANG) != server->pid) {
        return false;
    }
    server->pid = 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NOT_RUN) {
        return !fail(server, "redis-server",
                     "it could not be run; is the package redis-server installed?");
    }
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
        return !fail(server, "redis-server",
                     "it was killed, for want of memory most likely: it needs as much as the "
                     "ledger's Redis");
    }
    read_log(server, log);
    (void)snprintf(server->error, sizeof(server->error),
                   "redis-server: it does not take the file: it is damaged, or of a newer Redis. "
                   "It says: %s",
                   log);
    return true;
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
        if (ledger_stop_asked()) {
            return fail(server, "redis-server", "stopped while it was loading");
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
    if (!start(server)) {
        return false;
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
