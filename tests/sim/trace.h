// What happened, as one running hash over everything (every choice, request, answer and execution)
// and as the last lines, for whoever reads a failure. Same seed, same hash: whatever the hash takes
// in must not depend on addresses or on the wall clock.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

enum { TRACE_LINES = 1024 };

struct trace_line {
    uint64_t step;
    int64_t now_ms;
    const char *what; // static; names the figures behind it: "asked: call, ask, daemon"
    int64_t figures[3];
};

struct trace {
    uint64_t hash;
    uint64_t step; // executed so far, of this episode
    int64_t now_ms;
    int64_t start_ms;
    bool print; // every line at once
    struct trace_line lines[TRACE_LINES];
    uint64_t line_count;
};

void trace_begin(struct trace *trace, uint64_t seed, int64_t start_ms, bool print);
void trace_note(struct trace *trace, const char *what, int64_t a, int64_t b, int64_t c);
void trace_bytes(struct trace *trace, struct span bytes);
// The last `count` lines to stderr.
void trace_tell(const struct trace *trace, uint64_t count);

// 64 bits of any bytes, quick and without a key; also what chains and digests are hashed with here.
uint64_t trace_hash(uint64_t start, struct span bytes);
