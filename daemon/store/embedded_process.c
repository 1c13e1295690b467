// Between fork and exec only what is safe there: no allocation, no stdio.
#include "store/embedded_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"

enum { EXIT_NOT_RUN = 127, FIRST_OTHER_FD = 3 };

// Signals as a fresh program expects them, whatever the daemon does with its own.
static void reset_signals(void)
{
    static const int changed[] = {SIGPIPE, SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGCHLD};
    struct sigaction standard = {.sa_handler = SIG_DFL};
    for (size_t i = 0; i < sizeof(changed) / sizeof(changed[0]); i++) {
        (void)sigaction(changed[i], &standard, NULL);
    }
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

// In the child. Returns only when the server could not be run, with errno.
static void become_server(const char *config, int lock_fd, pid_t parent)
{
    reset_signals();
    (void)umask(077);
    if (setpgid(0, 0) != 0 || prctl(PR_SET_PDEATHSIG, SIGTERM) != 0) {
        return;
    }
    if (getppid() != parent) { // it died before it could be watched
        errno = ESRCH;
        return;
    }
    if (close_range(FIRST_OTHER_FD, ~0U, CLOSE_RANGE_CLOEXEC) != 0 ||
        fcntl(lock_fd, F_SETFD, 0) != 0) {
        return;
    }
    const char *const arguments[] = {"redis-server", config, NULL};
    (void)execvp(arguments[0], (char *const *)arguments);
}

// Waits for the exec: the child's end of the pipe closes when it works, else it says why not.
static int exec_error(int pipe_fd)
{
    int error = 0;
    ssize_t len = 0;
    do {
        len = read(pipe_fd, &error, sizeof(error));
    } while (len < 0 && errno == EINTR);
    return len == (ssize_t)sizeof(error) ? error : 0;
}

static void wait_for(pid_t pid, siginfo_t *ret_info)
{
    while (waitid(P_PID, (id_t)pid, ret_info, WEXITED) != 0) {
        if (errno != EINTR) {
            *ret_info = (siginfo_t){0}; // someone else has taken it
            return;
        }
    }
}

static enum status start_with_pipe(const char *config, int lock_fd, const int pipe_fds[2],
                                   struct embedded_process *ret_process)
{
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid < 0) {
        int error = errno;
        (void)close(pipe_fds[1]);
        errno = error;
        return STATUS_IO;
    }
    if (pid == 0) {
        become_server(config, lock_fd, parent);
        int error = errno;
        ssize_t written = write(pipe_fds[1], &error, sizeof(error));
        _exit(written == (ssize_t)sizeof(error) ? EXIT_NOT_RUN : EXIT_NOT_RUN + 1);
    }
    (void)close(pipe_fds[1]);
    int error = exec_error(pipe_fds[0]);
    int pidfd = error == 0 ? pidfd_open(pid, 0) : -1;
    if (pidfd < 0) {
        error = error == 0 ? errno : error;
        siginfo_t info;
        (void)kill(pid, SIGKILL);
        wait_for(pid, &info);
        errno = error;
        return STATUS_IO;
    }
    *ret_process = (struct embedded_process){.pid = pid, .pidfd = pidfd};
    return STATUS_OK;
}

enum status embedded_process_start(const char *config, int lock_fd,
                                   struct embedded_process *ret_process)
{
    int pipe_fds[2];
    if (pipe2(pipe_fds, O_CLOEXEC) != 0) {
        return STATUS_IO;
    }
    enum status status = start_with_pipe(config, lock_fd, pipe_fds, ret_process);
    int error = errno;
    (void)close(pipe_fds[0]);
    errno = error;
    return status;
}

void embedded_process_reap(struct embedded_process *process, char ret_how[EMBEDDED_STATUS_BYTES])
{
    CHECK(process->pid > 0);
    siginfo_t info;
    wait_for(process->pid, &info);
    (void)snprintf(ret_how, EMBEDDED_STATUS_BYTES, "%s=%d",
                   info.si_code == CLD_EXITED ? "status" : "signal", info.si_status);
    (void)close(process->pidfd);
    *process = (struct embedded_process){.pidfd = -1};
}

void embedded_process_stop(struct embedded_process *process, int wait_ms)
{
    if (process->pid <= 0) {
        return;
    }
    (void)kill(process->pid, SIGTERM);
    struct pollfd ended = {.fd = process->pidfd, .events = POLLIN};
    int polled = 0;
    do {
        polled = poll(&ended, 1, wait_ms);
    } while (polled < 0 && errno == EINTR);
    if (polled <= 0) {
        (void)kill(process->pid, SIGKILL);
    }
    char how[EMBEDDED_STATUS_BYTES];
    embedded_process_reap(process, how);
}
