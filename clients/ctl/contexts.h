// Servers known by name: the file $XDG_CONFIG_HOME/loyalty/contexts (or ~/.config/...), ini with a
// section for each. It holds addresses and names of files, no secret. Whoever reads it says what is
// wrong with it, with the line, and gives an exit code.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "ctl/globals.h"

enum {
    CONTEXTS_MAX = 64,
    CONTEXT_NAME_BYTES = 64,   // with its end
    CONTEXT_VALUE_BYTES = 184, // with its end: a line of the file is at most 199 long
    CONTEXTS_FILE_BYTES_MAX = 64 * 1024,
    CONTEXTS_PATH_BYTES = 4096,
};

struct context {
    char name[CONTEXT_NAME_BYTES];
    char values[GLOBALS_VALUES][CONTEXT_VALUE_BYTES]; // "": not given
};

struct contexts {
    char path[CONTEXTS_PATH_BYTES]; // "": there is no home for it
    char current[CONTEXT_NAME_BYTES];
    size_t count;
    struct context rows[CONTEXTS_MAX];
};

// A file that is not there has no contexts.
int contexts_read(struct contexts *ret_contexts);
// Writes it anew, whole, by rename; folders on the way are made.
int contexts_write(const struct contexts *contexts);

struct context *contexts_find(struct contexts *contexts, const char *name);
// Finds it or adds it; NULL when there are too many.
struct context *contexts_add(struct contexts *contexts, const char *name);
void contexts_remove(struct contexts *contexts, struct context *context);
// Says that there is no such context.
int contexts_unknown(const struct contexts *contexts, const char *name);

// Letters, digits, ".", "_" and "-", 1 to 63 of them.
bool context_name_fits(const char *name);
// NULL if the text can be that value, else what is wrong with it.
const char *context_value_fault(enum globals_value value, const char *text);
