// The terminal of `loyaltyctl top`: its size, its keys, and that it is as it was in the end,
// whatever ended the command (a signal too).
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct top_terminal {
    bool is_one; // standard output is a terminal; false: nothing here does anything
    int width;
    int height;
};

void top_terminal_open(struct top_terminal *terminal);
// Puts it back; called by itself at the end of the process.
void top_terminal_close(void);
// Reads the size anew.
void top_terminal_measure(struct top_terminal *terminal);
// Waits so long, or until a key or a signal says to end: then true.
bool top_terminal_wait(int64_t ms);
