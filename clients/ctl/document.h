// A program's document on its way from a file to the server: read, its top-level fields overridden,
// checked with every mistake found.
#pragma once

#include <stdbool.h>

#include "base/span.h"
#include "ctl/globals.h"
#include "loyalty/v1/program.pb-c.h"
#include "wire/problem.h"

enum { DOCUMENT_SETS_MAX = 32 };

// "currency=USD": a top-level field and what it is to be, as in YAML.
struct document_sets {
    const char *items[DOCUMENT_SETS_MAX];
    size_t count;
};

// A document's text, overrides in it.
struct document {
    const char *path;
    struct span text; // in the arena it was opened with
    bool overridden;
};

// Reads the file and applies the overrides. CTL_USAGE for a file that cannot be read or an override
// that is none, CTL_REFUSED where there is nothing to put them into; told on stderr.
int document_open(const char *path, const struct document_sets *sets, struct arena *arena,
                  struct document *ret_document);
// Checks it, also as what is to follow `before` (NULL: anything). CTL_OK with the message in the
// arena; else every mistake stands on stderr as "FILE:LINE: PATH: REASON" and CTL_REFUSED is
// returned. May be asked again.
int document_check(const struct document *document, const Loyalty__V1__Program *before,
                   struct arena *arena, Loyalty__V1__Program **ret_program);
// Both at once.
int document_load(const char *path, const struct document_sets *sets, struct arena *arena,
                  Loyalty__V1__Program **ret_program);
