// Starting and asking a real redis-server. The asking is blocking and knows only strings and first
// lines, so that what checks the store shares no code with it.
#include "support/redis_process.h"

#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { START_TRIES = 4000, START_PAUSE_NS = 5 * 1000000, ARGUMENTS_MAX = 64 };

static const char *const safe_settings[] = {
    "port",
    "0",
    "unixsocketperm",
    "600",
    "appendonly",
    "yes",
    "appendfsync",
    "always",
    "save",
    "",
    "logfile",
    "redis.log",
    "enable-debug-command",
    "yes",
    "maxmemory-policy",
    "noeviction",
};

// --- asking ---

static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    assert_true(strlen(path) < sizeof(address.sun_path));
    memcpy(address.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

// The end of the string or line at `at`, which is told; NULL while it is not whole.
static const char *item_end(const char *at, const char *end, const char **item, size_t *item_len)
{
    const char *line_end = at < end ? memmem(at, (size_t)(end - at), "\r\n", 2) : NULL;
    if (line_end == NULL) {
        return NULL;
    }
    if (*at != '$') {
        *item = at;
        *item_len = (size_t)(line_end - at);
        return line_end + 2;
    }
    long len = strtol(at + 1, NULL, 10);
    *item = line_end + 2;
    *item_len = len < 0 ? 0 : (size_t)len; // nil reads as empty
    const char *next = len < 0 ? *item : *item + len + 2;
    return next <= end ? next : NULL;
}

// Whether `reply` holds a whole reply; only what it tells is then left there: of an array its last
// item.
static int reply_is_whole(char *reply, size_t len)
{
    const char *end = reply + len;
    const char *item = reply;
    size_t item_len = 0;
    const char *next = item_end(reply, end, &item, &item_len);
    long items = reply[0] == '*' ? strtol(reply + 1, NULL, 10) : 0;
    for (long i = 0; i < items && next != NULL; i++) {
        next = item_end(next, end, &item, &item_len);
    }
    if (next == NULL) {
        return 0;
    }
    memmove(reply, item, item_len);
    reply[item_len] = '\0';
    return 1;
}

// 0 when the connection ended before a whole reply.
static int ask(struct redis_process *process, const char *command, size_t len)
{
    int fd = connect_to(process->socket);
    if (fd < 0) {
        return 0;
    }
    size_t have = 0;
    int whole = 0;
    memset(process->reply, 0, sizeof(process->reply));
    if (send(fd, command, len, MSG_NOSIGNAL) == (ssize_t)len) {
        while (!whole && have < sizeof(process->reply) - 1) {
            ssize_t got = recv(fd, process->reply + have, sizeof(process->reply) - 1 - have, 0);
            if (got <= 0) {
                break;
            }
            have += (size_t)got;
            whole = reply_is_whole(process->reply, have);
        }
    }
    (void)close(fd);
    return whole;
}

const char *redis_process_ask(struct redis_process *process, const char *format, ...)
{
    char command[1024];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(command, sizeof(command) - 2, format, args);
    va_end(args);
    assert_true(len > 0 && (size_t)len < sizeof(command) - 2);
    command[len] = '\r';
    command[len + 1] = '\n';
    assert_true(ask(process, command, (size_t)len + 2));
    return process->reply;
}

void redis_process_tell(struct redis_process *process, const char *command)
{
    char line[1024];
    int len = snprintf(line, sizeof(line), "%s\r\n", command);
    assert_true(len > 0 && (size_t)len < sizeof(line));
    int fd = connect_to(process->socket);
    assert_true(fd >= 0);
    assert_int_equal(send(fd, line, (size_t)len, MSG_NOSIGNAL), len);
    assert_int_equal(close(fd), 0);
}

// --- the process ---

static void run_server(const struct redis_process *process)
{
    static char dashed[ARGUMENTS_MAX][64];
    const char *arguments[ARGUMENTS_MAX] = {"redis-server", "--dir", process->directory,
                                            "--unixsocket", process->socket};
    size_t count = 5;
    const char *const *const lists[] = {safe_settings, process->settings};
    const size_t sizes[] = {sizeof(safe_settings) / sizeof(safe_settings[0]), REDIS_SETTINGS_SLOTS};
    for (size_t list = 0; list < 2; list++) {
        for (size_t i = 0; i + 1 < sizes[list] && lists[list][i] != NULL; i += 2) {
            (void)snprintf(dashed[count], sizeof(dashed[count]), "--%s", lists[list][i]);
            arguments[count] = dashed[count];
            arguments[count + 1] = lists[list][i + 1];
            count += 2;
        }
    }
    arguments[count] = NULL;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)execvp(arguments[0], (char *const *)arguments);
    _exit(127);
}

void redis_process_launch(struct redis_process *process)
{
    assert_int_equal(process->pid, 0);
    process->pid = fork();
    assert_true(process->pid >= 0);
    if (process->pid == 0) {
        run_server(process);
    }
}

void redis_process_restart(struct redis_process *process)
{
    redis_process_launch(process);
    for (int i = 0; i < START_TRIES; i++) {
        // "-NOAUTH" is an answer too; only a server still loading is not up.
        if (ask(process, "PING\r\n", 6) && strncmp(process->reply, "-LOADING", 8) != 0) {
            return;
        }
        assert_int_equal(waitpid(process->pid, NULL, WNOHANG), 0);
        struct timespec pause = {.tv_nsec = START_PAUSE_NS};
        (void)nanosleep(&pause, NULL);
    }
    fail_msg("redis-server in %s does not answer", process->directory);
}

void redis_process_start(struct redis_process *process, const char *const *settings)
{
    *process = (struct redis_process){0};
    (void)snprintf(process->directory, sizeof(process->directory), "/tmp/loyalty-XXXXXX");
    assert_non_null(mkdtemp(process->directory));
    (void)snprintf(process->socket, sizeof(process->socket), "%s/redis.sock", process->directory);
    for (size_t i = 0; settings != NULL && settings[i] != NULL; i++) {
        assert_true(i < REDIS_SETTINGS_SLOTS);
        process->settings[i] = settings[i];
    }
    redis_process_restart(process);
}

void redis_process_signal(struct redis_process *process, int signal)
{
    assert_true(process->pid > 0);
    assert_int_equal(kill(process->pid, signal), 0);
}

void redis_process_kill(struct redis_process *process)
{
    redis_process_signal(process, SIGKILL);
    assert_int_equal(waitpid(process->pid, NULL, 0), process->pid);
    process->pid = 0;
}

static int remove_entry(const char *path, const struct stat *about, int type, struct FTW *place)
{
    (void)about;
    (void)type;
    (void)place;
    return remove(path);
}

void redis_process_end(struct redis_process *process)
{
    if (process->pid > 0) {
        redis_process_kill(process);
    }
    if (process->directory[0] != '\0') {
        assert_int_equal(nftw(process->directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
    }
    *process = (struct redis_process){0};
}
