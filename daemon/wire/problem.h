// What is wrong with a document: all of it where possible, not only the first. A list in an arena,
// with a cap; where, why, and in which line of the text if that is known.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/span.h"
#include "base/status.h"
#include "wire/path.h"

struct problem {
    struct span path;   // "tiers[2].threshold"; empty: the whole
    struct span reason; // what is wrong, and what would be right
    uint32_t line;      // counted from 1; 0: not known
    bool unknown_field; // which may be a known one, misspelt
};

// Zeroed but for the arena is empty. The texts live in the arena.
struct problems {
    struct arena *arena; // borrowed
    struct problem *items;
    size_t count; // at most LIMIT_PROGRAM_PROBLEMS; the last one then says that there are more
};

// Adds one; past the cap it is dropped. STATUS_NO_MEMORY is the only failure.
MUST_CHECK enum status problem_add(struct problems *problems, const struct path *path,
                                   const char *format, ...) __attribute__((format(printf, 3, 4)));
// The same at a known line.
MUST_CHECK enum status problem_add_line(struct problems *problems, const struct path *path,
                                        uint32_t line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
// The same with texts that are there already; they are copied.
MUST_CHECK enum status problem_add_text(struct problems *problems, struct span path,
                                        struct span reason, uint32_t line);
