// A program with its versions and zone, for tests that drive core alone: read from YAML as a
// publisher writes it, or built by a test. Everything lives until club_fini.
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"
#include "core/calendar.h"
#include "core/chain.h"
#include "core/program.h"

enum { CLUB_VERSIONS_MAX = 16 };

struct club {
    struct arena arena;
    struct zone zone; // owned; empty until the first program names it
    struct program_version versions[CLUB_VERSIONS_MAX];
    struct program_set programs;
};

void club_init(struct club *club);
void club_fini(struct club *club);

// Reads and compiles a program. `changes` is YAML too, laid over the file's: its mappings are
// merged into those of the file, everything else in it replaces. Loads the zone if there is none.
// NULL, or what is wrong, in the club's arena.
const char *club_read(struct club *club, const char *path, struct span changes,
                      struct program **ret_program);
// The same for a program that a test has built.
const char *club_compile(struct club *club, struct program *program);
// Adds a version; later than all before. NULL, or what is wrong.
const char *club_add(struct club *club, const struct program *program, int64_t effective_from_ms);

// The chain's hash as the daemon has it: SHA-256 cut to 16 bytes.
chain_hash_fn club_chain_hash;
