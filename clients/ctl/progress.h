// A bar on stderr while something long runs; nothing at all when stderr is no terminal.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct progress {
    bool shown; // whether there is a terminal
    uint64_t total;
    int64_t began_ms;
    int64_t drawn_ms;
};

int64_t progress_now_ms(void); // a steady clock
void progress_begin(struct progress *progress, uint64_t total);
// Draws at most ten times a second. `note` is a word on what is going wrong; "" for nothing.
void progress_update(struct progress *progress, uint64_t done, const char *note);
// Clears the line.
void progress_end(struct progress *progress);
