// A program's document on its way from a file to the server: read, its top-level fields overridden,
// checked with every mistake found.
#pragma once

#include "ctl/globals.h"
#include "loyalty/v1/program.pb-c.h"
#include "wire/problem.h"

enum { DOCUMENT_SETS_MAX = 32 };

// "currency=USD": a top-level field and what it is to be, as in YAML.
struct document_sets {
    const char *items[DOCUMENT_SETS_MAX];
    size_t count;
};

// Reads the file, applies the overrides, checks. CTL_OK with the message in the arena; else every
// mistake stands on stderr as "FILE:LINE: PATH: REASON" and CTL_REFUSED is returned; CTL_USAGE for
// a file that cannot be read or an override that is none.
int document_load(const char *path, const struct document_sets *sets, struct arena *arena,
                  Loyalty__V1__Program **ret_program);
