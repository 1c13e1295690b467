// fork and exec, with as little as possible between.
#include "till/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    EXIT_NOT_RUN = 127,
    STOP_STEPS = 1500, // of 10 ms, until one that does not end is killed
    STEP_NS = 10000000,
};

void process_find(const char *name, char ret_path[PROCESS_PATH_BYTES])
{
    ssize_t len = readlink("/proc/self/exe", ret_path, PROCESS_PATH_BYTES - 1);
    ret_path[len < 0 ? 0 : len] = '\0';
    char *slash = strrchr(ret_path, '/');
    size_t room = slash == NULL ? 0 : PROCESS_PATH_BYTES - (size_t)(slash + 1 - ret_path);
    if (room > strlen(name)) {
        memcpy(slash + 1, name, strlen(name) + 1);
        if (access(ret_path, X_OK) == 0) {
            return;
        }
    }
    (void)snprintf(ret_path, PROCESS_PATH_BYTES, "%s", name);
}

// In the child; returns when it could not be run. It ends with us, not by a Ctrl-C meant for us.
static void become(const char *const *arguments, int log_fd)
{
    int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null_fd < 0 || dup2(null_fd, STDIN_FILENO) < 0 || dup2(log_fd, STDOUT_FILENO) < 0 ||
        dup2(log_fd, STDERR_FILENO) < 0 || setpgid(0, 0) != 0 ||
        prctl(PR_SET_PDEATHSIG, SIGTERM) != 0) {
        return;
    }
    (void)execvp(arguments[0], (char *const *)arguments);
}

pid_t process_start(const char *const *arguments, const char *log)
{
    int log_fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    pid_t pid = log_fd < 0 ? -1 : fork();
    if (pid == 0) {
        become(arguments, log_fd);
        _exit(EXIT_NOT_RUN);
    }
    if (pid < 0) {
        (void)fprintf(stderr, "loyalty-till: cannot start %s: %s\n", arguments[0], strerror(errno));
    }
    if (log_fd >= 0) {
        (void)close(log_fd);
    }
    return pid;
}

static bool wait_for(pid_t pid)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) {
            return false;
        }
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool process_run(const char *const *arguments, const char *log)
{
    pid_t pid = process_start(arguments, log);
    return pid > 0 && wait_for(pid);
}

bool process_runs(pid_t pid)
{
    return pid > 0 && waitpid(pid, NULL, WNOHANG) == 0;
}

void process_kill(pid_t pid)
{
    if (pid > 0 && kill(pid, SIGKILL) == 0) {
        (void)wait_for(pid);
    }
}

bool process_stop(pid_t pid)
{
    if (pid <= 0 || kill(pid, SIGTERM) != 0) {
        return false;
    }
    for (int step = 0; step < STOP_STEPS; step++) {
        int status = 0;
        if (waitpid(pid, &status, WNOHANG) == pid) {
            return WIFEXITED(status) && WEXITSTATUS(status) == 0;
        }
        (void)nanosleep(&(struct timespec){.tv_nsec = STEP_NS}, NULL);
    }
    process_kill(pid);
    return false;
}

pid_t process_child_of(pid_t pid)
{
    char path[64];
    (void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return 0;
    }
    char line[64] = "";
    char *read = fgets(line, sizeof(line), file);
    (void)fclose(file);
    return read == NULL ? 0 : (pid_t)strtol(line, NULL, 10);
}
