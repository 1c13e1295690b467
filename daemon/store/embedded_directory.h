// The directory of an embedded Redis: its lock, its configuration file, its names. Internal to
// embedded.c.
//
//     lock        held by the daemon and its server, see embedded.h
//     redis.conf  written anew at each start of the server
//     redis.sock  redis.log  appendonlydir/
#pragma once

#include <limits.h>
#include <stdint.h>
#include <sys/un.h>

#include "base/status.h"

enum { EMBEDDED_PROBLEM_BYTES = PATH_MAX + 128 };

struct embedded_directory {
    char path[PATH_MAX]; // absolute
    char config[PATH_MAX];
    char socket[sizeof(((struct sockaddr_un *)0)->sun_path)];
    int fd;
    int lock_fd;
};

// Makes the directory if it is missing and locks it, waiting at most `wait_ms`. The statuses of
// embedded_redis_new; `problem` then says why.
MUST_CHECK enum status embedded_directory_open(struct embedded_directory *directory,
                                               const char *path, int64_t wait_ms,
                                               char problem[EMBEDDED_PROBLEM_BYTES]);
void embedded_directory_close(struct embedded_directory *directory);
// STATUS_IO, and `problem` says why.
MUST_CHECK enum status embedded_directory_write_config(const struct embedded_directory *directory,
                                                       char problem[EMBEDDED_PROBLEM_BYTES]);
