// Which call is to fail, and when what runs is the product's. The program's own definitions of
// malloc, recv, open and so on (inject_memory.c, inject_sockets.c, inject_files.c) come before the
// C library's for everything in the process, its libraries too, and those of inject_ours.c before
// the arenas'; they count the calls made between inject_enter and inject_leave and let the n-th
// one fail. A gate of the store's port does the same with its calls (gate_store.c). Calls of the
// test's own are neither counted nor failed.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum inject_kind {
    INJECT_MEMORY,    // one allocation
    INJECT_MEMORY_ON, // one allocation and all after it
    INJECT_ARENA,     // the same of what arenas, buffers and arrays are asked for
    INJECT_ARENA_ON,
    INJECT_SOCKET,
    INJECT_FILE,
    INJECT_STORE,
    INJECT_KINDS,
    INJECT_NOTHING = INJECT_KINDS,
};

#define INJECT_BIT(kind) (1U << (unsigned)(kind))

const char *inject_kind_name(enum inject_kind kind);

struct inject_point {
    uint32_t nth; // from 1; 0: none
    uint32_t way; // of those in which this call can fail, round and round
};

struct inject_plan {
    enum inject_kind kind;
    struct inject_point first;
    struct inject_point second; // after the first; its n counts from the very beginning too
};

enum { INJECT_WHAT_BYTES = 96, INJECT_TRACE_MAX = 1 << 16 };

// What a run has seen. Lies in memory that the run shares with whoever started it.
struct inject_report {
    uint32_t counts[INJECT_KINDS]; // calls, failed ones included; those with _ON as those without
    uint32_t ways[2];              // how many ways the planned calls have; 0: never reached
    char what[INJECT_WHAT_BYTES];  // the planned calls and how they failed
    const char *excluded;          // why the planned call was let pass: excluded.c
};

// From here on calls count. Everything is reported to `report`.
void inject_arm(const struct inject_plan *plan, struct inject_report *report);
// Notes of each call that follows, by its number from 1, how many ways to fail it has; not of
// allocations, which have one.
void inject_trace(uint8_t ways[INJECT_KINDS][INJECT_TRACE_MAX]);
// While held nothing counts, whoever calls: what stands before the scene is set up.
void inject_hold(bool held);
// Each call that fails is told on stderr with the stack it was made from (where ASan is built in).
void inject_show_place(void);
// Nothing is counted and nothing fails any more.
void inject_disarm(void);
bool inject_is_armed(void);

// The product's code begins and ends; may be nested.
void inject_enter(void);
void inject_leave(void);
// The test's code interrupts the product's; what is returned goes to inject_resume.
unsigned inject_pause(void);
void inject_resume(unsigned depth);

// --- for those who let calls fail ---

// The kind whose calls are counted for this one: itself, or that without _ON.
enum inject_kind inject_counted(enum inject_kind kind);
// Counts a call of `kind` that has `ways` ways to fail. Returns the way it is to fail in, or -1.
int inject_way(enum inject_kind kind, uint32_t ways);
// Notes what the call that just was told to fail was.
void inject_note(const char *what, const char *how);
// Blocks of memory now allocated by whomever.
int64_t inject_blocks(void);
