// One redis-server process: starting, ending and learning that it has ended. Internal to
// embedded.c.
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/status.h"

struct embedded_process {
    pid_t pid; // 0: none
    int pidfd; // readable once the process has ended; -1: none
};

// Runs `redis-server config` in a process group of its own (a terminal's ^C is the daemon's), to be
// ended by SIGTERM when this process dies. It inherits `lock_fd` and the standard descriptors, no
// others. STATUS_IO with `errno` when it cannot be run.
MUST_CHECK enum status embedded_process_start(const char *config, int lock_fd,
                                              struct embedded_process *ret_process);
enum { EMBEDDED_STATUS_BYTES = 32 };

// Once it has ended: takes it off the process table; tells "status=1" or "signal=9".
void embedded_process_reap(struct embedded_process *process, char ret_how[EMBEDDED_STATUS_BYTES]);
// SIGTERM, after `wait_ms` SIGKILL; returns when it has ended. Without a process nothing is done.
void embedded_process_stop(struct embedded_process *process, int wait_ms);
