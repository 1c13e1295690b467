// The running hash and the ring of lines.
#include "sim/trace.h"

#include <inttypes.h>
#include <stdio.h>

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash ^= word;
    hash *= UINT64_C(0x9fb21c651e98df25);
    return hash ^ (hash >> 32);
}

uint64_t trace_hash(uint64_t start, struct span bytes)
{
    uint64_t hash = mix(start, bytes.len);
    while (bytes.len >= sizeof(uint64_t)) {
        uint64_t word = 0;
        memcpy(&word, bytes.data, sizeof(word));
        hash = mix(hash, word);
        bytes = span_from(bytes, sizeof(word));
    }
    uint64_t rest = 0;
    if (bytes.len > 0) {
        memcpy(&rest, bytes.data, bytes.len);
    }
    return mix(hash, rest);
}

void trace_begin(struct trace *trace, uint64_t seed, int64_t start_ms, bool print)
{
    trace->hash = mix(UINT64_C(0x9e3779b97f4a7c15), seed);
    trace->step = 0;
    trace->now_ms = start_ms;
    trace->start_ms = start_ms;
    trace->print = print;
    trace->line_count = 0;
}

static void line_tell(const struct trace *trace, const struct trace_line *line)
{
    int64_t ms = line->now_ms - trace->start_ms;
    (void)fprintf(stderr,
                  "%8" PRIu64 " day %3" PRId64 " %8.3f  %s  %" PRId64 " %" PRId64 " %" PRId64 "\n",
                  line->step, ms / 86400000, (double)(ms % 86400000) / 1000.0, line->what,
                  line->figures[0], line->figures[1], line->figures[2]);
}

void trace_note(struct trace *trace, const char *what, int64_t a, int64_t b, int64_t c)
{
    struct trace_line *line = &trace->lines[trace->line_count % TRACE_LINES];
    *line = (struct trace_line){trace->step, trace->now_ms, what, {a, b, c}};
    trace->line_count++;
    uint64_t hash = mix(trace->hash, (uint64_t)trace->now_ms);
    hash = mix(hash, (uint64_t)a);
    hash = mix(hash, (uint64_t)b);
    hash = mix(hash, (uint64_t)c);
    trace->hash = trace_hash(hash, span_of_text(what));
    if (trace->print) {
        line_tell(trace, line);
    }
}

void trace_bytes(struct trace *trace, struct span bytes)
{
    trace->hash = trace_hash(trace->hash, bytes);
}

void trace_tell(const struct trace *trace, uint64_t count)
{
    uint64_t kept = trace->line_count < TRACE_LINES ? trace->line_count : TRACE_LINES;
    count = count < kept ? count : kept;
    for (uint64_t i = trace->line_count - count; i < trace->line_count; i++) {
        line_tell(trace, &trace->lines[i % TRACE_LINES]);
    }
}
