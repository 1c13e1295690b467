// What the `show` commands share: their line, and lists that come in pages.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "ctl/session.h"

struct show_line {
    struct globals globals;
    bool only;      // --busy, --changed: what says nothing is left out
    uint32_t limit; // rows at most; UINT32_MAX: all
};

typedef int show_fn(struct session *session, const struct show_line *line);

enum { SHOW_KEY_ONLY = 256, SHOW_KEY_LIMIT };

// The parser of such a line.
error_t show_take(int key, char *arg, struct argp_state *state);
// One command: its line taken, the daemon asked.
int show_run(const struct argp *parser, int argc, char **argv, const struct globals *globals,
             show_fn *ask);
