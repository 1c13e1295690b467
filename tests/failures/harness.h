// The n-loop, once for all scenarios. A scenario is prepared in a process of its own; then each of
// its cases is run in a fork of that process, so that every case begins with the very same state,
// and a crash, a leak or a hang is one case's. The first two cases fail nothing: their counts must
// be the same. Then the n-th call of each kind fails, n = 1, 2, ... until a run passes untouched.
//
//     main ─┬─ scenario: prepare ─┬─ case: nothing fails      ─► counts, what is right
//           │                     ├─ case: the 1st allocation fails
//           │                     └─ ...
//           └─ scenario ...
//
// A program defines `scenarios` and links harness_main.c.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "failures/inject.h"

struct scenario {
    const char *name;
    unsigned kinds;        // INJECT_BIT of each
    bool loose;            // another process's start decides how often it is asked: counts differ
    void (*prepare)(void); // in the scenario's process, NULL: nothing
    // One case, armed when called; disarms when the failures are to be over. Ends with everything
    // that was made taken apart again, so that what is left was leaked.
    void (*run)(void);
    void (*finish)(void); // in the scenario's process, after the last case; NULL: nothing
};

extern const struct scenario scenarios[];
extern const size_t scenario_count;
// Cases of one kind of one scenario in the short form; beyond, every so many.
extern const uint32_t scenario_cases;

// --- for a case ---

enum { CASE_MEMORY_BYTES = 256 * 1024 };

// Zeroed memory that all cases of a scenario share: the first, in which nothing fails, leaves there
// what is right.
void *case_memory(void);
// Whether this is a case in which nothing fails.
bool case_is_clean(void);
// The plan's second point; its n is 0 when there is none.
bool case_is_pair(void);
// Whether a call has failed in this case with this in its note: "ENOENT".
bool case_failed_by(const char *how);
// Whether this case has written such a text to stderr.
bool case_wrote(const char *text);
// This process may end without giving back what it has: a tool's.
void case_leaks_no_more(void);
// A number of its own for each case of a program, from 1, for names of things outside.
uint32_t case_number(void);

__attribute__((noreturn, format(printf, 3, 4))) void case_fail(const char *file, int line,
                                                               const char *format, ...);
// Ends the case as failed unless the condition holds.
#define REQUIRE(condition, ...)                                                                    \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            case_fail(__FILE__, __LINE__, __VA_ARGS__);                                            \
        }                                                                                          \
    } while (0)
