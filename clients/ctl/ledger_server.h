// A private redis-server over a backup's file, for as long as it is looked at or copied from. It
// ends with this program, however that ends, and writes nothing into the backup.
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "ctl/ledger_redis.h"

enum { LEDGER_PATH_BYTES = 512, LEDGER_SOCKET_BYTES = 96, LEDGER_SECRET_BYTES = 65 };

struct ledger_server {
    pid_t pid; // 0: it does not run
    char folder[LEDGER_SOCKET_BYTES - 16];
    char socket[LEDGER_SOCKET_BYTES]; // "unix:..."
    char host[LEDGER_FIELD_BYTES];    // empty: it listens on no port
    int port;
    char secret[LEDGER_SECRET_BYTES]; // the password of that port
    char error[LEDGER_ERROR_BYTES];
};

// Starts it on the file and waits until it has loaded that. `host` NULL: for this program alone,
// over a unix socket; else for a Redis that copies from it, on a port of that address, under a
// password drawn for it. False with `error`; ledger_server_stop is due all the same.
bool ledger_server_start(struct ledger_server *server, const char *rdb_path, const char *host);
void ledger_server_stop(struct ledger_server *server);
