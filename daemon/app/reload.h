// SIGHUP: options, certificates and limits are read again and all checked; then all are taken, or
// none. What only a restart changes refuses the reload.
//
//     options (file, command line) -> may they replace the old? -> limits -> TLS files -> the rest
#pragma once

#include <stdint.h>

#include "app/options.h"
#include "base/limits.h"
#include "base/status.h"

struct server;

struct reload {
    int argc;
    char **argv;
    const struct options *present; // those in force
    struct options *owned;         // the same, when they came by a reload; else NULL
    int64_t reloaded_ms;           // when last with success; 0: never
    uint64_t successes;
    uint64_t failures;
    char error[LIMIT_TEXT_BYTES]; // why the last one was refused; empty: it was not
};

void reload_init(struct reload *reload, int argc, char **argv, const struct options *options);
void reload_fini(struct reload *reload);
// STATUS_INVALID: nothing has changed, `error` and the log say why.
enum status reload_run(struct reload *reload, struct server *server, int64_t wall_ms);
